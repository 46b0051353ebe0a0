"""What is said of a record: labels on the left, values wrapped beside them. One widget, however many there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import RenderResult
from textual.widget import Widget

LABEL = 17  # columns


class Details(Widget):
    """(label, value) pairs, safe already."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"details--label"}

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self._pairs = tuple(pairs)

    def render(self) -> RenderResult:
        label = self.get_component_rich_style("details--label", partial=True)
        table = Table.grid(padding=(0, 1, 0, 0), expand=True)
        table.add_column(width=LABEL)
        table.add_column(ratio=1, overflow="fold")
        for name, value in self._pairs:
            table.add_row(Text(name, label), Text(value))
        return table
