"""The three themes, read from `palettes.tcss`: no colour stands in Python. Their tokens are `$m-text`, `$m-muted`, …"""

from __future__ import annotations

import re
from pathlib import Path

from textual.theme import Theme

PALETTES = Path(__file__).with_name("palettes.tcss")
NIGHT, DAY, CONTRAST = "muniment-night", "muniment-day", "muniment-contrast"
_TOKEN = re.compile(r"^\$(\w+)-(\w+): (#[0-9A-F]{6});$", re.MULTILINE)


def palettes() -> dict[str, dict[str, str]]:
    """Palette → token → colour, as the file has them."""
    found: dict[str, dict[str, str]] = {}
    for palette, token, colour in _TOKEN.findall(PALETTES.read_text("utf-8")):
        found.setdefault(palette, {})[token] = colour
    return found


def themes() -> tuple[Theme, ...]:
    """Night, day and contrast."""
    return tuple(_theme(f"muniment-{name}", tokens, dark=name != "day") for name, tokens in palettes().items())


def _theme(name: str, tokens: dict[str, str], *, dark: bool) -> Theme:
    cursor = {
        "input-cursor-background": tokens["primary"],
        "input-cursor-foreground": tokens["background"],
        "input-selection-background": tokens["primary"],
        "input-selection-foreground": tokens["background"],
        "block-cursor-background": tokens["primary"],
        "block-cursor-foreground": tokens["background"],
    }
    return Theme(
        name=name,
        primary=tokens["primary"],
        secondary=tokens["primary"],
        accent=tokens["gold"],
        foreground=tokens["text"],
        background=tokens["background"],
        surface=tokens["surface"],
        panel=tokens["panel"],
        success=tokens["ok"],
        warning=tokens["warn"],
        error=tokens["error"],
        dark=dark,
        variables={**{f"m-{token}": colour for token, colour in tokens.items()}, **cursor},
    )


def defaults() -> dict[str, str]:
    """The tokens where a theme of Textual's own is shown: night's."""
    return {f"m-{token}": colour for token, colour in palettes()["night"].items()}
