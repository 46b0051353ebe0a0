"""The ledger's store on an engine: shelves to read, turns to write, checkpoints, and the state beside the ledger.

| table | written |
|---|---|
| head | each turn, by compare-and-swap |
| tail, bundle, tile | each turn; bundle and tile only when full, once |
| request | each officer's act, never a loaded row |
| subject, run, standing, load | each turn: derived from the entries, built again and compared by every audit |
| checkpoint | each sealing |

One transaction a turn. `begin` is how the engine locks the head: SQLite's BEGIN IMMEDIATE, or SELECT … FOR UPDATE
(`for_update`) elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import msgspec
import peewee

from registry.errors import LedgerHalted, Malformed, NotHeld
from registry.ledger.known import Run
from registry.ledger.merkle import EMPTY_ROOT
from registry.ledger.ports import Head, Sealed
from registry.ledger.tiles import WIDTH, Edge
from registry.records.loads import Load
from registry.records.standing import Standing, StandingRow
from registry.records.subject import Last
from registry.storage import sqlite
from registry.storage.ledger_tables import (
    TABLES,
    BundleRow,
    CheckpointRow,
    HeadRow,
    LoadRow,
    RequestRow,
    RunRow,
    StandingTable,
    SubjectRow,
    TailRow,
    TileRow,
)
from registry.storage.ledger_turn import THE_HEAD, LedgerTurn

_APPEND_ONLY = ("bundle", "tile")


def create_tables(database: peewee.Database) -> None:
    """Make the ledger's tables, and the empty head."""
    strict = isinstance(database, peewee.SqliteDatabase)  # SQLite's word; other engines check types without it
    for table in TABLES:
        table._meta.strict_tables = strict
    with database.bind_ctx(TABLES):
        database.create_tables(list(TABLES))
    HeadRow.insert(id=THE_HEAD, size=0, root=EMPTY_ROOT, edge=b"", epoch=1).execute(database)


def guard_tables(database: peewee.Database) -> None:
    """SQLite triggers against accidents; they stop no database administrator, the proofs do."""
    for table in _APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            database.execute_sql(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'a {table} of the ledger is written once'); END"
            )


def first_schema(database: peewee.Database) -> None:
    """Schema version 1 on SQLite."""
    create_tables(database)
    guard_tables(database)


SCHEMA: tuple[sqlite.Step, ...] = (first_schema,)


