"""The palette's contrasts are computed, not believed; and no colour stands anywhere but in the style sheet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TUI = Path(__file__).parents[2] / "tui"
SHEET = (TUI / "workbench.tcss").read_text()
TOKENS = dict(re.findall(r"^\$night-(\w+): (#[0-9A-F]{6});$", SHEET, re.MULTILINE))
GROUNDS = ("background", "surface", "panel")


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


def test_the_tokens_are_those_of_the_design() -> None:
    assert set(TOKENS) == {*GROUNDS, "text", "muted", "primary", "gold", "ok", "warn", "error"}


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("token", sorted(set(TOKENS) - set(GROUNDS)))
def test_every_token_can_be_read_on_every_ground(token: str, ground: str) -> None:
    assert contrast(TOKENS[token], TOKENS[ground]) >= 4.5


def test_rules_use_tokens_only() -> None:
    rules = SHEET[SHEET.index("Screen {") :]
    assert re.findall(r"#[0-9A-Fa-f]{3,8}\b(?=\s*;)", rules) == []
    for value in re.findall(r"(?:color|background|border-left)[a-z-]*:\s*(.+?);", rules):
        assert value.split()[-1].removeprefix("$night-") in TOKENS, value


def test_no_colour_stands_in_python() -> None:
    found = [
        (path.name, match) for path in TUI.rglob("*.py") for match in re.findall(r"#[0-9A-Fa-f]{6}\b", path.read_text())
    ]
    assert found == []
