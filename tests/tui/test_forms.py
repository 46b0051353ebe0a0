"""The forms' models: what clerks type is read as they mean it, and every fault has its sentence."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import pytest

from registry.errors import Misuse
from registry.records.muniment import MunimentKind, Visibility
from tui import forms


@pytest.fixture
def filled(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "deed.pdf").write_bytes(b"%PDF" * 100)
    return {
        "file": str(tmp_path / "deed.pdf"),
        "kind": "ch",
        "dated": "30 11 2026",
        "visible": "dep",
        "details": "title = K871204\n\nplace=Wye",
        "withheld": "donor = Amara = Okafor",
    }


def test_a_filled_form_gives_what_the_desk_takes(filled: dict[str, str], tmp_path: Path) -> None:
    assert forms.lodging(filled) == forms.Lodging(
        tmp_path / "deed.pdf",
        MunimentKind.CHARGE,
        {"title": "K871204", "place": "Wye"},
        {"donor": "Amara = Okafor"},
        Visibility.DEPARTMENTS,
        "2026-11-30",
    )
    echoes = {name: one.echo for name, one in forms.judge_lodging(filled).items()}
    assert echoes == {
        "file": "deed.pdf, 400 bytes",
        "kind": "CHARGE · Charge, mortgage",
        "dated": "30 Nov 2026",
        "visible": "departments · every enrolled officer",
        "details": "2 in clear, for ever",
        "withheld": "1 as salted digests",
    }


@pytest.mark.parametrize(
    ("field", "text", "fault"),
    [
        ("dated", "31 11 2026", "November has 30 days"),
        ("dated", "29 2 2026", "February 2026 has 28 days"),
        ("dated", "1 13 2026", "there are 12 months, and no 13th"),
        ("dated", "1 Nox 2026", "'Nox' is no month"),
        ("dated", "1 1 26", "expected day month year, like 30 11 2026"),
        ("dated", "1 1 0599", "the year 599 is outside 600 to 2199"),
        ("kind", "", "is wanted; F4 shows the list"),
        ("kind", "c", "CHARGE or COURT_ORDER or CERTIFICATE or CASE_FILE or CORRESPONDENCE? type one more letter"),
        ("kind", "sale", "'sale' is no kind of muniment; F4 shows the list"),
        ("visible", "all", "'all' is no answer to who may see it; F4 shows the list"),
        ("details", "title", "line 1: expected name = value"),
        ("details", "a=1\nb=", "line 2: 'b' has no value"),
        ("details", "a=1\n a = 2", "line 2: 'a' stands twice"),
        ("details", "content=x", "detail name 'content' is taken by the registry itself; choose another"),
        (
            "details",
            "1a=x",
            "detail name '1a': expected a letter, then letters, digits, '_', '.' or '-', at most 64",
        ),
        ("details", "a=x\0", "detail a: a NUL at character 2, which cannot be recorded. Remove it."),
        ("withheld", "title=x", "'title' stands in clear above; choose one"),
        ("file", "", "is wanted; F4 shows the folder"),
        ("file", "/nowhere/at-all", "no such file; F4 shows the folder"),
        ("file", "/", "is a folder; F4 shows what is in it"),
        ("file", "a\0b", "holds a NUL, which no file's name does"),
        ("file", "~nobody-of-that-name/x", "cannot be read: Could not determine home directory."),
    ],
)
def test_every_fault_has_its_sentence(filled: dict[str, str], field: str, text: str, fault: str) -> None:
    filled[field] = text
    assert {name: one.fault for name, one in forms.judge_lodging(filled).items() if one.fault} == {field: fault}
    with pytest.raises(Misuse, match=f"^{field}: "):
        forms.lodging(filled)


@pytest.mark.parametrize(
    "text", ["30 11 2026", "30/11/2026", "30.11.2026", "30 Nov 2026", "30-november-2026", "2026-11-30"]
)
def test_days_are_read_as_clerks_write_them(text: str) -> None:
    assert forms.day(text) == datetime.date(2026, 11, 30)
    assert forms.shown_day(forms.day(text)) == "30 Nov 2026"


def test_an_empty_file_and_one_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(Misuse, match="is empty"):
        forms.file(str(tmp_path / "empty"))
    (tmp_path / "closed").write_text("x")
    (tmp_path / "closed").chmod(0)
    if os.geteuid() == 0:
        pytest.skip("root reads every file, so nothing is closed to it")
    with pytest.raises(Misuse, match="cannot be read: Permission denied"):
        forms.file(str(tmp_path / "closed"))


def test_hidden_direction_marks_and_mixed_alphabets_are_warned_of(filled: dict[str, str]) -> None:
    filled["withheld"] = "donor = \u202eАmara"
    assert forms.judge_lodging(filled)["withheld"].echo == (
        "1 as salted digests · look again: hidden direction marks, mixed alphabets"
    )


def test_an_appointment_ends_with_its_day_and_not_in_the_past() -> None:
    now = 1_763_798_400_000  # 22 Nov 2025
    assert forms.last_moment(" ", now) is None
    assert forms.last_moment("22 11 2025", now) == 1_763_855_999_999
    with pytest.raises(Misuse, match="has passed already"):
        forms.last_moment("21 11 2025", now)


def test_sizes_are_told_in_words() -> None:
    assert [forms.size_words(size) for size in (7, 2_500, 214_000, 3_000_000_000)] == [
        "7 bytes",
        "2.5 kB",
        "214 kB",
        "3.0 GB",
    ]
