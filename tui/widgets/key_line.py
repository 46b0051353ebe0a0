"""The last line of every screen: which keys mean something now, at most what fits.

Not Textual's Footer, which draws bindings that share an action as one.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from tui.actions import Action, key_name

MARGIN = 4


class KeyLine(Horizontal):
    """Key and meaning of each action given, in that order: `Enter Open  F5 Refresh  F1 Help`."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        yield from ()

    def show(self, actions: Iterable[Action], width: int) -> None:
        """Draw those that fit; what comes later in the order goes first."""
        left = width - MARGIN
        wanted = []
        for action in actions:
            if not action.keys:
                continue
            key = key_name(action.keys[0])
            cost = cell_len(key) + 1 + cell_len(action.name) + 2
            if cost <= left + 2:
                left -= cost
                wanted.append((key, action.name))
        if tuple(key for key, _ in wanted) == self._shown:
            return
        self._shown = tuple(key for key, _ in wanted)
        self.remove_children()
        for key, name in wanted:
            self.mount(Static(key, classes="key", markup=False), Static(name, classes="meaning", markup=False))
