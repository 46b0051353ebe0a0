"""The workbench in a real terminal: what reaches it, byte by byte, when the registry's own words are hostile."""

from __future__ import annotations

import pytest

from tests.tui.terminal import Terminal

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


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (100, 30)])
def test_hostile_words_are_drawn_and_never_obeyed(columns: int, rows: int) -> None:
    terminal = Terminal(["-c", PROGRAM], columns=columns, rows=rows)
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
