"""The catalogue of a registry: follows the ledger, may lag, never leads, and answers where to look.

Projecting is safe twice and from several threads: one at a time, one transaction each, and what stands already is
passed over, so that a clerk's own act can be projected ahead of a load's rows. The watermark moves only over positions
that have their record.

Faults of the engine are told by `faults`, which the office brings (`registry.storage.sqlite.faults`), since this room
names no engine's opener.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import peewee

from registry.catalogue import comparison, engine, queries, rebuild
from registry.catalogue.comparison import Difference
from registry.catalogue.projection import Batch
from registry.catalogue.queries import FIND_SECONDS, Hit, Holdings
from registry.catalogue.tables import LoadLine
from registry.catalogue.viewing import ANYTHING, Viewer, Wanted
from registry.errors import LedgerHalted

Faults = Callable[[peewee.Database], AbstractContextManager[None]]


def _untold(database: peewee.Database) -> AbstractContextManager[None]:
    return nullcontext()


class Catalogue:
    """Over one database with `SCHEMA` in place. Safe from several threads; peewee gives each its connection."""

    def __init__(self, database: peewee.Database, *, faults: Faults = _untold) -> None:
        self._database = database
        self._faults = faults
        self._writing = threading.Lock()

    @contextmanager
    def _asking(self) -> Iterator[peewee.Database]:
        """The database, on the file that bears its name now: another process may have rebuilt and swapped it."""
        try:
            with self._faults(self._database):
                if not self._database.in_transaction() and engine.has_moved(self._database):
                    self._database.close()
                yield self._database
        except UnicodeDecodeError as error:  # a bit changed in a text: no question has another use for this error
            raise LedgerHalted(
                "the catalogue holds what is no text: compare it with the ledger, and rebuild it"
            ) from error

    # ---- following the ledger ----

    def projected(self) -> int:
        """Every entry below this position has its record."""
        with self._asking() as database:
            return queries.projected(database)

    def check_behind(self, size: int) -> None:
        """Raise LedgerHalted where the catalogue holds more than a ledger of that size: it may lag, never lead."""
        with self._asking() as database:
            held = max(queries.projected(database), queries.end(database))
        if held > size:
            raise LedgerHalted(
                f"the catalogue reaches position {held - 1}, the ledger ends at {size - 1}: one of them was put back "
                "from an older copy. Find out which before anything is recorded; if the ledger is right, rebuild the "
                "catalogue."
            )

    def project(self, first: int, entries: Sequence[bytes]) -> int:
        """Give the entries from position `first` on their rows; the watermark afterwards.

        One transaction; 8 thousand entries or more at a time cost least a row. Where `first` lies beyond the watermark,
        entries that lean on ones not yet here are left for later.
        """
        with self._writing, self._asking() as database, database.atomic("IMMEDIATE"):
            return Batch(database, first).take(entries)

    def project_ahead(self, position: int, entry: bytes) -> bool:
        """Project one act just recorded, ahead of what still waits; False where it must wait for what it leans on."""
        with self._writing, self._asking() as database, database.atomic("IMMEDIATE"):
            batch = Batch(database, position)
            batch.take([entry])
            return batch.complete

    # ---- questions ----

    def find(
        self,
        text: str,
        viewer: Viewer,
        limit: int = 20,
        after: int | None = None,
        *,
        wanted: Wanted = ANYTHING,
        seconds: float = FIND_SECONDS,
    ) -> tuple[Hit, ...]:
        """Entries that hold every word, newest first: see `queries.find`. Raises Misuse, Busy."""
        with self._asking() as database:
            return queries.find(database, text, viewer, wanted, limit=limit, after=after, seconds=seconds)

    def history(self, reference: str, viewer: Viewer | None = None) -> tuple[int, ...]:
        """Candidate positions of every entry on the subject, oldest first; what the viewer sees, if one is given."""
        with self._asking() as database:
            return queries.history(database, reference, viewer)

    def histories(self, references: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """The same of many subjects, with one question."""
        with self._asking() as database:
            return queries.histories(database, references)

    def latest(self, reference: str) -> tuple[int, ...]:
        """Candidate positions of the entry with the subject's newest details: one or none, but for doubles."""
        with self._asking() as database:
            return queries.latest(database, reference)

    def property_of(self, position: int) -> tuple[int, ...]:
        """Newest entries of other sales at the same address, at most 200: a search, not a proof."""
        with self._asking() as database:
            return queries.property_of(database, position)

    def with_digest(self, digest: bytes, limit: int = 10) -> tuple[int, ...]:
        """Candidate entries that name the digest: see `queries.with_digest`."""
        with self._asking() as database:
            return queries.with_digest(database, digest, limit)

    def at_address(self, address: int, *, limit: int, after: int = -1) -> tuple[int, ...]:
        """Candidate newest entries of the sales at an address, by its digest: see `queries.at_address`."""
        with self._asking() as database:
            return queries.at_address(database, address, limit=limit, after=after)

    def loads(self) -> tuple[LoadLine, ...]:
        """Every load, oldest first."""
        with self._asking() as database:
            return queries.loads(database)

    def envelopes(self) -> Iterator[tuple[str, int]]:
        """(id, position) of every envelope that an entry names, by id."""
        with self._asking() as database:
            yield from queries.envelopes(database)

    def counts(self) -> Holdings:
        """How much there is; reads every record."""
        with self._asking() as database:
            return queries.holdings(database)

    # ---- held against the ledger ----

    def compare(self, entries: Iterable[tuple[int, bytes]]) -> Iterator[Difference]:
        """Every difference from the ledger whose (position, entry) pairs are given, from 0 on without a gap."""
        with self._asking() as database:
            yield from comparison.compare(database, entries)

    def rebuild(self, entries: Iterable[bytes], make: Callable[[Path], peewee.Database]) -> int:
        """Build the catalogue anew from all entries of the ledger, from 0 on, and swap it in: see `rebuild.rebuild`.

        Returns how many were projected. Nobody projects meanwhile; questions go on, and meet the new file with their
        next one.
        """
        with self._writing, self._faults(self._database):
            return rebuild.rebuild(Path(self._database.database), entries, make, old=self._database)
