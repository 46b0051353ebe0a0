"""A short list (at most 1,000 rows) as a table: a value behind each row, the cursor kept where it is when filled again.

The last column takes what is left of the line, and says with `…` where it was cut: no figure ever loses its end unseen.
Lists of any length are `tui.widgets.lazy_table`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from tui import compat
from tui.widgets.lazy_table import fit

SHORTEST = 6  # columns that the last cell has at least


class Rows(DataTable[Text]):
    """`current` is the value of the row under the cursor, empty without one. Enter is the screen's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "app.do('open')", "Open", id="rows.open", show=False),
    ]

    def __init__(self, columns: Sequence[str], *, classes: str = "") -> None:
        super().__init__(cursor_type="row", zebra_stripes=False, classes=classes)
        self._names = tuple(columns)
        self._values: list[str] = []
        self._cells: list[tuple[str, ...]] = []

    def on_mount(self) -> None:
        self.add_columns(*self._names)

    def on_resize(self) -> None:
        self._draw()

    @property
    def current(self) -> str:
        """The value of the row under the cursor."""
        return self._values[self.cursor_row] if 0 <= self.cursor_row < len(self._values) else ""

    def fill(self, rows: Iterable[tuple[str, Sequence[str]]]) -> None:
        """Show these (value, cells); cells are safe already. The cursor stays on its value where it can."""
        before, rows = self.current, list(rows)
        self._values, self._cells = [value for value, _ in rows], [tuple(cells) for _, cells in rows]
        self._draw(self._values.index(before) if before in self._values else 0)

    def _draw(self, cursor: int | None = None) -> None:
        row = self.cursor_row if cursor is None else cursor
        left = self._left()
        self.clear()
        for *cells, last in self._cells:
            shown = last if cell_len(last) <= left else fit(last, left)
            self.add_row(*(Text(cell) for cell in cells), Text(shown))
        compat.measure_rows(self)
        if 0 <= row < len(self._cells):
            self.move_cursor(row=row)

    def _left(self) -> int:
        """Columns for the last cell, the others being as wide as their widest."""
        width = self.scrollable_content_region.width
        if not width:
            return max((cell_len(cells[-1]) for cells in self._cells), default=0)
        widest = [max(map(cell_len, column)) for column in zip(self._names, *self._cells, strict=True)]
        return max(SHORTEST, width - sum(widest[:-1]) - 2 * self.cell_padding * len(widest))
