"""A made-up ledger for the catalogue: entries in order, each subject's numbers and links kept, nothing signed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peewee
from msgspec import UNSET, Raw, UnsetType

from registry.catalogue.catalogue import Catalogue
from registry.catalogue.engine import SCHEMA
from registry.catalogue.viewing import Viewer
from registry.ledger.merkle import leaf_hash
from registry.records import acts
from registry.records.acts import REFUSED, Act, Details, Kind, Row, RowDetails, link, make_intent
from registry.records.encoding import canonical
from registry.records.envelope import Sealed
from registry.records.identifiers import REGISTRY
from registry.records.muniment import MunimentKind, Visibility
from registry.records.rows import Op
from registry.records.sale import SaleFacts
from registry.storage import sqlite

AT = 1_763_798_400_123
DIGEST = "A" * 43 + "="
PUBLIC = Viewer(None, False)
OFFICER = Viewer("HMLR", False)
STRANGER = Viewer("NHS", False)
AUDITOR = Viewer(None, True)
DEED = "muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10"
OTHER = "muniment/11111111-1111-4111-8111-111111111111"
SALE_ID = "5BBE9CB3-6332-4EB0-9CD3-8737CEA4A65A"
SALE = f"sale/{SALE_ID}"


def sealed(number: int) -> Sealed:
    """An envelope's mention, its id made from the number."""
    return Sealed(id=f"{number:032x}", key=DIGEST)


def facts(**other: Any) -> SaleFacts:
    """The facts of a sale at 8 Hollow Place, or as told."""
    values: dict[str, Any] = {
        "category": "A",
        "county": "SOUTHSHIRE",
        "date": "1995-12-21",
        "district": "EASTLEA",
        "duration": "F",
        "kind": "SALE_RECORD",
        "locality": "",
        "new_build": "N",
        "paon": "8",
        "postcode": "QZ4 9DN",
        "price": 42_000,
        "property_type": "S",
        "saon": "",
        "street": "HOLLOW PLACE",
        "town": "EASTLEA",
    }
    return SaleFacts(**(values | other))


class Book:
    """Entries in order of position. Each method appends one and returns its position."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self._last: dict[str, tuple[int, int]] = {}

    def pairs(self) -> Iterator[tuple[int, bytes]]:
        """(position, entry) from 0 on."""
        return iter(enumerate(self.entries))

    def append(self, subject: str, entry: Act | Row) -> int:
        position = len(self.entries)
        self.entries.append(canonical(entry))
        self._last[subject] = (position, entry.number)
        return position

    def _follows(self, subject: str) -> tuple[int, acts.Previous | UnsetType]:
        if subject not in self._last:
            return 1, UNSET
        position, number = self._last[subject]
        return number + 1, link(position, leaf_hash(self.entries[position]))

    def act(
        self,
        kind: Kind,
        details: Details,
        subject: str,
        *,
        department: str = "HMLR",
        refused: bool = False,
        rule: str = "",
    ) -> int:
        number, previous = self._follows(subject)
        reading = kind is Kind.READ
        intent = make_intent(
            kind,
            details,
            department=department,
            key=f"{len(self.entries):032x}",
            officer=UNSET if reading else "officer/2",
            subject=UNSET if reading or kind is Kind.LOAD_OPENED else subject,
        )
        act = Act(
            at=AT + len(self.entries),
            intent=intent,
            number=number,
            subject=subject,
            v=1,
            outcome=REFUSED if refused else UNSET,
            previous=previous,
            rule=rule or UNSET,
            vault=sealed(len(self.entries)) if reading else UNSET,
        )
        return self.append(subject, act)

    def row(self, subject: str, details: SaleFacts | RowDetails, op: Op = "A", *, load: int) -> int:
        number, previous = self._follows(subject)
        position = len(self.entries)
        row = Row(AT + position, Raw(canonical(details)), load, number, op, position, subject, 1, previous)
        return self.append(subject, row)

    # ---- what is recorded often ----

    def found(self) -> None:
        """Four founding acts at positions 0 to 3."""
        self.act(Kind.FOUNDED, acts.Founded(key=DIGEST, origin="registry.example/land"), REGISTRY)
        self.act(Kind.RULES_ADOPTED, acts.RulesAdopted(table={}, version=1), REGISTRY)
        self.act(Kind.DEPARTMENT_ADDED, acts.DepartmentAdded(name="Land Registry"), "department/HMLR")
        enrolled = acts.OfficerEnrolled(sd=(), department="HMLR", exchange=DIGEST, key=DIGEST, vault=sealed(3))
        self.act(Kind.OFFICER_ENROLLED, enrolled, "officer/1")

    def open_load(self, department: str = "HMLR") -> int:
        subject = f"load/{len(self.entries)}"
        details = acts.LoadOpened(dialect="official", file=DIGEST, name="pp-1995.csv")
        return self.act(Kind.LOAD_OPENED, details, subject, department=department)

    def close_load(self, load: int, *, refused: bool = False) -> int:
        details = acts.LoadClosed(counts={"recorded": 2, "rows": 2}, outcome="FINISHED", root=DIGEST)
        return self.act(Kind.LOAD_CLOSED, details, f"load/{load}", refused=refused)

    def lodge(
        self,
        subject: str = DEED,
        visibility: Visibility = Visibility.DEPARTMENTS,
        *,
        department: str = "HMLR",
        refused: bool = False,
        kind: MunimentKind = MunimentKind.DEED,
        **clear: str | int,
    ) -> int:
        vault = sealed(len(self.entries))
        details = acts.Lodged(kind=kind, vault=vault, version=1, visibility=visibility, facts=clear or UNSET)
        return self.act(Kind.LODGED, details, subject, department=department, refused=refused)

    def revise(self, subject: str = DEED, *, refused: bool = False, **clear: str | int) -> int:
        details = acts.Revised(vault=sealed(len(self.entries)), version=2, facts=clear or UNSET)
        return self.act(Kind.REVISED, details, subject, refused=refused)

    def withdraw(self, subject: str = DEED, *, refused: bool = False) -> int:
        return self.act(Kind.WITHDRAWN, acts.Withdrawn(reason="superseded"), subject, refused=refused)

    def read(self, department: str = "HMLR") -> int:
        details = acts.Reading(sd=(DIGEST[:43],), purpose="office")
        return self.act(Kind.READ, details, f"department/{department}", department=department)


def make(path: Path) -> peewee.Database:
    """A catalogue's database at the path, its schema in place: what the office hands in."""
    database = sqlite.open_database(path, create=True, synchronous="NORMAL")
    sqlite.migrate(database, SCHEMA)
    return database


def open_catalogue(path: Path) -> Catalogue:
    """A catalogue over a real file."""
    return Catalogue(make(path), faults=sqlite.faults)


def catalogue_of(book: Book, path: Path) -> Catalogue:
    """A catalogue that has followed the book to its end."""
    catalogue = open_catalogue(path)
    catalogue.project(0, book.entries)
    return catalogue
