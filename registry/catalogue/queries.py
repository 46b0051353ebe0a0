"""The questions put to the catalogue, and who sees what of the answers: positions only, newest first where there is an order to choose.

Keys are not unique, so what is found by a reference is a candidate: the caller reads the entry and compares. A search is never a proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import peewee

from registry.catalogue.engine import FULL_TEXT, match_expression, time_limit
from registry.catalogue.tables import SALE, THE_PROGRESS, EnvelopeRow, LoadLine, LoadRow, ProgressRow, RecordRow, Seen
from registry.errors import LedgerHalted, Malformed, Misuse
from registry.records.identifiers import check_reference, subject_digest
from registry.records.text import check_text

FIND_SECONDS = 2.0
MAX_HITS = 1_000
MAX_SEARCH_CHARACTERS = 1_000
MAX_SAME_ADDRESS = 200
_UUID = re.compile(r"\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?", re.ASCII | re.IGNORECASE)
_DEPARTMENT = re.compile(r"[A-Z][A-Z0-9-]{0,15}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks. The public: `Viewer(None, False)`; an officer: his department's code; `everything` for who may look at all of it."""

    department: str | None
    everything: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """One find: the entry to show, and the int64 digest of its subject."""

    position: int
    subject: int


@dataclass(frozen=True, slots=True)
class Holdings:
    """How much there is: records (one an entry), sales and other muniments by subject, loads, envelopes named."""

    records: int
    sales: int
    muniments: int
    loads: int
    envelopes: int


def projected(database: peewee.Database) -> int:
    """The watermark: every entry below it has its record. Raises LedgerHalted where its row is missing."""
    row = next(iter(ProgressRow.select(ProgressRow.projected).where(ProgressRow.id == THE_PROGRESS).tuples().execute(database)), None)
    if row is None:
        raise LedgerHalted("the catalogue's progress row is missing: rebuild the catalogue")
    return int(row[0])


def find(
    database: peewee.Database, text: str, viewer: Viewer, *, limit: int, after: int | None, seconds: float
) -> tuple[Hit, ...]:
    """Entries that hold every word, newest first; `after` is the position of the last hit of the page before.

    A whole reference, or a UUID with or without braces, finds its subjects alone; a department's code finds it before all else.
    Raises Misuse (limit, text that cannot be one), Busy after `seconds`.
    """
    if not 1 <= limit <= MAX_HITS:
        raise Misuse(f"limit {limit}: a search gives 1 to {MAX_HITS:,} hits at a time")
    check_text("search text", text, MAX_SEARCH_CHARACTERS)
    wanted = text.strip()
    references = _references(wanted)
    if references:
        hits = _newest_of(database, references, viewer)
        return tuple(hit for hit in hits if after is None or hit.position < after)[:limit]
    first = _newest_of(database, [f"department/{wanted.upper()}"], viewer) if _DEPARTMENT.fullmatch(wanted) else []
    if after is not None and any(hit.position == after for hit in first):
        after = None
    elif after is not None:
        limit += len(first)
    sentence = f"{wanted[:60]!a} takes longer than {seconds:g} s to find: add a word, or end the last one with a space"
    with time_limit(database, seconds, sentence):
        hits = _matching(database, text, viewer, limit=limit, after=after)
    return ()


def _references(text: str) -> list[str]:
    uuid = _UUID.fullmatch(text)
    if uuid:
        return [f"muniment/{uuid[1].lower()}", f"sale/{uuid[1].upper()}"]
    try:
        return [check_reference(text)]
    except Malformed:
        return []
