"""Withdraw: take a muniment out of use, with a reason. Body, versions and proofs stay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.widget import Widget
from textual.widgets import Static

from registry.errors import RegistryError
from registry.records.muniment import SubjectState
from registry.records.text import safe
from tui import forms, wording
from tui.handed import Answer
from tui.screens.confirmation import Confirmation
from tui.screens.page import Page
from tui.widgets.entries import Entry, Form

REASON = Entry("reason", "Reason", "Why, in a sentence. It is recorded in clear, for ever: name nobody in it.")


class WithdrawScreen(Page):
    """The reason, then a question that focuses on No."""

    PLACE: ClassVar[str] = "Withdraw"
    ACTIONS: ClassVar[tuple[str, ...]] = ("submit",)

    def __init__(self, subject: str) -> None:
        super().__init__()
        self._about = subject
        self._recording = False

    def body(self) -> Iterable[Widget]:
        yield Static(safe(self._about), id="about", classes="head", markup=False)
        yield Static("", id="about-state", classes="hint", markup=False)
        yield Form((REASON,))

    def on_mount(self) -> None:
        desk, subject = self.bench.desk, self._about
        self.ask(lambda: desk.lookups.state(subject), self._stands, group="state")
        self._judge(quiet=True)

    def _stands(self, state: SubjectState) -> None:
        self.query_one("#about-state", Static).update(
            safe(f"{state.kind} of {state.custodian}, {state.status}, version {state.version}. ")
            + "Withdrawing takes it out of use; nothing is removed."
        )

    @on(Form.Changed)
    def _changed(self, message: Form.Changed) -> None:
        message.stop()
        self._judge()

    def _judge(self, quiet: bool = False) -> bool:
        form = self.query_one(Form)
        judged = forms.judged(lambda: f"{len(forms.reason(form.values['reason']))} characters, in clear")
        form.judge({"reason": judged}, quiet=frozenset({"reason"} if quiet else ()))
        return not judged.fault

    def help_here(self) -> str:
        return f"{REASON.label}: {REASON.help}"

    def do_submit(self) -> None:
        if self._recording:
            return
        if not self._judge():
            self.bench.drop_keys()
            self.bench.say(wording.AT_FAULT.say(count=1, field=REASON.label))
            return
        question = f"{self._about}\nwill be withdrawn. There is no act that takes it back."
        self.bench.push_screen(Confirmation("Withdraw?", question, "Yes, withdraw it"), self._confirmed)

    def _confirmed(self, yes: bool | None) -> None:
        if not yes:
            return
        self._recording = True
        self.bench.say(wording.FILING.say())
        desk, subject, reason = self.bench.desk, self._about, forms.reason(self.query_one(Form).values["reason"])
        self.record(lambda: desk.muniments.withdraw(subject, reason), self._done, self._refused)

    def _done(self, answer: Answer) -> None:
        self.dismiss()
        self.bench.say(wording.WITHDRAWN.say(position=answer.position, subject=answer.subject))

    def _refused(self, error: RegistryError) -> None:
        self._recording = False
        self._tell(error)
