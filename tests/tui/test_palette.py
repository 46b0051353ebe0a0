"""The palettes' contrasts are computed, not believed; and no colour stands anywhere but in their file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tui.proof import Seal
from tui.themes import palettes, themes

TUI = Path(__file__).parents[2] / "tui"
SHEET = (TUI / "workbench.tcss").read_text()
GROUNDS = ("background", "surface", "panel")
TOKENS = {*GROUNDS, "text", "muted", "primary", "gold", "ok", "warn", "error"}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_black_on_white_is_21() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)


def test_there_are_three_palettes_with_the_tokens_of_the_design() -> None:
    assert set(palettes()) == {"night", "day", "contrast"}
    assert all(set(tokens) == TOKENS for tokens in palettes().values())
    assert [theme.name for theme in themes()] == ["muniment-night", "muniment-day", "muniment-contrast"]


@pytest.mark.parametrize("palette", sorted(palettes()))
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("token", sorted(TOKENS - set(GROUNDS)))
def test_every_token_can_be_read_on_every_ground(palette: str, token: str, ground: str) -> None:
    tokens = palettes()[palette]
    assert contrast(tokens[token], tokens[ground]) >= 4.5


@pytest.mark.parametrize("palette", sorted(palettes()))
def test_the_row_under_the_cursor_can_be_read(palette: str) -> None:
    tokens = palettes()[palette]
    assert contrast(tokens["background"], tokens["primary"]) >= 4.5


def test_rules_use_tokens_only() -> None:
    assert re.findall(r"#[0-9A-Fa-f]{3,8}\b(?=\s*;)", SHEET) == []
    for value in re.findall(r"(?:color|background|border-left)[a-z-]*:\s*([^;]+?);", SHEET):
        words = [word for word in value.split() if word.startswith("$")]
        assert [word.removeprefix("$m-") in TOKENS for word in words] == [True], value


def test_no_colour_stands_in_python() -> None:
    found = [
        (path.name, match) for path in TUI.rglob("*.py") for match in re.findall(r"#[0-9A-Fa-f]{6}\b", path.read_text())
    ]
    assert found == []


def test_no_two_states_of_the_seal_read_alike_without_colour() -> None:
    words = [seal.words for seal in Seal]
    assert len(set(words)) == len(words)
    assert all(word[0] in "✓…✗?" for word in words)
    assert {seal.tone for seal in Seal if seal.words.startswith("✓")} == {"ok"}
    assert {seal.tone for seal in Seal if seal.words.startswith("✗")} == {"error"}
