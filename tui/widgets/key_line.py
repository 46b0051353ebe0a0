"""The last line of every screen: which keys mean something now, at most what fits.

Not Textual's Footer, which draws bindings that share an action as one. One widget and not one a key: each takes a
millisecond to mount, and every screen has a line of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.widget import Widget

from tui.actions import Action, key_name

MARGIN = 4
GAP = 2


class KeyLine(Widget):
    """Key and meaning of each action given, in that order: `Enter Open  F5 Refresh  F1 Help`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-line--key", "key-line--meaning"}

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[tuple[str, str], ...] = ()

    def show(self, actions: Iterable[Action], width: int) -> None:
        """Draw those that fit; what comes later in the order goes first."""
        left = width - MARGIN
        wanted = []
        for action in actions:
            if not action.keys:
                continue
            key = key_name(action.keys[0])
            cost = cell_len(key) + 1 + cell_len(action.name) + GAP
            if cost <= left + GAP:
                left -= cost
                wanted.append((key, action.name))
        if tuple(wanted) != self._shown:
            self._shown = tuple(wanted)
            self.refresh()

    def render(self) -> Text:
        key, meaning = (self.get_component_rich_style(name, partial=True) for name in sorted(self.COMPONENT_CLASSES))
        line = Text(no_wrap=True)
        for name, means in self._shown:
            line.append(name, key).append(f" {means}{GAP * ' '}", meaning)
        return line
