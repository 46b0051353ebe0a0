"""Who is who, now: departments, officers, keys and roles, as rows that stand beside the ledger and follow from its
entries alone.

A row says *holder has what = value, since the entry at `position`, until a time, ended by the entry at `ended`*.
Rows are never altered but for their end. The sequencer reads them in its turn; an audit builds them again from the
entries and compares.

    officer/3   key    pWz9…   position 17
    officer/3   role   loader  position 18   until 1795330800000
    officer/3   key    pWz9…   position 17   ended 204           (revoked by the act at 204)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from registry.records.clients import CLIENT_KEY, ClientKey, is_department
from registry.records.identifiers import REGISTRY
from registry.records.roles import TABLE, Role, Scope, Table, Verb, scope_of


class StandingRow(msgspec.Struct, frozen=True, order=True):
    """One row; `position` is the entry that supports it, `until` ms UTC, `ended` the position of the entry that
    ended it."""

    holder: str
    what: str
    value: str
    position: int
    until: int | None = None
    ended: int | None = None


class Officer(msgspec.Struct, frozen=True):
    """An enrolled officer: public key and exchange key in base64; `enrolled` is the position of the act that did it."""

    reference: str
    department: str
    key: str
    exchange: str
    enrolled: int
    revoked: int | None


class Standing:
    """The rows, with the questions that rules ask of them. Not thread-safe: one copy a turn, one a reader."""

    def __init__(self, rows: Iterable[StandingRow] = ()) -> None:
        self._held: dict[str, dict[tuple[str, str, int], StandingRow]] = {}
        self.table: Table = TABLE
        self.apply(rows, (), 0)

    def copy(self) -> Standing:
        """A copy to change under a savepoint."""
        return Standing(self._rows())

    def apply(self, added: Iterable[StandingRow], ended: Iterable[StandingRow], position: int) -> None:
        """Take in what the act at `position` changes."""
        for row in ended:
            self._put(msgspec.structs.replace(row, ended=position))
        for row in added:
            self._put(row)

    def _put(self, row: StandingRow) -> None:
        self._held.setdefault(row.holder, {})[(row.what, row.value, row.position)] = row
        if row.what == "rules" and row.ended is None:
            self.table = msgspec.json.decode(row.value, type=Table)

    def _rows(self) -> Iterator[StandingRow]:
        for held in self._held.values():
            yield from held.values()

    def rows(self) -> tuple[StandingRow, ...]:
        """All rows, sorted."""
        return tuple(sorted(self._rows(), key=lambda row: (row.position, row.holder, row.what, row.value)))

    def _current(self, holder: str | None = None, what: str | None = None) -> Iterator[StandingRow]:
        for row in self._rows() if holder is None else self._held.get(holder, {}).values():
            if row.ended is None and what in (None, row.what):
                yield row

    # ---- who is who ----

    def departments(self) -> tuple[str, ...]:
        """Codes, in order of their coming."""
        return tuple(
            row.holder.partition("/")[2]
            for row in sorted(self._current(what="department"), key=lambda row: row.position)
        )

    def department_name(self, code: str) -> str:
        """The department's name, or the code where none is held."""
        return next((row.value for row in self._current(f"department/{code}", "department")), code)

    def officers(self) -> tuple[Officer, ...]:
        """Every officer ever enrolled, by number."""
        found = [self.officer(row.holder) for row in self._rows() if row.what == "officer"]
        return tuple(sorted((one for one in found if one), key=lambda one: int(one.reference.partition("/")[2])))

    def officer(self, reference: str) -> Officer | None:
        """The officer, revoked or not; None where nobody of that number was enrolled.

        `department/CODE` is who reads at the gateway while the department has a key in force: it has no officer's key.
        """
        if is_department(reference):
            return self._department_client(reference)
        mine = {
            row.what: row
            for row in self._held.get(reference, {}).values()
            if row.what in ("officer", "key", "exchange")
        }
        if "officer" not in mine:
            return None
        return Officer(
            reference=reference,
            department=mine["officer"].value,
            key=mine["key"].value,
            exchange=mine["exchange"].value,
            enrolled=mine["officer"].position,
            revoked=mine["officer"].ended,
        )

    def next_officer(self) -> str:
        """The reference that the next enrolment gets, proposals counted."""
        taken = [
            int(row.holder.partition("/")[2]) for row in self._rows() if row.what in ("officer", "proposed officer")
        ]
        return f"officer/{max(taken, default=0) + 1}"

    def founder(self) -> str | None:
        """The founder's reference."""
        return next((row.holder for row in self._rows() if row.what == "role" and row.value == Role.FOUNDER), None)

    def founding_key(self) -> str | None:
        """The key that FOUNDED names, until the founder is enrolled and for the founding acts."""
        return next((row.value for row in self._held.get(REGISTRY, {}).values() if row.what == "founding key"), None)

    # ---- departments' keys ----

    def _department_client(self, reference: str) -> Officer | None:
        keys = self.clients(reference.partition("/")[2])
        if not keys:
            return None
        return Officer(reference, reference.partition("/")[2], "", "", min(key.added for key in keys), None)

    def client_holders(self) -> tuple[str, ...]:
        """Codes of the departments that have, or had, a key."""
        return tuple(sorted({row.holder.partition("/")[2] for row in self._rows() if row.what == CLIENT_KEY}))

    def clients(self, code: str) -> tuple[ClientKey, ...]:
        """The department's keys in force, in order of their coming."""
        return tuple(key for key in self.client_keys(code) if key.revoked is None)

    def client(self, code: str, kid: str) -> ClientKey | None:
        """The department's key of that id, revoked or not."""
        return next((key for key in self.client_keys(code) if key.kid == kid), None)

    def client_keys(self, code: str) -> tuple[ClientKey, ...]:
        """All that it ever had, in order of their coming."""
        rows = self._held.get(f"department/{code}", {}).values()
        kept = sorted((row for row in rows if row.what == CLIENT_KEY), key=lambda row: row.position)
        return tuple(ClientKey.kept(row.value, added=row.position, revoked=row.ended) for row in kept)

    # ---- roles ----

    def roles(self, reference: str, at: int) -> tuple[StandingRow, ...]:
        """The roles held at that time (ms UTC)."""
        return tuple(sorted(row for row in self._current(reference, "role") if row.until is None or at < row.until))

    def lapsed_roles(self, reference: str, at: int) -> tuple[StandingRow, ...]:
        """Roles whose end date has passed, never ended by an act."""
        return tuple(
            sorted(row for row in self._current(reference, "role") if row.until is not None and at >= row.until)
        )

    def role_rows(self, reference: str) -> tuple[StandingRow, ...]:
        """Every role row in force, lapsed or not."""
        return tuple(sorted(self._current(reference, "role")))

    def holders(self, role: Role, at: int) -> tuple[str, ...]:
        """References of those who hold the role at that time."""
        return tuple(
            sorted(
                {
                    row.holder
                    for row in self._current(what="role")
                    if row.value == role and (row.until is None or at < row.until)
                }
            )
        )

    def reach(self, reference: str, verb: Verb, at: int) -> Scope:
        """How far the officer's roles carry the verb: the widest of their cells."""
        scopes = {scope_of(self.table, row.value, verb) for row in self.roles(reference, at)}
        return Scope.ALL if Scope.ALL in scopes else Scope.OWN if Scope.OWN in scopes else Scope.NEVER

    def who_may(self, verb: Verb, department: str | None, at: int) -> tuple[str, ...]:
        """Officers whose roles allow the verb on something of that department (None: on something of nobody's)."""
        found = []
        for officer in self.officers():
            if officer.revoked is not None:
                continue
            reach = self.reach(officer.reference, verb, at)
            if reach is Scope.ALL or (reach is Scope.OWN and department in (None, officer.department)):
                found.append(officer.reference)
        return tuple(found)

    def may_open(self) -> tuple[str, ...]:
        """References of those to whom the unlock key was handed."""
        return tuple(sorted(row.holder for row in self._current(what="unlock")))

    def holding(self, reference: str) -> tuple[StandingRow, ...]:
        """All rows of the holder that no act has ended."""
        return tuple(sorted(self._current(reference)))

    def awaited(self, position: int | None = None) -> tuple[StandingRow, ...]:
        """Acts that wait for a second administrator: holder = their subject, what = `awaited`, value = their kind."""
        return tuple(sorted(row for row in self._current(what="awaited") if position in (None, row.position)))
