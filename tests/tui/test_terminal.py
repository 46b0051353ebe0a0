"""The workbench in a real terminal: what reaches it, byte by byte, when the registry's own words are hostile."""

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
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_S = 20.0

# Clipboard, window title, cursor report, a C1 control, a direction override and two kinds of markup.
HOSTILE = "\x1b]52;c;cm0gLXJmIH4=\x07\x1b]0;owned\x07\x1b[6n\x9b31m\u202egpj[@click=app.quit]x[/][/nosuch]"
PROGRAM = f"""
from registry.desk.status import Status
from tui.app import Workbench
hostile = {HOSTILE!r}
status = Status(
    origin=hostile, size=7, root=hostile, engine="END-OF-PAGE", not_yet_searchable=0,
    sealed=7, state=hostile, departments=1, officers=1, open_loads=0,
)
Workbench(lambda: status).run()
"""


class Terminal:
    """A pseudo-terminal with a program in it; `seen` is every byte that the program has sent."""

    def __init__(self, program: str, rows: int, columns: int) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        path = os.pathsep.join([str(ROOT), str(ROOT / "graphql")])
        environment = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": path}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", program],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        self.seen = b""

    def until(self, words: str) -> None:
        """Read until the words have been drawn, or give up."""
        deadline = time.monotonic() + PATIENCE_S
        while words not in self.text():
            ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"{words!r} was not drawn within {PATIENCE_S} s; seen: {self.text()[-2000:]!r}"
            self.seen += os.read(self._master, 65_536)

    def text(self) -> str:
        """What was drawn, without the escape sequences that place and colour it."""
        return re.sub(r"\x1b(\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])", "", self.seen.decode("utf-8", "replace"))

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def end(self) -> int:
        """Drain what is still sent, and give the exit code."""
        try:
            while chunk := os.read(self._master, 65_536):
                self.seen += chunk
        except OSError:  # Linux answers EIO once the other side is closed
            pass
        return self._process.wait(timeout=PATIENCE_S)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(timeout=PATIENCE_S)
        os.close(self._master)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (100, 30)])
def test_hostile_words_are_drawn_and_never_obeyed(columns: int, rows: int) -> None:
    terminal = Terminal(PROGRAM, rows, columns)
    try:
        terminal.until("END-OF-PAGE")
        terminal.type(b"\x11")  # Ctrl+Q
        assert terminal.end() == 0
    finally:
        terminal.close()
    assert "␛]52;c;cm0gLXJmIH4=␇" in terminal.text()
    for piece in ("␛]0;owned␇", "␛[6n", "<9B>31m", "<RLO>", "[@click"):
        assert piece in terminal.text()
    assert b"\x1b]52" not in terminal.seen
    assert b"owned\x07" not in terminal.seen
    assert b"\x1b[6n" not in terminal.seen
    assert "\x9b" not in terminal.seen.decode()
    assert "\u202e" not in terminal.seen.decode()
