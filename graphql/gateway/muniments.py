"""Muniments with their versions. A sale record is one without a body; its reference is `sale/<UUID>`."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.types.lazy_type import LazyType

from gateway.agents import Department
from gateway.checkpoints import Checkpoint
from gateway.entities import Entity
from gateway.entries import Detail, HistoryConnection, Subject, details_of, history_of
from gateway.nodes import Info
from gateway.operation import Operation, operation
from gateway.pages import PageEnds
from gateway.provenance import ProvenanceGraph, graph_of
from gateway.scalars import Date, DateTime, Digest, UInt53
from registry.desk.holdings import HeldVersion, Holding
from registry.desk.provenance import Graph, version_name
from registry.errors import NotHeld
from registry.records.facts import TOLD, Fact
from registry.records.fields import Reach
from registry.records.muniment import MunimentKind, Status, Visibility
from registry.records.roles import Verb

strawberry.enum(MunimentKind, description="What sort of document it is; SALE_RECORD is loaded, never lodged.")
strawberry.enum(Status, name="MunimentStatus", description="Where a muniment stands.")
strawberry.enum(
    Visibility,
    description="DEPARTMENTS: every enrolled department sees that it is there, its kind and public details. "
    "OWN: the custodian alone. PUBLIC: published anyway (sale records).",
)


@strawberry.type(description="A document under custody, with its versions. Its evidence is the entry that brought it.")
class Muniment(Entity, Subject):
    holding: strawberry.Private[Holding]

    @strawberry.field
    def reference(self) -> str:
        return self.holding.reference

    @strawberry.field
    def kind(self) -> MunimentKind:
        return self.holding.state.kind

    @strawberry.field
    def status(self) -> Status:
        return self.holding.state.status

    @strawberry.field
    def visibility(self) -> Visibility:
        return self.holding.state.visibility

    @strawberry.field
    def custodian(self) -> Department:
        return Department(key=f"department/{self.holding.state.custodian}")

    @strawberry.field
    def recorded_at(self) -> DateTime:
        return DateTime(TOLD["Muniment"]["recordedAt"](Fact(self.born.position, self.born.entry)))

    @strawberry.field(description="Of loaded rows: sources differ, earlier version not held …")
    def flags(self) -> list[str]:
        return list(self.holding.flags)

    @strawberry.field
    def current_version(self) -> Version:
        return _version(self.holding, self.holding.versions[-1])

    @strawberry.field(description="Oldest first.")
    def versions(self, info: Info, first: int = 20, after: str | None = None) -> VersionConnection:
        asked, listed = operation(info), f"versions {self.key}"
        limit, beyond = asked.page(first), asked.place(listed, after) or 0
        rest = [each for each in self.holding.versions if each.number > beyond]
        edges = [
            VersionEdge(cursor=asked.cursor(listed, each.number), node=_version(self.holding, each))
            for each in rest[:limit]
        ]
        cursors = [edge.cursor for edge in edges]
        return VersionConnection(edges=edges, page_info=PageEnds.of(cursors, more=len(rest) > limit, after=after))

    @strawberry.field(
        graphql_type=LazyType("Property", "gateway.properties") | None,
        description="The property at a sale's address, if it does not stand alone: a search, not a proof.",
    )
    def property(self, info: Info) -> Any:
        asked = operation(info)
        found = asked.desk.properties.of_sale(self.holding.versions[-1].recorded.position)
        return None if found is None else asked.make(f"properties/{found.key}")

    @strawberry.field(description="Flat and bounded: nodes and edges in one answer, no recursion.")
    def provenance(self, info: Info, first: int = 100, after: str | None = None) -> ProvenanceGraph:
        operation(info).read_clear(self.key)
        return graph_of(self.holding, info, _entities, first=first, after=after)

    @strawberry.field
    def history(self, info: Info, first: int = 50, after: str | None = None) -> HistoryConnection:
        operation(info).read_clear(self.key)
        return history_of(f"history {self.key}", self.holding.entries, info, first=first, after=after)


@strawberry.type(
    description="digest: of the plain body, only of kinds marked public. ciphertextDigest and size (bytes): of the "
    "body as stored, in clear in the entry; null and 0 without a body."
)
class Version(Entity):
    holding: strawberry.Private[Holding]
    held: strawberry.Private[HeldVersion]

    def told(self, name: str) -> Any:
        """What the entry says of a member, by the function that a verifier asks too."""
        return TOLD["Version"][name](Fact(self.born.position, self.born.entry))

    @strawberry.field
    def number(self) -> int:
        return self.held.number

    @strawberry.field
    def muniment(self) -> Muniment:
        return muniment_of(self.holding)

    @strawberry.field
    def digest(self) -> Digest | None:
        found: Digest | None = self.told("digest")
        return found

    @strawberry.field
    def ciphertext_digest(self) -> Digest | None:
        found: Digest | None = self.told("ciphertextDigest")
        return found

    @strawberry.field
    def size(self) -> UInt53:
        return UInt53(self.told("size"))

    @strawberry.field(description="Where it is public; else among the withheld details.")
    def media_type(self) -> str | None:
        found: str | None = self.told("mediaType")
        return found

    @strawberry.field
    def recorded_at(self) -> DateTime:
        return DateTime(self.told("recordedAt"))

    @strawberry.field(description="What the source claims: a detail, and read as one.")
    def occurred_on(self, info: Info) -> Date | None:
        operation(info).read_clear(self.born.entry.subject)
        found: Date | None = self.told("occurredOn")
        return found

    @strawberry.field
    def revision_of(self) -> Version | None:
        before = [each for each in self.holding.versions if each.number == self.held.number - 1]
        return _version(self.holding, before[0]) if before else None

    @strawberry.field(
        description="Members of the record. withheld: lay open what the caller may see; a recorded reading."
    )
    def details(self, info: Info, withheld: bool = False) -> list[Detail]:
        return details_of(self.born, info, withheld=withheld)


@strawberry.type
class VersionEdge:
    cursor: str
    node: Version


@strawberry.type
class VersionConnection:
    edges: list[VersionEdge]
    page_info: PageEnds


@strawberry.type
class MunimentEdge:
    cursor: str
    node: Muniment


@strawberry.type
class MunimentConnection:
    edges: list[MunimentEdge]
    page_info: PageEnds

    @strawberry.field
    def checkpoint(self, info: Info) -> Checkpoint:
        return Checkpoint(ground=operation(info).ground())


def muniment_of(holding: Holding) -> Muniment:
    """The muniment as an object."""
    return Muniment(key=holding.reference, born=holding.entries[0], ended=holding.withdrawn, holding=holding)


def _version(holding: Holding, held: HeldVersion) -> Version:
    later = [each for each in holding.versions if each.number == held.number + 1]
    ended = later[0].recorded if later else holding.withdrawn
    key = version_name(holding, held.number)
    return Version(key=key, born=held.recorded, ended=ended, holding=holding, held=held)


def _entities(holding: Holding, graph: Graph) -> list[Entity]:
    """The nodes of a graph."""
    return [muniment_of(holding), *(_version(holding, each) for each in graph.versions)]


def make_muniment(asked: Operation, key: str) -> Muniment | Version:
    """`muniment/…` or `sale/…`, or a version of it, if the caller may know of it. Raises NotHeld, Malformed."""
    asked.check(Verb.MUNIMENT_READ if asked.caller.department else Reach.DEPARTMENTS)
    reference, _, number = key.partition("/versions/")
    holding = asked.desk.holdings.holding(reference, asked.size())
    if not number:
        return muniment_of(holding)
    for each in holding.versions:
        if str(each.number) == number:
            return _version(holding, each)
    raise NotHeld(f"{reference} has no version {number}")
