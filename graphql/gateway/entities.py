"""W3C PROV entities: whatever has provenance, and can prove itself."""

from __future__ import annotations

import strawberry

from gateway.agents import Department
from gateway.entries import LedgerEntry, entry_of
from gateway.evidence import Evidence, evidence_of
from gateway.nodes import Info, Node
from gateway.operation import operation
from registry.desk.holdings import Recorded


@strawberry.interface(description="W3C PROV entity: anything with provenance. Every one can prove itself.")
class Entity(Node):
    """`born` is the entry that brought it, `ended` the one that took it out of use."""

    born: strawberry.Private[Recorded]
    ended: strawberry.Private[Recorded | None]

    @strawberry.field(description="withheld: with the disclosures that the caller may see; a recorded reading.")
    def evidence(self, info: Info, withheld: bool = False) -> Evidence:
        operation(info).read_clear(self.born.entry.subject)
        return evidence_of(self.born.position, info, withheld=withheld)

    @strawberry.field
    def generated_by(self, info: Info) -> LedgerEntry:
        return entry_of(operation(info), self.born)

    @strawberry.field
    def invalidated_by(self, info: Info) -> LedgerEntry | None:
        return None if self.ended is None else entry_of(operation(info), self.ended)

    @strawberry.field(description="The department whose act or load brought it.")
    def attributed_to(self, info: Info) -> list[Department]:
        return [Department(key=f"department/{operation(info).desk.holdings.custodian_of(self.born.entry)}")]
