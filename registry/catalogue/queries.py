"""The questions put to the catalogue, and who sees what of the answers, which are positions.

Keys are not unique, so what is found by a reference is a candidate: the caller reads the entry and compares. A search
is never a proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import peewee

from registry.catalogue import engine
from registry.catalogue.engine import match_expression, matching, time_limit
from registry.catalogue.searched import digest_word
from registry.catalogue.statements import Statement
from registry.catalogue.tables import SALE, EnvelopeRow, LoadLine, LoadRow, RecordRow
from registry.catalogue.viewing import ANYTHING, Viewer, Wanted, condition, values
from registry.errors import LedgerHalted, Malformed, Misuse
from registry.records.identifiers import REGISTRY, check_reference, subject_digest

FIND_SECONDS = 2.0
MAX_HITS = 1_000
MAX_SEARCH_CHARACTERS = 1_000
MAX_SAME_ADDRESS = 200
_UUID = re.compile(r"\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?", re.ASCII | re.IGNORECASE)
_DEPARTMENT = re.compile(r"[A-Z][A-Z0-9-]{0,15}", re.ASCII | re.IGNORECASE)


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
    row = engine.progress(database)
    if row is None:
        raise LedgerHalted("the catalogue's row of progress is missing: rebuild the catalogue")
    return row[0]


def generation(database: peewee.Database) -> int:
    """How often the catalogue was rebuilt; 0 where its row is missing."""
    row = engine.progress(database)
    return 0 if row is None else row[1]


def end(database: peewee.Database) -> int:
    """One beyond the last position that has a record."""
    last = next(iter(RecordRow.select(peewee.fn.MAX(RecordRow.position)).tuples().execute(database)))[0]
    return 0 if last is None else int(last) + 1


def load(database: peewee.Database, position: int) -> LoadLine | None:
    """The load opened at the position."""
    row = next(iter(LoadRow.select().where(LoadRow.position == position).tuples().execute(database)), None)
    return None if row is None else LoadLine(*row)


def find(
    database: peewee.Database,
    text: str,
    viewer: Viewer,
    wanted: Wanted = ANYTHING,
    *,
    limit: int,
    after: int | None,
    seconds: float,
) -> tuple[Hit, ...]:
    """Entries that hold every word, newest first; `after` is the position of the last hit of the page before.

    A reference, or a UUID with or without braces, finds its subjects alone; a department's code finds it before all
    else. Raises Misuse (limit, text that cannot be one), Busy after `seconds`.
    """
    if not 1 <= limit <= MAX_HITS:
        raise Misuse(f"a search gives 1 to {MAX_HITS:,} hits at a time, not {limit}")
    if len(text) > MAX_SEARCH_CHARACTERS:
        raise Misuse(f"search text: {len(text):,} characters, at most {MAX_SEARCH_CHARACTERS:,}; a few words find more")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Misuse("search text: half a character, which no record holds. Type it again.")
    references, alone = _references(text.strip())
    first = _newest(database, references, viewer, wanted)
    if alone:
        return tuple(hit for hit in first if after is None or hit.position < after)[:limit]
    expression = match_expression(text)
    if expression is None:
        return ()
    shown = {hit.position for hit in first}
    end = wanted.end if after is None or after in shown else min(after, wanted.end)
    sentence = (
        f"{text.strip()[:60]!a} takes longer than {seconds:g} s to find: add a word, or end the last one with a space"
    )
    with time_limit(database, seconds, sentence):
        found = matching(database, expression, viewer, wanted, limit=limit + len(shown), end=end)
    hits = [Hit(*row) for row in found if row[0] not in shown]
    return tuple((first + hits if after is None else hits)[:limit])


def _references(text: str) -> tuple[list[str], bool]:
    """References that the text may mean, and whether it can mean nothing else."""
    uuid = _UUID.fullmatch(text)
    if uuid:
        return [f"muniment/{uuid[1].lower()}", f"sale/{uuid[1].upper()}"], True
    if "/" in text:
        try:
            return [check_reference(text)], True
        except Malformed:
            return [], False
    code = [f"department/{text.upper()}"] if _DEPARTMENT.fullmatch(text) else []
    return [*code, *([REGISTRY] if text == REGISTRY else [])], False


def _newest(database: peewee.Database, references: list[str], viewer: Viewer, wanted: Wanted) -> list[Hit]:
    if not references:
        return []
    digests = [subject_digest(reference) for reference in references]
    newest = _newest_of(bool(wanted.kinds), wanted.custodian is not None)
    two = (digests[0], digests[-1])
    rows = newest.rows(database, *two, wanted.first, wanted.end, *values(viewer, wanted), MAX_HITS)
    return [Hit(*row) for row in rows]


@cache
def _newest_of(kinds: bool, custodian: bool) -> Statement:
    query = RecordRow.select(RecordRow.position, RecordRow.subject).where(
        RecordRow.subject.in_([0, 0])
        & RecordRow.latest
        & (RecordRow.position >= 0)
        & (RecordRow.position < 0)
        & condition(kinds=kinds, custodian=custodian)
    )
    return Statement(query.order_by(RecordRow.position.desc()).limit(1))


def history(database: peewee.Database, reference: str, viewer: Viewer | None) -> tuple[int, ...]:
    """Candidate positions of every entry on the subject, oldest first: all of them, or those that the viewer sees."""
    if viewer is None:
        return _positions(_HISTORY.rows(database, subject_digest(reference)))
    return _positions(_HISTORY_SEEN.rows(database, subject_digest(reference), *values(viewer)))


_OF_SUBJECT = RecordRow.select(RecordRow.position).where(RecordRow.subject == 0)
_HISTORY = Statement(_OF_SUBJECT.order_by(RecordRow.position))
_HISTORY_SEEN = Statement(_OF_SUBJECT.where(condition(kinds=False, custodian=False)).order_by(RecordRow.position))


def histories(database: peewee.Database, references: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Candidate positions of every entry on each of the subjects, oldest first; none where there is none."""
    digests = {reference: subject_digest(reference) for reference in references}
    found: dict[int, list[int]] = {}
    wanted = sorted(set(digests.values()))
    for start in range(0, len(wanted), _TOGETHER):
        asked = wanted[start : start + _TOGETHER]
        for digest, position in _HISTORIES.rows(database, *asked, *asked[-1:] * (_TOGETHER - len(asked))):
            found.setdefault(digest, []).append(position)
    return {reference: tuple(found.get(digest, ())) for reference, digest in digests.items()}


