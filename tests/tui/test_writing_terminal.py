"""The writing screens in a real terminal, byte by byte: hostile words in files, names and rows are never obeyed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.town import Town
from tests.tui.terminal import Terminal

HOSTILE = (
    "\x1b]52;c;cm0=\x07\x1b]0;owned\x07\x1b[6n\x9b31m\x9d0;owned\x9c\u202egpj\u2066x\u2069[@click=app.quit]x[/][/no]"
)
FORBIDDEN = ("\x1b]52", "\x1b]0;", "\x1b[6n", "\x9b", "\x9d", "\x9c", "\u202e", "\u2066", "\u2069")
F1, F3, F4, F6, F12 = b"\x1bOP", b"\x1bOR", b"\x1bOS", b"\x1b[17~", b"\x1b[24~"
ENTER, TAB, CTRL_Q, CTRL_S, CTRL_T = b"\r", b"\t", b"\x11", b"\x13", b"\x14"


def pasted(text: str) -> bytes:
    return b"\x1b[200~" + text.encode() + b"\x1b[201~"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town(tmp_path_factory.mktemp("hostile"))
    town.desk("founder").officers.add_department("EVIL", f"Dept {HOSTILE}")
    town.enrol("evil", None, "EVIL")
    town.desk("founder").officers.revoke("officer/2", HOSTILE)
    town.close()
    return town


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (100, 30)])
def test_hostile_words_go_through_every_writing_screen_and_none_is_obeyed(
    hostile: Town, tmp_path: Path, columns: int, rows: int
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / f"deed{HOSTILE}.csv".replace("/", "_")).write_text(f'"{HOSTILE}","{HOSTILE}"\n')
    places = ["--registry", str(hostile.settings.registry), "--signer", str(hostile.settings.signer)]
    options = ["-m", "tui", *places, "--officer", "founder"]
    terminal = Terminal(options, columns=columns, rows=rows, state=tmp_path)
    try:
        terminal.until("M0100")
        terminal.type(b"founder's" + ENTER)
        terminal.until("rules adopted")
        terminal.type(b"gl" + str(folder).encode() + F4)
        terminal.until("Backspace goes up")
        terminal.until("deed␛]52")
        terminal.type(b"\x1b[F" + ENTER)  # End
        terminal.until(" bytes")
        terminal.type(
            TAB + pasted(HOSTILE) + TAB + pasted(HOSTILE) + TAB + TAB + pasted(HOSTILE) + TAB + pasted(HOSTILE)
        )
        terminal.type(CTRL_S)
        terminal.until("M0412")
        terminal.type(F1)
        terminal.until("The last message")
        terminal.type(F3 + F12)
        terminal.until("Discard this form?")
        terminal.type(b"\x1b[B" + ENTER)
        terminal.until("M0418")
        terminal.type(F3 + b"gi" + str(folder).encode() + F4)
        terminal.until("1 File")
        terminal.until("Choose a file")
        terminal.type(b"\x1b[F" + ENTER + CTRL_T)
        terminal.until("M0402")
        terminal.type(F3 + b"go")
        terminal.until("revoked at")
        terminal.type(F6)
        terminal.until("Enrol an officer")
        terminal.type(pasted(HOSTILE) + TAB + b"EVIL" + TAB + pasted(HOSTILE) + CTRL_S)
        terminal.until("the keyboard is in Name")
        terminal.until("Dept")
        terminal.type(F3 + F3 + b"gv")
        terminal.until("Audit and verification")
        terminal.type(b"v")
        terminal.until("M0701")
        terminal.type(CTRL_Q)
        assert terminal.end() == 0
    finally:
        terminal.close()
    sent = terminal.seen.decode()
    for command in FORBIDDEN:
        assert command not in sent, repr(command)
    assert "owned\x07" not in sent
    assert "Traceback" not in sent
