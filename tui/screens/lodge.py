"""Lodge: a new muniment, from a file and what is said of it. One of the homes: it stands as it was left."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from registry.desk.desk import Desk
from tui import forms, wording
from tui.forms import Judged
from tui.handed import Answer
from tui.screens.filing import DETAILS, FILE, WITHHELD, Filing, document, is_held, new_muniment
from tui.widgets.entries import Entry


class LodgeScreen(Filing):
    """The reference is chosen before the first try and kept with the draft: after a crash nothing is recorded twice."""

    PLACE: ClassVar[str] = "Lodge"
    ACTIONS: ClassVar[tuple[str, ...]] = ("submit", "same", "lookup", "fresh", "undo", "cancel")
    ENTRIES: ClassVar[tuple[Entry, ...]] = (
        FILE,
        Entry("kind", "Kind", "What sort of document it is; the beginning of the word will do.", lookup=True),
        Entry("dated", "Dated", "The day the document bears, like 30 11 2026. It may stay empty."),
        Entry("visible", "Visible to", "Who sees that it is there: own, departments, public.", lookup=True),
        DETAILS,
        WITHHELD,
    )

    def __init__(self) -> None:
        super().__init__("lodge")

    def new_subject(self) -> str:
        return new_muniment()

    def judge(self, values: Mapping[str, str]) -> dict[str, Judged]:
        return forms.judge_lodging(values)

    def codes(self, name: str) -> Mapping[str, str]:
        return forms.KINDS if name == "kind" else forms.VISIBILITIES

    def send(self, desk: Desk, values: Mapping[str, str], subject: str) -> Answer:
        wanted = forms.lodging(values)
        return document(
            wanted.file,
            partial(
                desk.muniments.lodge,
                kind=wanted.kind,
                details=wanted.details,
                withheld=wanted.withheld,
                visibility=wanted.visibility,
                occurred=wanted.occurred,
                subject=subject,
            ),
        )

    def on_mount(self) -> None:
        super().on_mount()
        if any(self.form.values.values()):
            desk, subject = self.bench.desk, self.subject
            self.ask(lambda: is_held(desk, subject), partial(self._recorded_before, subject), group="restored")

    def _recorded_before(self, subject: str, held: bool) -> None:
        if held and subject == self.subject:
            self.clear()
            self.bench.say(wording.ALREADY.say(subject=subject))

    def do_fresh(self) -> None:
        if any(map(str.strip, self.form.values.values())):
            self.bench.say(wording.NOT_YET.say())
        else:
            self.set_focus(self.form.field("file"))
