"""The first line of every screen: place, size of the tree, witnesses, officer and role."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from registry.desk.status import Status
from registry.records.text import safe
from tui.seat import Seat
from tui.wording import OFFICE_AWAY, counted

PLACE, WHO = 60, 40  # characters
WIDE = 96  # columns from which on there is room for the origin and every role


class Bar(Horizontal):
    """`MUNIMENT  registry.example/land › Search      ● 1 204 913  no witnesses   m.okoye registrar`."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = place

    def compose(self) -> ComposeResult:
        yield Static("MUNIMENT", classes="mark", markup=False)
        yield Static(self._place, classes="place", markup=False)
        yield Static("", classes="size", markup=False)
        yield Static("", classes="who", markup=False)

    def show(self, seat: Seat | None, status: Status | None, place: str | None = None, *, away: bool = False) -> None:
        """Fill it in; safe before it is mounted. `away`: the office is, and the figures are of before."""
        self._place = place or self._place
        if not self.is_mounted:
            return
        origin = f"{safe(status.origin, PLACE)} › " if status and self.app.size.width >= WIDE else ""
        self.query_one(".place", Static).update(origin + safe(self._place, PLACE))
        size = self.query_one(".size", Static)
        size.set_class(away, "away")
        if away:
            size.update(OFFICE_AWAY)
        elif status is None:
            size.update("")
        else:
            lag = f"  {counted(status.not_yet_searchable)} not searchable yet" if status.not_yet_searchable else ""
            size.update(f"● {counted(status.size)}{lag}")
        if seat is not None:
            count = seat.roles.count(",") + 1
            roles = f"{count} roles" if count > 1 and self.app.size.width < WIDE else seat.roles
            reading = " · reading only" if seat.reads_only else ""
            self.query_one(".who", Static).update(safe(f"{seat.name} {roles}", WHO) + reading)
