"""Withdraw: take a muniment out of use, with a reason. Body, versions and proofs stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.widgets import Static

from registry.desk.desk import Desk
from registry.records.muniment import SubjectState
from registry.records.text import safe
from tui import forms, wording
from tui.forms import Judged
from tui.handed import Answer
from tui.screens.act import ActScreen
from tui.widgets.entries import Entry

REASON = Entry("reason", "Reason", "Why, in a sentence. It is recorded in clear, for ever: name nobody in it.")


def judge_reason(values: Mapping[str, str]) -> dict[str, Judged]:
    """The field of a reason."""
    return {"reason": forms.judged(lambda: f"{len(forms.reason(values['reason']))} characters, in clear")}


class WithdrawScreen(ActScreen):
    """The reason, then a question that begins at No."""

    PLACE: ClassVar[str] = "Withdraw"
    ENTRIES: ClassVar[tuple[Entry, ...]] = (REASON,)
    ACTIONS: ClassVar[tuple[str, ...]] = ("submit",)

    def on_mount(self) -> None:
        super().on_mount()
        desk, subject = self.bench.desk, self._about
        self.ask(lambda: desk.lookups.state(subject), self._stands, group="state")

    def _stands(self, state: SubjectState) -> None:
        self.query_one("#about-state", Static).update(
            safe(f"{state.kind} of {state.custodian}, {state.status}, version {state.version}. ")
            + "Withdrawing takes it out of use; nothing is removed."
        )

    def judge(self, values: Mapping[str, str]) -> dict[str, Judged]:
        return judge_reason(values)

    def question(self, values: Mapping[str, str]) -> tuple[str, str, str]:
        about = f"{self._about}\nwill be withdrawn. There is no act that takes it back."
        return "Withdraw?", about, "Yes, withdraw it"

    def send(self, desk: Desk, values: Mapping[str, str]) -> tuple[Answer, ...]:
        return (desk.muniments.withdraw(self._about, forms.reason(values["reason"])),)

    def done(self, answers: tuple[Answer, ...], values: Mapping[str, str]) -> wording.Said:
        return wording.WITHDRAWN.say(position=answers[0].position, subject=answers[0].subject)
