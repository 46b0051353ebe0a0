"""An act of a few fields, without a draft: its fields, a guarded question where one is wanted, and what is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual import on
from textual.widget import Widget
from textual.widgets import Static

from registry.desk.day import Outcome
from registry.desk.desk import Desk
from registry.errors import RegistryError
from registry.records.text import safe
from tui import wording
from tui.forms import Judged
from tui.handed import Answer
from tui.screens.choice import Choice, Choose
from tui.screens.confirmation import Confirmation
from tui.screens.page import Page
from tui.widgets.entries import Entry, Form


class ActScreen(Page):
    """Filed once, in a thread, never superseded; while it is, keys wait. Recorded, the screen goes."""

    ACTIONS: ClassVar[tuple[str, ...]] = ("submit", "lookup")
    ENTRIES: ClassVar[tuple[Entry, ...]] = ()

    def __init__(self, about: str) -> None:
        super().__init__()
        self._about = about
        self._come_to: set[str] = set()
        self._recording = self._tried = False

    # ---- what a subclass says ----

    def judge(self, values: Mapping[str, str]) -> dict[str, Judged]:
        """Every field; asks nobody."""
        raise NotImplementedError

    def question(self, values: Mapping[str, str]) -> tuple[str, str, str] | None:
        """(title, question, yes) of a guarded confirmation, or None where none is wanted."""
        return None

    def send(self, desk: Desk, values: Mapping[str, str]) -> tuple[Answer, ...]:
        """Record it. In a thread. Raises RegistryError."""
        raise NotImplementedError

    def codes(self, name: str) -> Mapping[str, str]:
        """What F4 shows for the field."""
        return {}

    def done(self, answers: tuple[Answer, ...], values: Mapping[str, str]) -> wording.Said:
        """What is said of it."""
        raise NotImplementedError

    # ---- the screen ----

    def body(self) -> Iterable[Widget]:
        yield Static(safe(self._about), id="about", classes="head", markup=False)
        yield Static("", id="about-state", classes="hint", markup=False)
        yield Form(self.ENTRIES)

    @property
    def form(self) -> Form:
        """The form's widget."""
        return self.query_one(Form)

    def on_mount(self) -> None:
        self.judged()

    def judged(self) -> dict[str, Judged]:
        """Judge all fields and show it."""
        found = self.judge(self.form.values)
        quiet = set() if self._tried else {entry.name for entry in self.ENTRIES} - self._come_to
        self.form.judge(found, quiet=frozenset(quiet))
        return found

    @on(Form.Changed)
    def _changed(self, message: Form.Changed) -> None:
        message.stop()
        self._come_to.add(message.name)
        self.judged()

    def help_here(self) -> str:
        entry = self.form.entry(self.form.current)
        return f"{entry.label}: {entry.help}" if entry else ""

    def do_lookup(self) -> None:
        name = self.form.current
        entry = self.form.entry(name)
        if entry is None or not entry.lookup:
            self.bench.say(wording.NO_LOOKUP.say())
            return

        def chosen(found: str | None) -> None:
            if found is not None:
                self._come_to.add(name)
                self.form.put({name: found})
                self.judged()
            self.set_focus(self.form.field(name))

        choices = [Choice(code, code, meaning) for code, meaning in self.codes(name).items()]
        self.bench.push_screen(Choose(entry.label, choices, selected=self.form.values[name]), chosen)

    def do_submit(self) -> None:
        if self._recording:
            return
        self._tried = True
        wrong = [name for name, one in self.judged().items() if one.fault]
        if wrong:
            self.bench.drop_keys()
            self.set_focus(self.form.field(wrong[0]))
            entry = self.form.entry(wrong[0])
            self.bench.say(wording.AT_FAULT.say(count=len(wrong), field=entry.label if entry else wrong[0]))
            return
        asked = self.question(self.form.values)
        if asked is None:
            self._confirmed(True)
        else:
            title, question, yes = asked
            self.bench.push_screen(Confirmation(title, question, yes), self._confirmed)

    def _confirmed(self, yes: bool | None) -> None:
        if not yes:
            return
        self._recording = True
        self.bench.say(wording.FILING.say())
        desk, values = self.bench.desk, self.form.values
        self.record(
            lambda: self.send(desk, values),
            lambda answers: self._done(answers, values),
            self._refused,
            late=self._found_recorded,
        )

    def _done(self, answers: tuple[Answer, ...], values: Mapping[str, str]) -> None:
        self._recording = False
        self.dismiss()
        self.bench.say(self.done(answers, values))

    def _found_recorded(self, outcome: Outcome) -> None:
        self._recording = False
        if self.is_current:
            self.dismiss()
        self.found(outcome)

    def _refused(self, error: RegistryError) -> None:
        self._recording = False
        self.refused(error)

    def refused(self, error: RegistryError) -> None:
        """Say what the desk said; override where something of it was recorded all the same."""
        self._tell(error)
