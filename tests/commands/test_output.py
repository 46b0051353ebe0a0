"""What reaches a terminal cannot move it; what reaches a program is what was recorded."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.commands.output import counted, json_text, moment, say, told
from registry.commands.progress import Pace

HOSTILE = (
    "title\x1b]52;c;aGFjaw==\x07",
    "\x1b[6n\x1b[c",
    "\x9b31mred",
    "invoice\u202egpj.exe",
    "zero\u200bwidth\u00adhyphen",
    "\x7f\x00\r\n\t",
    "\u2028\U000e0041",
)


def _moves(text: str) -> list[str]:
    return [one for one in text if unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cn", "Cs")]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_control_character_is_printed(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(text)
    printed = capsys.readouterr().out
    assert printed.endswith("\n")
    assert _moves(printed[:-1]) == []


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_json_escapes_what_would_move_a_terminal_and_keeps_the_value(text: str) -> None:
    written = json_text({"title": text})
    assert _moves(written) == []
    assert json.loads(written) == {"title": text}


@given(st.text())
def test_any_text_comes_back_from_json_as_it_was(text: str) -> None:
    written = json_text({"title": [text]})
    assert _moves(written) == []
    assert json.loads(written) == {"title": [text]}


def test_letters_of_every_alphabet_stay_readable_in_json() -> None:
    assert json_text(["Łucja", "Αθήνα", "東京", "e\u0301"]) == '["Łucja","Αθήνα","東京","e\u0301"]'


def test_times_and_counts_are_told_the_same_everywhere() -> None:
    assert moment(1_763_798_400_123) == "2025-11-22T08:00:00.123Z"
    assert moment(1_763_798_400_007) == "2025-11-22T08:00:00.007Z"
    assert told(1_763_798_400_123) == "2025-11-22 08:00:00 UTC"
    assert (counted(1, "entry", "entries"), counted(12_000, "entry", "entries")) == ("1 entry", "12,000 entries")


def test_progress_tells_rate_and_time_left() -> None:
    now = iter((0.0, 0.1, 10.0))
    pace = Pace("rows", clock=lambda: next(now))
    assert pace.told(0.0, 0) == "0 rows"
    assert pace.told(0.01, 100) == "1 % · 100 rows", "too early for a rate"
    assert pace.told(0.25, 20_000) == "25 % · 20,000 rows · 2,000/s · 30 s left"


def test_progress_of_a_load_that_goes_on_counts_from_where_it_went_on() -> None:
    now = iter((0.0, 10.0, 4000.0))
    pace = Pace("rows", clock=lambda: next(now))
    pace.told(0.5, 50_000)
    assert pace.told(0.6, 60_000) == "60 % · 60,000 rows · 1,000/s · 40 s left"
    assert pace.told(0.75, 60_000).endswith(" · 1 h 06 min left")


def test_progress_without_a_known_end_tells_the_rate_alone() -> None:
    now = iter((0.0, 2.0))
    pace = Pace("entries", clock=lambda: next(now))
    pace.told(0.0, 0)
    assert pace.told(0.0, 500) == "500 entries · 250/s"
