"""Search: one box, and a list over any number of records. A search is never a proof, and the strip says so."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual import on
from textual.widget import Widget
from textual.widgets import Input, Static

from registry.desk.views import View
from registry.errors import RegistryError
from registry.records.text import safe
from tui import wording
from tui.actions import Action
from tui.screens.page import Page
from tui.screens.record import open_record
from tui.widgets.acts import record_cells
from tui.widgets.lazy_table import PAGE, LazyTable, Row

COLUMNS = (("Kind", 8), ("What", 0), ("Price", 11), ("Date", 11), ("Reference", -15))
HINT = "words, a postcode, a reference or a source id; a space after the last word ends it"


class Search(Page):
    """Enter in the box searches and goes to the list; Enter on a row opens it; / goes back to the box."""

    PLACE = "Search"
    ACTIONS: ClassVar[tuple[str, ...]] = ("open", "copy", "refresh")
    AUTO_FOCUS = "#query"

    def __init__(self) -> None:
        super().__init__()
        self._text = ""

    def body(self) -> Iterable[Widget]:
        yield Input(placeholder=HINT, id="query", compact=True, select_on_focus=False)
        yield Static("", id="columns", classes="muted", markup=False)
        yield LazyTable(COLUMNS, self._wait)
        yield Static(wording.NOT_A_PROOF, id="not-a-proof", classes="strip", markup=False)

    @property
    def table(self) -> LazyTable:
        """The list."""
        return self.query_one(LazyTable)

    def opened(self) -> None:
        self.call_after_refresh(self._head)

    def on_resize(self) -> None:  # type: ignore[override]
        self.show_frame()
        self.call_after_refresh(self._head)

    def _head(self) -> None:
        if not self.query(LazyTable):
            return
        status = self.bench.status
        lag = status.not_yet_searchable if status is not None else 0
        more = f" {wording.counted(lag)} rows not searchable yet." if lag else ""
        self.query_one("#not-a-proof", Static).update(wording.NOT_A_PROOF + more)
        self.query_one("#columns", Static).update("  " + self.table.line([name for name, _ in COLUMNS]))

    def help_here(self) -> str:
        return f"Search: {HINT}. Every word must be there; the newest entries come first. Enter searches."

    def why_not(self, action: Action) -> str:
        if action.id in ("open", "copy") and not self.table.current:
            return "there is no row under the cursor yet"
        return ""

    # ---- what is found ----

    @on(Input.Submitted, "#query")
    def _search(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self._text = event.value
            self.bench.say(wording.SEARCHING.say())
            self.table.start()
            self.set_focus(self.table)

    def do_refresh(self) -> None:
        if self._text:
            self.table.start()

    @on(LazyTable.Wanted)
    def _wanted(self, wanted: LazyTable.Wanted) -> None:
        desk, text = self.bench.desk, self._text
        self.ask(
            lambda: desk.lookups.find(text, limit=PAGE, after=wanted.after),
            partial(self._came, wanted),
            partial(self._lost, wanted),
            group=f"page {wanted.page}",
        )

    def _came(self, wanted: LazyTable.Wanted, views: tuple[View, ...]) -> None:
        rows = [Row(view.position, view.subject, record_cells(view)) for view in views]
        self.table.put(wanted.generation, wanted.page, rows)
        if not self.table.count:
            self.bench.say(wording.FOUND_NONE.say())
        elif self.table.complete:
            self.bench.say(wording.FOUND_ALL.say(count=self.table.count))
        else:
            self.bench.say(wording.FOUND.say(count=self.table.count))
        self.show_keys()

    def _lost(self, wanted: LazyTable.Wanted, error: RegistryError) -> None:
        self.table.failed(wanted.generation, wanted.page)
        self.bench.say(wording.failed(error))

    # ---- a row ----

    def _wait(self, waits: bool) -> None:
        """What is typed after Enter is meant for the record: it waits until that stands."""
        if waits:
            self.bench.pump.hold()
        else:
            self.bench.pump.release()

    @on(LazyTable.Opened)
    def _open(self, event: LazyTable.Opened) -> None:
        if self.is_current:
            open_record(self.bench, event.value, self.table.step)
        self.bench.pump.release()

    def do_open(self) -> None:
        self.table.action_enter()

    def do_search_box(self) -> None:
        for box in self.query("#query").results(Input):  # not composed yet, the box takes the focus by itself
            self.set_focus(box)
            box.select_all()  # what is typed now is a new search; End or an arrow keeps the old one

    def do_copy(self) -> None:
        self.bench.copy_to_clipboard(safe(self.table.current))
        self.bench.say(wording.COPIED.say(reference=self.table.current))
