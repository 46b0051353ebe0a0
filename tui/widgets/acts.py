"""Acts, loads and moments in a clerk's words: what lists and the timeline print of them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from registry.desk.views import View
from registry.records.loads import Load
from registry.records.text import safe
from tui.wording import counted

LINE, FILE = 160, 24  # characters
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


def act_cells(view: View, *, wide: bool) -> tuple[str, ...]:
    """Moment, act, subject, position, who: one row of a list; the department too where there is room for it."""
    by = f"{view.officer} {view.department}".strip() if wide or not view.officer else view.officer
    return tuple(
        safe(cell, LINE)
        for cell in (moment(view.recorded_at), act_word(view), reference(view.subject), counted(view.position), by)
    )


def load_line(load: Load) -> str:
    """One load in a line: what its rows came to, nothings left out."""
    counts = load.counts
    came_to = (
        (counts.recorded, "recorded"),
        (counts.changed, "changed"),
        (counts.withdrawn, "withdrawn"),
        (counts.already, "already there"),
        (counts.rejected, "rejected"),
    )
    told = ", ".join(f"{counted(count)} {what}" for count, what in came_to if count) or "none yet"
    file = safe(load.file, FILE)
    return safe(f"load/{load.position}  {file}  {load.state.lower()}  {counted(counts.rows)} rows: {told}", LINE)


def short(hash_base64: str) -> str:
    """The first four hex digits of a base64 hash: `9f3a…`."""
    return base64.b64decode(hash_base64).hex()[:4] + "…"


def record_cells(view: View) -> tuple[str, ...]:
    """Kind, what it is in a line, price, date (a sale's own, else when recorded), short reference."""
    details = view.details
    sale = view.kind == "SALE_RECORD"
    kind = "sale" if sale else str(details.get("kind", view.kind)).lower().replace("_", " ")
    date = day(str(details.get("date", ""))) if sale else moment(view.recorded_at)[:11]
    return tuple(safe(cell, LINE) for cell in (kind, what(view), pounds(details), date, reference(view.subject)))


def what(view: View) -> str:
    """An entry in a line: a sale by its address; else its details."""
    details = view.details
    if view.kind == "SALE_RECORD":
        return address(details)
    said = [f"{LABELS.get(name, name)} {details[name]}" for name in _in_order(details) if name not in _MACHINE]
    return " · ".join(said) or act_word(view)


def day(iso: str) -> str:
    """`2014-10-02` → `02 Oct 2014`; what is no such date stays as it is."""
    try:
        return datetime.strptime(iso[:10], "%Y-%m-%d").replace(tzinfo=UTC).strftime("%d %b %Y")
    except ValueError:
        return iso


def address(details: Mapping[str, object]) -> str:
    """`FLAT 2, 1 MOTHWING ROAD, BREXELWICK QA16 6XW`."""
    part = {name: str(details.get(name, "")).strip() for name in ("saon", "paon", "street", "town", "postcode")}
    street = " ".join(filter(None, (part["paon"], part["street"])))
    town = " ".join(filter(None, (part["town"], part["postcode"])))
    return ", ".join(filter(None, (part["saon"], street, town)))


def pounds(details: Mapping[str, object]) -> str:
    """`£152,000`; empty without a price."""
    price = details.get("price")
    return f"£{price:,}" if isinstance(price, int) else ""


def reference(subject: str) -> str:
    """A reference short enough for a list: `sale/38D9F868…`."""
    noun, _, rest = subject.partition("/")
    return f"{noun[:4]}/{rest[:8]}…" if len(rest) > 12 else subject


LABELS = {
    "saon": "Flat or unit",
    "paon": "House",
    "street": "Street",
    "locality": "Locality",
    "town": "Town",
    "district": "District",
    "county": "County",
    "postcode": "Postcode",
    "price": "Price",
    "date": "Date of transfer",
    "property_type": "Property type",
    "new_build": "New build",
    "duration": "Tenure",
    "category": "Category",
    "file_name": "File",
    "media_type": "Type of file",
}
CODES = {
    "property_type": {"D": "detached", "S": "semi-detached", "T": "terraced", "F": "flat", "O": "other"},
    "new_build": {"Y": "yes", "N": "no"},
    "duration": {"F": "freehold", "L": "leasehold", "U": "unknown"},
    "category": {"A": "standard price paid", "B": "additional price paid"},
}


_MACHINE = frozenset({"kind", "version", "visibility", "content", "media_type"})
FIRST = ("title", "price", "date", "property_type", "duration", "new_build")


def detail_lines(details: Mapping[str, object]) -> list[tuple[str, str]]:
    """(label, value) of a record's details in a clerk's words, codes with their meaning; not yet safe to show."""
    lines = []
    for name in _in_order(details):
        value = details[name]
        if name in _MACHINE or value == "":
            continue
        text = f"£{value:,}" if name == "price" and isinstance(value, int) else str(value)
        text = day(text) if name == "date" else text
        meaning = CODES.get(name, {}).get(text)
        lines.append((LABELS.get(name, name), f"{text} · {meaning}" if meaning else text))
    return lines


def _in_order(details: Mapping[str, object]) -> list[str]:
    return sorted(details, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))
