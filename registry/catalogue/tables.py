"""The catalogue's tables, models unbound, and the same rows as tuples, which is what bulk reads and writes.

One `record` an entry, its primary key the ledger position. Keys are narrow: `subject` and `address` are the first 8
bytes of a SHA-256 as int64, not unique, confirmed on the entry. Nothing here is shown to
anyone: a reader goes to the entry.

| table | one row | written |
|---|---|---|
| record | an entry of the ledger | once; then `latest` alone is cleared |
| load | a load | when opened, and once when closed |
| envelope | an entry that names an envelope of the vault | once |
| progress | the catalogue itself | each projection |
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import peewee
from peewee import BigIntegerField, BooleanField, SmallIntegerField, TextField

from registry.records.muniment import MunimentKind, Visibility

THE_PROGRESS = 1


class Seen(IntEnum):
    """Who sees that a row is there: ordered, so that `visibility >= Seen.DEPARTMENTS` is one comparison."""

    OWN = 0
    DEPARTMENTS = 1
    PUBLIC = 2


SEEN: dict[Visibility, Seen] = {
    Visibility.OWN: Seen.OWN,
    Visibility.DEPARTMENTS: Seen.DEPARTMENTS,
    Visibility.PUBLIC: Seen.PUBLIC,
}
VISIBILITY: dict[int, Visibility] = {seen.value: visibility for visibility, seen in SEEN.items()}

MUNIMENT_CODES: dict[MunimentKind, int] = {
    MunimentKind.SALE_RECORD: 0,
    MunimentKind.DEED: 1,
    MunimentKind.TRANSFER: 2,
    MunimentKind.CHARGE: 3,
    MunimentKind.LEASE: 4,
    MunimentKind.PLAN: 5,
    MunimentKind.COURT_ORDER: 6,
    MunimentKind.CERTIFICATE: 7,
    MunimentKind.AGREEMENT: 8,
    MunimentKind.PATIENT_RECORD: 9,
    MunimentKind.EXHIBIT: 10,
    MunimentKind.CASE_FILE: 11,
    MunimentKind.CORRESPONDENCE: 12,
    MunimentKind.OFFICIAL_COPY: 13,
    MunimentKind.REDACTED_COPY: 14,
    MunimentKind.OTHER: 15,
}
"""Stored numbers: add at the end and give none anew, or a catalogue reads old rows wrongly. 0 costs SQLite no byte."""
MUNIMENT_KINDS: dict[int, MunimentKind] = {code: kind for kind, code in MUNIMENT_CODES.items()}
SALE = MUNIMENT_CODES[MunimentKind.SALE_RECORD]


class _Table(peewee.Model):
    class Meta:
        strict_tables = True
        legacy_table_names = False


class RecordRow(_Table):
    """An entry. `act` is the act's kind, or a loaded row's op (A C D), or `?` for bytes that are no entry.

    `muniment`, `withdrawn`, `visibility`, `custodian`: the subject's state as of this entry (`muniment` NULL: it has
    none). `details` is the position of the entry that carries the subject's details as of this one, often itself;
    `latest` is set there until a newer one carries them.
    """

    position = BigIntegerField(primary_key=True)
    subject = BigIntegerField()
    number = BigIntegerField()
    act = TextField()
    refused = BooleanField()
    muniment = SmallIntegerField(null=True)
    visibility = SmallIntegerField()
    custodian = TextField()
    withdrawn = BooleanField()
    details = BigIntegerField(null=True)
    latest = BooleanField()
    address = BigIntegerField(null=True)
    text = TextField()

    class Meta:
        table_name = "record"


class LoadRow(_Table):
    """A load. `counts` is canonical JSON, `outcome` FINISHED or STOPPED; all four are NULL while it is open."""

    position = BigIntegerField(primary_key=True)
    department = TextField()
    officer = TextField()
    dialect = TextField()
    name = TextField()
    opened_at = BigIntegerField()
    closed = BigIntegerField(null=True)
    outcome = TextField(null=True)
    counts = TextField(null=True)

    class Meta:
        table_name = "load"


class EnvelopeRow(_Table):
    """An entry names an envelope. By position, since ids are random: an index on them grows dearer with every row."""

    position = BigIntegerField(primary_key=True)
    id = TextField()

    class Meta:
        table_name = "envelope"


class ProgressRow(_Table):
    """One row. Every entry below `projected` has its record; `generation` counts rebuilds."""

    id = SmallIntegerField(primary_key=True)
    projected = BigIntegerField()
    generation = BigIntegerField()

    class Meta:
        table_name = "progress"


TABLES: tuple[type[peewee.Model], ...] = (RecordRow, LoadRow, EnvelopeRow, ProgressRow)


class Record(NamedTuple):
    """A `record` row, columns in order."""

    position: int
    subject: int
    number: int
    act: str
    refused: int
    muniment: int | None
    visibility: int
    custodian: str
    withdrawn: int
    details: int | None
    latest: int
    address: int | None
    text: str


class LoadLine(NamedTuple):
    """A `load` row, columns in order; `opened_at` ms UTC."""

    position: int
    department: str
    officer: str
    dialect: str
    name: str
    opened_at: int
    closed: int | None = None
    outcome: str | None = None
    counts: str | None = None
