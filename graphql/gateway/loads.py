"""Bulk loads of historical records, and their rows: entries, but no acts; the load's opening covers them."""

from __future__ import annotations

from enum import Enum

import strawberry

from gateway.agents import Department
from gateway.entries import Act, HistoryConnection, LedgerEntry, Subject, history_of
from gateway.nodes import Info
from gateway.operation import Operation, operation
from gateway.pages import PageEnds
from gateway.scalars import DateTime, Digest, UInt53, at, sha256
from registry.desk.desk import Desk
from registry.desk.holdings import Recorded
from registry.desk.load_register import RegisteredLoad
from registry.errors import NotHeld
from registry.records.acts import Row
from registry.records.encoding import from_base64
from registry.records.fields import Reach
from registry.records.loads import LoadState
from registry.records.roles import Verb

strawberry.enum(LoadState, description="OPEN: running, or interrupted and to be resumed.")


@strawberry.enum(description="A: new. C: changed. D: withdrawn.")
class RowOp(Enum):
    A = "A"
    C = "C"
    D = "D"


@strawberry.type(
    description="A load: LOAD_OPENED, signed before the first row, and LOAD_CLOSED; a row bears no signature of its "
    "own. rows = recorded + already + changed + withdrawn + rejected; flagged overlaps. rowsRoot is over the rows' "
    "leaf hashes in order."
)
class Load(Subject):
    held: strawberry.Private[RegisteredLoad]

    @strawberry.field
    def reference(self) -> str:
        return self.key

    @strawberry.field
    def file_digest(self) -> Digest:
        return sha256(from_base64(self.held.load.file_digest))

    @strawberry.field
    def dialect(self) -> str:
        return self.held.load.dialect

    @strawberry.field
    def state(self) -> LoadState:
        return self.held.load.state

    @strawberry.field
    def department(self) -> Department:
        return Department(key=f"department/{self.held.load.department}")

    @strawberry.field
    def opened_at(self, info: Info) -> DateTime:
        return at(self._opening(info).entry.at)

    @strawberry.field
    def closed_at(self) -> DateTime | None:
        return None if self.held.closed_at is None else at(self.held.closed_at)

    @strawberry.field
    def rows(self) -> UInt53:
        return UInt53(self.held.load.counts.rows)

    @strawberry.field
    def recorded(self) -> UInt53:
        return UInt53(self.held.load.counts.recorded)

    @strawberry.field
    def already(self) -> UInt53:
        return UInt53(self.held.load.counts.already)

    @strawberry.field
    def changed(self) -> UInt53:
        return UInt53(self.held.load.counts.changed)

    @strawberry.field
    def withdrawn(self) -> UInt53:
        return UInt53(self.held.load.counts.withdrawn)

    @strawberry.field
    def rejected(self) -> UInt53:
        return UInt53(self.held.load.counts.rejected)

    @strawberry.field
    def flagged(self) -> UInt53:
        return UInt53(self.held.load.counts.flagged)

    @strawberry.field
    def first_position(self) -> UInt53 | None:
        return None if self.held.load.first is None else UInt53(self.held.load.first)

    @strawberry.field
    def last_position(self) -> UInt53 | None:
        return None if self.held.load.last is None else UInt53(self.held.load.last)

    @strawberry.field
    def rows_root(self) -> Digest | None:
        return None if self.held.rows_root is None else sha256(self.held.rows_root)

    @strawberry.field
    def opened(self, info: Info) -> Act:
        return _act(self._opening(info))

    @strawberry.field
    def closed(self, info: Info) -> Act | None:
        closed = self.held.load.closed
        return None if closed is None else _act(operation(info).desk.holdings.entry(closed))

    @strawberry.field(description="Its opening and closing; its rows are their own subjects'.")
    def history(self, info: Info, first: int = 50, after: str | None = None) -> HistoryConnection:
        entries = [self._opening(info)]
        if self.held.load.closed is not None:
            entries.append(operation(info).desk.holdings.entry(self.held.load.closed))
        return history_of(self.key, tuple(entries), info, first=first, after=after)

    def _opening(self, info: Info) -> Recorded:
        return operation(info).desk.holdings.entry(self.held.load.position)


def _act(recorded: Recorded) -> Act:
    return Act(key=f"entries/{recorded.position}", recorded=recorded)


@strawberry.type(description="A row of a load: not an act; the signed act that covers it is load.opened.")
class LoadedRow(LedgerEntry):
    @property
    def _row(self) -> Row:
        assert isinstance(self.recorded.entry, Row)
        return self.recorded.entry

    @strawberry.field
    def op(self) -> RowOp:
        return RowOp(self._row.op)

    @strawberry.field
    def row(self) -> UInt53:
        return UInt53(self._row.row)

    @strawberry.field
    def load(self, info: Info) -> Load:
        found: Load = operation(info).make(f"load/{self._row.load}")
        return found


@strawberry.type
class LoadEdge:
    cursor: str
    node: Load


@strawberry.type
class LoadConnection:
    edges: list[LoadEdge]
    page_info: PageEnds


def make_row(recorded: Recorded) -> LoadedRow:
    """The row as an object."""
    return LoadedRow(key=f"entries/{recorded.position}", recorded=recorded)


def make_load(asked: Operation, key: str) -> Load:
    """The load `load/<position>`. Raises NotHeld, FORBIDDEN."""
    asked.check(Verb.LOAD_READ)
    return Load(key=key, held=desk_of(asked).load_register.one(int(key.partition("/")[2])))


def page_of_loads(info: Info, state: LoadState | None, *, first: int, after: str | None) -> LoadConnection:
    """Loads, newest first. Raises Misuse."""
    asked = operation(info)
    listed = f"loads {state}"
    limit, before = asked.page(first), asked.place(listed, after)
    found = desk_of(asked).load_register.page(state, limit + 1, before)
    edges = [
        LoadEdge(
            cursor=asked.cursor(listed, each.load.position), node=Load(key=f"load/{each.load.position}", held=each)
        )
        for each in found[:limit]
    ]
    return LoadConnection(
        edges=edges, page_info=PageEnds.of([edge.cursor for edge in edges], more=len(found) > limit, after=after)
    )


def desk_of(asked: Operation) -> Desk:
    """The desk of the caller's department. Raises UNAUTHENTICATED, NotHeld."""
    asked.check(Reach.DEPARTMENTS)
    if not isinstance(asked.desk, Desk):
        raise NotHeld("there is no officer behind this desk")
    return asked.desk
