"""From a framed bundle to entries, and from entries to acts and rows, held to their canonical form.

Rows are nearly all of a ledger, so a bundle that holds nothing else is read in one call: joined by line feeds, decoded
line by line and encoded again. JSON text holds no line feed, so equal bytes mean that each entry alone is canonical;
and an entry that does hold one makes more lines than there are entries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from registry.ledger.merkle import leaf_hash
from registry.records.acts import Previous, RowDetails
from registry.records.sale import SaleFacts

_SUBJECT = re.compile(rb'"subject":"([^"\\]{1,80})","v":1\}\Z')
_SALES = re.compile(r"(?:sale/[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}\n)+")
_MUNIMENTS = re.compile(r"(?:muniment/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n)+")


class SaleRow(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A row of a load about a sale: `acts.Row` with its facts read, members in canonical order."""

    at: int
    details: SaleFacts
    load: int
    number: int
    op: Literal["A", "C", "D"]
    previous: Previous | UnsetType = UNSET
    row: int
    subject: str
    v: Literal[1]


class MunimentRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A row of a load about a muniment."""

    at: int
    details: RowDetails
    load: int
    number: int
    op: Literal["A", "C", "D"]
    previous: Previous | UnsetType = UNSET
    row: int
    subject: str
    v: Literal[1]


LoadedRow = SaleRow | MunimentRow

_sales, _muniments = msgspec.json.Decoder(SaleRow), msgspec.json.Decoder(MunimentRow)
_plain = msgspec.json.Encoder()  # SaleRow declares its members in canonical order: nothing to sort
_sorted = msgspec.json.Encoder(order="sorted")


def loaded_rows(entries: Sequence[bytes]) -> Sequence[LoadedRow] | None:
    """The entries as rows of a load, if every one is the canonical form of one, on a subject of the right form.

    None where any is something else, or in doubt: then each is looked at by itself. About 1.7 µs a row.
    """
    lines = b"\n".join(entries)
    try:
        rows: Sequence[LoadedRow] = _sales.decode_lines(lines)
        encoder, subjects = _plain, _SALES
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        try:
            rows = _muniments.decode_lines(lines)
            encoder, subjects = _sorted, _MUNIMENTS
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
    if len(rows) != len(entries) or encoder.encode_lines(rows) != lines + b"\n":
        return None
    return rows if subjects.fullmatch("\n".join([row.subject for row in rows]) + "\n") else None


def fresh(rows: Sequence[LoadedRow]) -> bool:
    """Whether all are first rows of their subjects; a muniment's says its kind and visibility."""
    if [row for row in rows if row.number != 1 or row.previous is not UNSET]:
        return False
    return isinstance(rows[0], SaleRow) or all(
        isinstance(row, MunimentRow) and row.details.kind is not UNSET and row.details.visibility is not UNSET
        for row in rows
    )


def subject_in(entry: bytes) -> str | None:
    """The subject that an entry names, even if it cannot be read otherwise: for telling where something is wrong."""
    found = _SUBJECT.search(entry)
    return found[1].decode("utf-8", "replace") if found else None


def frames(raw: bytes, count: int, leaves: Sequence[bytes] | None) -> tuple[list[bytes], list[int]]:
    """The framed entries, and the indices of those whose length was changed.

    Where the frames do not come out at `count` entries and the end, the tree's `leaves` say where the first wrong
    length is: one that differs in one bit and frames bytes of that leaf is taken for it. Entries that cannot be told
    are left out, at the end of the list.
    """
    entries: list[bytes] = []
    wrong: list[int] = []
    at, end = 0, len(raw)
    try:
        for _ in range(count):
            start = at + 2
            at = start + (raw[at] << 8 | raw[at + 1])
            entries.append(raw[start:at])
    except IndexError:  # the bytes are at their end before the count is reached
        pass
    if at == end and len(entries) == count:
        return entries, wrong
    if leaves is None:
        return entries if at <= end else entries[:-1], wrong
    entries, at = [], 0
    while at + 2 <= end and len(entries) < count:
        start, length = at + 2, raw[at] << 8 | raw[at + 1]
        leaf = leaves[len(entries)] if len(entries) < len(leaves) else b""
        lengths = (length, *(length ^ 1 << bit for bit in range(16)))
        fitting = [one for one in lengths if leaf_hash(raw[start : start + one]) == leaf and start + one <= end]
        if not fitting:
            break
        if fitting[0] != length:
            wrong.append(len(entries))
        entries.append(raw[start : start + fitting[0]])
        at = start + fitting[0]
    return entries, wrong
