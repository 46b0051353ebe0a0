"""Writing a batch of projections: what stands is passed over, what must wait left out, the watermark moves behind."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import peewee

from registry.catalogue import engine
from registry.catalogue.projector import project_entry
from registry.catalogue.queries import load, projected
from registry.catalogue.tables import LoadLine, LoadRow, Record


class _Waits(Exception):  # not an error: never leaves this module
    """The entry leans on one that is not in the catalogue yet."""


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No garbage collection inside: it would walk every tuple in vain (1.5 µs a row)."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Batch:
    """Entries from position `first` on, inside the caller's transaction; one use. `complete`: none has to wait."""

    def __init__(self, database: peewee.Database, first: int) -> None:
        self._database = database
        self._first = first
        self._projected = projected(database)
        self._records: dict[int, Record] = {}
        self._loads: dict[int, LoadLine | None] = {}
        self.complete = True

    # ---- what the projector asks (`linked.Known`) ----

    def record(self, position: int) -> Record | None:
        """The record there. Raises _Waits where there will be one."""
        found = self._records.get(position) or engine.record_at(self._database, position)
        if found is None and position >= self._projected:
            raise _Waits
        return found

    def load(self, position: int) -> LoadLine | None:
        """The load opened there. Raises _Waits where that is not known yet."""
        if position not in self._loads:
            found = load(self._database, position)
            if found is None:
                self.record(position)
            self._loads[position] = found
        return self._loads[position]

    # ---- writing ----

    def take(self, entries: Sequence[bytes], *, indexed: bool = True) -> int:
        """Write the rows of the entries; the watermark afterwards. Not `indexed`: a rebuild's full text comes last."""
        engine.widen_cache(self._database)
        end = self._first + len(entries)
        present = set(engine.positions(self._database, self._first, end))
        superseded: list[tuple[int]] = []
        envelopes: list[tuple[int, str]] = []
        moved: dict[int, LoadLine] = {}
        with _collector_paused():
            for position, raw in enumerate(entries, self._first):
                if position in present:
                    continue
                try:
                    made, supersedes, line, envelope = project_entry(position, raw, self)
                except _Waits:
                    self.complete = False
                    continue
                self._records[position] = made
                if supersedes is not None:
                    superseded.append((supersedes,))
                if line is not None:
                    self._loads[line.position] = moved[line.position] = line
                if envelope is not None:
                    envelopes.append((position, envelope))
        records = self._records.values()
        engine.insert_records(self._database, records)
        if indexed:
            engine.index_text(self._database, records)
        engine.supersede(self._database, superseded)
        engine.insert_envelopes(self._database, envelopes)
        self._put_loads(moved.values())
        if self._first > self._projected:
            return self._projected
        return self._move(max(self._projected, end))

    def _put_loads(self, lines: Iterable[LoadLine]) -> None:
        for line in lines:
            query = LoadRow.insert(**line._asdict()).on_conflict(
                conflict_target=[LoadRow.position], preserve=[LoadRow.closed, LoadRow.outcome, LoadRow.counts]
            )
            query.execute(self._database)

    def _move(self, end: int) -> int:
        """Move the watermark to `end`, and over what was projected ahead from there."""
        for position in engine.positions(self._database, end):
            if position != end:
                break
            end += 1
        if end > self._projected:
            engine.move_watermark(self._database, end)
        return end
