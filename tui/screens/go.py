"""`g`, then a letter: to another part of the workbench. The list stands there for who does not know the letter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.widget import Widget
from textual.widgets import Static

from registry.records.text import safe
from tui.actions import ACTIONS
from tui.screens.dialog import Dialog


class Go(Dialog[str]):
    """Returns the mode to go to, or None."""

    AUTO_FOCUS: ClassVar[str] = ""  # letters must come to the dialog itself
    KEYS: ClassVar[str] = "a letter Go there  F3 Back"

    def __init__(self) -> None:
        super().__init__("Go to")

    def body(self) -> Iterable[Widget]:
        for home in self.bench.homes:
            action = ACTIONS[home.action]
            why = self.bench.why_not(action)
            line = f"{action.go}   {action.name:<12} {'✗ ' + why if why else action.sentence}"
            yield Static(safe(line, 200), classes="muted" if why else "", markup=False)

    def on_key(self, event: events.Key) -> None:
        for home in self.bench.homes:
            action = ACTIONS[home.action]
            if event.character == action.go and not self.bench.why_not(action):
                event.stop()
                self.dismiss(home.mode)
                return
