"""The counter for provenance: where a muniment comes from, as one flat and bounded W3C PROV graph.

Versions and the muniment are entities, entries of the ledger activities, officers and departments agents. Nodes are
named as everywhere (`muniment/…`, `officer/3`), a version `muniment/…/versions/2`, an entry `entries/12`. In PROV-JSON
(W3C member submission, 2013) the same names stand under the prefix `m`, which is `https://<origin>/`:

    {"activity":{"m:entries/12":{"m:kind":"LODGED","prov:startTime":"2025-11-22T08:00:00.123Z"}},
     "entity":{"m:muniment/0b7c…":{}},"prefix":{"m":"https://registry.example/land/"},
     "wasGeneratedBy":{"_:1":{"prov:activity":"m:entries/12","prov:entity":"m:muniment/0b7c…/versions/1"}}}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from msgspec import UNSET

from registry.desk.holdings import HeldVersion, Holding, Holdings, Recorded
from registry.desk.services import Services
from registry.records.acts import Act, Row
from registry.records.encoding import canonical
from registry.records.facts import moment


class Relation(StrEnum):
    """Of PROV-DM, as far as an entry of ours can say it."""

    WAS_GENERATED_BY = "WAS_GENERATED_BY"
    USED = "USED"
    WAS_REVISION_OF = "WAS_REVISION_OF"
    SPECIALIZATION_OF = "SPECIALIZATION_OF"
    WAS_ATTRIBUTED_TO = "WAS_ATTRIBUTED_TO"
    WAS_ASSOCIATED_WITH = "WAS_ASSOCIATED_WITH"
    ACTED_ON_BEHALF_OF = "ACTED_ON_BEHALF_OF"
    WAS_INVALIDATED_BY = "WAS_INVALIDATED_BY"
    WAS_INFORMED_BY = "WAS_INFORMED_BY"


@dataclass(frozen=True, slots=True)
class Edge:
    """`source` relation `target`, said by the entry."""

    source: str
    target: str
    relation: Relation
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Graph:
    """One page of it: versions recorded by `entries`, openings of loads among these, agents by reference. `more`
    entries follow after the last of them."""

    versions: tuple[HeldVersion, ...]
    entries: tuple[Recorded, ...]
    agents: tuple[str, ...]
    edges: tuple[Edge, ...]
    last: int | None
    more: bool
    prov_json: str


# PROV-JSON's name of a relation, and of its two ends.
_JSON: dict[Relation, tuple[str, str, str]] = {
    Relation.WAS_GENERATED_BY: ("wasGeneratedBy", "prov:entity", "prov:activity"),
    Relation.USED: ("used", "prov:activity", "prov:entity"),
    Relation.WAS_REVISION_OF: ("wasDerivedFrom", "prov:generatedEntity", "prov:usedEntity"),
    Relation.SPECIALIZATION_OF: ("specializationOf", "prov:specificEntity", "prov:generalEntity"),
    Relation.WAS_ATTRIBUTED_TO: ("wasAttributedTo", "prov:entity", "prov:agent"),
    Relation.WAS_ASSOCIATED_WITH: ("wasAssociatedWith", "prov:activity", "prov:agent"),
    Relation.ACTED_ON_BEHALF_OF: ("actedOnBehalfOf", "prov:delegate", "prov:responsible"),
    Relation.WAS_INVALIDATED_BY: ("wasInvalidatedBy", "prov:entity", "prov:activity"),
    Relation.WAS_INFORMED_BY: ("wasInformedBy", "prov:informed", "prov:informant"),
}


class Provenance:
    """Graphs of what the viewer may see: a `Holding` was handed to him."""

    def __init__(self, services: Services, holdings: Holdings) -> None:
        self._services, self._holdings = services, holdings

    def graph(self, holding: Holding, *, limit: int, after: int = -1) -> Graph:
        """What at most `limit` entries beyond the position `after` say."""
        rest = [recorded for recorded in holding.entries if recorded.position > after]
        page = rest[:limit]
        loads = {entry.load for entry in (each.entry for each in page) if isinstance(entry, Row)}
        openings = {position: self._holdings.entry(position) for position in sorted(loads)}
        edges = [edge for recorded in page for edge in self._edges(holding, recorded)]
        edges += [edge for opened in openings.values() for edge in self._agents(opened)]
        edges = list({(edge.source, edge.target, edge.relation): edge for edge in edges}.values())
        entries = tuple(sorted({each.position: each for each in (*openings.values(), *page)}.items()))
        named = {name for edge in edges for name in (edge.source, edge.target)}
        graph = Graph(
            versions=tuple(version for version in holding.versions if version_name(holding, version.number) in named),
            entries=tuple(recorded for _, recorded in entries),
            agents=tuple(sorted(name for name in named if name.startswith(("officer/", "department/")))),
            edges=tuple(edges),
            last=page[-1].position if page else None,
            more=len(rest) > len(page),
            prov_json="",
        )
        text = canonical(_prov_json(self._services.origin, holding, graph)).decode()
        return Graph(graph.versions, graph.entries, graph.agents, graph.edges, graph.last, graph.more, text)

    def _edges(self, holding: Holding, recorded: Recorded) -> Iterator[Edge]:
        activity, entry = entry_name(recorded.position), recorded.entry
        for version in holding.versions:
            if version.recorded.position != recorded.position:
                continue
            name = version_name(holding, version.number)
            department = f"department/{self._holdings.custodian_of(entry)}"
            yield Edge(name, activity, Relation.WAS_GENERATED_BY, recorded)
            yield Edge(name, holding.reference, Relation.SPECIALIZATION_OF, recorded)
            yield Edge(name, department, Relation.WAS_ATTRIBUTED_TO, recorded)
            if version.number > 1:
                before = version_name(holding, version.number - 1)
                yield Edge(name, before, Relation.WAS_REVISION_OF, recorded)
                yield Edge(activity, before, Relation.USED, recorded)
        if holding.withdrawn is not None and holding.withdrawn.position == recorded.position:
            yield Edge(holding.reference, activity, Relation.WAS_INVALIDATED_BY, recorded)
        if isinstance(entry, Row):
            yield Edge(activity, entry_name(entry.load), Relation.WAS_INFORMED_BY, recorded)
        else:
            yield from self._agents(recorded)

    @staticmethod
    def _agents(recorded: Recorded) -> Iterator[Edge]:
        entry = recorded.entry
        if isinstance(entry, Act) and entry.intent.officer is not UNSET:
            activity, department = entry_name(recorded.position), f"department/{entry.intent.department}"
            yield Edge(activity, entry.intent.officer, Relation.WAS_ASSOCIATED_WITH, recorded)
            yield Edge(entry.intent.officer, department, Relation.ACTED_ON_BEHALF_OF, recorded)


def entry_name(position: int) -> str:
    """An entry's name in a graph."""
    return f"entries/{position}"


