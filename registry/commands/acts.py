"""How a recorded act is told: where it stands, and what it still waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from registry.commands import output
from registry.records.rules import AWAITS, FOUNDER_ALONE

if TYPE_CHECKING:
    from registry.sequencer import Recorded

WAITS = (
    "It waits for a second administrator and changes nothing yet: another one gives his word with "
    "'muniment officer confirm {position}'."
)
ALONE = "There is one administrator, so one was enough; the entry says so."


def tell(recorded: Recorded, sentence: str, as_json: bool) -> None:
    """Print what was recorded: `sentence` for people, the whole answer for programs."""
    if as_json:
        output.say_json({**msgspec.to_builtins(recorded), "at": output.moment(recorded.at)})
        return
    output.say(f"{sentence} (position {recorded.position:,}, number {recorded.number}).")
    if recorded.rule == AWAITS:
        output.say(WAITS.format(position=recorded.position))
    elif recorded.rule == FOUNDER_ALONE:
        output.say(ALONE)
