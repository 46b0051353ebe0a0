"""The vault's tables in `vault.db`, and the store over them that keeps the contract of `registry.vault.ports`.

    envelope   one row an envelope: its owner, wrapped key and commitment
    withheld   the sealed details of an envelope
    chunk      a body's ciphertext, 64 KiB a row, with the digest it came with

Only a whole envelope has a row in `envelope`; it comes in the transaction of its last chunks. These rows are appended
and overwritten in place, never removed or made longer: when SQLite moves rows between pages it leaves stale copies
that `secure_delete` does not reach (seen: 1 key of 240 deleted ones). Hence `state` is one letter, and zeros of the
same length are written over a key.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee

from registry.errors import Busy, LedgerHalted
from registry.storage.sqlite import checkpoint, faults, insert_statement, migrate, open_database, statement, writing
from registry.vault.ports import Chunk, Kept

TRANSACTION_BYTES = 16 * 1024 * 1024  # what a commit copies at once; a clerk who lodges waits for one at most
REMOVED_AT_ONCE = 200  # chunks, 13 MiB
CHECKPOINT_TRIES = 3  # each waits out the busy timeout
SEALED, SHREDDED, DISCARDED = "S", "X", "D"
PAGE = 1_000


class EnvelopeRow(peewee.Model):
    number = peewee.BigAutoField()
    envelope = peewee.TextField(unique=True)
    reference = peewee.TextField()
    version = peewee.BigIntegerField()
    size = peewee.BigIntegerField()
    state = peewee.TextField()
    wrapped = peewee.BlobField()
    commitment = peewee.BlobField()

    class Meta:
        table_name = "envelope"
        strict_tables = True


class WithheldRow(peewee.Model):
    envelope = peewee.TextField(primary_key=True)
    body = peewee.BlobField()

    class Meta:
        table_name = "withheld"
        strict_tables = True


class ChunkRow(peewee.Model):
    envelope = peewee.TextField()
    n = peewee.BigIntegerField()
    digest = peewee.BlobField()
    body = peewee.BlobField()

    class Meta:
        table_name = "chunk"
        strict_tables = True
        primary_key = peewee.CompositeKey("envelope", "n")


ENVELOPE_FIELDS = (
    EnvelopeRow.envelope,
    EnvelopeRow.reference,
    EnvelopeRow.version,
    EnvelopeRow.size,
    EnvelopeRow.state,
    EnvelopeRow.wrapped,
    EnvelopeRow.commitment,
)
TABLES = (EnvelopeRow, WithheldRow, ChunkRow)


def _first_tables(database: peewee.Database) -> None:
    with database.bind_ctx(TABLES):
        database.create_tables(TABLES, safe=False)


STEPS = (_first_tables,)
"""The vault's schema, version by version."""


def open_vault(path: Path, *, create: bool = False, read_only: bool = False) -> VaultStore:
    """The store in `vault.db`: WAL, `synchronous=FULL` and `secure_delete=ON`, read back. Errors as `open_database`."""
    database = open_database(path, secure_delete=True, create=create, read_only=read_only)
    migrate(database, STEPS)
    return VaultStore(database)


