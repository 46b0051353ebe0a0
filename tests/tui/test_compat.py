"""The private calls of Textual, each shown to do what is relied on: another Textual breaks here."""

from __future__ import annotations

import asyncio

import pytest
from rich.console import Console
from rich.segment import Segment
from textual._xterm_parser import XTermParser
from textual.events import Key, Paste
from textual.strip import Strip

from tui import compat
from tui.app import Workbench
from tui.seat import Entered
from tui.widgets.rows import Rows

HOSTILE = "a\x1b]52;c;x\x07b\x9b2J\u202ec\x7f\ttab"


def test_the_guard_lets_no_control_through_that_a_widget_left_in() -> None:
    compat.guard()
    compat.guard()
    sent = Strip([Segment(HOSTILE)]).render(Console(color_system=None, force_terminal=True))
    assert sent == "a\ufffd]52;c;x\ufffdb\ufffd2J\ufffdc\ufffd\ufffdtab"


def test_what_is_clean_is_passed_on_as_it_is() -> None:
    compat.guard()
    assert Strip([Segment("Wye, £5 ✓ 平")]).render(Console(color_system=None)) == "Wye, £5 ✓ 平"


@pytest.mark.parametrize("length", [1, 2, 3, 7, 1_000])
def test_pasted_escape_sequences_press_no_key_however_the_bytes_come(length: int) -> None:
    compat.guard()
    sent = "a\x1b[20~b\x1b[200~x\x1b[21~y\x1b\x1b[201~\x1b[200~\x13z\x1b[201~c\x1b[21~"
    parser = XTermParser()
    events = [event for at in range(0, len(sent), length) for event in parser.feed(sent[at : at + length])]
    told = [event.key if isinstance(event, Key) else event.text for event in events if isinstance(event, (Key, Paste))]
    assert told == ["a", "f9", "b", "x[21~y", "\x13z", "c", "f10"]


def nobody(name: str, passphrase: str) -> Entered:
    raise AssertionError("nobody signs in here")


def test_handled_returns_when_the_screen_stands_and_has_its_focus() -> None:
    async def run() -> None:
        app = Workbench(nobody, lambda: 0, idle_s=0)
        async with app.run_test(size=(80, 24)):
            await asyncio.wait_for(compat.handled(app), 5)
            assert app.focused is not None

    asyncio.run(run())


def test_a_table_is_as_wide_as_its_rows_before_it_is_drawn() -> None:
    async def run() -> None:
        app = Workbench(nobody, lambda: 0, idle_s=0)
        async with app.run_test(size=(80, 24)):
            table = Rows(("A", "B"))
            await app.screen.mount(table)
            table.fill([("one", ("longer than its heading", "x"))])
            assert [column.content_width for column in table.ordered_columns] == [23, 1]

    asyncio.run(run())


def test_the_cursor_follows_the_focus() -> None:
    async def run() -> None:
        app = Workbench(nobody, lambda: 0, idle_s=0)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("f1")
            await pilot.pause(0.1)
            compat.follow_focus(app)
            focused = app.focused
            assert focused is not None
            assert app.cursor_position == focused.content_region.offset

    asyncio.run(run())
