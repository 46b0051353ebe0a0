"""Every private call of Textual 8.2.8, each with a test, so that another Textual breaks here and nowhere else.

guard            no control byte of a record's text reaches the terminal, whatever widget drew it, and no key is
                 pressed by pasted text
handled          waits until a key was dealt with by the focused widget, its ancestors and the current screen
is_open          whether a screen stands in some mode's stack
show_cursor      the terminal's own cursor, shown, and kept where the focus is (screen readers follow it)
bindings_first   a class's key bindings set before Textual merges them
measure_rows     a table's columns as wide as its rows, before they are drawn
Terminal         Textual's driver, for a terminal that may vanish in mid-work
"""

from __future__ import annotations

import asyncio
import re
import select
from collections.abc import Iterable
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, cast

from rich.console import Console
from rich.segment import Segment
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Offset
from textual.message import Message
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import DataTable, Input, OptionList, TextArea

if TYPE_CHECKING:
    from textual.app import App

HANDLED_S = 0.5  # for one widget to deal with a key
READY_S = 2.0  # for a new screen to stand and have its focus
POLL_S = 0.001

_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_render, _feed = Strip.render, XTermParser.feed
_PASTE, _PASTED = "\x1b[200~", "\x1b[201~"  # a terminal brackets what is pasted


def guard() -> None:
    """Replace what commands a terminal by U+FFFD in every strip, and take ESC out of what is pasted. Safe twice."""
    Strip.render = _guarded  # type: ignore[method-assign, assignment]
    XTermParser.feed = _fed  # type: ignore[method-assign, assignment]


def _fed(parser: XTermParser, data: str) -> Iterable[Message]:
    """Textual takes an escape sequence within a paste for keys: a pasted F10 would file the form."""
    pastes: Pastes = parser.__dict__.setdefault("_muniment_pastes", Pastes())
    kept = pastes.without_keys(data)
    return _feed(parser, kept) if kept or not data else ()  # nothing at all is the end, to the parser


class Pastes:
    """What a terminal sends, in pieces of any length, without the ESC of pasted text."""

    def __init__(self) -> None:
        self._pasting = False
        self._begun = ""  # the beginning of a bracket: the one that opens was passed on, the one that closes was not

    def without_keys(self, data: str) -> str:
        """The next piece. Nothing but an ESC in pasted text is held back, and that until its sequence is whole."""
        passed = "" if self._pasting else self._begun
        pieces = re.split("(?=\x1b)", self._begun + data)
        self._begun = ""
        kept = ""
        for at, piece in enumerate(pieces):
            bracket = _PASTED if self._pasting else _PASTE
            begun = at == len(pieces) - 1 and bool(piece) and bracket.startswith(piece) and piece != bracket
            if begun:
                self._begun = piece
            if piece.startswith(bracket):
                self._pasting = not self._pasting
            elif self._pasting:
                piece = "" if begun else piece.removeprefix("\x1b")
            kept += piece
        return kept.removeprefix(passed)


def _guarded(strip: Strip, console: Console) -> str:
    if any(_FORBIDDEN.search(segment.text) for segment in strip._segments if not segment.control):
        clean = [
            segment if segment.control else Segment(_FORBIDDEN.sub("\ufffd", segment.text), segment.style)
            for segment in strip._segments
        ]
        return _render(Strip(clean), console)
    return _render(strip, console)


async def handled(app: App[Any]) -> None:
    """Return when the last key was dealt with: by the focused widget and all its ancestors, each at most 0.5 s, and
    when the current screen is mounted, current and has its focus, at most 2 s."""
    if not app._screen_stacks.get(app._current_mode):
        return
    screen = app.screen
    for _ in range(2):  # what a widget posts about the key, Input.Submitted say, climbs as far in the second round
        for widget in _upwards(app.focused or app.screen):
            if not await _through(widget):
                break
        await _through(app)  # Widget.focus goes by way of the application
    loop = asyncio.get_running_loop()
    deadline = loop.time() + READY_S
    while not _ready(app.screen) and loop.time() < deadline and app.is_running:
        await asyncio.sleep(POLL_S)
    if app.screen is not screen:
        await _through(app.screen)


