"""Step 3 of the audit: every row lies under the load that covers it, and LOAD_CLOSED says what the rows come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import lt

from msgspec import UNSET

from registry.errors import NotPermitted
from registry.ledger.audit.fault import Findings
from registry.ledger.edge import Edge
from registry.records.acts import LoadClosed, LoadOpened
from registry.records.encoding import to_base64
from registry.records.roles import Verb
from registry.records.rules import LoadFacts, permit
from registry.records.standing import Standing

GROWN_AT = 4_096  # leaves; growing the rows' own tree by few at a time costs more


@dataclass(slots=True)
class Load:
    """A load as its entries show it. `edge` is of the rows' own tree, but for the leaves that still wait."""

    position: int
    officer: str
    department: str
    opened: LoadOpened
    opened_at: int
    closed: int | None = None
    closing: LoadClosed | None = None
    row: int = 0
    """The last source record that has an entry."""
    entries: int = 0
    first: int | None = None
    last: int | None = None
    ops: Counter[str] = field(default_factory=Counter)
    edge: Edge = field(default_factory=Edge)
    waiting: list[bytes] = field(default_factory=list)
    unpermitted: int = 0
    permitted_at: int = -1
    """The latest time at which the loader's role was found to hold, under the standing of then."""
    permitted_under: int = -1

    def grown(self) -> Edge:
        """The edge with every leaf taken in."""
        if self.waiting:
            self.edge, _ = self.edge.grow(self.waiting)
            self.waiting = []
        return self.edge

    def facts(self) -> LoadFacts:
        """What the rules ask of a load."""
        return LoadFacts(self.officer, self.department, self.closed is None)


class Loads:
    """All loads of a ledger, by the position of their LOAD_OPENED."""

    def __init__(self, findings: Findings, standing: Standing) -> None:
        self._findings, self._standing = findings, standing
        self.all: dict[int, Load] = {}
        self.generation = 0
        """Raised whenever the standing changes: what was permitted before is asked again."""

    def open(self, position: int, officer: str, department: str, opened: LoadOpened, at: int) -> None:
        """An allowed LOAD_OPENED."""
        self.all[position] = Load(position, officer, department, opened, at)

    def custodian(self, load: int) -> str:
        """The department whose load it is; empty where there is no such load (told as a fault of the row)."""
        found = self.all.get(load)
        return found.department if found else ""

    def take(
        self,
        number: int,
        first: int,
        ats: Sequence[int],
        rows: Sequence[int],
        ops: Sequence[str],
        leaves: Sequence[bytes],
    ) -> None:
        """Rows of load `number` at the positions from `first` on: their times, row numbers, ops and leaf hashes."""
        load = self.all.get(number)
        if load is None or load.closed is not None:
            if self._findings.lost(number):
                return
            found = "no load was opened there" if load is None else f"closed at position {load.closed}"
            for position in range(first, first + len(rows)):
                self._findings.fault(f"a row at position {position} lies under load/{number}: {found}", position, None)
            return
        if rows[0] <= load.row or not all(map(lt, rows, rows[1:])):
            self._falling(load, first, rows)
        self._permitted(load, first, ats)
        load.row, load.last = rows[-1], first + len(rows) - 1
        load.first = first if load.first is None else load.first
        load.entries += len(rows)
        load.ops.update(ops)
        load.waiting.extend(leaves)
        if len(load.waiting) >= GROWN_AT:
            load.grown()

    def _falling(self, load: Load, first: int, rows: Sequence[int]) -> None:
        before = load.row
        for position, row in enumerate(rows, first):
            if row <= before:
                self._findings.fault(
                    f"row {row} of load/{load.position} at position {position} comes after its row {before}: rows rise",
                    position,
                )
            before = max(row, before)

    def _permitted(self, load: Load, first: int, ats: Sequence[int]) -> None:
        """The loader's key and role at each row's time. Roles only run out: what holds at the last time held before."""
        latest = max(ats)
        if load.permitted_under == self.generation and latest <= load.permitted_at:
            return
        if self._may(load, latest) is None:
            load.permitted_at, load.permitted_under = latest, self.generation
            return
        for position, at in enumerate(ats, first):
            refusal = self._may(load, at)
            if refusal is not None:
                load.unpermitted += 1
                if load.unpermitted == 1:
                    self._findings.fault(
                        f"the rows of load/{load.position} from position {position} on were recorded when {refusal}",
                        position,
                    )

    def _may(self, load: Load, at: int) -> str | None:
        if self._findings.lost(0, load.position):
            return None  # nobody can tell
        officer = self._standing.officer(load.officer)
        if officer is None:
            return f"{load.officer} was not enrolled"
        if officer.revoked is not None:
            return f"the key of {load.officer} was revoked (at position {officer.revoked})"
        try:
            permit(self._standing, officer, Verb.LOAD_RUN, load.department, at)
        except NotPermitted as error:
            return f"the rules said no: {error}"
        return None

    def close(self, position: int, number: int, details: LoadClosed, subject: str) -> None:
        """An allowed LOAD_CLOSED: what it says against what the rows came to."""
        load = self.all[number]
        load.closed, load.closing = position, details
        counts = details.counts

        damaged = any(number < at < position for at in self._findings.damaged)
        if damaged or self._findings.lost(number, position):
            self._findings.note(f"LOAD_CLOSED of {subject} was not compared: entries of the load were changed")
            return

        def differs(what: str, said: object, found: object) -> None:
            if said != found:
                self._findings.fault(
                    f"LOAD_CLOSED of {subject} says {what} {said}; its rows come to {found}", position, subject
                )

        differs("first", None if details.first is UNSET else details.first, load.first)
        differs("last", None if details.last is UNSET else details.last, load.last)
        differs("root", details.root, to_base64(load.grown().root()))
        for name, op in (("recorded", "A"), ("changed", "C"), ("withdrawn", "D")):
            differs(name, counts.get(name, 0), load.ops[op])
        parts = ("recorded", "already", "changed", "withdrawn", "rejected")
        total = sum(counts.get(name, 0) for name in parts)
        if counts.get("rows") != total or min(counts.values(), default=0) < 0 or counts.get("rows", 0) < load.row:
            self._findings.fault(
                f"LOAD_CLOSED of {subject} says rows {counts.get('rows')}, which is not {' + '.join(parts)} = {total}, "
                f"or less than its last row {load.row}",
                position,
                subject,
            )
        self._findings.checked["loads closed"] += 1

    def finish(self) -> None:
        """Loads that are still open are no fault: they may be going on."""
        for load in self.all.values():
            if load.unpermitted > 1:
                self._findings.note(
                    f"load/{load.position}: {load.unpermitted} rows were recorded without the loader's right"
                )
            if load.closed is None:
                self._findings.note(f"load/{load.position} is open: {load.entries} rows recorded, no LOAD_CLOSED yet")
