"""How entries look to whoever may see them: one entry, a subject as it stands, a version with its envelope.

Details of what is visible to its own department only are shown when a reading of it stands; machine members (digests,
envelopes, the role table) never are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import UNSET

from registry.desk.services import Services
from registry.errors import NotHeld
from registry.records import rows
from registry.records.acts import REFUSED, Act, Details, Entry, Row, decode_entry, details_of
from registry.records.encoding import to_base64
from registry.records.envelope import Sealed
from registry.records.identifiers import check_reference, subject_digest
from registry.records.muniment import SubjectState

WITHHELD = "WITHHELD"
"""The kind of an entry that is not this desk's to know."""
_MACHINE = ("_sd", "vault", "table")


decoded = lru_cache(maxsize=256)(decode_entry)
"""The entry of these bytes; a page asks for the same ones several times. Entries are frozen, and bytes say it all."""


class View(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry, as it may be shown to this desk. `link` is None for number 1, else whether the link agrees with the
    tree. Of an entry that is not this desk's to know, kind is WITHHELD: its number and link stand, and nothing else."""

    subject: str
    kind: str
    position: int
    number: int
    recorded_at: int
    details: dict[str, Any]
    previous: dict[str, Any] | None = None
    link: bool | None = None
    outcome: str = "ALLOWED"
    rule: str = ""
    officer: str = ""
    department: str = ""
    load: int | None = None
    row: int | None = None
    flag: str | None = None
    withheld: int = 0


class Subject(msgspec.Struct, frozen=True):
    """What is known of a subject now: its newest version's entry, its state, how many acts it has."""

    subject: str
    kind: str
    status: str
    version: int
    custodian: str
    visibility: str
    position: int
    number: int
    previous: dict[str, Any] | None
    recorded_at: int
    details: dict[str, Any]
    state: str
    address: tuple[str, ...] = ()
    attribution: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a muniment: its number, the entry that recorded it and its envelope."""

    subject: str
    number: int
    position: int
    state: SubjectState
    sealed: Sealed
    sd: tuple[str, ...]
    facts: dict[str, Any]


class Versioned(msgspec.Struct, frozen=True):
    """What any version says, whoever recorded it: an act or a loaded row."""

    sd: tuple[str, ...] = msgspec.field(name="_sd", default=())
    facts: dict[str, Any] = {}
    vault: Sealed | None = None
    version: int = 1


class Entries:
    """The ledger's entries as views, and the state of what they are about. Decides nothing on who may see them."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def entry(self, position: int, size: int | None = None) -> Entry:
        """The entry at the position; `size` is the ledger's, if it was asked already. Raises NotHeld."""
        return decoded(self._services.log.entry(position, size))

    def positions(self, reference: str) -> tuple[int, ...]:
        """Positions of the subject's entries, oldest first, each confirmed on the entry."""
        check_reference(reference)
        found = self._services.catalogue.history(reference)
        return tuple(position for position in found if self.entry(position).subject == reference)

    def state(self, reference: str) -> SubjectState | None:
        """The state of a muniment or sale now; None for what has none. Raises Malformed for what is no reference."""
        check_reference(reference)
        last = self._services.store.last(subject_digest(reference), reference)
        if last is not None:
            return msgspec.json.decode(last.state, type=SubjectState) if last.state else None
        for position in self._services.catalogue.history(reference):
            entry = self.entry(position)
            if isinstance(entry, Row) and entry.subject == reference:
                return rows.follow(entry, None, self.custodian(entry))
        return None

    def custodian(self, row: Row) -> str:
        """The department of the row's load."""
        load = self._services.store.load(row.load)
        if load is None:
            raise NotHeld(f"load/{row.load} is not held here")
        return load.department

    def versioned(self, entry: Entry) -> Versioned:
        """What the entry says of a version."""
        raw = bytes(entry.intent.details if isinstance(entry, Act) else entry.details)
        return msgspec.json.decode(raw, type=Versioned)

    def view(self, position: int, *, facts: bool = True) -> View:
        """One entry; without `facts` what it says of its subject is left out."""
        entry = self.entry(position)
        previous, link = None, None
        if entry.previous is not UNSET:
            previous = msgspec.to_builtins(entry.previous)
            link = to_base64(self._services.log.leaf(entry.previous.position)) == entry.previous.hash
        if isinstance(entry, Row):
            return View(
                subject=entry.subject,
                kind="SALE_RECORD" if rows.is_sale(entry.subject) else "LOADED",
                position=position,
                number=entry.number,
                recorded_at=entry.at,
                details=_clear(bytes(entry.details), facts),
                previous=previous,
                link=link,
                department=self.custodian(entry),
                load=entry.load,
                row=entry.row,
                flag=_flag(entry),
            )
        return View(
            subject=entry.subject,
            kind=entry.intent.kind,
            position=position,
            number=entry.number,
            recorded_at=entry.at,
            details=_clear(bytes(entry.intent.details), facts),
            previous=previous,
            link=link,
            outcome="ALLOWED" if entry.outcome is UNSET else REFUSED,
            rule="" if entry.rule is UNSET else entry.rule,
            officer="" if entry.intent.officer is UNSET else entry.intent.officer,
            department=entry.intent.department,
            withheld=_withheld(details_of(entry.intent)),
        )


def _flag(row: Row) -> str | None:
    if row.number == 1:
        return rows.flag(row.op, 1, None)
    return rows.SOURCES_DIFFER if row.op == "A" else None


def told(entry: Entry) -> dict[str, Any]:
    """The details that a view of this entry shows, computed from the entry itself: whoever holds a receipt can compare
    what he was shown."""
    return _clear(bytes(entry.intent.details if isinstance(entry, Act) else entry.details), True)


def _clear(raw: bytes, facts: bool) -> dict[str, Any]:
    members: dict[str, Any] = msgspec.json.decode(raw)
    for machine in _MACHINE:
        members.pop(machine, None)
    said = members.pop("facts", {})
    return {**members, **said} if facts else members


def _withheld(details: Details) -> int:
    sd = getattr(details, "sd", ())
    return 0 if sd is UNSET else len(sd)
