"""A pseudo-terminal with a program in it, for tests that must see what reaches a clerk's terminal, byte by byte."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE_S = 20.0


class Terminal:
    """Runs `python ARGUMENTS` in a terminal of that size; `seen` is every byte that the program has sent."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        term: str = "xterm-256color",
        state: Path | None = None,
        more: Mapping[str, str] | None = None,
        folder: Path = ROOT,
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        path = os.pathsep.join([str(ROOT), str(ROOT / "graphql")])
        environment = {"PATH": os.environ["PATH"], "TERM": term, "LANG": "C.UTF-8", "PYTHONPATH": path}
        environment["XDG_STATE_HOME"] = str(state or "/nonexistent")  # where drafts lie
        environment |= more or {}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        self.seen = b""

    @property
    def pid(self) -> int:
        """The program's process."""
        return self._process.pid

    def until(self, words: str) -> None:
        """Read until the words have been drawn, or give up."""
        self._read(lambda: words in self.text(), words)

    def until_given_back(self) -> None:
        """Read until the program has left the alternate screen."""
        self._read(lambda: b"\x1b[?1049l" in self.seen, "the end of the alternate screen")

    def first_of(self, *words: str, within_s: float = PATIENCE_S) -> str:
        """Read until one of the words has been drawn, and give it; "" where none is in that time."""
        return self.first(lambda: next((word for word in words if word in self.text()), ""), within_s)

    def first(self, found: Callable[[], str], within_s: float = PATIENCE_S) -> str:
        """Read until something is found, and give it; "" where nothing is in that time."""
        come: list[str] = []

        def one() -> bool:
            come[:] = [found()]
            return bool(come[0])

        self._looks(one, within_s)
        return come[0]

    def until_drawn(self, found: Callable[[], bool]) -> None:
        """Read until it holds."""
        self._read(found, "what was waited for")

    def then(self, keys: bytes, words: str) -> None:
        """Type, and read until the words are drawn from then on."""
        start = len(self.seen)
        self.type(keys)
        self._read(lambda: words in self.text(start), words)

    def _read(self, found: Callable[[], bool], words: str) -> None:
        assert self._looks(found, PATIENCE_S), (
            f"{words!r} was not drawn within {PATIENCE_S} s; seen: {self.text()[-2000:]!r}"
        )

    def _looks(self, found: Callable[[], bool], within_s: float) -> bool:
        """Read until it is found; whether it was, in time."""
        deadline = time.monotonic() + within_s
        while not found():
            ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return False
            self.seen += os.read(self._master, 65_536)
        return True

    def text(self, start: int = 0) -> str:
        """What was drawn from that byte on, without the escape sequences that place and colour it."""
        return re.sub(r"\x1b(\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])", "", self.seen[start:].decode("utf-8", "replace"))

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        self._process.send_signal(number)

    def end(self) -> int:
        """Drain what is still sent, and give the exit code."""
        try:
            while select.select([self._master], [], [], PATIENCE_S)[0] and (chunk := os.read(self._master, 65_536)):
                self.seen += chunk
        except OSError:  # Linux answers EIO once the other side is closed
            pass
        return self._process.wait(timeout=PATIENCE_S)

    def vanish(self) -> int:
        """Close the terminal under the program, as a lost connection does, without a signal; its exit code."""
        os.close(self._master)
        self._master = -1
        return self._process.wait(timeout=PATIENCE_S)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(timeout=PATIENCE_S)
        if self._master >= 0:
            os.close(self._master)
