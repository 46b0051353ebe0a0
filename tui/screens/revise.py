"""Revise: the next version of a muniment, body and details given anew; kind and visibility stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

from textual.widget import Widget
from textual.widgets import Static

from registry.desk.desk import Desk
from registry.records.muniment import SubjectState
from registry.records.text import safe
from tui import forms, wording
from tui.forms import Judged
from tui.handed import Answer
from tui.screens.filing import DETAILS, FILE, WITHHELD, Filing, document
from tui.widgets.entries import Entry

SEEN = "version seen"  # no field's name: kept in a draft beside the fields


class ReviseScreen(Filing):
    """Of the version looked at when the form was begun: where somebody revised since, nothing is recorded. So a draft
    whose answer was lost in a crash cannot be recorded twice either."""

    PLACE: ClassVar[str] = "Revise"
    ACTIONS: ClassVar[tuple[str, ...]] = ("submit", "same", "lookup", "undo", "cancel")
    ENTRIES: ClassVar[tuple[Entry, ...]] = (FILE, DETAILS, WITHHELD)

    def __init__(self, subject: str) -> None:
        super().__init__(f"revise {subject}")
        self._about = subject
        self._seen: int | None = None

    def before(self) -> Iterable[Widget]:
        yield Static(safe(self._about), id="about", classes="head", markup=False)
        yield Static("", id="about-state", classes="hint", markup=False)

    def new_subject(self) -> str:
        return self._about

    def on_mount(self) -> None:
        super().on_mount()
        desk, subject = self.bench.desk, self._about
        self.ask(lambda: desk.lookups.state(subject), self._stands, group="state")

    def noted(self) -> dict[str, str]:
        return {} if self._seen is None else {SEEN: str(self._seen)}

    def restored(self, fields: Mapping[str, str]) -> None:
        seen = fields.get(SEEN, "")
        self._seen = int(seen) if seen.isdecimal() else None

    def _stands(self, state: SubjectState) -> None:
        if self._seen is None:
            self._seen = state.version
        elif self._seen != state.version:
            self.bench.say(wording.REVISED_SINCE.say(seen=self._seen, version=state.version))
        self.query_one("#about-state", Static).update(
            safe(f"{state.kind} of {state.custodian}, {state.status}, visible to {state.visibility}. ")
            + f"This will be version {state.version + 1}; the details are given anew."
        )

    def judge(self, values: Mapping[str, str]) -> dict[str, Judged]:
        return forms.judge_revision(values)

    def send(self, desk: Desk, values: Mapping[str, str], subject: str) -> Answer:
        wanted, seen = forms.revision(values), self._seen
        if seen is None:  # typed faster than the version came, which is on its way: this screen has just been opened
            seen = desk.lookups.state(subject).version
        send: Any = partial(
            desk.muniments.revise, subject, details=wanted.details, withheld=wanted.withheld, version=seen
        )
        return document(wanted.file, send)

    def recorded(self, answer: Answer) -> None:
        if self.is_current:
            self.dismiss()
        self.bench.say(wording.REVISED.say(position=answer.position, subject=answer.subject))
