"""The last line of every screen: which keys mean something now.

Not Textual's Footer, which draws bindings that share an action as one.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widgets import Static

NAMES = {"f5": "F5", "ctrl+q": "Ctrl+Q"}


class KeyLine(Horizontal):
    """Key and meaning of each binding that shows itself, in the order given: `F5 Refresh  Ctrl+Q Quit`."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        super().__init__()
        self._bindings_shown = tuple(binding for binding in bindings if binding.show)

    def compose(self) -> ComposeResult:
        for binding in self._bindings_shown:
            yield Static(NAMES[binding.key], classes="key", markup=False)
            yield Static(binding.description, classes="meaning", markup=False)