_TOGETHER = 100
_HISTORIES = Statement(
    RecordRow.select(RecordRow.subject, RecordRow.position)
    .where(RecordRow.subject.in_([0] * _TOGETHER))
    .order_by(RecordRow.position)
)
"""Of a page's subjects; where there are fewer, the last is named again."""


def latest(database: peewee.Database, reference: str) -> tuple[int, ...]:
    """Candidate positions of the entry that carries the subject's newest details: none, one, or more where digests
    meet.
    """
    return _positions(_LATEST.rows(database, subject_digest(reference)))


_LATEST = Statement(
    RecordRow.select(RecordRow.position)
    .where((RecordRow.subject == 0) & RecordRow.latest)
    .order_by(RecordRow.position.desc())
)


def property_of(database: peewee.Database, position: int) -> tuple[int, ...]:
    """Newest entries of other sales at the address of the sale at `position`, at most 200: a search, not a proof."""
    for address, subject in _ADDRESS.rows(database, position):
        if address is not None:
            return _positions(_SAME_ADDRESS.rows(database, address, position, subject, MAX_SAME_ADDRESS))
    return ()


_ADDRESS = Statement(RecordRow.select(RecordRow.address, RecordRow.subject).where(RecordRow.position == 0))
_SAME_ADDRESS = Statement(
    RecordRow.select(RecordRow.position)
    .where((RecordRow.address == 0) & RecordRow.latest & (RecordRow.position != 0) & (RecordRow.subject != 0))
    .order_by(RecordRow.position)
    .limit(1)
)


def with_digest(database: peewee.Database, digest: bytes, limit: int) -> tuple[int, ...]:
    """Candidate entries, newest first and superseded ones too, that name the digest (32 bytes): a body's that stands in
    clear, or a withheld member's salted one. Whoever asks."""
    return _positions(engine.naming(database, digest_word(digest), limit))


def at_address(database: peewee.Database, address: int, *, limit: int, after: int = -1) -> tuple[int, ...]:
    """Candidate newest entries of sales at the address of that digest (`subject_digest` of its key), beyond the
    position `after`, rising."""
    return _positions(_AT_ADDRESS.rows(database, address, after, limit))


_AT_ADDRESS = Statement(
    RecordRow.select(RecordRow.position)
    .where((RecordRow.address == 0) & RecordRow.latest & (RecordRow.position > 0))
    .order_by(RecordRow.position)
    .limit(1)
)


def _positions(rows: Sequence[tuple[int]]) -> tuple[int, ...]:
    return tuple(row[0] for row in rows)


def loads(database: peewee.Database) -> tuple[LoadLine, ...]:
    """Every load, oldest first."""
    return tuple(LoadLine(*row) for row in LoadRow.select().order_by(LoadRow.position).tuples().execute(database))


def envelopes(database: peewee.Database) -> Iterator[tuple[str, int]]:
    """(id, position) of every envelope that an entry names, by id: to be read beside the vault's own list."""
    query = EnvelopeRow.select(EnvelopeRow.id, EnvelopeRow.position).order_by(EnvelopeRow.id, EnvelopeRow.position)
    yield from query.tuples().iterator(database)


def holdings(database: peewee.Database) -> Holdings:
    """How much there is; reads every record."""
    sales = RecordRow.select().where(RecordRow.latest & (RecordRow.muniment == SALE)).count(database)
    muniments = RecordRow.select().where(RecordRow.latest & (RecordRow.muniment != SALE)).count(database)
    return Holdings(
        records=RecordRow.select().count(database),
        sales=sales,
        muniments=muniments,
        loads=LoadRow.select().count(database),
        envelopes=EnvelopeRow.select().count(database),
    )
