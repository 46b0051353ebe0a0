"""The questions."""

from __future__ import annotations

import strawberry

from gateway.agents import make_agent
from gateway.entries import make_entry
from gateway.ledger import Ledger
from gateway.loads import Load, LoadConnection, make_load, page_of_loads
from gateway.muniments import Muniment, make_muniment
from gateway.nodes import Info, Node
from gateway.operation import MAX_PAGE, Make, Operation, operation
from gateway.properties import Property, PropertyRef, make_property, property_at
from gateway.scalars import DateTime, Digest, UInt53, read_time
from gateway.search import Moments, SearchConnection, page_of_hits, sought_of
from gateway.verification import Verification, verification_of
from gateway.viewer import RateLimit, Viewer, rate_limit_of
from registry.errors import Misuse, NotHeld, NotPermitted
from registry.records.loads import LoadState
from registry.records.muniment import MunimentKind

MAKERS: dict[str, Make] = {
    "department": make_agent,
    "entries": make_entry,
    "load": make_load,
    "muniment": make_muniment,
    "officer": make_agent,
    "properties": make_property,
    "sale": make_muniment,
}
"""Noun of a key → what makes the object, if the caller may know of it."""


@strawberry.input(one_of=True, description="A point in the ledger. One for the whole operation.")
class AsAt:
    size: UInt53 | None = strawberry.UNSET
    time: DateTime | None = strawberry.UNSET


@strawberry.input(one_of=True, description="reference: like muniment/<uuid> or sale/<UUID>.")
class MunimentRef:
    id: strawberry.ID | None = strawberry.UNSET
    reference: str | None = strawberry.UNSET


@strawberry.type
class Query:
    @strawberry.field
    def node(self, info: Info, id: strawberry.ID) -> Node | None:
        asked = operation(info)
        found: Node = asked.make(asked.key(id))
        return found

    @strawberry.field(description="At most 100 ids; what is absent or out of reach is null in its place.")
    def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        if len(ids) > MAX_PAGE:
            raise Misuse(f"{len(ids)} ids; at most {MAX_PAGE} at once")
        return [_or_none(operation(info), each) for each in ids]

    @strawberry.field
    def muniment(self, info: Info, by: MunimentRef, as_at: AsAt | None = None) -> Muniment | None:
        asked = operation(info)
        asked.as_at(_size(asked, as_at))
        reference = asked.key(by.id) if isinstance(by.id, str) else by.reference or ""
        if not reference.startswith(("muniment/", "sale/")) or reference.count("/") != 1:
            raise Misuse("that is no muniment's; expected an id, or a reference like muniment/<uuid> or sale/<UUID>")
        found = make_muniment(asked, reference)
        assert isinstance(found, Muniment)
        return found

    @strawberry.field(description="A grouping in the catalogue: a search, not a proof.")
    def property(self, info: Info, by: PropertyRef) -> Property | None:
        return property_at(info, by)

    @strawberry.field(
        description="Newest first: a search, not a proof; what is not listed may still be recorded. kinds (none: "
        "anything), department and recorded narrow it: muniments of these kinds, in that department's custody, whose "
        "newest details were recorded then."
    )
    def search(
        self,
        info: Info,
        text: str,
        kinds: list[MunimentKind] | None = None,
        department: strawberry.ID | None = None,
        recorded: Moments | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> SearchConnection:
        return page_of_hits(info, text, sought_of(info, kinds, department, recorded), first=first, after=after)

    @strawberry.field
    def load(self, info: Info, id: strawberry.ID) -> Load | None:
        asked = operation(info)
        key = asked.key(id)
        if not key.startswith("load/"):
            raise NotHeld("that id is not a load's")
        return make_load(asked, key)

    @strawberry.field(description="Newest first.")
    def loads(
        self, info: Info, state: LoadState | None = None, first: int = 20, after: str | None = None
    ) -> LoadConnection:
        return page_of_loads(info, state, first=first, after=after)

    @strawberry.field(
        description="Is this registered? digest: of a public muniment's body, or the salted digest of a withheld "
        "member, which only who holds its disclosure can name."
    )
    def verify(self, info: Info, digest: Digest) -> Verification:
        return verification_of(info, digest)

    @strawberry.field
    def ledger(self) -> Ledger:
        return Ledger()

    @strawberry.field
    def viewer(self) -> Viewer:
        return Viewer()

    @strawberry.field(description="What is left to the caller; null where nothing is counted.")
    def rate_limit(self, info: Info) -> RateLimit | None:
        return rate_limit_of(info)


def _or_none(asked: Operation, identity: strawberry.ID) -> Node | None:
    try:
        found: Node = asked.make(asked.key(identity))
    except (NotHeld, NotPermitted, Misuse):
        return None
    return found


def _size(asked: Operation, as_at: AsAt | None) -> int | None:
    if as_at is None:
        return None
    if isinstance(as_at.time, str):
        return asked.desk.holdings.size_at(read_time(as_at.time))
    return asked.desk.holdings.check_size(as_at.size or 0)
