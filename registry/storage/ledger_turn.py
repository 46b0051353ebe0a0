"""One turn of the writer's on an engine: what is recorded, and the state beside it, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import peewee
from msgspec import structs

from registry.errors import Busy, LedgerHalted
from registry.ledger.ports import Head
from registry.ledger.tiles import WIDTH
from registry.records.loads import Load
from registry.records.standing import StandingRow
from registry.records.subject import Last
from registry.storage.ledger_tables import (
    BundleRow,
    HeadRow,
    LoadRow,
    RequestRow,
    RunRow,
    StandingTable,
    SubjectRow,
    TailRow,
    TileRow,
)

THE_HEAD = 1
"""The key of the head's one row."""


class LedgerTurn:
    """One turn's writes: the tree (`registry.ledger.ports.Turn`) and the state beside it, in one transaction."""

    def __init__(self, database: peewee.Database, head: Head) -> None:
        self._database = database
        self._head = head

    def head(self) -> Head:
        """The head as locked by this turn."""
        return self._head

    def put_bundle(self, n: int, body: bytes) -> None:
        """Keep a full bundle, drop the tails that it takes in."""
        try:
            BundleRow.insert(n=n, body=body).execute(self._database)
        except peewee.IntegrityError as error:
            raise LedgerHalted(f"bundle {n} stands already: run an audit") from error
        taken_in = (TailRow.start >= n * WIDTH) & (TailRow.start < (n + 1) * WIDTH)
        TailRow.delete().where(taken_in).execute(self._database)  # type: ignore[misc]  # a fault of the stubs

    def put_tail(self, start: int, body: bytes) -> None:
        """Keep framed entries that follow the last full bundle."""
        TailRow.insert(start=start, body=body).execute(self._database)

    def put_tile(self, level: int, n: int, body: bytes) -> None:
        """Keep a full tile."""
        try:
            TileRow.insert(level=level, n=n, body=body).execute(self._database)
        except peewee.IntegrityError as error:
            raise LedgerHalted(f"tile {n} of level {level} stands already: run an audit") from error

    def move_head(self, old: Head, new: Head) -> None:
        """Compare and swap of the head row."""
        swap = HeadRow.update(size=new.size, root=new.root, edge=new.edge.to_bytes(), epoch=new.epoch)
        moved = swap.where(
            (HeadRow.id == THE_HEAD) & (HeadRow.size == old.size) & (HeadRow.epoch == old.epoch)
        ).execute(self._database)
        if moved != 1:
            raise Busy(f"another office moved the ledger beyond size {old.size}: nothing recorded, try again")

    def put_requests(self, rows: Iterable[tuple[str, int, bytes]]) -> None:
        """(key, position, digest of the intent) of officers' acts."""
        for key, position, digest in rows:
            RequestRow.insert(key=key, position=position, digest=digest).execute(self._database)

    def put_subjects(self, rows: Iterable[tuple[int, Last]]) -> None:
        """(digest, last entry) of subjects: new, or replaced."""
        for digest, last in rows:
            row = {
                "digest": digest,
                "reference": last.reference,
                "position": last.position,
                "number": last.number,
                "leaf": last.leaf,
                "state": last.state,
            }
            query = SubjectRow.insert(**row).on_conflict(
                conflict_target=[SubjectRow.digest, SubjectRow.reference],
                preserve=[SubjectRow.position, SubjectRow.number, SubjectRow.leaf, SubjectRow.state],
            )
            query.execute(self._database)

    def put_run(self, first: int, count: int, body: bytes) -> None:
        """The ids that a batch of a load added."""
        RunRow.insert(first=first, count=count, body=body).execute(self._database)

    def put_standing(self, rows: Iterable[StandingRow]) -> None:
        """Rows of the standing: new, or with their end."""
        for row in rows:
            key = [StandingTable.holder, StandingTable.what, StandingTable.value, StandingTable.position]
            query = StandingTable.insert(**structs.asdict(row)).on_conflict(
                conflict_target=key, preserve=[StandingTable.until, StandingTable.ended]
            )
            query.execute(self._database)

    def put_load(self, load: Load) -> None:
        """A load's row, new or moved on."""
        row = {
            "position": load.position,
            "file_digest": load.file_digest,
            "state": load.state.value,
            "body": msgspec.msgpack.encode(load),
        }
        query = LoadRow.insert(**row).on_conflict(
            conflict_target=[LoadRow.position], preserve=[LoadRow.state, LoadRow.body]
        )
        query.execute(self._database)
