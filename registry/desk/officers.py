"""The counter for officers and departments: enrol, appoint, revoke, confirm, hand over the unlock key, add a
department.

Keys are made where the officer is; only public keys come here. Sign-in names are withheld in the ledger and kept in the
vault, for staff are persons too: everyone else sees `officer/3`.
"""

from __future__ import annotations

import datetime
import re

import msgspec
from msgspec import UNSET

from registry.desk.session import Session
from registry.errors import Misuse, NotHeld, NotPermitted
from registry.ledger.signature import check_public_key
from registry.records.acts import (
    Appointed,
    Confirmed,
    DepartmentAdded,
    Kind,
    MarkAdopted,
    OfficerEnrolled,
    OfficerRevoked,
    UnlockHanded,
)
from registry.records.disclosure import pack, withhold
from registry.records.encoding import from_base64, to_base64
from registry.records.identifiers import check_department
from registry.records.roles import Role, Scope, Table, Verb
from registry.records.rules import AWAITS
from registry.records.text import check_text
from registry.sequencer import Recorded
from registry.vault.exchange import check_exchange_key

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
DEFAULT_DAYS = 365


class OfficerView(msgspec.Struct, frozen=True):
    """An officer as listed: roles with their end dates (ISO, or "no end"), whether he may open the office."""

    officer: str
    name: str
    department: str
    roles: tuple[str, ...]
    may_open: bool
    enrolled: int
    revoked: int | None
    awaits: tuple[int, ...] = ()


class DepartmentView(msgspec.Struct, frozen=True):
    """A department as listed."""

    code: str
    name: str


def check_name(name: str) -> str:
    """A sign-in name: lower case letters, digits, '.', '_' and '-', at most 64. Raises Misuse."""
    if not _NAME.fullmatch(name):
        raise Misuse(
            f"{name[:70]!a} is not a sign-in name; expected lower-case letters, digits, '.', '_' or '-', like j.patel"
        )
    return name


