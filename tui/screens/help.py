"""F1: help for the focused field, the last message explained, the keys of this place, and the messages before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from registry.records.text import safe
from tui.actions import keys_of
from tui.screens.acting import Acting
from tui.screens.dialog import Dialog

SHOWN = 40  # messages of the history
KEYS = 11  # columns


class Help(Dialog[None]):
    """Reads nothing; scrolls."""

    def __init__(self, screen: Acting[Any] | None) -> None:
        super().__init__("Help")
        self._screen = screen

    def body(self) -> Iterable[Widget]:
        with VerticalScroll(classes="first"):
            for head, lines in self._parts():
                if lines:
                    yield Static(head, classes="head", markup=False)
                    for line in lines:
                        keys, _, rest = line.rpartition("\t")
                        yield Static(self.hung(keys, safe(rest), KEYS) if keys else safe(rest), markup=False)

    def _parts(self) -> Iterable[tuple[str, list[str]]]:
        screen = self._screen
        here = screen.help_here() if screen is not None else ""
        yield "This field", [here] if here else []
        said = self.bench.said
        if said:
            yield "The last message", [str(said[-1]), said[-1].more]
        if screen is not None:
            yield (
                "Keys here",
                [
                    f"{keys_of(action)}\t{action.name}: {self.bench.why_not(action, screen) or action.sentence}"
                    for action in screen.actions()
                    if action.keys
                ],
            )
        yield "Messages, the newest first", [str(one) for one in reversed(said[-SHOWN:])]
