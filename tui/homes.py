"""The parts of the workbench that `g` goes to. Each is a Textual mode: it stands as it was left.

A new one: its action `go-…` with a letter in `tui/actions.py`, its screen, and a line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tui.screens.home import Home
from tui.screens.lodge import LodgeScreen
from tui.screens.page import Page
from tui.screens.search import Search


@dataclass(frozen=True, slots=True)
class Place:
    """`mode` is the name of the Textual mode, `action` the id of the action that goes there."""

    mode: str
    action: str
    screen: type[Page]


HOMES: tuple[Place, ...] = (
    Place("home", "go-home", Home),
    Place("search", "go-search", Search),
    Place("lodge", "go-lodge", LodgeScreen),
)


def modes() -> dict[str, Any]:
    """For Textual: mode → screen."""
    return {home.mode: home.screen for home in HOMES}
