"""Messages of the workbench: each number once, each with its sentence and its second level."""

from __future__ import annotations

import inspect
import re

from registry.errors import Busy
from tui import wording


def test_every_number_is_used_once() -> None:
    numbers = re.findall(r'"(M\d{4})"', inspect.getsource(wording))
    assert len(numbers) == len(wording.messages())
    assert len(set(numbers)) == len(numbers)


def test_every_message_explains_itself() -> None:
    for message in wording.messages():
        assert re.fullmatch(r"M\d{4}", message.number)
        assert message.words
        assert message.more.endswith((".", "…")), message


def test_counts_stand_in_groups_of_three() -> None:
    assert [wording.counted(number) for number in (0, 999, 1_000, 1_204_913)] == ["0", "999", "1 000", "1 204 913"]


def test_an_error_is_quoted_safely() -> None:
    said = wording.failed(Busy("full\x1b[2J{name}"))
    assert str(said) == "M0402 full␛[2J{name}"
    assert said.refused
    assert "Nothing was recorded" in said.more


def test_values_in_a_sentence_are_made_safe() -> None:
    assert str(wording.COPIED.say(reference="a\x9b\u202eb{x}")) == "M0304 Copied: a<9B><RLO>b{x}"
