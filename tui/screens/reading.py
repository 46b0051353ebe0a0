"""Lines to be read and left again: a reason's rows, a fault explained. Each line is made safe and wrapped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from registry.records.text import safe
from tui.screens.dialog import Dialog


class ReadingScreen(Dialog[None]):
    """Scrolls; F3 or Esc leaves it."""

    ACTIONS: ClassVar[tuple[str, ...]] = ("back",)
    KEYS: ClassVar[str] = "↑↓ Scroll  F3 Back"

    def __init__(self, title: str, lines: Iterable[str]) -> None:
        super().__init__(title)
        self._lines = tuple(lines)

    def body(self) -> Iterable[Widget]:
        text = "\n".join(map(safe, self._lines))
        yield VerticalScroll(Static(text, markup=False), classes="first")
