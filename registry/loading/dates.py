"""Days as sources write them: `YYYY-MM-DD`, a day of the calendar, in years that a register can hold."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from registry.errors import Malformed

# The oldest charters in English custody are a little younger than the first year; beyond the last one it is mistyped.
FIRST_YEAR: Final = 600
LAST_YEAR: Final = 2199

_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


def check_day(text: str, after: str = "") -> str:
    """The day as `YYYY-MM-DD`; `after` is what the source writes behind each day, such as " 00:00".

    Raises Malformed with what was found and the accepted form. 29 February follows the calendar (1900 had none).
    """
    form = f"expected YYYY-MM-DD{after}, such as 1995-12-21{after}"
    found = _DAY.fullmatch(text.removesuffix(after))
    if found is None or not text.endswith(after):
        raise Malformed(f"found {text[:40]!a}, {form}")
    year, month, day = map(int, found.groups())
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Malformed(f"found {text!a}, a year outside {FIRST_YEAR} to {LAST_YEAR}; {form}")
    try:
        date(year, month, day)
    except ValueError as error:
        raise Malformed(f"found {text!a}, which is no day of the calendar; {form}") from error
    return found[0]