def version_name(holding: Holding, number: int) -> str:
    """A version's name in a graph."""
    return f"{holding.reference}/versions/{number}"


def _prov_json(origin: str, holding: Holding, graph: Graph) -> dict[str, Any]:
    document: dict[str, Any] = {
        "activity": {f"m:{entry_name(each.position)}": _activity(each) for each in graph.entries},
        "agent": {f"m:{name}": _agent(name) for name in graph.agents},
        "entity": {
            f"m:{holding.reference}": {"m:kind": holding.state.kind.value},
            **{f"m:{version_name(holding, each.number)}": {"m:version": each.number} for each in graph.versions},
        },
        "prefix": {"m": f"https://{origin}/"},
    }
    for number, edge in enumerate(graph.edges, 1):
        relation, source, target = _JSON[edge.relation]
        said: dict[str, Any] = {source: f"m:{edge.source}", target: f"m:{edge.target}"}
        if edge.relation is Relation.WAS_REVISION_OF:
            said["prov:type"] = {"$": "prov:Revision", "type": "prov:QUALIFIED_NAME"}
        if edge.relation in (Relation.WAS_GENERATED_BY, Relation.USED, Relation.WAS_INVALIDATED_BY):
            said["prov:time"] = moment(edge.recorded.entry.at)
        document.setdefault(relation, {})[f"_:{number}"] = said
    return document


def _activity(recorded: Recorded) -> dict[str, Any]:
    entry, at = recorded.entry, moment(recorded.entry.at)
    kind = entry.intent.kind.value if isinstance(entry, Act) else f"ROW_{entry.op}"
    return {"m:kind": kind, "m:position": recorded.position, "prov:endTime": at, "prov:startTime": at}


def _agent(name: str) -> dict[str, Any]:
    kind = "prov:Organization" if name.startswith("department/") else "prov:Person"
    return {"prov:type": {"$": kind, "type": "prov:QUALIFIED_NAME"}}
