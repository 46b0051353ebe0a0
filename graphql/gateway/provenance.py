"""Provenance as one bounded W3C PROV graph, and as PROV-JSON."""

from __future__ import annotations

from collections.abc import Callable

import strawberry

from gateway.checkpoints import Checkpoint
from gateway.entities import Entity
from gateway.entries import LedgerEntry, entry_of
from gateway.nodes import Agent, Info
from gateway.operation import operation
from gateway.scalars import DateTime, at
from registry.desk.holdings import Holding
from registry.desk.provenance import Edge, Graph, Relation

Nodes = Callable[[Holding, Graph], list[Entity]]
strawberry.enum(Relation, name="ProvRelation", description="Of PROV-DM.")


@strawberry.type(description="from relation to, as the entry says.")
class ProvenanceEdge:
    edge: strawberry.Private[Edge]

    @strawberry.field(name="from")
    def source(self, info: Info) -> strawberry.ID:
        return operation(info).id(self.edge.source)

    @strawberry.field(name="to")
    def target(self, info: Info) -> strawberry.ID:
        return operation(info).id(self.edge.target)

    @strawberry.field
    def relation(self) -> Relation:
        return self.edge.relation

    @strawberry.field
    def recorded_at(self) -> DateTime:
        return at(self.edge.recorded.entry.at)

    @strawberry.field
    def entry(self, info: Info) -> LedgerEntry:
        return entry_of(operation(info), self.edge.recorded)


@strawberry.type(
    description="At most `first` entries of the history, oldest first, and what they say: truncated and endCursor tell "
    "whether more follow. nodes, entries and agents bear the ids that edges name."
)
class ProvenanceGraph:
    root: strawberry.ID
    nodes: list[Entity]
    agents: list[Agent]
    entries: list[LedgerEntry]
    edges: list[ProvenanceEdge]
    truncated: bool
    end_cursor: str | None
    prov_json: str

    @strawberry.field
    def checkpoint(self, info: Info) -> Checkpoint:
        return Checkpoint(ground=operation(info).ground())


def graph_of(holding: Holding, info: Info, nodes: Nodes, *, first: int, after: str | None) -> ProvenanceGraph:
    """A page of the graph; `nodes` makes its entities. Raises Misuse."""
    asked, listed = operation(info), f"provenance {holding.reference}"
    limit, beyond = asked.page(first), asked.place(listed, after)
    graph = asked.desk.provenance.graph(holding, limit=limit, after=-1 if beyond is None else beyond)
    return ProvenanceGraph(
        root=asked.id(holding.reference),
        nodes=nodes(holding, graph),
        agents=[asked.make(name) for name in graph.agents],
        entries=[entry_of(asked, each) for each in graph.entries],
        edges=[ProvenanceEdge(edge=each) for each in graph.edges],
        truncated=graph.more,
        end_cursor=None if graph.last is None else asked.cursor(listed, graph.last),
        prov_json=graph.prov_json,
    )
