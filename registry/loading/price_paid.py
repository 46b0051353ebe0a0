"""HM Land Registry's Price Paid Data in its official shape: no header, every field quoted, 16 fields a line or 15.

    "{0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9}","42000","1995-12-21 00:00","QZ4 9DN","S","N","F","8","","HOLLOW PLACE",
    "","EASTLEA","EASTLEA","SOUTHSHIRE","A","A"

(one line in the file): id, price in pounds, date of the deed, postcode, property type D S T F O, new build Y N,
duration F L U, PAON, SAON, street, locality, town, district, county, category A B, status. The status is the
*operation* that the file asks for: A add, C change, D delete; where it is missing, A. Source: gov.uk, "How to access HM
Land Registry Price Paid Data". docs/loading.md says the same to the person who loads.

Rules: one record is one line, since no published field holds a line feed: a quote left open spoils its own line only.
Facts stay as found. A line that cannot be recorded becomes a Reject, and the next one is read. A good line is split at
`","` and its quotes are counted, which no other quoting can satisfy (about 2.5 µs); the long way below finds out what
is wrong, or reads what is right but rare (doubled quotes, lower-case ids).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from registry.errors import Malformed
from registry.loading.dates import check_day
from registry.loading.lines import BYTE_ORDER_MARK, MAX_LINE_BYTES, blocks
from registry.loading.rows import OPS, Op, Reject, SourceRow
from registry.records.sale import SALE_RECORD, SaleFacts

OFFICIAL: Final = "price-paid/official"  # this shape's name, as LoadOpened records it
FIELD_LIMIT: Final = 1_024  # characters; eight such texts, each character escaped, still fit an entry of 65,535 bytes

_NAMES: Final = (
    *("id", "price", "date", "postcode", "property type", "new build", "duration", "PAON", "SAON"),
    *("street", "locality", "town", "district", "county", "category", "status"),
)
_TYPES, _BUILDS, _DURATIONS, _CATEGORIES = frozenset("DSTFO"), frozenset("YN"), frozenset("FLU"), frozenset("AB")
_OPERATIONS: Final[dict[str, Op]] = {op: op for op in OPS}
_CODES: Final = ((4, "DSTFO"), (5, "YN"), (6, "FLU"), (14, "AB"), (15, "ACD"))
_MIDNIGHT: Final = " 00:00"

_ID = re.compile(r"\{[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}\}")
_PRICE = re.compile(r"0|[1-9][0-9]{0,11}")
_FIELD = re.compile(r'"((?:[^"]|"")*+)"')  # possessive: a quote left open is found in one pass
_JSON = re.compile(r'\s*(?:\{\s*(?:["}]|$)|\[)')
_ROW = re.compile(r'"\{[0-9A-Fa-f-]{36}\}","')
_BARE_ID = re.compile(r'"?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"?')

_SHAPE: Final = "the official shape has no header and 16 fields, all quoted, the first a UUID in braces"
_NO_HEADER: Final = "the official shape does not have; remove it if the rows below are in the official shape"
_LIMIT: Final = f"a field may hold at most {FIELD_LIMIT:,}"
_PRICE_FORM: Final = "expected whole pounds from 0 to 999999999999, digits only, such as 42000"


def recognise(head: bytes) -> str:
    """`OFFICIAL` if the head of a file (its first few thousand bytes) is of this shape; some bad rows do no harm.

    Raises Malformed with one sentence that names what was found: nothing, a header row, JSON, another encoding, another
    number of fields, bare ids.
    """
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Malformed("UTF-16 text; save the file as UTF-8 and load it again")
    text = head.removeprefix(BYTE_ORDER_MARK).decode(errors="replace")
    lines = [line for line in re.split(r"\r\n|[\r\n]", text) if line]
    if not lines:
        raise Malformed("no records: the file is empty")
    first = lines[0]
    if _JSON.match(first):
        raise Malformed("JSON, not Price Paid Data; a file of one JSON object a line is loaded with --as muniments")
    names = [name.strip('" ') for name in first.split(",")]
    if len(names) > 2 and all(name and not any(map(str.isdigit, name)) for name in names[:3]):
        # An id, a price and a date have digits; their names in any published header have none.
        if len(lines) == 1 and not _BARE_ID.search(first):
            raise Malformed(f"no records: a header row ({names[0][:40]!a}, …) and nothing below it")
        raise Malformed(f"a header row ({names[0][:40]!a}, …), which {_NO_HEADER}")
    if any(_ROW.match(line) and line.count('","') in (14, 15) for line in lines):
        return OFFICIAL
    if _BARE_ID.match(first):
        raise Malformed(f"ids without braces: another published shape of Price Paid Data; {_SHAPE}")
    found = f"{len(names)} fields" if len(names) > 1 else "one field"
    raise Malformed(f"{found} in the first line ({first[:40]!a}…); {_SHAPE}")


def read(stream: BinaryIO) -> Iterator[SourceRow | Reject]:
    """The rows and rejects of the stream, in order, as they come; blank lines are neither. Raises nothing itself."""
    days: dict[str, str] = {}  # a file has a few thousand different days: each is checked once
    for first, raw, cut in blocks(stream):
        text = None if cut else _plain(raw)
        if cut:
            yield Reject(
                first, None, f"longer than {MAX_LINE_BYTES:,} bytes, of which the first are kept; {_LIMIT}", raw
            )
        elif text is None:
            yield from _carefully(first, raw, days)
        else:
            yield from _quickly(first, text, days)


def _plain(raw: bytes) -> str | None:
    """The text with line feeds only; None where some line wants care: not UTF-8, a NUL, a bare carriage return."""
    if b"\0" in raw:
        return None
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\r" in text:
            return None
    return text


def _quickly(first: int, text: str, days: dict[str, str]) -> Iterator[SourceRow | Reject]:
    is_id, is_price = _ID.fullmatch, _PRICE.fullmatch
    for line, record in enumerate(text.split("\n"), first):
        fields = record[1:-1].split('","')
        count = len(fields)
        if count == 15:
            fields.append("A")
        if len(fields) == 16:
            i, price, date, code, kind, build, tenure, paon, saon, street, local, town, district, county, cat, op = (
                fields
            )
            day = days.get(date)
            operation = _OPERATIONS.get(op)
            if (
                # 1. The quoting: two quotes a field and none within; nothing else can have been meant.
                record.count('"') == 2 * count
                and record[0] == record[-1] == '"'
                and len(record) <= FIELD_LIMIT
                # 2. The values, each as in _judged.
                and is_id(i)
                and is_price(price)
                and day is not None
                and kind in _TYPES
                and build in _BUILDS
                and tenure in _DURATIONS
                and cat in _CATEGORIES
                and operation is not None
            ):
                # fmt: off
                facts = SaleFacts(cat, county, day, district, tenure, SALE_RECORD, local, build, paon, code, int(price),
                                  kind, saon, street, town)
                # fmt: on
                yield SourceRow(line, i[1:-1], operation, facts)
                continue
        if record:
            row = _record(line, record.encode())
            if type(row) is SourceRow:
                days[row.facts.date + _MIDNIGHT] = row.facts.date
            yield row


def _carefully(first: int, raw: bytes, days: dict[str, str]) -> Iterator[SourceRow | Reject]:
    """Line by line, each on its own bytes, so that one that cannot be read spoils no other, nor slows it down much."""
    line = first
    for piece in raw.removesuffix(b"\n").split(b"\n"):
        for original in _old_lines(piece.rstrip(b"\r")):
            text = None if b"\r" in original else _plain(original)
            if text is not None:
                yield from _quickly(line, text, days)
            else:
                yield _record(line, original)
            line += 1


def _old_lines(piece: bytes) -> Iterator[bytes]:
    """Cut where a bare carriage return ends a line: outside quotes, or before what must be the next record."""
    start = at = quotes = 0
    while (end := piece.find(b"\r", at)) >= 0:
        quotes += piece.count(b'"', at, end)
        at = end + 1
        if quotes % 2 == 0 or piece.startswith(b'"{', at):
            yield piece[start:end]
            start, quotes = at, 0
    yield piece[start:]


def _record(line: int, original: bytes) -> SourceRow | Reject:
    """One record, the long way, told in the order in which a reader stumbles over what is wrong.

    1. the text: UTF-8, no NUL; 2. the quoting; 3. the number of fields; 4. each value.
    """
    try:
        text = original.decode()
    except UnicodeDecodeError as error:
        reason = f"not valid UTF-8 (byte 0x{original[error.start]:02X})"
        return Reject(line, original.count(b'","', 0, error.start) + 1, reason, original)
    nul = text.find("\0")
    if nul >= 0:
        reason = f"a NUL at character {nul + 1} of the line; no field may hold one"
        return Reject(line, text.count('","', 0, nul) + 1, reason, original)
    try:
        source_id, op, facts = _judged(_fields(text))
    except _Fault as fault:
        return Reject(line, fault.column, fault.reason, original)
    return SourceRow(line, source_id, op, facts)


class _Fault(Exception):
    """Where and why a record is rejected; never leaves this file."""

    def __init__(self, column: int | None, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def _fields(text: str) -> list[str]:
    """The fields of one record (RFC 4180, every field quoted, a quote within a field doubled)."""
    fields: list[str] = []
    at = 0
    while True:
        column = len(fields) + 1
        found = _FIELD.match(text, at)
        if found is None:
            if text.startswith('"', at):
                raise _Fault(column, "quote not closed")
            raise _Fault(column, f"not quoted: found {text[at : at + 20]!a}; in this shape every field is")
        fields.append(found[1].replace('""', '"'))
        at = found.end()
        if at == len(text):
            return fields
        if text[at] != ",":
            stray = f"{text[at : at + 20]!a} stands behind a closing quote, where a comma is expected"
            raise _Fault(column, f"quote not closed, or not doubled within the field: {stray}")
        at += 1


def _judged(fields: list[str]) -> tuple[str, Op, SaleFacts]:
    """Id, operation and facts, each value checked. Raises _Fault for the first that is wrong."""
    if len(fields) == 15:
        fields.append("A")
    if len(fields) != 16:
        raise _Fault(None, f"{len(fields)} fields; expected 16, or 15 without the status")
    for at, text in enumerate(fields):
        if len(text) > FIELD_LIMIT:
            raise _Fault(at + 1, f"{_NAMES[at]}: {len(text):,} characters; {_LIMIT}")
    i, price, date, code, kind, build, tenure, paon, saon, street, local, town, district, county, cat, op = fields
    if not (i.isascii() and _ID.fullmatch(i.upper())):
        example = "{0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9}"
        raise _Fault(1, f"id: found {i[:48]!a}, expected a UUID in braces, such as {example}")
    if not _PRICE.fullmatch(price):
        raise _Fault(2, f"price: found {price[:48]!a}, {_PRICE_FORM}")
    try:
        day = check_day(date, after=_MIDNIGHT)
    except Malformed as error:
        raise _Fault(3, f"date: {error}") from error
    for at, codes in _CODES:
        if len(fields[at]) != 1 or fields[at] not in codes:
            raise _Fault(at + 1, f"{_NAMES[at]}: found {fields[at][:20]!a}, expected one of {', '.join(codes)}")
    # fmt: off
    facts = SaleFacts(cat, county, day, district, tenure, SALE_RECORD, local, build, paon, code, int(price), kind, saon,
                      street, town)
    # fmt: on
    return i[1:-1].upper(), _OPERATIONS[op], facts


def original(row: SourceRow) -> bytes:
    """A good row written as the source writes it, for a reject that is found only after reading.

    These are the bytes it was read from, but that a missing status is there (A) and a lower-case id is in upper case.
    """
    facts = row.facts
    fields = (
        f"{{{row.source_id}}}",
        str(facts.price),
        f"{facts.date} 00:00",
        facts.postcode,
        facts.property_type,
        facts.new_build,
        facts.duration,
        facts.paon,
        facts.saon,
        facts.street,
        facts.locality,
        facts.town,
        facts.district,
        facts.county,
        facts.category,
        row.op,
    )
    return ",".join('"' + field.replace('"', '""') + '"' for field in fields).encode()
