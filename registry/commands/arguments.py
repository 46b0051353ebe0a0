"""What is typed, read strictly: a fault in it is told in a sentence and never recorded."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

from registry.errors import Malformed, Misuse
from registry.records.identifiers import check_reference, parse_position
from registry.records.muniment import Visibility

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
LAST_YEAR = 2199  # an appointment beyond it is mistyped


def subject(text: str) -> str:
    """A reference such as `muniment/<uuid>`. Raises Misuse with the accepted forms."""
    try:
        return check_reference(text)
    except Malformed as error:
        raise Misuse(str(error)) from error


def subject_or_position(text: str) -> str:
    """A reference, or the bare digits of a position."""
    return text if parse_position(text) is not None else subject(text)


def position(text: str) -> int:
    """A position in the ledger: bare digits."""
    found = parse_position(text)
    if found is None:
        raise Misuse(f"{text[:40]!a} is not a position; expected digits without leading zeros, like 1412")
    return found


def whole(text: str, what: str, least: int, most: int) -> int:
    """A whole number in plain digits within bounds, both included."""
    found = parse_position(text)
    if found is None or not least <= found <= most:
        raise Misuse(f"{what}: found {text[:40]!a}, expected a whole number from {least:,} to {most:,}")
    return found


def end_of_day(text: str, now_ms: int) -> int:
    """The last millisecond of the day `YYYY-MM-DD`, UTC, as ms since 1970. Raises Misuse, also for a day gone by."""
    form = "expected a day of the calendar like 2027-12-31 (year-month-day)"
    if not _DAY.fullmatch(text):
        raise Misuse(f"--until: found {text[:40]!a}, {form}")
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError as error:
        raise Misuse(f"--until: found {text!a}, which is no day; {form}") from error
    if day.year > LAST_YEAR:
        raise Misuse(f"--until: found {text!a}, a year after {LAST_YEAR}; {form}")
    end = datetime.datetime.combine(day, datetime.time(23, 59, 59), datetime.UTC)
    until = int(end.timestamp()) * 1_000 + 999
    if until <= now_ms:
        raise Misuse(f"--until: {text} has passed already; name a day from today on")
    return until


def pairs(given: Sequence[str], option: str) -> dict[str, str | int]:
    """`K=V` pairs as a mapping. Raises Misuse for one without `=`, and for a name that stands twice."""
    found: dict[str, str | int] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise Misuse(f"{option} {one[:60]!a}: expected NAME=VALUE, like title='Deed of gift'")
        if name in found:
            raise Misuse(f"{option} {name[:60]!a} is given twice; choose one value")
        found[name] = value
    return found


def visibility(text: str) -> Visibility:
    """Who may see a muniment."""
    if text not in tuple(Visibility):
        raise Misuse(f"--visibility: found {text[:40]!a}, expected one of {', '.join(Visibility)}")
    return Visibility(text)
