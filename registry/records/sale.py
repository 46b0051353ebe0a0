"""A sale: what one row of HM Land Registry's Price Paid Data says, exactly as it was found.

Fields are declared in sorted ASCII order, so that msgspec writes canonical JSON (RFC 8785) without sorting:

    {"category":"A","county":"SOUTHSHIRE","date":"1995-12-21","district":"EASTLEA","duration":"F","kind":"SALE_RECORD",
     "locality":"","new_build":"N","paon":"8","postcode":"QZ4 9DN","price":42000,"property_type":"S","saon":"",
     "street":"HOLLOW PLACE","town":"EASTLEA"}

Nothing is repaired: case, white space and values that a spreadsheet has turned into dates stay as they came, and an
empty field is the empty string, since empty is not the same as missing. What groups sales into a *property*
(`address_key`) is a search and never a proof.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

SALE_RECORD: Final = "SALE_RECORD"

_MONTH = "(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)"
# What spreadsheets make of "10 - 12" (10-Dec), "2 - 3" (02-Mar), "1 - 60" (Jan-60), and of these when saved once more.
# A name such as WESTON-SUPER-MARE or MORETON-IN-MARSH is none of them: the whole value has to be a date.
_DATE_LIKE = re.compile(
    rf"[0-9]{{1,2}}-{_MONTH}(?:-[0-9]{{2,4}})?|{_MONTH}-[0-9]{{2,4}}|[0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}}",
    re.IGNORECASE | re.ASCII,
)


class SaleFacts(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The facts of one sale. Equal facts are the same record; the publisher's id is the subject and stands outside.

    `date` is the deed's, `YYYY-MM-DD`; `price` whole pounds; `property_type` D S T F O; `new_build` Y N; `duration`
    F L U; `category` A B; `paon` and `saon` the primary and secondary addressable object name (house; flat). No
    defaults, and no part in garbage collection (strings and an integer form no circle): made by position, one costs
    0.12 µs, by name 0.7.
    """

    category: str
    county: str
    date: str
    district: str
    duration: str
    kind: Literal["SALE_RECORD"]
    locality: str
    new_build: str
    paon: str
    postcode: str
    price: int
    property_type: str
    saon: str
    street: str
    town: str


def mangled(facts: SaleFacts) -> bool:
    """Whether PAON or SAON looks like a date that a spreadsheet made of house numbers: flagged, never repaired."""
    return _date_like(facts.paon) or _date_like(facts.saon)


def address_key(facts: SaleFacts) -> str | None:
    """What sales of one property have in common: postcode, PAON, SAON, street, town, one a line.

    Upper case, white space squeezed. Without a postcode, town and district take its place (two lines) if PAON and
    street are both there. None where the sale stands alone: neither is there, or PAON or SAON is mangled, since
    "10-Dec" may be many houses.
    """
    if mangled(facts):
        return None
    postcode, paon, street = _squeezed(facts.postcode), _squeezed(facts.paon), _squeezed(facts.street)
    if postcode:
        place = postcode
    elif paon and street:
        place = f"{_squeezed(facts.town)}\n{_squeezed(facts.district)}"
    else:
        return None
    # Squeezed values hold no line feed, so the lines cannot run into each other: ("1", "2A") is not ("12", "A").
    return "\n".join((place, paon, _squeezed(facts.saon), street, _squeezed(facts.town)))


def searchable(facts: SaleFacts) -> str:
    """The address as one text for full-text search, from the house to the county; empty members left out."""
    house = (facts.saon, facts.paon, facts.street, facts.locality)
    return " ".join(filter(None, (*house, facts.town, facts.district, facts.county, facts.postcode)))


def _date_like(name: str) -> bool:
    # Nearly every name has neither sign, which spares a load 0.3 µs a row.
    return ("-" in name or "/" in name) and _DATE_LIKE.fullmatch(name.strip()) is not None


def _squeezed(text: str) -> str:
    return " ".join(text.upper().split())