class Officers:
    """Acts on who may do what. With two administrators each wants the other's word: see `confirm`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # ---- looking ----

    def list(self) -> tuple[OfficerView, ...]:
        """Every officer whom this desk may see, revoked ones too: all, or its own department's. Raises NotPermitted."""
        self._session.permit(Verb.OFFICER_LIST, self._session.department)
        services = self._session.services
        standing, names, at = services.standing(), services.names(), services.clock()
        everyone = standing.reach(self._session.officer, Verb.OFFICER_LIST, at) is Scope.ALL
        awaited = standing.awaited()
        return tuple(
            OfficerView(
                officer=one.reference,
                name=names.get(one.reference, ""),
                department=one.department,
                roles=tuple(f"{row.value} {_until(row.until)}" for row in standing.roles(one.reference, at)),
                may_open=one.reference in standing.may_open(),
                enrolled=one.enrolled,
                revoked=one.revoked,
                awaits=tuple(row.position for row in awaited if row.holder == one.reference),
            )
            for one in standing.officers()
            if everyone or one.department == self._session.department
        )

    def names(self) -> dict[str, str]:
        """Sign-in names by reference, of those whom this desk may list; none where it may list nobody."""
        try:
            return {one.officer: one.name for one in self.list() if one.name}
        except NotPermitted:
            return {}

    def role_table(self) -> Table:
        """The table of roles in force: role → verb → own, all or never, as an act recorded it."""
        return self._session.services.standing().table

    def may_open(self) -> tuple[str, ...]:
        """References of those who may open the office."""
        return tuple(self._session.services.standing().may_open())

    def departments(self) -> tuple[DepartmentView, ...]:
        """Every department, in order of coming."""
        standing = self._session.services.standing()
        return tuple(DepartmentView(code, standing.department_name(code)) for code in standing.departments())

    def reference(self, name: str) -> str:
        """The officer of that sign-in name, or the reference itself. Raises NotHeld."""
        if name.startswith("officer/"):
            return name
        found = [reference for reference, known in self._session.services.names().items() if known == name]
        standing = self._session.services.standing()
        in_force = [one for one in found if (officer := standing.officer(one)) and officer.revoked is None]
        if not found:
            raise NotHeld(f"no officer signs in as {name[:64]!a} here")
        return (in_force or found)[-1]

    def next_reference(self) -> str:
        """The reference that the next enrolment gets."""
        return self._session.services.standing().next_officer()

    # ---- acting ----

    def enrol(
        self, name: str, department: str, key: bytes, exchange: bytes, *, reference: str | None = None
    ) -> Recorded:
        """Enrol an officer by his public keys: Ed25519, 32 bytes, and exchange, 1,216.

        Raises Misuse, Malformed (a key that may not be one), Refused, Stale (another enrolment came first).
        """
        check_name(name)
        check_department(department)
        check_public_key(key)
        check_exchange_key(exchange)
        services = self._session.services
        if any(known == name and self._in_force(one) for one, known in services.names().items()):
            raise Misuse(f"an officer signs in as {name!a} already; choose another name")
        reference = reference or self.next_reference()
        sd, disclosures = withhold({"name": name}, self._session.salts(1))
        sealed = services.vault.seal(reference, 1, withheld=pack(disclosures))
        details = OfficerEnrolled(
            sd=sd, department=department, exchange=to_base64(exchange), key=to_base64(key), vault=sealed
        )
        return self._session.act(Kind.OFFICER_ENROLLED, details, reference)

    def _in_force(self, reference: str) -> bool:
        officer = self._session.services.standing().officer(reference)
        return officer is not None and officer.revoked is None

    def appoint(self, name: str, role: Role, until: int | None = None) -> Recorded:
        """Give a role until a time (ms UTC). Without one an appointment ends after a year, an administrator's never."""
        if until is None and role is not Role.ADMINISTRATOR:
            until = self._session.services.clock() + DEFAULT_DAYS * 86_400_000
        details = Appointed(role=role, until=UNSET if until is None else until)
        return self._session.act(Kind.APPOINTED, details, self.reference(name))

    def revoke(self, name: str, reason: str) -> Recorded:
        """End the officer's key and every role, from this act's position on."""
        if not reason.strip():
            raise Misuse("a revocation wants a reason: say why in a sentence")
        check_text("reason", reason, 1_000)
        recorded = self._session.act(Kind.OFFICER_REVOKED, OfficerRevoked(reason=reason), self.reference(name))
        self._session.services.settle_unlock()
        return recorded

    def hand_unlock(self, name: str) -> Recorded:
        """Let the officer open the office: the unlock key is sealed to his exchange key once the act is in force."""
        recorded = self._session.act(Kind.UNLOCK_HANDED, UnlockHanded(), self.reference(name))
        self._session.services.settle_unlock()
        return recorded

    def confirm(self, position: int) -> Recorded:
        """The second administrator's word for the act at the position. Raises SecondPerson to who may not give it."""
        services = self._session.services
        act = services.act(position)
        if act is None or act.rule != AWAITS:
            raise NotHeld(f"no act at position {position} waits for a second administrator")
        recorded = self._session.act(act.intent.kind, Confirmed(confirms=position), act.subject)
        services.settle_unlock()
        return recorded

    def add_department(self, code: str, name: str) -> Recorded:
        """A department, by code and name. Raises Misuse, Refused."""
        check_department(code)
        check_text("department name", name, 200)
        if not name.strip():
            raise Misuse("a department wants a name")
        return self._session.act(Kind.DEPARTMENT_ADDED, DepartmentAdded(name=name), f"department/{code}")

    def adopt_mark(self, reason: str) -> Recorded:
        """Say in the ledger that the signer was lost and a new mark begins here. The office does the rest."""
        if not reason.strip():
            raise Misuse("adopting a new mark wants a reason: say why in a sentence")
        head = self._session.services.head()
        details = MarkAdopted(reason=reason, root=to_base64(head.root), size=head.size)
        return self._session.act(Kind.MARK_ADOPTED, details, "registry")

    def exchange_of(self, reference: str) -> bytes:
        """The officer's public exchange key."""
        officer = self._session.services.standing().officer(reference)
        if officer is None:
            raise NotHeld(f"{reference} is not an officer here")
        return from_base64(officer.exchange)


def _until(until: int | None) -> str:
    if until is None:
        return "(no end)"
    return f"(until {datetime.datetime.fromtimestamp(until / 1000, datetime.UTC):%Y-%m-%d})"
