"""Acts, loads and moments in a clerk's words: what lists and the timeline print of them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from registry.desk.views import View
from registry.records.loads import Load
from registry.records.text import safe
from tui.wording import counted

LINE = 160  # characters
WORDS = {"SALE_RECORD": "sale loaded", "LOADED": "loaded", "WITHHELD": "not yours to know"}


@cache
def _zone() -> tuple[tzinfo, str]:
    try:
        return ZoneInfo("Europe/London"), ""
    except ZoneInfoNotFoundError:  # a machine without time zones
        return UTC, " UTC"


def moment(at_ms: int) -> str:
    """`22 Nov 2025 10:40`, Europe/London; on a machine without time zones ` UTC` stands behind it."""
    zone, name = _zone()
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone).strftime("%d %b %Y %H:%M") + name


def act_word(view: View) -> str:
    """`lodged`, `revised, REFUSED (role:muniment.revise)`."""
    word = WORDS.get(view.kind, view.kind.lower().replace("_", " "))
    return word if view.outcome == "ALLOWED" else f"{word}, REFUSED ({view.rule})"


def act_cells(view: View) -> tuple[str, ...]:
    """Position, moment, act, subject, who: one row of a list."""
    by = f"{view.officer} {view.department}".strip()
    return tuple(
        safe(cell, LINE)
        for cell in (counted(view.position), moment(view.recorded_at), act_word(view), view.subject, by)
    )


def load_line(load: Load) -> str:
    """One load in a line."""
    counts = load.counts
    return safe(
        f"load/{load.position}  {load.file}  {load.state}  {counted(counts.recorded)} recorded, "
        f"{counted(counts.rejected)} rejected of {counted(counts.rows)} rows",
        LINE,
    )


def short(hash_base64: str) -> str:
    """The first four hex digits of a base64 hash: `9f3a…`."""
    return base64.b64decode(hash_base64).hex()[:4] + "…"
