"""The ledger's tables, models unbound: the same on SQLite and PostgreSQL. What each holds: see
`registry/storage/ledger.py`."""

from __future__ import annotations

import peewee
from peewee import BigIntegerField, BlobField, IntegerField, TextField


class _Table(peewee.Model):
    class Meta:
        strict_tables = True
        legacy_table_names = False


class HeadRow(_Table):
    """One row: where the ledger ends."""

    id = IntegerField(primary_key=True)
    size = BigIntegerField()
    root = BlobField()
    edge = BlobField()
    epoch = BigIntegerField()

    class Meta:
        table_name = "head"


class TailRow(_Table):
    """Framed entries since the last multiple of 256, one blob a batch, by the position of the first."""

    start = BigIntegerField(primary_key=True)
    body = BlobField()

    class Meta:
        table_name = "tail"


class BundleRow(_Table):
    """A full bundle of 256 entries."""

    n = BigIntegerField(primary_key=True)
    body = BlobField()

    class Meta:
        table_name = "bundle"


class TileRow(_Table):
    """A full tile of 256 hashes."""

    level = IntegerField()
    n = BigIntegerField()
    body = BlobField()

    class Meta:
        table_name = "tile"
        primary_key = peewee.CompositeKey("level", "n")


class RequestRow(_Table):
    """An officer's request key: which position it got, and the digest of the intent."""

    key = TextField(primary_key=True)
    position = BigIntegerField(unique=True)
    digest = BlobField()

    class Meta:
        table_name = "request"


class SubjectRow(_Table):
    """The last entry on a subject. Key: int64 digest of the reference, then the reference itself for the rare
    double."""

    digest = BigIntegerField()
    reference = TextField()
    position = BigIntegerField()
    number = BigIntegerField()
    leaf = BlobField()
    state = BlobField()

    class Meta:
        table_name = "subject"
        primary_key = peewee.CompositeKey("digest", "reference")


class RunRow(_Table):
    """The ids that one batch of a load added, sorted."""

    first = BigIntegerField(primary_key=True)
    count = BigIntegerField()
    body = BlobField()

    class Meta:
        table_name = "run"


class StandingTable(_Table):
    """Who is who: one row of `registry.records.standing`."""

    holder = TextField()
    what = TextField()
    value = TextField()
    position = BigIntegerField()
    until = BigIntegerField(null=True)
    ended = BigIntegerField(null=True)

    class Meta:
        table_name = "standing"
        primary_key = peewee.CompositeKey("holder", "what", "value", "position")


class LoadRow(_Table):
    """A load: what resuming and closing need."""

    position = BigIntegerField(primary_key=True)
    file_digest = TextField(index=True)
    state = TextField()
    body = BlobField()

    class Meta:
        table_name = "load"


class CheckpointRow(_Table):
    """A sealed checkpoint: as signed by the log, and with every cosignature verified since."""

    size = BigIntegerField(primary_key=True)
    note = BlobField()
    cosigned = BlobField()

    class Meta:
        table_name = "checkpoint"


TABLES: tuple[type[peewee.Model], ...] = (
    HeadRow,
    TailRow,
    BundleRow,
    TileRow,
    RequestRow,
    SubjectRow,
    RunRow,
    StandingTable,
    LoadRow,
    CheckpointRow,
)
