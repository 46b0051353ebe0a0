"""A program in a real tmux: typed at as a person types, and read as a person reads."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from typing import Self

import pytest

PATIENCE_S = 30.0
LOOK_S = 0.03


class Pane:
    """One pane with one program. Use as a context manager: leaving it ends tmux, and what runs there."""

    def __init__(self, folder: Path, command: str, *, columns: int = 80, rows: int = 24) -> None:
        """`folder` holds the server's socket. Skips where there is no tmux."""
        tmux = shutil.which("tmux")
        if tmux is None:
            pytest.skip("tmux is not installed here, so nothing was tried in a terminal as people use it")
        self._tmux = [tmux, "-S", str(folder / "tmux"), "-f", "/dev/null"]
        self._run("new-session", "-d", "-x", str(columns), "-y", str(rows), "-s", "one", command)

    def _run(self, *words: str, check: bool = True) -> str:
        done = subprocess.run([*self._tmux, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0 or not check, (words, done.stderr)
        return done.stdout

    def type(self, text: str) -> None:
        """Characters, all at once; control characters as they are."""
        self._run("send-keys", "-t", "one", "-l", text)

    def press(self, *keys: str) -> None:
        """Keys by tmux's names: `F6`, `C-s`, `Enter`."""
        self._run("send-keys", "-t", "one", *keys)

    def resize(self, columns: int, rows: int) -> None:
        """Another size, as when somebody pulls at the window."""
        self._run("resize-window", "-t", "one", "-x", str(columns), "-y", str(rows))

    def screen(self) -> str:
        """What stands there now; a line that ran over the edge is one line."""
        return self._run("capture-pane", "-p", "-J", "-t", "one", check=False)

    def until(self, *words: str, patience_s: float = PATIENCE_S) -> str:
        """The screen, once all of the words stand on it."""
        deadline, seen = time.monotonic() + patience_s, ""
        while time.monotonic() < deadline:
            seen = self.screen()
            if all(word in seen for word in words):
                return seen
            time.sleep(LOOK_S)
        raise AssertionError(f"{words!r} did not come within {patience_s:.0f} s; seen:\n{seen}")

    def gone(self, patience_s: float = PATIENCE_S) -> bool:
        """Whether the program ends in time."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if not self._run("list-panes", "-t", "one", check=False):
                return True
            time.sleep(LOOK_S)
        return False

    def close(self) -> None:
        """End it."""
        self._run("kill-server", check=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
