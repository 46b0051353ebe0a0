"""300 characters typed in one go across lodge → next → lodge, through tmux: each lands in the field it was meant for.

Judged by what the ledger holds afterwards. `make test` types 20 such bursts, `make soak` 100.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import signal
import string
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from registry.desk.views import Entries
from registry.office import Office
from registry.records.roles import Role
from registry.settings import Settings
from tests.town import Town
from tests.tui.terminal import ROOT

LENGTH = 300
HOUR_MS = 3_600_000
F3, F6, TAB, CTRL_S = "\x1bOR", "\x1b[17~", "\t", "\x13"
PHRASE = "clerk's"
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Tmux:
    """A server of its own with one window."""

    program: str
    socket: Path

    def run(self, *words: str) -> str:
        done = subprocess.run(
            [self.program, "-S", str(self.socket), "-f", "/dev/null", *words],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout

    @property
    def screen(self) -> str:
        return self.run("capture-pane", "-p", "-t", "w")

    def type(self, text: str) -> None:
        self.run("send-keys", "-t", "w", "-l", "--", text)

    def until(self, found: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not found():
            assert time.monotonic() < deadline, f"{what} did not come; the screen:\n{self.screen}"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town(tmp_path_factory.mktemp("burst"))
    town.clock.now = time.time_ns() // 1_000_000 - HOUR_MS
    town.office.enrol(town.desk("founder"), "clerk", "HMLR", PHRASE, role=Role.INTAKE_CLERK, may_open=True)
    town.close()
    return town


@pytest.fixture
def tmux(town: Town, tmp_path: Path) -> Iterator[Tmux]:
    program = shutil.which("tmux")
    if program is None:
        pytest.skip("tmux is not installed here: bursts were typed without a multiplexer only")
    found = Tmux(program, tmp_path / "s")
    places = f"--registry {town.settings.registry} --signer {town.settings.signer} --officer clerk"
    variables = f"PYTHONPATH={ROOT}{os.pathsep}{ROOT / 'graphql'} XDG_STATE_HOME={tmp_path}"
    command = f"cd {ROOT} && exec env -u COLUMNS -u LINES {variables} {sys.executable} -m tui {places}"
    found.run("new-session", "-d", "-x", "100", "-y", "30", "-s", "w", command)
    try:
        found.until(lambda: "M0100" in found.screen, "the sign-in")
        found.type(f"{PHRASE}\r")
        found.until(lambda: "M0102" in found.screen, "the home page")
        yield found
        found.run("send-keys", "-t", "w", "C-q")
        found.until(lambda: not found.run("list-sessions"), "the end of the workbench")
    finally:
        pid = found.run("list-panes", "-t", "w", "-F", "#{pane_pid}").strip()
        if pid:  # something failed: nothing may run on after the test
            os.kill(int(pid), signal.SIGKILL)
        found.run("kill-server")


def test_20_bursts_of_300_characters_land_in_the_right_fields(tmux: Tmux, town: Town, tmp_path: Path) -> None:
    _bursts(20, tmux, town, tmp_path)


@pytest.mark.soak
def test_100_bursts_of_300_characters_land_in_the_right_fields(tmux: Tmux, town: Town, tmp_path: Path) -> None:
    _bursts(100, tmux, town, tmp_path)


def _bursts(count: int, tmux: Tmux, town: Town, folder: Path) -> None:
    seed = int.from_bytes(os.urandom(4))
    print(f"seed {seed}")
    rng = Random(seed)
    for number in range(count):
        since = len(_lodged(town.settings, 0))
        files = []
        for name in ("a", "b"):
            path = folder / f"{name}{number}"
            path.write_bytes(rng.randbytes(20))
            files.append(path)
        wanted = [_form(path, rng) for path in files]
        keys = [*_keys(wanted[0][0]), F6, *_keys(wanted[1][0])]
        keys[:0] = [F3, "g", "l"]
        assert len(keys) >= LENGTH, len(keys)
        for chunk in _chunks(keys, rng):
            tmux.type(chunk)
        tmux.until(lambda since=since: len(_lodged(town.settings, since)) >= 2, f"burst {number}, seed {seed}")  # type: ignore[misc]
        assert _lodged(town.settings, since) == [told for _, told in wanted], f"burst {number}, seed {seed}"


def _form(path: Path, rng: Random) -> tuple[list[str], tuple[str, ...]]:
    """What is typed into the fields, and what the ledger must say then."""
    words = "".join(rng.choices(string.ascii_letters + string.digits + " gl/?pnxaek", k=60)).strip()
    kind = rng.choice(["deed", "transfer", "charge", "lease"])
    day = f"{rng.randrange(1, 29):02} {rng.randrange(1, 13):02} 19{rng.randrange(10, 99)}"
    typed = [str(path), kind, day, "public", f"title = {words}", f"donor = {words[:20]}"]
    digest = base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()
    occurred = "-".join(reversed(day.split()))
    return typed, (kind.upper(), digest, occurred, words, "1")


def _keys(fields: list[str]) -> list[str]:
    return [*TAB.join(fields), CTRL_S]


def _chunks(keys: list[str], rng: Random) -> Iterator[str]:
    """The keys in one piece, or in several of any length; a key's own bytes stay together."""
    longest = rng.choice([1_000, 100, 25])
    at = 0
    while at < len(keys):
        length = rng.randrange(1, longest + 1) if longest < LENGTH else len(keys)
        yield "".join(keys[at : at + length])
        at += length


def _lodged(settings: Settings, since: int) -> list[tuple[str, ...]]:
    """Kind, digest, day, title and count of withheld details of what was lodged, oldest first, from that one on."""
    with Office.reading(settings) as office:
        entries = Entries(office.services)
        views = [entries.view(position) for position in range(office.store.head().size)]
        lodged = [view for view in views if view.kind == "LODGED"][since:]
        return [
            (
                view.details["kind"],
                view.details["content"],
                str(view.details.get("occurred", "")),
                str(view.details.get("title", "")),
                str(view.withheld),
            )
            for view in lodged
        ]