class VaultStore:
    """Envelopes in a database that already has the tables.

    Writers of this process take turns on a lock, because SQLite's busy handler lets a clerk starve beside a load.
    """

    def __init__(self, database: peewee.Database) -> None:
        self.database = database
        self._insert_envelope = insert_statement(database, ENVELOPE_FIELDS)
        self._insert_withheld = insert_statement(database, (WithheldRow.envelope, WithheldRow.body))
        self._insert_chunk = insert_statement(database, (ChunkRow.envelope, ChunkRow.n, ChunkRow.digest, ChunkRow.body))
        self._select_envelope = statement(
            database,
            EnvelopeRow.select(*ENVELOPE_FIELDS, WithheldRow.body)
            .join(WithheldRow, peewee.JOIN.LEFT_OUTER, on=(WithheldRow.envelope == EnvelopeRow.envelope))
            .where(EnvelopeRow.envelope == ""),
        )
        self._select_chunk = statement(
            database,
            ChunkRow.select(ChunkRow.body, ChunkRow.digest).where((ChunkRow.envelope == "") & (ChunkRow.n == 0)),
        )
        self._turn = threading.RLock()
        self._batch: _Batch | None = None

    def close(self) -> None:
        """Close this thread's connection; others close with their threads."""
        self.database.close()

    @contextmanager
    def batch(self) -> Iterator[None]:
        with self._turn, faults(self.database), writing(self.database) as transaction:
            self._batch = batch = _Batch(transaction)
            try:
                yield
            finally:
                self._batch = None
            if batch.broken:
                raise Busy(
                    f"{self.database.database}: an envelope of this batch could not be kept, so none counts. Try again."
                )

    @contextmanager
    def _writing(self, size_bytes: int) -> Iterator[None]:
        """A transaction of its own, or the running batch's, which is committed in between when it has grown too
        large.
        """
        with self._turn, faults(self.database):
            if self._batch is None:
                with writing(self.database):
                    yield
                return
            self._batch.make_room(size_bytes)
            try:
                yield
            except BaseException:
                self._batch.broken = True  # SQLite may have rolled the whole transaction back
                raise

    def add(self, envelope_id: str, first: int, chunks: Sequence[Chunk]) -> None:
        with self._writing(sum(len(chunk.body) for chunk in chunks)):
            self._insert(envelope_id, first, chunks)

    def put(self, kept: Kept, first: int, chunks: Sequence[Chunk]) -> None:
        if kept.key is None:
            raise LedgerHalted(f"{kept.reference}: an envelope without a key cannot be put")
        with self._writing(sum(len(chunk.body) for chunk in chunks) + len(kept.withheld or b"")):
            self._insert(kept.envelope_id, first, chunks)
            if kept.withheld is not None:
                self.database.execute_sql(self._insert_withheld, (kept.envelope_id, kept.withheld))
            owner = (kept.envelope_id, kept.reference, kept.version)
            self.database.execute_sql(self._insert_envelope, (*owner, kept.size, SEALED, *kept.key))

    def _insert(self, envelope_id: str, first: int, chunks: Sequence[Chunk]) -> None:
        for n, chunk in enumerate(chunks, first):
            self.database.execute_sql(self._insert_chunk, (envelope_id, n, chunk.digest, chunk.body))

    def get(self, envelope_id: str) -> Kept | None:
        with faults(self.database):
            found = self.database.execute_sql(self._select_envelope, (envelope_id,)).fetchall()
        if not found:
            return None
        _, reference, version, size, state, wrapped, commitment, withheld = found[0]
        if state == DISCARDED:
            return None
        sound = isinstance(wrapped, bytes) and isinstance(commitment, bytes) and isinstance(withheld, bytes | None)
        if not sound or state not in (SEALED, SHREDDED):
            raise LedgerHalted(f"{self.database.database}: the row of envelope {envelope_id} is not one we wrote")
        return Kept(envelope_id, reference, version, size, (wrapped, commitment) if state == SEALED else None, withheld)

    def chunks(self, envelope_id: str) -> Iterator[Chunk]:
        n = 0
        while True:
            with faults(self.database):
                rows = self.database.execute_sql(self._select_chunk, (envelope_id, n)).fetchall()
            if not rows:
                return
            body, digest = rows[0]
            if not (isinstance(body, bytes) and isinstance(digest, bytes)):
                raise LedgerHalted(f"{self.database.database}: chunk {n} of envelope {envelope_id} is not one we wrote")
            yield Chunk(body, digest)
            n += 1

    def shred(self, envelope_id: str) -> None:
        self._overwrite(envelope_id, SHREDDED)
        self._truncate(envelope_id)
        self._remove(envelope_id)

    def discard(self, envelope_id: str) -> None:
        self._overwrite(envelope_id, DISCARDED)
        self._remove(envelope_id)

    def _overwrite(self, envelope_id: str, state: str) -> None:
        """Zeros over wrapped key and commitment, of the same length, so that the row stays where it is."""
        mine = EnvelopeRow.envelope == envelope_id
        key = EnvelopeRow.select(EnvelopeRow.wrapped, EnvelopeRow.commitment).where(mine)
        with self._writing(0):
            for wrapped, commitment in list(key.tuples().execute(self.database)):
                zeros = {"wrapped": bytes(len(wrapped)), "commitment": bytes(len(commitment))}
                EnvelopeRow.update(state=state, **zeros).where(mine).execute(self.database)
            gone = WithheldRow.delete().where(WithheldRow.envelope == envelope_id)  # type: ignore[misc]  # a fault of the stubs
            gone.execute(self.database)

    def _truncate(self, envelope_id: str) -> None:
        """Until the write-ahead log, which holds the row as it was, is empty."""
        for _ in range(CHECKPOINT_TRIES):
            if checkpoint(self.database, "TRUNCATE"):
                return
        raise Busy(
            f"envelope {envelope_id}: its key is destroyed, but a reader still keeps old bytes of the vault alive. "
            "Shred it again when the reader has finished."
        )

    def _remove(self, envelope_id: str) -> None:
        mine = ChunkRow.envelope == envelope_id
        some = ChunkRow.select(ChunkRow.n).where(mine).limit(REMOVED_AT_ONCE)
        gone = ChunkRow.delete().where(mine & ChunkRow.n.in_(some))  # type: ignore[misc]  # a fault of the stubs
        removed = REMOVED_AT_ONCE
        while removed == REMOVED_AT_ONCE:
            with self._writing(0):
                removed = gone.execute(self.database)

    def ids(self) -> Iterator[str]:
        last = 0
        while True:
            query = (
                EnvelopeRow.select(EnvelopeRow.number, EnvelopeRow.envelope)
                .where((EnvelopeRow.number > last) & (EnvelopeRow.state != DISCARDED))
                .order_by(EnvelopeRow.number)
                .limit(PAGE)
            )
            with faults(self.database):
                rows = list(query.tuples().execute(self.database))
            if not rows:
                break
            last = rows[-1][0]
            yield from (row[1] for row in rows)
        orphans = (
            ChunkRow.select(ChunkRow.envelope)
            .distinct()
            .join(EnvelopeRow, peewee.JOIN.LEFT_OUTER, on=(EnvelopeRow.envelope == ChunkRow.envelope))
            .where(EnvelopeRow.envelope.is_null() | (EnvelopeRow.state == DISCARDED))
        )
        with faults(self.database):
            left = list(orphans.tuples().execute(self.database))
        yield from (row[0] for row in left)


class _Batch:
    """A transaction shared by several calls of one thread."""

    def __init__(self, transaction: Any) -> None:
        self._transaction = transaction
        self._size_bytes = 0
        self.broken = False

    def make_room(self, size_bytes: int) -> None:
        """Commit what is there if this would pass 16 MiB: it is durable early, which harms nothing as no entry names
        it.
        """
        if self._size_bytes and self._size_bytes + size_bytes > TRANSACTION_BYTES:
            self._transaction.commit()
            self._size_bytes = 0
        self._size_bytes += size_bytes
