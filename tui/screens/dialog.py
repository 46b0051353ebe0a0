"""A dialog over a screen: a box with a title, its widgets and one line of keys. F3 or Esc leaves it."""

from __future__ import annotations

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

    def do_back(self) -> None:
        if self.is_current:
            self.dismiss(None)
