"""The ledger's tables as they are stored, right or wrong: what an audit reads.

`LedgerStore` refuses what is not of its form, as whoever records must. An audit has to go on, so here every row comes
as it lies there; bundles and tiles come many to a query. All of one audit is read inside `snapshot`, so that an office
may record meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import peewee

from registry.ledger.ports import Sealed
from registry.records.standing import StandingRow
from registry.records.subject import Last
from registry.storage import sqlite
from registry.storage.ledger import LedgerStore
from registry.storage.ledger_tables import (
    BundleRow,
    LoadRow,
    RequestRow,
    RunRow,
    StandingTable,
    SubjectRow,
    TailRow,
    TileRow,
)

AT_ONCE = 64  # bundles or tiles; 1.5 MB
ROWS_AT_ONCE = 4_096
MOST_DAMAGE = 20


class Inspection:
    """Reads one ledger's tables. One thread, for the snapshot is its connection's."""

    def __init__(self, database: peewee.Database, *, portable: bool = False) -> None:
        """`portable`: not SQLite. There text cannot be read as bytes, and the engine keeps it well-formed by itself."""
        self._database, self._portable = database, portable
        self._store = LedgerStore(database, for_update=portable)
        self.head, self.tile, self.bundle, self.tails = (
            self._store.head,
            self._store.tile,
            self._store.bundle,
            self._store.tails,
        )

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside is of one moment. Writers go on; SQLite's write-ahead log grows until it is left."""
        if self._portable:
            with self._database.atomic(isolation_level="REPEATABLE READ"):
                yield
        else:
            with sqlite.faults(self._database), self._database.atomic("DEFERRED"):
                yield

    def _rows(self, query: Any) -> list[Any]:
        if self._portable:
            return list(query.tuples().execute(self._database))
        with sqlite.faults(self._database):
            return list(query.tuples().execute(self._database))

    def _text(self, field: Any) -> Any:
        """Text as bytes, where it may be damaged."""
        return field if self._portable else field.cast("BLOB")

    def damage(self) -> list[str]:
        """What the engine finds wrong with its own file, an index that lost a row among it. Reads all of it."""
        if self._portable:
            return []
        with sqlite.faults(self._database):
            rows = self._database.execute_sql(f"PRAGMA integrity_check({MOST_DAMAGE})").fetchall()
        return [row[0] for row in rows if row[0] != "ok"]

    # ---- evidence ----

    def bundles(self) -> Iterator[tuple[int, bytes]]:
        """(n, body) of every kept bundle, rising."""
        return self._bodies(BundleRow.select(BundleRow.n, BundleRow.body), BundleRow.n)

    def levels(self) -> Iterable[int]:
        """Levels of which tiles are kept."""
        return [row[0] for row in self._rows(TileRow.select(TileRow.level).distinct().order_by(TileRow.level))]

    def tiles(self, level: int) -> Iterator[tuple[int, bytes]]:
        """(n, body) of every kept tile of the level, rising."""
        return self._bodies(TileRow.select(TileRow.n, TileRow.body).where(TileRow.level == level), TileRow.n)

    def _bodies(self, query: Any, key: Any) -> Iterator[tuple[int, bytes]]:
        rows = self._rows(query.order_by(key).limit(AT_ONCE))
        while rows:
            for n, body in rows:
                yield n, bytes(body)
            rows = (
                self._rows(query.where(key > rows[-1][0]).order_by(key).limit(AT_ONCE)) if len(rows) == AT_ONCE else []
            )

    # ---- checkpoints ----

    def latest(self) -> Sealed | None:
        """The largest checkpoint."""
        return self._store.latest()

    def at(self, size: int) -> Sealed | None:
        """The checkpoint kept at this size."""
        return self._store.at(size)

    def sizes(self) -> tuple[int, ...]:
        """The sizes of all checkpoints, rising."""
        return self._store.sizes()

    # ---- the state beside the ledger ----

    def tail_rows(self) -> list[tuple[int, bytes]]:
        """(start, body) of every tail row, by start."""
        return [(start, bytes(body)) for start, body in self._rows(TailRow.select().order_by(TailRow.start))]

    def request_rows(self) -> Iterator[tuple[str, int, bytes]]:
        """(key, position, digest) of every request row, by position."""
        query = RequestRow.select(self._text(RequestRow.key), RequestRow.position, RequestRow.digest)
        for key, position, digest in self._paged(query, RequestRow.position, 1):
            yield _read(key), position, bytes(digest)

    def subject_rows(self) -> Iterator[tuple[int, Last]]:
        """(digest, last entry) of every subject row, by position. Two rows of one position both come."""
        query = SubjectRow.select(
            SubjectRow.digest,
            self._text(SubjectRow.reference),
            SubjectRow.position,
            SubjectRow.number,
            SubjectRow.leaf,
            SubjectRow.state,
        )
        ordered = query.order_by(SubjectRow.position, SubjectRow.digest).limit(ROWS_AT_ONCE)
        rows = self._rows(ordered)
        while rows:
            for digest, reference, position, number, leaf, state in rows:
                yield digest, Last(_read(reference), position, number, bytes(leaf), bytes(state))
            last, at = rows[-1][0], rows[-1][2]
            beyond = (SubjectRow.position > at) | ((SubjectRow.position == at) & (SubjectRow.digest > last))
            rows = self._rows(ordered.where(beyond)) if len(rows) == ROWS_AT_ONCE else []

    def run_rows(self) -> Iterator[tuple[int, int, bytes]]:
        """(first, count, body) of every run, by first position."""
        for (first,) in self._rows(RunRow.select(RunRow.first).order_by(RunRow.first)):
            for count, body in self._rows(RunRow.select(RunRow.count, RunRow.body).where(RunRow.first == first)):
                yield first, count, bytes(body)

    def standing_rows(self) -> list[StandingRow]:
        """Every row of the standing."""
        text = (self._text(StandingTable.holder), self._text(StandingTable.what), self._text(StandingTable.value))
        query = StandingTable.select(*text, StandingTable.position, StandingTable.until, StandingTable.ended)
        return [
            StandingRow(_read(holder), _read(what), _read(value), *rest)
            for holder, what, value, *rest in self._rows(query)
        ]

    def load_rows(self) -> list[tuple[int, str, str, bytes]]:
        """(position, file digest, state, body) of every load row, by position."""
        query = LoadRow.select(
            LoadRow.position, self._text(LoadRow.file_digest), self._text(LoadRow.state), LoadRow.body
        )
        return [
            (position, _read(digest), _read(state), bytes(body))
            for position, digest, state, body in self._rows(query.order_by(LoadRow.position))
        ]

    def _paged(self, query: Any, key: Any, column: int) -> Iterator[Any]:
        """Rows by a unique key, some thousand at a time."""
        rows = self._rows(query.order_by(key).limit(ROWS_AT_ONCE))
        while rows:
            yield from rows
            full = len(rows) == ROWS_AT_ONCE
            rows = self._rows(query.where(key > rows[-1][column]).order_by(key).limit(ROWS_AT_ONCE)) if full else []


def _read(value: str | bytes | memoryview) -> str:
    """Text, with a mark where its bytes are none: it then differs from what it ought to be, and is shown so."""
    return value if isinstance(value, str) else bytes(value).decode("utf-8", "replace")
