"""Clerks at one office at once, each at a workbench of his own.

What each is told is kept, so that it can be held against the ledger afterwards.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.tui.terminal import Terminal

ROOT = Path(__file__).parents[2]
PHRASE = "an ordinary passphrase"
F12, DOWN, ENTER, CTRL_S, CTRL_Q = b"\x1b[24~", b"\x1b[B", b"\r", b"\x13", b"\x11"
RECORDED, FOUND, NOT_FOUND, AWAY, BACK, UNSETTLED = "M0411", "M0913", "file it again", "M0910", "M0911", "M0912"
RECORDED_AT = re.compile(r"M0411 Recorded at ([0-9\s]+):")
NOT_ASKED = "the office is away: nothing recorded"
DISCARD, DISCARDED = "Discard this form?", "M0418"
AGAIN_S, LOOK_S, PATIENCE_S = 0.2, 2.0, 120.0


def program(folder: Path, *words: str, who: str, log: str = "") -> subprocess.Popen[str]:
    """`muniment WORDS` as that officer, in a process of its own; what it complains of is appended to a log."""
    environment = {
        **os.environ,
        "MUNIMENT_REGISTRY": str(folder / "data"),
        "MUNIMENT_OFFICER": who,
        "MUNIMENT_PASSPHRASE_FILE": str(folder / "phrase"),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "graphql")]),
        "PYTHONUNBUFFERED": "1",
    }
    module = ["gateway"] if words[0] == "gateway" else ["registry.commands", words[0]]
    with (folder / f"{log or words[0]}.log").open("ab") as complaints:
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-m", *module, *words[1:]],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            start_new_session=True,  # Linux shares the processors out by session, and a service has its own
        )


@dataclass(slots=True)
class Told:
    """What somebody was told. `waits_s`: from the key to the answer of each act, where the office stayed."""

    waits_s: list[float] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    outages: int = 0
    faults: list[str] = field(default_factory=list)


class Clerk(threading.Thread):
    """A clerk at a workbench in a pseudo-terminal, who lodges one deed after another until told to stop."""

    def __init__(self, folder: Path, name: str, stop: threading.Event) -> None:
        super().__init__(name=name)
        self.told, self._folder, self._stops = Told(), folder, stop
        self._position = ""
        self.terminal = Terminal(
            ["-m", "tui", "--registry", str(folder / "data"), "--officer", name],
            columns=100,
            rows=30,
            state=folder / f"state-{name}",
        )

    def run(self) -> None:
        """Sign in, lodge, leave."""
        try:
            self.terminal.until("M0100")
            self._type(PHRASE.encode() + ENTER)
            self.terminal.until("M0102")
            self._type(b"gl")
            self.terminal.until("Withheld")
            while not self._stops.is_set():
                self._lodge(f"{self.name}-{len(self.told.done) + 1}")
            self._type(CTRL_Q)
            code = self.terminal.end()
            if code:
                self.told.faults.append(f"left with exit code {code}")
        except AssertionError as error:
            self.told.faults.append(str(error))
        finally:
            self.terminal.close()

    def _type(self, keys: bytes) -> None:
        self.terminal.seen = b""
        self.terminal.type(keys)

    def _lodge(self, title: str) -> None:
        """One deed under that title, filed again where the office went away before it was recorded."""
        deed = self._folder / f"{self.name}.pdf"
        deed.write_bytes(f"%PDF {title}".encode())
        while True:
            self._type(str(deed).encode() + ENTER + b"deed" + ENTER + ENTER + b"departments" + ENTER)
            self.terminal.type(f"title = {title}".encode())
            came = self._sees(title, BACK, AWAY)  # all that was typed ahead of it was dealt with
            if came in (BACK, AWAY):
                self._come_back(came)
                continue
            began = time.monotonic()
            self._type(CTRL_S)
            came = self._answered(UNSETTLED, BACK, AWAY, NOT_ASKED)
            if came == RECORDED:
                self.told.waits_s.append(time.monotonic() - began)
                break
            if came == UNSETTLED:
                self.told.outages += 1
                if self._answered(FOUND, NOT_FOUND) != NOT_FOUND:
                    break
                self._discard()
            else:
                self._come_back(came)
        self.told.done.append(title)

    def _answered(self, *other: str) -> str:
        """RECORDED where a position is told that was not told before (an old message may be drawn again), or the first
        of the other words."""

        def told() -> str:
            positions = RECORDED_AT.findall(self.terminal.text())
            if positions and positions[-1] != self._position:
                self._position = positions[-1]
                return RECORDED
            return next((word for word in other if word in self.terminal.text()), "")

        came = self.terminal.first(told, PATIENCE_S)
        assert came, f"no answer came; seen: {self.terminal.text()[-2000:]!r}"
        return came

    def _come_back(self, came: str) -> None:
        self.told.outages += 1
        if came != BACK:
            self._sees(BACK)
        self._discard()

    def _discard(self) -> None:
        """An empty form; what was typed while the office was away was dropped in part."""
        self._type(F12)
        if self.terminal.first_of(DISCARD, within_s=LOOK_S):
            self._type(DOWN + ENTER)
            self._sees(DISCARDED)

    def _sees(self, *words: str) -> str:
        """The first of the words that is drawn. Raises AssertionError where none is in two minutes."""
        found = self.terminal.first_of(*words, within_s=PATIENCE_S)
        assert found, f"none of {words} was drawn; seen: {self.terminal.text()[-2000:]!r}"
        return found