def _upwards(widget: Widget) -> list[Widget]:
    return [node for node in widget.ancestors_with_self if isinstance(node, Widget)]


async def _through(node: Widget | App[Any]) -> bool:
    passed = asyncio.Event()
    if not node.is_attached or not node.call_later(passed.set):
        return False
    try:
        await asyncio.wait_for(passed.wait(), HANDLED_S)
    except TimeoutError:
        return False
    return True


def _ready(screen: Screen[Any]) -> bool:
    if not (screen.is_running and screen._is_mounted and screen.is_current):
        return False
    return screen.focused is not None or not screen.AUTO_FOCUS or not screen.query(screen.AUTO_FOCUS)


def is_open(app: App[Any], screen: Screen[Any]) -> bool:
    """Whether the screen stands in any mode's stack."""
    return any(screen in stack for stack in app._screen_stacks.values())


def show_cursor(app: App[Any]) -> None:
    """Show the terminal's cursor: Textual hides it when it starts. Nothing happens without a terminal."""
    driver = app._driver
    if driver is not None and not app.is_headless:
        driver.write("\x1b[?25h")
        driver.flush()


def follow_focus(app: App[Any]) -> None:
    """Put the terminal's cursor where the focus is; call it some 20 times a second. Text fields do it themselves."""
    if not app._screen_stacks.get(app._current_mode):  # the application is ending
        return
    widget = app.focused
    if widget is None or isinstance(widget, (Input, TextArea)):
        return
    region = widget.content_region
    row = 0
    if isinstance(widget, OptionList):
        row = (widget.highlighted or 0) - widget.scroll_offset.y
    elif (cursor := getattr(widget, "cursor_row", None)) is not None:
        row = cursor - widget.scroll_offset.y
    place = Offset(region.x, region.y + max(0, min(row, region.height - 1)))
    if place != app.cursor_position:
        app.cursor_position = place
        driver = app._driver
        if driver is not None and not app.is_headless:
            driver.write(f"\x1b[{place.y + 1};{place.x + 1}H")
            driver.flush()


def measure_rows(table: DataTable[Any]) -> None:
    """Give the columns the width of the rows just added. A DataTable does so when it is idle next, and where it is
    drawn before that, it keeps what was drawn: cells cut to their headings."""
    added = table._new_rows.copy()
    table._new_rows.clear()
    table._require_update_dimensions = False
    table._update_dimensions(added)
    table._clear_caches()


class Terminal(LinuxDriver):
    """Textual's own would go on reading the end of a terminal that is no more, and stand still once 30 writes to it had
    failed. Here the application is left, and what it still draws goes nowhere."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._file = cast("Any", _Outlet(cast("IO[str]", self._file)))

    @property
    def gone(self) -> bool:
        """Whether the other end is closed: Linux then gives no bytes for ever, or EIO."""
        poll = select.poll()
        poll.register(self.fileno, 0)
        return bool(poll.poll(0))

    def run_input_thread(self) -> None:
        try:
            super().run_input_thread()
        except OSError:
            self._app.call_later(self._app.exit)


class _Outlet:
    """The terminal's file, which takes everything also when the terminal is gone."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()

    def fileno(self) -> int:
        return self._file.fileno()


def terminal_is_gone(app: App[Any]) -> bool:
    """Whether the terminal that the application draws on was closed at its other end."""
    return isinstance(app._driver, Terminal) and app._driver.gone


def fail(app: App[Any], error: BaseException) -> None:
    """End the application as Textual does for an error in a handler: the key pump is a task of our own."""
    if isinstance(error, Exception):
        app._handle_exception(error)
