"""A registry with people in it, recorded by the real sequencer on real files: beside the operator of `simulator`."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from msgspec import UNSET, UnsetType

from registry.desk.audit import whole
from registry.ledger.audit.fault import Audit
from registry.ledger.audit.walk import walk
from registry.ledger.cosignature import Signer
from registry.ledger.log import Log
from registry.ledger.merkle import EMPTY_ROOT
from registry.ledger.note import ED25519, MLDSA44_COSIGNATURE
from registry.ledger.ports import MarkedHead
from registry.ledger.sealer import Sealer
from registry.ledger.signature import Ed25519Signer
from registry.loading.loader import Prepared, RowBatch
from registry.records import acts
from registry.records.acts import Details, Kind, make_intent, signed_bytes
from registry.records.encoding import canonical, digest64, to_base64
from registry.records.envelope import Sealed
from registry.records.identifiers import REGISTRY, subject_digest
from registry.records.loads import Load
from registry.records.muniment import MunimentKind, Visibility
from registry.records.roles import ROLES_VERSION, TABLE, Role
from registry.records.sale import SaleFacts
from registry.sequencer import Courtesy, Proposal, Recorded, Sequencer, closing
from registry.storage import sqlite
from registry.storage.inspection import Inspection
from registry.storage.ledger import SCHEMA, LedgerStore
from registry.storage.mark import MarkFile

ORIGIN = "registry.example/land"
START_MS = 1_763_798_400_000
YEAR_MS = 365 * 86_400_000
SIGNERS = (Signer(ORIGIN, ED25519, bytes(range(32))), Signer(ORIGIN, MLDSA44_COSIGNATURE, b"\x44" * 32))
KEYS = tuple(signer.vkey for signer in SIGNERS)


@dataclass
class Clock:
    """Milliseconds UTC, moved by hand; each look takes one."""

    now: int = START_MS

    def __call__(self) -> int:
        self.now += 1
        return self.now


@dataclass(frozen=True)
class Person:
    """An officer with the key that nobody else has."""

    reference: str
    department: str
    signer: Ed25519Signer

    def proposal(self, kind: Kind, details: Details, subject: str | None, key: str, origin: str = ORIGIN) -> Proposal:
        """The act, signed."""
        intent = make_intent(
            kind,
            details,
            department=self.department,
            key=key,
            officer=self.reference,
            subject=UNSET if subject is None else subject,
        )
        return Proposal(intent, self.reference, self.signer.sign(signed_bytes(origin, intent)))


class Registry:
    """The honest part: `ledger.db` and, in another folder, `mark.db`."""

    def __init__(self, folder: Path, seed: int = 1, *, create: bool = False) -> None:
        self.folder, self.random, self.clock = folder, random.Random(seed), Clock()
        (folder / "signer").mkdir(exist_ok=True)
        self.database = sqlite.open_database(folder / "ledger.db", create=create)
        sqlite.migrate(self.database, SCHEMA)
        self.store = LedgerStore(self.database)
        self.log = Log(self.store)
        self.mark = MarkFile(folder / "signer" / "mark.db", create=create)
        self.sequencer = Sequencer(
            self.store,
            self.log,
            origin=ORIGIN,
            clock=self.clock,
            committed=lambda first, entries, are_acts: None,
            milestone=lambda name: None,
            courtesy=Courtesy(),
        )
        self.people: dict[str, Person] = {}

    def close(self) -> None:
        """Let go of the files, all of them whole."""
        self.sequencer.close()
        sqlite.checkpoint(self.database, "TRUNCATE")
        self.database.close()
        self.mark.close()

    # ---- acts ----

    def key(self) -> str:
        """A request key."""
        return self.random.randbytes(16).hex()

    def person(self, name: str, department: str = "HMLR") -> Person:
        """Somebody with a fresh key, and the number that the next enrolment gets."""
        reference = self.sequencer.standing().next_officer()
        self.people[name] = Person(reference, department, Ed25519Signer(self.random.randbytes(32)))
        return self.people[name]

    def act(self, who: Person, kind: Kind, details: Details, subject: str | None) -> Recorded:
        """Sign and record."""
        return self.sequencer.enter(who.proposal(kind, details, subject, self.key()))

    def enrolment(self, who: Person) -> acts.OfficerEnrolled:
        """What enrols a person."""
        exchange, key = to_base64(self.random.randbytes(32)), to_base64(who.signer.public)
        return acts.OfficerEnrolled(
            sd=("A" * 43,), department=who.department, exchange=exchange, key=key, vault=self.envelope()
        )

    def envelope(self) -> Sealed:
        """What an entry says of an envelope; nothing lies in a vault here."""
        some = self.random.randbytes
        return Sealed(body=digest64(some(8)), id=some(16).hex(), key=digest64(some(8)), size=66_093)

    def found(self) -> Person:
        """The four founding acts; the mark begins."""
        self.mark.move(None, MarkedHead(ORIGIN, 0, EMPTY_ROOT, self.clock.now))
        founder = self.person("founder")
        key = to_base64(founder.signer.public)
        self.sequencer.enter_together([
            founder.proposal(Kind.FOUNDED, acts.Founded(key=key, origin=ORIGIN), REGISTRY, self.key()),
            founder.proposal(
                Kind.RULES_ADOPTED, acts.RulesAdopted(table=TABLE, version=ROLES_VERSION), REGISTRY, self.key()
            ),
            founder.proposal(Kind.DEPARTMENT_ADDED, acts.DepartmentAdded(name="Land"), "department/HMLR", self.key()),
            founder.proposal(Kind.OFFICER_ENROLLED, self.enrolment(founder), founder.reference, self.key()),
        ])  # fmt: skip
        return founder

    def enrol(self, by: Person, name: str, role: Role | None = None, *, department: str = "HMLR") -> Person:
        """Enrol, and appoint for a year (an administrator without end)."""
        who = self.person(name, department)
        self.act(by, Kind.OFFICER_ENROLLED, self.enrolment(who), who.reference)
        if role is not None:
            self.appoint(by, who, role)
        return who

    def appoint(self, by: Person, who: Person, role: Role, until: int | None = None) -> Recorded:
        """Give a role."""
        end: int | UnsetType = until or (UNSET if role is Role.ADMINISTRATOR else self.clock.now + YEAR_MS)
        return self.act(by, Kind.APPOINTED, acts.Appointed(role=role, until=end), who.reference)

    def lodged(self) -> acts.Lodged:
        """The details of a deed."""
        facts: dict[str, str | int] = {"parcel": self.random.randrange(10_000)}
        return acts.Lodged(
            kind=MunimentKind.DEED,
            vault=self.envelope(),
            version=1,
            visibility=Visibility.DEPARTMENTS,
            facts=facts,
        )

    def lodge(self, by: Person) -> str:
        """A deed; returns its reference."""
        subject = f"muniment/{uuid.UUID(bytes=self.random.randbytes(16), version=4)}"
        self.act(by, Kind.LODGED, self.lodged(), subject)
        return subject

    def revise(self, by: Person, subject: str, version: int) -> Recorded:
        """The next version."""
        return self.act(by, Kind.REVISED, acts.Revised(vault=self.envelope(), version=version), subject)

    # ---- loads ----

    def sales(self, count: int) -> list[Prepared]:
        """Rows about new sales."""
        return [self.sale(f"sale/{uuid.UUID(bytes=self.random.randbytes(16))}".upper().replace("SALE", "sale"), number)
                for number in range(1, count + 1)]  # fmt: skip

    def sale(self, subject: str, number: int, op: Literal["A", "C", "D"] = "A") -> Prepared:
        """One row about a sale."""
        facts = SaleFacts(
            "A", "GREATER MANCHESTER", f"1995-12-{1 + number % 28:02}", "EASTLEA", "F", "SALE_RECORD", "", "N",
            str(number % 300), "QZ4 9DN", 42_000 + self.random.randrange(100_000), "S", "", "HOLLOW PLACE", "EASTLEA",
        )  # fmt: skip
        return Prepared(number, subject, subject_digest(subject), op, canonical(facts), False)

    def open_load(self, by: Person) -> Load:
        """LOAD_OPENED; the load as it stands beside the ledger."""
        opened = acts.LoadOpened(dialect="ppd", file=digest64(self.random.randbytes(8)), name="pp-1995.csv")
        load = self.store.load(self.act(by, Kind.LOAD_OPENED, opened, None).position)
        assert load is not None
        return load

    def load_rows(self, load: Load, rows: Sequence[Prepared], batch: int = 4_096) -> Load:
        """The rows, in batches."""
        for at in range(0, len(rows), batch):
            some = rows[at : at + batch]
            step = RowBatch(load, some, courtesy=Courtesy(), rejected=0, next_row=some[-1].number + 1, rejects_bytes=0)
            load = self.sequencer.enter_rows(step).load
        return load

    def close_load(self, by: Person, load: Load) -> Recorded:
        """LOAD_CLOSED, with what the rows came to."""
        return self.act(by, Kind.LOAD_CLOSED, closing(load, "FINISHED"), f"load/{load.position}")

    def load(self, by: Person, rows: Sequence[Prepared]) -> Load:
        """A whole load."""
        load = self.load_rows(self.open_load(by), rows)
        self.close_load(by, load)
        return load

    # ---- sealing, auditing ----

    def seal(self) -> int:
        """A checkpoint of all that is recorded."""
        sealer = Sealer(
            self.store, self.store, self.mark, origin=ORIGIN, signers=SIGNERS, keys=KEYS, clock=self.clock,
            milestone=lambda name: None,
        )  # fmt: skip
        return sealer.seal()


def office_audit(folder: Path, **options: Any) -> Audit:
    """The audit of the office: the tables beside the ledger and the mark too."""
    database = sqlite.open_database(folder / "ledger.db", read_only=True)
    mark = MarkFile(folder / "signer" / "mark.db", read_only=True)
    try:
        return whole.audit(Inspection(database), **{"origin": ORIGIN, "keys": KEYS, "mark": mark, **options})
    finally:
        database.close()
        mark.close()


def audit(folder: Path, **options: Any) -> Audit:
    """The audit of a ledger's file from its entries alone, as a mirror could run it."""
    database = sqlite.open_database(folder / "ledger.db", read_only=True)
    try:
        evidence = Inspection(database)
        with evidence.snapshot():
            return walk(evidence, evidence, **{"origin": ORIGIN, "keys": KEYS, **options})
    finally:
        database.close()
