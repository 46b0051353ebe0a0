"""`g`, then a letter: to another part of the workbench. The list stands there for who does not know the letter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.widget import Widget
from textual.widgets import Static

from registry.records.text import safe
from tui import wording
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
            line = self.hung(f"{action.go}  {action.name}", safe(f"✗ {why}" if why else action.sentence, 200), 12)
            yield Static(line, classes="muted" if why else "", markup=False)

    def on_key(self, event: events.Key) -> None:
        for home in self.bench.homes:
            action = ACTIONS[home.action]
            if event.character == action.go:
                event.stop()
                why = self.bench.why_not(action)
                self.dismiss(None if why else home.mode)
                if why:  # what was typed ahead was meant for there
                    self.bench.drop_keys()
                    self.bench.say(wording.NOT_ALLOWED.say(why=why))
                return
