"""`muniment workbench` as a process of its own: in a terminal, in one that is too small, and in none."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from registry.office import Office
from registry.settings import Settings
from tests.town import Town
from tests.tui.terminal import ROOT, Terminal


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    town = Town(tmp_path_factory.mktemp("workbench"))
    town.close()
    return town.settings


def options(settings: Settings) -> list[str]:
    return ["-m", "tui", "--registry", str(settings.registry), "--signer", str(settings.signer)]


def test_signing_in_opens_the_office_and_leaving_closes_it(founded: Settings) -> None:
    terminal = Terminal(options(founded), columns=100, rows=30)
    try:
        terminal.until("M0100")
        terminal.type(b"founder\rfounder's\r")
        terminal.until("M0102 Signed in as founder.")
        terminal.until("sealed, no witnesses appointed")
        terminal.type(b"\x11")  # Ctrl+Q
        assert terminal.end() == 0
    finally:
        terminal.close()
    Office.open(founded, officer="founder", passphrase="founder's").close()


def test_the_terminal_has_its_cursor_for_those_who_follow_it(founded: Settings) -> None:
    terminal = Terminal(options(founded))
    try:
        terminal.until("M0100")
        terminal.type(b"\x11")
        assert terminal.end() == 0
    finally:
        terminal.close()
    hidden, shown = terminal.seen.find(b"\x1b[?25l"), terminal.seen.find(b"\x1b[?25h")
    assert 0 <= hidden < shown


def test_with_no_color_the_screen_is_grey(founded: Settings) -> None:
    terminal = Terminal(options(founded), more={"NO_COLOR": "1", "COLORTERM": "truecolor"})
    try:
        terminal.until("M0100")
        terminal.type(b"nobody\rx\r")
        terminal.until("✗ M0104")  # a refusal: red elsewhere
        terminal.type(b"\x11")
        assert terminal.end() == 0
    finally:
        terminal.close()
    colours = re.findall(r"[34]8;2;(\d+);(\d+);(\d+)", terminal.seen.decode())
    assert colours
    assert all(red == green == blue for red, green, blue in colours)


@pytest.mark.parametrize(
    ("columns", "rows", "term", "sentence"),
    [
        (59, 24, "xterm", "the workbench wants 60 columns and 16 rows, and this terminal has 59 and 24"),
        (80, 15, "xterm", "the workbench wants 60 columns and 16 rows, and this terminal has 80 and 15"),
        (80, 24, "dumb", "the workbench wants a terminal, and this is none"),
    ],
)
def test_where_no_screen_can_be_drawn_one_sentence_says_what_can_be_done(
    founded: Settings, columns: int, rows: int, term: str, sentence: str
) -> None:
    terminal = Terminal(options(founded), columns=columns, rows=rows, term=term)
    try:
        assert terminal.end() != 0
    finally:
        terminal.close()
    assert f"{sentence}; 'muniment status' says how the registry stands in plain text" in terminal.text()
    assert "Traceback" not in terminal.text()


def test_without_a_terminal_it_points_to_the_plain_command(founded: Settings) -> None:
    done = subprocess.run(
        [sys.executable, *options(founded)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "graphql")])},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "'muniment status' says how the registry stands in plain text" in done.stderr
    assert done.stdout == ""


def test_a_mistyped_path_is_told_in_the_shell(tmp_path: Path) -> None:
    terminal = Terminal(["-m", "tui", "--registry", str(tmp_path / "nowhere")], columns=100)
    try:
        assert terminal.end() != 0
    finally:
        terminal.close()
    assert "no registry here" in terminal.text()
    assert b"\x1b[?1049h" not in terminal.seen, "the screen was taken over for nothing"
