"""Acts on their way: what is told in the shell when the workbench was left before the answer came."""

from __future__ import annotations

from dataclasses import dataclass

from registry.errors import Busy, LedgerHalted
from tui.submits import UNKNOWN, Submits, told


@dataclass
class Recorded:
    position: int = 1_412
    subject: str = "muniment/x\x1b[2J"


def test_what_the_clerk_saw_is_not_told_again_and_the_rest_is() -> None:
    submits = Submits()
    first, second, third = submits.begin(), submits.begin(), submits.begin()
    submits.came(first, Recorded())
    submits.seen(first)
    submits.came(second, Recorded())
    assert submits.left() == ("recorded at 1,412: muniment/x␛[2J", UNKNOWN)
    submits.came(third, Busy("storage is full\x07"))
    assert submits.left()[1] == "not recorded: storage is full␇"


def test_every_kind_of_answer_has_its_sentence() -> None:
    assert told((Recorded(1, "a"), Recorded(2, "b"))) == "recorded at 1: a; recorded at 2: b"
    assert told(()) == "nothing was recorded"
    assert told(object()) == "not recorded: a field wants attention"
    assert told(LedgerHalted("head and tree disagree")) == "unknown: head and tree disagree"
    assert told("load/7 finished\x9b") == "load/7 finished<9B>"
