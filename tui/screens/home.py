"""The day: newest acts, loads, and what the registry says of itself. F5 reads it again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from registry.desk.desk import Desk
from registry.desk.status import Status
from registry.desk.views import View
from registry.errors import NotPermitted
from registry.records.loads import Load
from registry.records.text import safe
from tui import wording
from tui.actions import Action
from tui.screens.page import Page
from tui.screens.record import open_record
from tui.widgets.acts import act_cells, load_line
from tui.widgets.rows import Rows

LOADS_SHOWN = 4
NO_ACTS = "Newest acts: none of yours to know among the last 65 536 entries"
WIDE = 96  # columns from which an act's department is shown beside its officer


@dataclass(frozen=True, slots=True)
class Read:
    """What the desk answered; `loads` is None where this officer may not look at them."""

    status: Status
    acts: tuple[View, ...]
    loads: tuple[Load, ...] | None


def read(desk: Desk) -> Read:
    """Ask it; for a thread."""
    try:
        loads: tuple[Load, ...] | None = desk.day.loads()
    except NotPermitted:
        loads = None
    return Read(desk.status(), desk.day.newest(), loads)


class Home(Page):
    """Enter opens the subject of the act under the cursor."""

    PLACE = "Home"
    ACTIONS: ClassVar[tuple[str, ...]] = ("open", "refresh")

    def body(self) -> Iterable[Widget]:
        with Vertical(id="state"):
            for name, label in (("sealed", "Ledger"), ("root", "Root"), ("searchable", "A search finds")):
                with Horizontal(classes="row"):
                    yield Static(label, classes="label", markup=False)
                    yield Static("–", id=name, classes="value", markup=False)
        yield Static("Loads", classes="head", markup=False)
        yield Static("–", id="loads", markup=False)
        yield Static("Newest acts", id="acts", classes="head", markup=False)
        yield Rows(("Recorded", "Act", "Subject", "Position", "By"), classes="first")

    def opened(self) -> None:
        self.do_refresh()

    def do_refresh(self) -> None:
        if self.bench.seat is not None:
            desk = self.bench.desk
            self.ask(lambda: read(desk), self._show)

    def why_not(self, action: Action) -> str:
        if action.id == "open" and not self.query_one(Rows).current:
            return "there is no act to open yet"
        return ""

    def do_open(self) -> None:
        open_record(self.bench, self.query_one(Rows).current)

    def _show(self, found: Read) -> None:
        status = found.status
        self.bench.show_status(status)
        figures = f"{wording.counted(status.size)} entries, {status.state}"
        self.query_one("#sealed", Static).update(safe(figures))
        self.query_one("#root", Static).update(safe(status.root))
        self.query_one("#searchable", Static).update(wording.searchable(status.not_yet_searchable))
        if found.loads is None:
            lines = ["These are not yours to look at."]
        else:
            lines = [load_line(load) for load in found.loads[:LOADS_SHOWN]] or ["None yet."]
            if len(found.loads) > LOADS_SHOWN:
                lines.append(f"… and {len(found.loads) - LOADS_SHOWN} older")
        self.query_one("#loads", Static).update("\n".join(lines))
        wide = self.size.width >= WIDE
        self.query_one(Rows).fill([(view.subject, act_cells(view, wide=wide)) for view in found.acts])
        self.query_one("#acts", Static).update("Newest acts" if found.acts or not status.size else NO_ACTS)
        self.show_keys()
