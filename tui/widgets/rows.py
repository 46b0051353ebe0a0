"""A short list (at most 1,000 rows) as a table: a value behind each row, the cursor kept where it is when filled again.

Lists of any length are `tui.widgets.lazy_table`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from tui import compat


class Rows(DataTable[Text]):
    """`current` is the value of the row under the cursor, empty without one. Enter is the screen's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "app.do('open')", "Open", id="rows.open", show=False),
    ]

    def __init__(self, columns: Sequence[str], *, classes: str = "") -> None:
        super().__init__(cursor_type="row", zebra_stripes=False, classes=classes)
        self._names = tuple(columns)
        self._values: list[str] = []

    def on_mount(self) -> None:
        self.add_columns(*self._names)

    @property
    def current(self) -> str:
        """The value of the row under the cursor."""
        return self._values[self.cursor_row] if 0 <= self.cursor_row < len(self._values) else ""

    def fill(self, rows: Iterable[tuple[str, Sequence[str]]]) -> None:
        """Show these (value, cells); cells are safe already. The cursor stays on its value where it can."""
        before, rows = self.current, list(rows)
        self.clear()
        self._values = [value for value, _ in rows]
        for _, cells in rows:
            self.add_row(*(Text(cell) for cell in cells))
        compat.measure_rows(self)
        if before in self._values:
            self.move_cursor(row=self._values.index(before))
