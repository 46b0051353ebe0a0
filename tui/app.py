"""The workbench's application: its look, its keys, and the function that it was started with. It opens no registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType

from registry.desk.status import Status
from tui.screens.status import StatusScreen


class Workbench(App[None]):
    """One screen of status for the present. `status` is called in a thread: it may block, and raise RegistryError."""

    CSS_PATH = "workbench.tcss"
    TITLE = "Muniment"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", "Quit", id="quit", priority=True)]

    def __init__(self, status: Callable[[], Status]) -> None:
        super().__init__()
        self.animation_level = "none"
        self._status = status

    def get_default_screen(self) -> StatusScreen:
        return StatusScreen(self._status)