class LedgerStore:
    """Shelves, Turns and Checkpoints of `registry.ledger.ports` over one database. Safe from several threads (peewee
    connects one each)."""

    def __init__(self, database: peewee.Database, *, for_update: bool = False) -> None:
        self._database = database
        self._for_update = for_update
        # Asked in every turn, proof and reading: peewee would take five times as long to write the SQL as the engine
        # takes for the row.
        written = partial(sqlite.statement, database)
        size = HeadRow.select().where(HeadRow.id == THE_HEAD)
        self._head_sql = written(size)
        self._size_sql = written(HeadRow.select(HeadRow.size).where(HeadRow.id == THE_HEAD))
        self._locked_head_sql = written(size.for_update()) if for_update else self._head_sql
        self._tile_sql = written(TileRow.select(TileRow.body).where((TileRow.level == 0) & (TileRow.n == 0)))
        self._bundle_sql = written(BundleRow.select(BundleRow.body).where(BundleRow.n == 0))
        self._tails_sql = written(
            TailRow.select(TailRow.body).where((TailRow.start >= 0) & (TailRow.start < 0)).order_by(TailRow.start)
        )
        request = RequestRow.select(RequestRow.position, RequestRow.digest)
        self._request_sql = written(request.where(RequestRow.key == ""))
        last = SubjectRow.select(SubjectRow.position, SubjectRow.number, SubjectRow.leaf, SubjectRow.state)
        self._last_sql = written(last.where((SubjectRow.digest == 0) & (SubjectRow.reference == "")))
        self._load_sql = written(LoadRow.select(LoadRow.body).where(LoadRow.position == 0))
        sealed = CheckpointRow.select().order_by(CheckpointRow.size)
        self._latest_sql = written(CheckpointRow.select().order_by(CheckpointRow.size.desc()).limit(1))
        self._at_sql = written(CheckpointRow.select().where(CheckpointRow.size == 0))
        self._following_sql = written(sealed.where(CheckpointRow.size > 0).limit(1))
        count = CheckpointRow.select(peewee.fn.COUNT(CheckpointRow.size), peewee.fn.MAX(CheckpointRow.size))
        self._before_sql = written(count.where(CheckpointRow.size < 0))

    @contextmanager
    def _faults(self) -> Iterator[None]:
        if self._for_update:
            yield
        else:
            with sqlite.faults(self._database):
                yield

    def _writing(self) -> AbstractContextManager[Any]:
        """A transaction that takes SQLite's write lock at once; elsewhere the head row is locked by who reads it."""
        atomic = self._database.atomic
        return atomic() if self._for_update else atomic("IMMEDIATE")

    def _asked(self, sql: str, *values: object) -> list[Any]:
        with self._faults():
            return list(self._database.execute_sql(sql, values).fetchall())

    def _rows(self, query: peewee.Query) -> list[Any]:
        with self._faults():
            return list(query.tuples().execute(self._database))

    # ---- shelves ----

    def head(self) -> Head:
        """The newest committed head."""
        return self._head(self._head_sql)

    def size(self) -> int:
        """The size of the newest committed head, which costs less than all of it."""
        rows = self._asked(self._size_sql, THE_HEAD)
        if not rows:
            raise LedgerHalted("the ledger's head row is missing: run an audit, or rebuild from a mirror")
        return int(rows[0][0])

    def _head(self, sql: str) -> Head:
        rows = self._asked(sql, THE_HEAD)
        if not rows:
            raise LedgerHalted("the ledger's head row is missing: run an audit, or rebuild from a mirror")
        _, size, root, edge, epoch = rows[0]
        try:
            return Head(size, bytes(root), Edge.from_bytes(size, bytes(edge)), epoch)
        except Malformed as error:
            raise LedgerHalted(f"head: {error}: run an audit, or rebuild from a mirror") from error

    def tile(self, level: int, n: int) -> bytes | None:
        """The full tile, or None."""
        rows = self._asked(self._tile_sql, level, n)
        return bytes(rows[0][0]) if rows else None

    def bundle(self, n: int) -> bytes | None:
        """The full bundle, or None."""
        rows = self._asked(self._bundle_sql, n)
        return bytes(rows[0][0]) if rows else None

    def tails(self, start: int) -> bytes:
        """The framed entries from `start`, a multiple of 256, in order."""
        return b"".join(bytes(row[0]) for row in self._asked(self._tails_sql, start, start + WIDTH))

    def tile_names(self) -> Iterator[tuple[int, int]]:
        """(level, n) of every kept tile; an audit finds the strays."""
        yield from self._rows(TileRow.select(TileRow.level, TileRow.n).order_by(TileRow.level, TileRow.n))

    def bundle_names(self) -> list[int]:
        """n of every kept bundle."""
        return [row[0] for row in self._rows(BundleRow.select(BundleRow.n).order_by(BundleRow.n))]

    # ---- the state beside the ledger ----

    def request(self, key: str) -> tuple[int, bytes] | None:
        """(position, digest of the intent) that a request key got."""
        rows = self._asked(self._request_sql, key)
        return (rows[0][0], bytes(rows[0][1])) if rows else None

    def requests(self) -> Iterator[tuple[str, int, bytes]]:
        """Every request row, by position."""
        for key, position, digest in self._rows(RequestRow.select().order_by(RequestRow.position)):
            yield key, position, bytes(digest)

    def last(self, digest: int, reference: str) -> Last | None:
        """The subject's row, if it has one: acts, and loaded rows from number 2 on."""
        rows = self._asked(self._last_sql, digest, reference)
        if not rows:
            return None
        position, number, leaf, state = rows[0]
        return Last(reference, position, number, bytes(leaf), bytes(state))

    def subjects(self) -> Iterator[Last]:
        """Every subject row."""
        query = SubjectRow.select(
            SubjectRow.reference, SubjectRow.position, SubjectRow.number, SubjectRow.leaf, SubjectRow.state
        )
        for reference, position, number, leaf, state in self._rows(query.order_by(SubjectRow.position)):
            yield Last(reference, position, number, bytes(leaf), bytes(state))

    def subject_digests(self) -> Iterator[int]:
        """The digest of every subject row."""
        return (row[0] for row in self._rows(SubjectRow.select(SubjectRow.digest)))

    def runs(self) -> Iterator[Run]:
        """Every run, by first position."""
        for first, count, body in self._rows(RunRow.select().order_by(RunRow.first)):
            try:
                run = Run(first, bytes(body))
            except Malformed as error:
                raise LedgerHalted(f"{error}: run an audit") from error
            if run.count != count:
                raise LedgerHalted(f"the run at position {first} holds {run.count} ids, not {count}: run an audit")
            yield run

    def standing(self) -> Standing:
        """Who is who, from its table."""
        fields = (
            StandingTable.holder,
            StandingTable.what,
            StandingTable.value,
            StandingTable.position,
            StandingTable.until,
            StandingTable.ended,
        )
        return Standing(
            StandingRow(*row) for row in self._rows(StandingTable.select(*fields).order_by(StandingTable.position))
        )

    def load(self, position: int) -> Load | None:
        """The load opened at that position."""
        rows = self._asked(self._load_sql, position)
        return _load(bytes(rows[0][0])) if rows else None

    def loads(self, file_digest: str | None = None) -> list[Load]:
        """All loads, or those of one file, oldest first."""
        query = LoadRow.select(LoadRow.body).order_by(LoadRow.position)
        if file_digest is not None:
            query = query.where(LoadRow.file_digest == file_digest)
        return [_load(bytes(row[0])) for row in self._rows(query)]

    # ---- turns ----

    @contextmanager
    def turn(self) -> Iterator[LedgerTurn]:
        """One transaction; see `registry.ledger.ports.Turns`."""
        with self._faults(), self._writing():
            yield LedgerTurn(self._database, self._head(self._locked_head_sql))

    # ---- checkpoints ----

    def latest(self) -> Sealed | None:
        """The largest sealed checkpoint."""
        return next(map(self._sealed, self._asked(self._latest_sql, 1)), None)

    def at(self, size: int) -> Sealed | None:
        """The checkpoint of exactly this size."""
        return next(map(self._sealed, self._asked(self._at_sql, size)), None)

    def following(self, size: int, limit: int) -> list[Sealed]:
        """At most `limit` checkpoints larger than this size, rising."""
        return [self._sealed(row) for row in self._asked(self._following_sql, size, limit)]

    def before(self, size: int) -> tuple[int, int]:
        """How many are smaller than this size, and the largest of these, 0 where there is none."""
        count, largest = self._asked(self._before_sql, size)[0]
        return count, largest or 0

    def sizes(self) -> tuple[int, ...]:
        """The sizes of all checkpoints, rising."""
        return tuple(
            row[0] for row in self._rows(CheckpointRow.select(CheckpointRow.size).order_by(CheckpointRow.size))
        )

    def put(self, size: int, note: bytes) -> None:
        """Keep a signed note; the same size keeps its first."""
        with self._faults(), self._writing():
            kept = self.at(size)
            if kept is None:
                CheckpointRow.insert(size=size, note=note, cosigned=note).execute(self._database)
            elif kept.note.partition(b"\n\n")[0] != note.partition(b"\n\n")[0]:
                raise LedgerHalted(
                    f"the checkpoint kept at size {size} has another text than the one just signed: keep both, and stop"
                )

    def add(self, size: int, cosigned: bytes) -> None:
        """Replace the cosigned form by one that holds more lines."""
        with self._faults(), self._writing():
            if not CheckpointRow.update(cosigned=cosigned).where(CheckpointRow.size == size).execute(self._database):
                raise NotHeld(f"no checkpoint of size {size} is kept")

    @staticmethod
    def _sealed(row: Any) -> Sealed:
        return Sealed(row[0], bytes(row[1]), bytes(row[2]))


def _load(body: bytes) -> Load:
    try:
        return msgspec.msgpack.decode(body, type=Load)
    except msgspec.MsgspecError as error:
        raise LedgerHalted(f"a row of the load table cannot be read ({error}): run an audit") from error
