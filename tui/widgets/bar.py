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
        self._shown: dict[str, str] = {}

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
        self._fill("place", origin + safe(self._place, PLACE))
        self.query_one(".size", Static).set_class(away, "away")
        if away:
            self._fill("size", OFFICE_AWAY)
        elif status is None:
            self._fill("size", "")
        else:
            lag = f"  {counted(status.not_yet_searchable)} not searchable yet" if status.not_yet_searchable else ""
            self._fill("size", f"● {counted(status.size)}{lag}")
        if seat is not None:
            count = seat.roles.count(",") + 1
            roles = f"{count} roles" if count > 1 and self.app.size.width < WIDE else seat.roles
            reading = " · reading only" if seat.reads_only else ""
            self._fill("who", safe(f"{seat.name} {roles}", WHO) + reading)

    def _fill(self, part: str, text: str) -> None:
        """Only where it is another text: else every change of focus would lay the screen out anew."""
        if self._shown.get(part) != text:
            self._shown[part] = text
            self.query_one(f".{part}", Static).update(text)
