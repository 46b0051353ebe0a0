"""Properties: sales grouped by their address. A search in the catalogue, never a proof."""

from __future__ import annotations

import strawberry

from gateway.muniments import MunimentConnection, MunimentEdge, muniment_of
from gateway.nodes import Info, Node
from gateway.operation import Operation, operation
from gateway.pages import PageEnds
from registry.desk.properties import Property as HeldProperty
from registry.errors import NotHeld
from registry.records.roles import Verb


@strawberry.type(
    description="Sales at one address, grouped by normalised postcode, PAON, SAON, street and town. Catalogue only: no "
    "act, no number, no completeness; a sale missing here does not show."
)
class Property(Node):
    held: strawberry.Private[HeldProperty]

    @strawberry.field
    def address(self) -> str:
        return self.held.address

    @strawberry.field
    def postcode(self) -> str | None:
        return self.held.postcode or None

    @strawberry.field
    def paon(self) -> str | None:
        return self.held.paon or None

    @strawberry.field
    def saon(self) -> str | None:
        return self.held.saon or None

    @strawberry.field
    def street(self) -> str | None:
        return self.held.street or None

    @strawberry.field
    def town(self) -> str | None:
        return self.held.town or None

    @strawberry.field(description="In the order of their newest entries.")
    def sales(self, info: Info, first: int = 20, after: str | None = None) -> MunimentConnection:
        asked, listed = operation(info), self.key
        limit, beyond = asked.page(first), asked.place(listed, after)
        found = asked.desk.properties.sales(self.held.key, limit=limit + 1, after=-1 if beyond is None else beyond)
        held = asked.desk.holdings.sales([reference for _, reference in found[:limit]], asked.size())
        edges = [
            MunimentEdge(cursor=asked.cursor(listed, at), node=muniment_of(each))
            for (at, _), each in zip(found, held, strict=False)
        ]
        cursors = [edge.cursor for edge in edges]
        return MunimentConnection(edges=edges, page_info=PageEnds.of(cursors, more=len(found) > limit, after=after))


@strawberry.input(description="As the source writes it; case and white space do not count.")
class AddressInput:
    paon: str
    postcode: str | None = None
    saon: str | None = None
    street: str | None = None
    town: str | None = None
    district: str | None = None


@strawberry.input(one_of=True)
class PropertyRef:
    id: strawberry.ID | None = strawberry.UNSET
    address: AddressInput | None = strawberry.UNSET


def property_at(info: Info, by: PropertyRef) -> Property:
    """The property of that id, or at that address. Raises Misuse, NotHeld."""
    asked = operation(info)
    if isinstance(by.id, str):  # "" too is one
        found = asked.make(asked.key(by.id))
        if not isinstance(found, Property):
            raise NotHeld("that id is not a property's")
        return found
    assert isinstance(by.address, AddressInput)  # one of the two: graphql-core has seen to it
    given = by.address
    held = asked.desk.properties.at(
        postcode=given.postcode or "",
        paon=given.paon,
        saon=given.saon or "",
        street=given.street or "",
        town=given.town or "",
        district=given.district or "",
    )
    return Property(key=f"properties/{held.key}", held=held)


def make_property(asked: Operation, key: str) -> Property:
    """The property `properties/<address key>`. Raises NotHeld."""
    asked.check(Verb.SEARCH)
    return Property(key=key, held=asked.desk.properties.known(key.partition("/")[2]))
