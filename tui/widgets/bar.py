"""The top line of every screen: place, tree size, who sits here. What needs attention stands here as words.

One widget and not four: each is laid out anew when one of them grows, on every screen.
"""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.widget import Widget

from registry.desk.status import Status
from registry.records.text import safe
from tui.seat import Seat
from tui.wording import OFFICE_AWAY, counted

PLACE, WHO = 60, 40  # characters
GAP = "  "
WIDE = 96  # columns from which on there is room for the name, the origin and every role


class Bar(Widget):
    """`MUNIMENT  registry.example/land › Search      ● 1 204 913  m.okoye registrar`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"bar--mark", "bar--place", "bar--size", "bar--away"}

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place, self._origin, self._tree, self._who, self._away = place, "", "", "", False

    def show(self, seat: Seat | None, status: Status | None, place: str | None = None, *, away: bool = False) -> None:
        """Fill it in; safe before it is mounted. `away`: the office is, and the figures are of before."""
        before = self._place, self._origin, self._tree, self._who, self._away
        self._place, self._away = place or self._place, away
        self._origin = f"{safe(status.origin, PLACE)} › " if status else ""
        if status is not None:
            lag = f"{GAP}{counted(status.not_yet_searchable)} not searchable yet" if status.not_yet_searchable else ""
            self._tree = f"● {counted(status.size)}{lag}"
        if seat is not None:
            count = seat.roles.count(",") + 1
            roles = f"{count} roles" if count > 1 and self.app.size.width < WIDE else seat.roles
            reading = " · reading only" if seat.reads_only else ""
            self._who = safe(f"{seat.name} {roles}", WHO) + reading
        if before != (self._place, self._origin, self._tree, self._who, self._away):
            self.refresh()

    def render(self) -> Text:
        mark, place, size, away = (
            self.get_component_rich_style(f"bar--{name}", partial=True) for name in ("mark", "place", "size", "away")
        )
        wide = self.app.size.width >= WIDE
        right = Text(no_wrap=True)
        right.append(OFFICE_AWAY if self._away else self._tree, away if self._away else size)
        right.append(GAP + self._who if self._who else "")
        line = Text(no_wrap=True)
        if wide:
            line.append("MUNIMENT", mark).append(GAP)
        where = (self._origin if wide else "") + safe(self._place, PLACE)
        left = max(0, self.size.width - right.cell_len - line.cell_len)
        line.append(set_cell_size(where, left) if cell_len(where) != left else where, place)
        return line.append_text(right)
