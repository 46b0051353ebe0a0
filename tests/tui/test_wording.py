"""Messages of the workbench: each number once, each with its sentence."""

from __future__ import annotations

import inspect
import re

from registry.errors import Busy
from tui import wording


def test_every_number_is_used_once() -> None:
    numbers = re.findall(r"\bM\d{4}\b", inspect.getsource(wording))
    assert numbers
    assert len(set(numbers)) == len(numbers)


def test_counts_stand_in_groups_of_three() -> None:
    assert [wording.counted(number) for number in (0, 999, 1_000, 1_204_913)] == ["0", "999", "1 000", "1 204 913"]


def test_an_error_is_quoted_safely() -> None:
    assert wording.unreadable(Busy("full\x1b[2J"), False) == "M0402 full␛[2J F5 tries again."
