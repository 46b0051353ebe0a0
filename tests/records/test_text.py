"""Text from outside is shown without power over the terminal, warned of, and refused where it cannot be recorded."""

from __future__ import annotations

import random
import unicodedata

import pytest

from registry.errors import Misuse
from registry.records.text import check_text, csv_cell, safe, warnings


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Land at Würzburg, 3 Łódź St — «ok»", "Land at Würzburg, 3 Łódź St — «ok»"),
        ("\x1b]52;c;cm0gLXJm\x07", "␛]52;c;cm0gLXJm␇"),
        ("\x1b[6n\x1b[c", "␛[6n␛[c"),
        ("\x9b31m red \x85", "<9B>31m red <85>"),
        ("[bold]x[/] [@click=app.quit]", "[bold]x[/] [@click=app.quit]"),
        ("invoice\u202egpj.exe", "invoice<RLO>gpj.exe"),
        ("\u2066a\u2069\u200f\u061c", "<LRI>a<PDI><RLM><ALM>"),
        ("Mar\u200bia so\u00adft \ufeff", "Mar<ZWSP>ia so<SHY>ft <BOM>"),
        ("a\u2028b\u2029c", "a<LS>b<PS>c"),
        (
            "\ud83d \U000e0041 \ufffc \ue000 \U000f0000 \u0378",
            "<U+D83D> <U+E0041> <U+FFFC> <U+E000> <U+F0000> <U+0378>",
        ),
        ("del \x7f nul \x00", "del ␡ nul ␀"),
        ("one\r\ntwo\tthree", "one␍␊two␉three"),
        ("e" + "\u0301" * 500 + "f", "e" + "\u0301" * 4 + "<+496>f"),
        ("\u0301a", "◌\u0301a"),
        ("مرحبا שלום 你好 🏠", "مرحبا שלום 你好 🏠"),
    ],
)
def test_hostile_text_is_shown_as_text(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_newline_and_tab_survive_only_in_several_lines() -> None:
    assert safe("a\n\tb\r\x1b", multiline=True) == "a\n\tb␍␛"
    assert safe("a\n\tb") == "a␊␉b"


def test_long_text_is_cut_and_says_by_how_much() -> None:
    assert safe("x" * 2_000) == "x" * 2_000
    assert safe("x" * 2_001) == "x" * 2_000 + "… (+1)"
    assert safe("\x9b" * 10, limit=10) == "<9B><9B>… (+8)"
    assert safe("e" + "\u0301" * 100_000, limit=10) == "e" + "\u0301" * 4 + "<+99996>"


def test_nothing_that_a_terminal_obeys_ever_comes_through() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    every = [chr(code) for code in range(0x110000)]
    chance.shuffle(every)
    shown = "".join(safe("".join(every[at : at + 500]), limit=100_000) for at in range(0, len(every), 500))
    left = {unicodedata.category(character) for character in set(shown)} & {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not left
    assert not [
        c
        for c in set(shown)
        if unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Jane Smith", ()),
        ("Zoë Brontë — İstanbul", ()),
        ("Иван Петров", ()),
        ("Müller / Мюллер", ()),
        ("β-blocker", ()),
        ("invoice\u202egpj.exe", ("hidden direction marks",)),
        ("Ma\u200dria", ("zero-width characters",)),
        ("so\u00adft", ("zero-width characters",)),
        ("J\u0430ne Smith", ("mixed alphabets",)),
        ("\u0420\u043e\u0440 Smith", ("mixed alphabets",)),
        ("a\x1b[m", ("control characters",)),
        ("\ue000", ("unassigned or private characters",)),
        ("e" + "\u0301" * 20, ("more marks on a letter than are shown",)),
        ("line\r\nline\t", ()),
    ],
)
def test_what_deceives_the_eye_is_named(text: str, told: tuple[str, ...]) -> None:
    assert warnings(text) == told


@pytest.mark.parametrize("text", ['=HYPERLINK("x")', "+1", "-1", "@x", "\t=1", "\r=1"])
def test_a_formula_is_exported_as_text(text: str) -> None:
    assert csv_cell(text) == "'" + text


def test_an_ordinary_cell_is_exported_as_it_is() -> None:
    assert [csv_cell(text) for text in ("", "12 High St", "'quoted", "a=b")] == ["", "12 High St", "'quoted", "a=b"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ab\0c", "title: a NUL at character 3"),
        ("é\0c", "title: a NUL at character 2"),
        ("é\ud800", r"title: half a character \(U\+D800\) at character 2"),
        ("e" + "\u0301" * 31, "title: too many marks on the letter before character 32"),
        ("x" * 101, "title: 101 characters, at most 100"),
    ],
)
def test_text_that_cannot_be_recorded_is_refused_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(Misuse, match=sentence):
        check_text("title", text, 100)


@pytest.mark.parametrize(
    "text", ["", "x" * 100, "\x1b]52;c;\x07", "e" + "\u0301" * 30, "invoice\u202egpj.exe", "'; DROP TABLE muniment;--"]
)
def test_hostile_text_is_recorded_as_it_came(text: str) -> None:
    check_text("title", text, 100)
