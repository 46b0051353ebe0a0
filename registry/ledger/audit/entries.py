"""From a framed bundle to entries, and from entries to acts and rows, held to their canonical form.

Rows are nearly all of a ledger, so a bundle that holds nothing else is read in one call: joined by line feeds, decoded
line by line and encoded again. JSON text holds no line feed, so equal bytes mean that each entry alone is canonical;
and an entry that does hold one makes more lines than there are entries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from registry.ledger.merkle import leaf_hash
from registry.records.acts import Previous, RowDetails
from registry.records.sale import SaleFacts

_SUBJECT = re.compile(rb'"subject":"([^"\\]{1,80})","v":1\}\Z')
_MUNIMENT = r"muniment/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_MUNIMENTS = re.compile(rf"{_MUNIMENT}(?:\n{_MUNIMENT})*")
_SALE_LENGTH = 41
_SALE_SIGNS = tuple((at, sign) for at, sign in enumerate("sale/XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX") if sign != "X")


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


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rows of a load, one after the other. `fresh`: each is the first on its subject, and says what that is."""

    rows: Sequence[LoadedRow]
    subjects: Sequence[str]
    fresh: bool


def loaded(entries: Sequence[bytes]) -> Loaded | None:
    """The entries as rows of a load, if every one is the canonical form of one, on a subject of the right form.

    None where any is something else, or in doubt: then each is looked at by itself. About 1.3 µs a row.
    """
    lines = b"\n".join(entries)
    try:
        rows: Sequence[LoadedRow] = _sales.decode_lines(lines)
        encoder, regular = _plain, _are_sales
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        try:
            rows = _muniments.decode_lines(lines)
            encoder, regular = _sorted, _are_muniments
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
    if len(rows) != len(entries) or encoder.encode_lines(rows) != lines + b"\n":
        return None
    subjects = [row.subject for row in rows]
    return Loaded(rows, subjects, _fresh(rows)) if regular(subjects) else None


def _fresh(rows: Sequence[LoadedRow]) -> bool:
    if [row for row in rows if row.number != 1 or row.previous is not UNSET]:
        return False
    return isinstance(rows[0], SaleRow) or all(
        isinstance(row, MunimentRow) and row.details.kind is not UNSET and row.details.visibility is not UNSET
        for row in rows
    )


def _are_sales(subjects: Sequence[str]) -> bool:
    """Whether each is `sale/` and a UUID in capitals. Column by column: a fifth of what a pattern costs a row."""
    count, text = len(subjects), "".join(subjects)
    return (
        set(map(len, subjects)) == {_SALE_LENGTH}
        and all(text[at::_SALE_LENGTH] == sign * count for at, sign in _SALE_SIGNS)
        and text.isascii()
        and len(text.encode().translate(None, b"0123456789ABCDEF")) == len(_SALE_SIGNS) * count
    )


def _are_muniments(subjects: Sequence[str]) -> bool:
    return _MUNIMENTS.fullmatch("\n".join(subjects)) is not None


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
