"""Ctrl+P: every command of this place with its key; what is not allowed stands below, with the reason."""

from __future__ import annotations

from typing import Any

from tui.actions import ACTIONS, keys_of
from tui.screens.acting import Acting
from tui.screens.choice import Choice, Choose

NOT_LISTED = frozenset({"palette", "back"})


class Palette(Choose):
    """Returns the id of an action, or None."""

    def __init__(self, screen: Acting[Any] | None) -> None:
        super().__init__("Commands", _choices(screen))


def _choices(screen: Acting[Any] | None) -> list[Choice]:
    if screen is None:
        return []
    homes = [action for action in ACTIONS.values() if action.go] if "go" in screen.EVERYWHERE else []
    listed = [action for action in (*screen.actions(), *homes) if action.id not in NOT_LISTED]
    return [
        Choice(action.id, keys_of(action), f"{action.name}: {action.sentence}", screen.bench.why_not(action, screen))
        for action in listed
    ]
