"""A list over any number of rows: pages by key, read in threads by the screen, the newest 100 kept in memory.

How many rows there are is not known before the end was seen; rows come first. A page that is not there yet draws `…`.
A `Wanted` message asks the screen for the page that follows a key; `put` brings it. Enter on a row that has not come
yet is remembered, and opens it when it comes: `waiting(True)` is called at once, so that keys typed ahead can be held,
and `waiting(False)` where nothing is to be opened after all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

PAGE = 32  # a screen of 40 rows
KEPT = 100  # pages
GAP = 2
WIDE = 92  # columns from which on every column is shown
HIDDEN = -1


@dataclass(frozen=True, slots=True)
class Row:
    """`key` is what the next page begins after, `value` what opening it means; cells are safe already."""

    key: int
    value: str
    cells: tuple[str, ...]


class LazyTable(ScrollView, can_focus=True):
    """`columns`: (heading, width); one width may be 0 and takes what is left; a negative one is shown from 92 columns
    on."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "lazy-table--row",
        "lazy-table--cursor",
        "lazy-table--head",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "enter", "Open", id="table.open", show=False),
        Binding("up", "move(-1)", "Up", id="table.up", show=False),
        Binding("down", "move(1)", "Down", id="table.down", show=False),
        Binding("pageup", "page(-1)", "Page up", id="table.pageup", show=False),
        Binding("pagedown", "page(1)", "Page down", id="table.pagedown", show=False),
        Binding("home", "move(-1000000000)", "First", id="table.home", show=False),
        Binding("end", "move(1000000000)", "Last known", id="table.end", show=False),
    ]

    class Wanted(Message):
        """Page `page` is wanted: the rows after the row of that key (None: from the beginning)."""

        def __init__(self, generation: int, page: int, after: int | None) -> None:
            super().__init__()
            self.generation, self.page, self.after = generation, page, after

    class Opened(Message):
        """Enter on a row."""

        def __init__(self, value: str) -> None:
            super().__init__()
            self.value = value

    def __init__(
        self, columns: Sequence[tuple[str, int]], waiting: Callable[[bool], None] = lambda waits: None
    ) -> None:
        super().__init__()
        self._waiting = waiting
        self._columns = tuple(columns)
        self._pages: OrderedDict[int, tuple[Row, ...]] = OrderedDict()
        self._anchors: list[int | None] = []  # page → the key that it follows
        self._asked: set[int] = set()
        self._count, self._more, self._generation = 0, False, 0
        self._opening: int | None = None
        self.cursor_row = 0

    # ---- rows ----

    @property
    def count(self) -> int:
        """Rows known so far."""
        return self._count

    @property
    def complete(self) -> bool:
        """Whether the last row was seen."""
        return not self._more

    @property
    def current(self) -> str:
        """The value of the row under the cursor; empty where it has not come."""
        row = self._row(self.cursor_row)
        return "" if row is None else row.value

    def start(self) -> None:
        """Forget everything and ask for the first page."""
        self._generation += 1
        self._pages.clear()
        self._asked.clear()
        self._anchors, self._count, self._more = [None], 0, True
        self._give_up()
        self.cursor_row = 0
        self.scroll_to(y=0, animate=False)
        self._measure()
        self._want(0)

    def put(self, generation: int, page: int, rows: Sequence[Row]) -> None:
        """Page `page` has come; fewer rows than a page are the end."""
        if generation != self._generation:
            return
        self._asked.discard(page)
        self._keep(page, tuple(rows))
        if page == len(self._anchors) - 1:
            self._count = page * PAGE + len(rows)
            self._more = len(rows) == PAGE
            if self._more:
                self._anchors.append(rows[-1].key)
        self._measure()
        self.refresh()
        self._open_if_here()

    def failed(self, generation: int, page: int) -> None:
        """Page `page` will not come; it may be asked for again."""
        if generation == self._generation:
            self._asked.discard(page)
            self._more = self._more and bool(self._count)
            self._give_up()
            self._measure()

    def step(self, by: int) -> str:
        """Move the cursor by one and give that row's value; empty at an end, or where the row has not come."""
        row = self.cursor_row + by
        if not 0 <= row < self._count or self._row(row) is None:
            return ""
        self._go(row)
        return self.current

    def _keep(self, page: int, rows: tuple[Row, ...]) -> None:
        self._pages[page] = rows
        self._pages.move_to_end(page)
        while len(self._pages) > KEPT:
            self._pages.popitem(last=False)

    def _row(self, index: int) -> Row | None:
        page, at = divmod(index, PAGE)
        rows = self._pages.get(page)
        if rows is None:
            if index < self._count or (self._more and index == self._count):
                self._want(page)
            return None
        self._pages.move_to_end(page)
        return rows[at] if at < len(rows) else None

    def _want(self, page: int) -> None:
        if page < len(self._anchors) and page not in self._asked:
            self._asked.add(page)
            self.post_message(self.Wanted(self._generation, page, self._anchors[page]))

    # ---- keys ----

    def action_move(self, by: int) -> None:
        self._go(self.cursor_row + by)

    def action_page(self, by: int) -> None:
        self._go(self.cursor_row + by * max(1, self.size.height - 1))

    def action_enter(self) -> None:
        self._opening = self.cursor_row
        self._waiting(True)
        self._open_if_here()

    def _give_up(self) -> None:
        if self._opening is not None:
            self._opening = None
            self._waiting(False)

    def on_click(self, event: events.Click) -> None:
        self._go(event.y + self.scroll_offset.y)
        if event.chain == 2:
            self.action_enter()

    def _open_if_here(self) -> None:
        if self._opening is None:
            return
        row = self._row(self._opening)
        if row is not None:
            self._opening = None
            self.post_message(self.Opened(row.value))
        elif not self._more and self._opening >= self._count:
            self._give_up()

    def _go(self, row: int) -> None:
        last = self._count - 1 + (1 if self._more else 0)
        self.cursor_row = max(0, min(row, last))
        self._row(self.cursor_row)  # asks for it where it has not come
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if self.cursor_row < top:
            self.scroll_to(y=self.cursor_row, animate=False)
        elif self.cursor_row >= top + height:
            self.scroll_to(y=self.cursor_row - height + 1, animate=False)
        self.refresh()

    # ---- drawing ----

    def _measure(self) -> None:
        self.virtual_size = Size(self._wide, self._count + (1 if self._more else 0))
        self.cursor_row = max(0, min(self.cursor_row, self.virtual_size.height - 1))

    def on_resize(self) -> None:
        self._measure()

    @property
    def _wide(self) -> int:
        """Columns beside the scroll bar, for which there is always room."""
        return self.scrollable_content_region.width

    def widths(self) -> tuple[int, ...]:
        """The columns' widths now."""
        wide = self._wide >= WIDE
        wanted = [abs(width) if wide or width >= 0 else HIDDEN for _, width in self._columns]
        taken = sum(width + GAP for width in wanted if width != HIDDEN) - GAP
        left = max(8, self._wide - 2 - taken)
        return tuple(left if width == 0 else width for width in wanted)

    def line(self, cells: Sequence[str]) -> str:
        """Cells in their columns, cut and padded by cell width."""
        placed = zip(cells, self.widths(), strict=True)
        return (" " * GAP).join(fit(cell, width) for cell, width in placed if width != HIDDEN)

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        known = self._count + (1 if self._more else 0)
        if index >= known:
            return Strip.blank(self._wide, self.get_component_rich_style("lazy-table--row"))
        row = self._row(index)
        here = index == self.cursor_row
        style = self.get_component_rich_style("lazy-table--cursor" if here else "lazy-table--row")
        text = ("› " if here else "  ") + (self.line(row.cells) if row is not None else "…")
        return Strip([Segment(set_cell_size(text, self._wide), style)])


def fit(text: str, width: int) -> str:
    """The text in exactly so many cells; `…` stands where something was cut off."""
    cut = set_cell_size(text, width)
    return cut if cut.rstrip() == text.rstrip() or width < 2 else set_cell_size(text, width - 1) + "…"
