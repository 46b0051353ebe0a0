"""Catalogue and ledger read side by side, by position: every difference is named, and every row that no entry made.

What an entry should have made is projected again, on the ledger's word alone: where a stored record was found wrong,
later entries of its subject lean on the right one. Memory does not grow with the ledger, but for 16 bytes a superseded
version and what differs.

1 records, envelope by envelope, each against its entry  ·  2 rows that no entry made  ·  3 `latest`: cleared where a
newer entry carries the details, and nowhere else  ·  4 loads  ·  5 the watermark  ·  6 the full text
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import peewee

from registry.catalogue import engine, queries
from registry.catalogue.projector import project_entry
from registry.catalogue.tables import LoadLine, Record
from registry.errors import LedgerHalted

_END = 2**63  # beyond every int64
_LATEST = Record._fields.index("latest")


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs, in words. `position` is the entry's; None where it is the catalogue as a whole."""

    position: int | None
    what: str


class _Expected:
    """What the projector asks, on the ledger's word: stored records found right, and the right ones of the rest."""

    def __init__(self, database: peewee.Database) -> None:
        self._database = database
        self.other: dict[int, Record] = {}
        self.absent: set[int] = set()
        self.loads: dict[int, LoadLine] = {}

    def record(self, position: int) -> Record | None:
        return self.other.get(position) or engine.record_at(self._database, position)

    def load(self, position: int) -> LoadLine | None:
        return self.loads.get(position)


class _Stored:
    """A table's rows by position, one by one: `position` is `_END` beyond the last, `row` None where one is no text."""

    def __init__(self, database: peewee.Database, table: str, columns: str) -> None:
        self._database, self._table, self._columns = database, table, columns
        self.position = -_END - 1
        self.row: tuple[Any, ...] | None = None
        self._rows = engine.stream(database, table, columns, -_END)
        self.advance()

    def advance(self) -> None:
        """Go to the next row."""
        try:
            self.row = next(self._rows, None)
            self.position = self.row[0] if self.row else _END
        except UnicodeDecodeError:
            following = engine.next_position(self._database, self._table, self.position + 1)
            self.row, self.position = None, _END if following is None else following
            if self.position < _END - 1:
                self._rows = engine.stream(self._database, self._table, self._columns, self.position + 1)


def compare(database: peewee.Database, entries: Iterable[tuple[int, bytes]]) -> Iterator[Difference]:
    """Every difference. `entries` are (position, entry) from 0 on without a gap.

    What the catalogue has not reached yet is no difference. Reads one state of the tables throughout, and is in
    nobody's way who projects meanwhile.
    """
    try:
        with database.atomic():
            yield from _compare_tables(database, entries)
        wrong = engine.full_text_fault(database)
        if wrong:
            yield Difference(None, wrong)
    except UnicodeDecodeError:
        yield Difference(None, "the catalogue holds what is no text: rebuild it")
    except engine.ERRORS as error:
        if not engine.is_damage(error):
            raise
        yield Difference(None, f"the catalogue cannot be read any further ({error}): rebuild it")


def _compare_tables(database: peewee.Database, entries: Iterable[tuple[int, bytes]]) -> Iterator[Difference]:
    try:
        watermark = queries.projected(database)
    except LedgerHalted as error:
        yield Difference(None, str(error))
        watermark = queries.end(database)
    expected = _Expected(database)
    records, envelopes = _Stored(database, "record", engine.COLUMNS), _Stored(database, "envelope", "position, id")
    superseded, cleared, size = array("q"), array("q"), 0
    for position, raw in entries:
        size = position + 1
        if records.position < position or envelopes.position < position:
            yield from _strays(records, envelopes, position)  # 2
        here = records.position == position
        if not here and position >= watermark:
            continue
        made, supersedes, line, envelope = project_entry(position, raw, expected)
        if not here:  # 1
            expected.other[position] = made
            expected.absent.add(position)
            yield Difference(position, "the catalogue has no record of it")
        else:
            if records.row != made:
                wrong = _differing(records.row, made)
                if wrong:
                    expected.other[position] = made
                    yield Difference(position, wrong)
                if records.row is None:
                    expected.absent.add(position)
                elif made.latest and records.row[_LATEST] == 0:
                    cleared.append(position)
            records.advance()
        if supersedes is not None:
            superseded.append(supersedes)
        if line is not None:
            expected.loads[line.position] = line
        if envelope is not None or envelopes.position == position:
            held = envelopes.row[1] if envelopes.position == position and envelopes.row else None
            if held != envelope:
                yield Difference(
                    position, f"the catalogue says that it names envelope {held!a}, the ledger says {envelope!a}"
                )
            if envelopes.position == position:
                envelopes.advance()
    yield from _strays(records, envelopes, _END)
    yield from _wrongly_latest(superseded, cleared, expected.absent)  # 3
    yield from _compare_loads(queries.loads(database), expected.loads)  # 4
    if watermark > size:  # 5
        yield Difference(None, f"the catalogue says that it holds {watermark} entries, the ledger has {size}")


def _strays(records: _Stored, envelopes: _Stored, position: int) -> Iterator[Difference]:
    """Rows below the position that no entry made."""
    for stored, what in ((records, "a record"), (envelopes, "an envelope")):
        while stored.position < position:
            yield Difference(stored.position, f"the catalogue holds {what} that no entry of the ledger made")
            stored.advance()


def _differing(row: tuple[Any, ...] | None, made: Record) -> str:
    """What a record says other than its entry made, but for a cleared `latest`; empty where nothing is wrong."""
    if row is None:
        return "its record holds what is no text"
    wrong = []
    for name, found, wanted in zip(Record._fields, row, made, strict=True):
        if found == wanted or (name == "latest" and found == 0):
            continue
        if name == "text":  # may hold details that are not for everyone who runs an audit
            wrong.append("text is not what the entry says")
        else:
            wrong.append(f"{name} is {str(found)[:40]!a}, the ledger makes it {str(wanted)!a}")
    return "; ".join(wrong)


def _wrongly_latest(superseded: array[int], cleared: array[int], absent: set[int]) -> Iterator[Difference]:
    newer = array("q", sorted(superseded))
    if newer == cleared:
        return
    wrongly_cleared = set(cleared) - set(newer)
    for position in sorted((set(newer) ^ set(cleared)) - absent):
        if position in wrongly_cleared:
            yield Difference(position, "latest is 0, yet no newer entry carries the details of its subject")
        else:
            yield Difference(position, "latest is 1, yet a newer entry carries the details of its subject")


def _compare_loads(stored: Iterable[LoadLine], expected: dict[int, LoadLine]) -> Iterator[Difference]:
    held = {line.position: line for line in stored}
    for position in sorted(held.keys() | expected.keys()):
        found, wanted = held.get(position), expected.get(position)
        if found is None:
            yield Difference(position, "the catalogue has no line of the load that it opened")
        elif wanted is None:
            yield Difference(position, "the catalogue holds a load that no entry of the ledger opened")
        elif found != wanted:
            wrong = [name for name, one, other in zip(LoadLine._fields, found, wanted, strict=True) if one != other]
            yield Difference(position, f"the line of its load differs from the ledger in {', '.join(wrong)}")
