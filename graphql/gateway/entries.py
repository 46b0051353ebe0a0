"""Entries of the ledger: what each says, its number and link in its subject's history, and its evidence."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import strawberry
from msgspec import UNSET

from gateway.agents import Department, Officer
from gateway.checkpoints import Checkpoint
from gateway.evidence import ActState, Evidence, evidence_of, state_of
from gateway.nodes import Info, Node
from gateway.operation import Operation, operation
from gateway.pages import PageEnds
from gateway.scalars import Bytes, Date, DateTime, Digest, UInt53, octets
from registry.desk.holdings import Recorded
from registry.records.acts import Act as ActEntry
from registry.records.acts import Kind, signed_bytes
from registry.records.encoding import from_base64
from registry.records.facts import ENTRY, TOLD, Fact, details

ActKind = strawberry.enum(Kind, name="ActKind", description="What was done, in the past.")


@strawberry.enum(description="REFUSED: the rules said no; the refusal is itself an act.")
class Outcome(Enum):
    ALLOWED = "ALLOWED"
    REFUSED = "REFUSED"


@strawberry.interface(
    description="What entries are about. Its history is numbered 1, 2, 3 … and each entry names position and hash of "
    "the one before it."
)
class Subject(Node):
    @strawberry.field
    def history(self, info: Info, first: int = 50, after: str | None = None) -> HistoryConnection:
        raise NotImplementedError  # every type has its own


@strawberry.type(
    description="name and value (JSON text) are null when withheld. digest: what the entry holds of a withheld member."
)
class Detail:
    name: str | None
    value: str | None
    withheld: bool
    digest: str | None


@strawberry.type(description="signed: the bytes that the signature covers.")
class Signature:
    key_id: str
    algorithm: str
    value: Bytes
    signed: Bytes


def details_of(recorded: Recorded, info: Info, *, withheld: bool) -> list[Detail]:
    """What the entry says of its subject. With `withheld`, what the caller may see of the rest: a recorded reading."""
    asked = operation(info)
    asked.read_clear(recorded.entry.subject)
    disclosures = asked.read_withheld(recorded.position) if withheld else ()
    return [Detail(**each) for each in details(Fact.of(recorded.position, recorded.entry, disclosures))]


@strawberry.interface(
    description="One entry of the ledger: an act, or a loaded row. number counts within the subject's history; "
    "previousPosition and previousHash (leaf hash) name the entry before it there, both null for number 1. "
    "A link is never an inclusion proof."
)
class LedgerEntry(Node):
    recorded: strawberry.Private[Recorded]

    def told(self, name: str) -> Any:
        """What the entry says of a member, by the function that a verifier asks too."""
        kind: dict[str, Callable[[Fact], Any]] = TOLD.get(type(self).__name__, ENTRY)
        return kind[name](Fact(self.recorded.position, self.recorded.entry))

    @strawberry.field
    def position(self) -> UInt53:
        return UInt53(self.recorded.position)

    @strawberry.field
    def state(self, info: Info) -> ActState:
        return state_of(self.recorded.position, info)

    @strawberry.field(description="Null where it is no muniment, sale or load.")
    def subject(self, info: Info) -> Subject | None:
        reference = self.recorded.entry.subject
        if not reference.startswith(("muniment/", "sale/", "load/")):
            return None
        found: Subject = operation(info).make(reference)
        return found

    @strawberry.field
    def number(self) -> UInt53:
        return UInt53(self.recorded.entry.number)

    @strawberry.field
    def previous_position(self) -> UInt53 | None:
        found: UInt53 | None = self.told("previousPosition")
        return found

    @strawberry.field
    def previous_hash(self) -> Digest | None:
        found: Digest | None = self.told("previousHash")
        return found

    @strawberry.field
    def department(self, info: Info) -> Department:
        return Department(key=f"department/{operation(info).desk.holdings.custodian_of(self.recorded.entry)}")

    @strawberry.field(description="Ours; it never goes back.")
    def recorded_at(self) -> DateTime:
        return DateTime(self.told("recordedAt"))

    @strawberry.field(description="What the source claims: a detail, and read as one.")
    def occurred_on(self, info: Info) -> Date | None:
        operation(info).read_clear(self.recorded.entry.subject)
        found: Date | None = self.told("occurredOn")
        return found

    @strawberry.field(description="withheld: lay open what the caller may see; a recorded reading, for a purpose.")
    def details(self, info: Info, withheld: bool = False) -> list[Detail]:
        return details_of(self.recorded, info, withheld=withheld)

    @strawberry.field(description="withheld: with the disclosures that the caller may see; a recorded reading.")
    def evidence(self, info: Info, withheld: bool = False) -> Evidence:
        operation(info).read_clear(self.recorded.entry.subject)
        return evidence_of(self.recorded.position, info, withheld=withheld)


@strawberry.type(description="One thing that one officer did, signed; exactly one ledger entry; the PROV activity.")
class Act(LedgerEntry):
    @property
    def _entry(self) -> ActEntry:
        assert isinstance(self.recorded.entry, ActEntry)
        return self.recorded.entry

    @strawberry.field
    def kind(self) -> Kind:
        return self._entry.intent.kind

    @strawberry.field
    def outcome(self) -> Outcome:
        return Outcome(self.told("outcome"))

    @strawberry.field(description="Of a refusal, which rule said no.")
    def rule(self) -> str | None:
        found: str | None = self.told("rule")
        return found

    @strawberry.field(description="Null of a reading, which withholds who read.")
    def officer(self) -> Officer | None:
        officer = self._entry.intent.officer
        return None if officer is UNSET else Officer(key=officer)

    @strawberry.field(description="Of a reading, what for.")
    def purpose(self) -> str | None:
        found: str | None = self.told("purpose")
        return found

    @strawberry.field(description="Of a withdrawal or revocation.")
    def reason(self) -> str | None:
        found: str | None = self.told("reason")
        return found

    @strawberry.field
    def request_key(self) -> str:
        return self._entry.intent.key

    @strawberry.field(description="None of a reading, which withholds its signature too.")
    def signatures(self, info: Info) -> list[Signature]:
        signature, officer = self._entry.signature, self._entry.intent.officer
        if signature is UNSET or officer is UNSET:
            return []
        covered = signed_bytes(operation(info).ground().origin, self._entry.intent)
        value = octets(from_base64(signature))
        return [Signature(key_id=officer, algorithm="Ed25519", value=value, signed=octets(covered))]


@strawberry.type
class HistoryEdge:
    cursor: str
    node: LedgerEntry


@strawberry.type(
    description="total and last belong to the checkpoint: numbers 1 to total without a gap, each previousPosition and "
    "previousHash fitting, is the whole history up to it."
)
class HistoryConnection:
    edges: list[HistoryEdge]
    page_info: PageEnds
    total: UInt53
    last: LedgerEntry | None

    @strawberry.field
    def checkpoint(self, info: Info) -> Checkpoint:
        return Checkpoint(ground=operation(info).ground())


def history_of(
    listed: str, entries: tuple[Recorded, ...], info: Info, *, first: int, after: str | None
) -> HistoryConnection:
    """A page of the subject's entries, oldest first. Raises Misuse."""
    asked = operation(info)
    limit, beyond = asked.page(first), asked.place(listed, after)
    rest = [each for each in entries if beyond is None or each.position > beyond]
    edges = [
        HistoryEdge(cursor=asked.cursor(listed, each.position), node=entry_of(asked, each)) for each in rest[:limit]
    ]
    return HistoryConnection(
        edges=edges,
        page_info=PageEnds.of([edge.cursor for edge in edges], more=len(rest) > limit, after=after),
        total=UInt53(len(entries)),
        last=entry_of(asked, entries[-1]) if entries else None,
    )


def entry_of(asked: Operation, recorded: Recorded) -> LedgerEntry:
    """The act or loaded row as an object."""
    if isinstance(recorded.entry, ActEntry):
        return Act(key=f"entries/{recorded.position}", recorded=recorded)
    row: LedgerEntry = asked.loaded_row(recorded)
    return row


def make_entry(asked: Operation, key: str) -> LedgerEntry:
    """The entry `entries/<position>`. Raises NotHeld."""
    return entry_of(asked, asked.desk.holdings.entry(int(key.partition("/")[2])))
