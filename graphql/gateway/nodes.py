"""The interfaces: what has an id, what has a history, what can prove itself, who acts."""

from __future__ import annotations

import strawberry

from gateway.operation import Operation, operation

Info = strawberry.Info[Operation]


@strawberry.interface(description="Whatever has an id. Ids are opaque: hand them back, compare them, read nothing in.")
class Node:
    """`key` is its name within the registry: `muniment/…`, `entries/12`."""

    key: strawberry.Private[str]

    @strawberry.field
    def id(self, info: Info) -> strawberry.ID:
        return operation(info).id(self.key)


@strawberry.interface(description="Who acts: an officer or a department. W3C PROV agent.")
class Agent(Node):
    @strawberry.field
    def display_name(self, info: Info) -> str:
        return self.key.partition("/")[2]
