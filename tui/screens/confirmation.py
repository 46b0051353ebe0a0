"""A guarded question: what will be recorded, and No before Yes. Whatever was typed ahead is dropped when it opens.

Where many rows or something that cannot be taken back hang on it, a phrase is typed instead (`LOAD 88203`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static

from registry.records.text import safe
from tui.screens.dialog import Dialog


class Confirmation(Dialog[bool]):
    """True when the clerk said yes: chose it, or typed the phrase to the letter."""

    ACTIONS: ClassVar[tuple[str, ...]] = ("back",)
    KEYS: ClassVar[str] = "Enter answers · F3 Esc goes back, nothing recorded"

    def __init__(self, title: str, question: str, yes: str, *, phrase: str = "") -> None:
        super().__init__(title)
        self._question, self._yes, self._phrase = question, yes, phrase

    def body(self) -> Iterable[Widget]:
        yield Static(safe(self._question, multiline=True), classes="question", markup=False)
        if self._phrase:
            yield Static(f"Type {self._phrase}", classes="hint", markup=False)
            yield Input(id="phrase", classes="first", compact=True)
            yield Static("", id="phrase-echo", classes="refused", markup=False)
        else:
            yield OptionList("No, go back", safe(self._yes), classes="first", markup=False, compact=True)

    def on_mount(self) -> None:
        self.bench.drop_keys()

    @on(OptionList.OptionSelected)
    def _answer(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option_index == 1)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value == self._phrase:
            self.dismiss(True)
        else:
            self.query_one("#phrase-echo", Static).update(f"✗ that is not {self._phrase}")
