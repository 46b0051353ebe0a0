"""A dialog over a screen: a box with a title, its widgets and one line of keys. F3 or Esc leaves it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from registry.records.text import safe
from tui.screens.acting import Acting

R = TypeVar("R")
WIDEST = 76  # columns of the box, as in workbench.tcss
EDGE = 6  # of these: border, padding, scroll bar


class Dialog(Acting[R], ModalScreen[R]):
    """`dismiss(result)` ends it, None where it was left."""

    ACTIONS: ClassVar[tuple[str, ...]] = ("back",)
    EVERYWHERE: ClassVar[tuple[str, ...]] = ("quit", "lock")
    AUTO_FOCUS = ".first"
    KEYS: ClassVar[str] = "F3 Back"

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static(safe(self._title), classes="head", markup=False)
            yield from self.body()
            yield Static(self.KEYS, classes="dialog-keys", markup=False)

    def body(self) -> Iterable[Widget]:
        """What stands in the box."""
        raise NotImplementedError

    def hung(self, head: str, text: str, width: int) -> str:
        """`head` in so many columns, and `text` beside it, wrapped under itself; both safe already."""
        room = min(WIDEST, int(self.app.size.width * 0.96)) - EDGE
        lines = textwrap.wrap(text, max(20, room - width - 1)) or [""]
        return f"{head:<{width}} " + f"\n{' ' * (width + 1)}".join(lines)

    def do_back(self) -> None:
        if self.is_current:
            self.dismiss(None)
