"""The workbench in a real terminal: hostile records on every screen, byte by byte, and typing ahead through tmux."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from registry.desk.muniments import Document
from registry.records.muniment import MunimentKind, Visibility
from tests.town import Town
from tests.tui.terminal import ROOT, Terminal

# Clipboard, window title, cursor report, C1 controls, direction overrides, two kinds of markup, a pile of marks.
HOSTILE = (
    "\x1b]52;c;cm0gLXJmIH4=\x07\x1b]0;owned\x07\x1b[6n\x9b31m\x9d0;owned\x9c\u202egpj\u2066x\u2069"
    "[@click=app.quit]x[/][/nosuch]" + "e" + "\u0301" * 25
)
FORBIDDEN = ("\x1b]52", "\x1b]0;", "\x1b[6n", "\x9b", "\x9d", "\x9c", "\u202e", "\u2066", "\u2069")
F1, F3, F5, F8, F9 = b"\x1bOP", b"\x1bOR", b"\x1b[15~", b"\x1b[19~", b"\x1b[20~"
CTRL_L, CTRL_P, CTRL_Q, ENTER = b"\x0c", b"\x10", b"\x11", b"\r"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town(tmp_path_factory.mktemp("hostile")).staff()
    for number in range(2):
        town.desk("intake-clerk").muniments.lodge(
            Document(io.BytesIO(b"deed"), 4, f"deed{HOSTILE}.txt"[:200]),
            MunimentKind.DEED,
            details={"title": f"zebra{number} {HOSTILE}", "about": HOSTILE},
            visibility=Visibility.PUBLIC,
        )
    town.close()
    return town


def options(town: Town) -> list[str]:
    places = ["--registry", str(town.settings.registry), "--signer", str(town.settings.signer)]
    return ["-m", "tui", *places, "--officer", "founder"]


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (100, 30)])
def test_a_hostile_record_goes_through_every_screen_and_nothing_is_obeyed(
    hostile: Town, columns: int, rows: int, tmp_path: Path
) -> None:
    terminal = Terminal(options(hostile), columns=columns, rows=rows)
    try:
        terminal.until("M0100")
        terminal.type(b"founder's" + ENTER)
        terminal.until("M0102")
        terminal.type(b"/zebra1" + ENTER)
        terminal.until("zebra1 ␛]52")
        terminal.type(ENTER)
        terminal.until("M0301")
        terminal.type(F9)
        terminal.until("Proof of muniment/")
        terminal.type(F3 + b"e\x05\x15" + str(tmp_path / f"{columns}.receipt").encode() + ENTER)
        terminal.until("M0302")
        terminal.type(b"k\x05\x15" + str(tmp_path / f"{columns}.page").encode() + ENTER)
        terminal.until("M0303")
        terminal.type(F1)
        terminal.until("The last message")
        terminal.type(F3 + CTRL_P)
        terminal.until("Commands")
        terminal.type(F3 + F3 + b"/\x05\x15" + b"\x1b[200~" + HOSTILE.encode() + b"\x1b[201~" + ENTER)
        terminal.until("M0203")
        terminal.type(F1)
        terminal.until("What is not found may still be recorded")
        terminal.type(F3 + b"\t" + CTRL_L)
        terminal.until("M0111")
        terminal.type(CTRL_Q)
        assert terminal.end() == 0
    finally:
        terminal.close()
    sent = terminal.seen.decode("utf-8", "replace")
    for sequence in FORBIDDEN:
        assert sequence not in sent, f"{sequence!r} reached the terminal"
    assert "Traceback" not in sent
    page = (tmp_path / f"{columns}.page").read_text()
    assert not [letter for letter in page if ord(letter) < 32 and letter != "\n"]


def test_a_burst_typed_through_tmux_lands_where_it_was_meant_for(hostile: Town, tmp_path: Path) -> None:
    tmux = shutil.which("tmux")
    if tmux is None:
        pytest.skip("tmux is not installed here: typing ahead was tried without a multiplexer only")
    socket = str(tmp_path / "s")

    def run(*words: str) -> str:
        done = subprocess.run(
            [tmux, "-S", socket, "-f", "/dev/null", *words], capture_output=True, text=True, check=False
        )
        return done.stdout

    def until(words: str) -> str:
        deadline, seen = time.monotonic() + 20, ""
        while time.monotonic() < deadline:
            seen = run("capture-pane", "-p", "-t", "w")
            if words in seen:
                return seen
            time.sleep(0.05)
        raise AssertionError(f"{words!r} was not drawn; seen:\n{seen}")

    path = os.pathsep.join([str(ROOT), str(ROOT / "graphql")])
    command = f"cd {ROOT} && exec env -u COLUMNS -u LINES PYTHONPATH={path} {sys.executable} " + " ".join(
        options(hostile)
    )
    run("new-session", "-d", "-x", "100", "-y", "30", "-s", "w", command)
    try:
        until("M0100")
        run("send-keys", "-t", "w", "-l", "founder's\r/zebra1\r\r")  # passphrase, home, search, list, record
        until("M0301")
        until("Status            deed, current")
        until("title             zebra1")
        for _ in range(20):
            run("send-keys", "-t", "w", "-l", "ghgs/\x05\x15zebra0\r\rgh/\x05\x15zebra1\r\rgh")
            until("Newest acts")
            run("send-keys", "-t", "w", "-l", "/\x05\x15" + "abcdefghij" * 5)
            assert "abcdefghij" * 5 in until("abcdefghij" * 5)
        run("send-keys", "-t", "w", "C-q")
    finally:
        run("kill-server")
