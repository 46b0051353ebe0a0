"""Provenance as one bounded PROV graph; its PROV-JSON judged by the package `prov`, and strictly by ourselves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gateway.answering import Counter

ASKED = """query($r: String!, $first: Int = 100, $after: String) {muniment(by: {reference: $r}) {id
  provenance(first: $first, after: $after) {root truncated endCursor provJson checkpoint {size}
    nodes {__typename id} agents {id displayName} entries {id position}
    edges {from to relation recordedAt entry {id}}}}}"""

# PROV-JSON (W3C member submission, 2013): each relation with its two ends, and the kind of thing at each.
ENDS = {
    "wasGeneratedBy": ("prov:entity", "entity", "prov:activity", "activity"),
    "used": ("prov:activity", "activity", "prov:entity", "entity"),
    "wasDerivedFrom": ("prov:generatedEntity", "entity", "prov:usedEntity", "entity"),
    "specializationOf": ("prov:specificEntity", "entity", "prov:generalEntity", "entity"),
    "wasAttributedTo": ("prov:entity", "entity", "prov:agent", "agent"),
    "wasAssociatedWith": ("prov:activity", "activity", "prov:agent", "agent"),
    "actedOnBehalfOf": ("prov:delegate", "agent", "prov:responsible", "agent"),
    "wasInvalidatedBy": ("prov:entity", "entity", "prov:activity", "activity"),
    "wasInformedBy": ("prov:informed", "activity", "prov:informant", "activity"),
}


def graph(counter: Counter, reference: str, **more: Any) -> Any:
    """The provenance of that muniment."""
    return counter.data(ASKED, r=reference, **more)["muniment"]["provenance"]


def test_a_revised_deed_tells_versions_acts_officer_and_department(counter: Counter) -> None:
    found = graph(counter, counter.deed)
    assert [node["__typename"] for node in found["nodes"]] == ["Muniment", "Version", "Version"]
    assert {agent["displayName"] for agent in found["agents"]} == {"Land Registry", "officer/3"}
    relations = {edge["relation"] for edge in found["edges"]}
    assert relations == {
        "WAS_GENERATED_BY",
        "SPECIALIZATION_OF",
        "WAS_ATTRIBUTED_TO",
        "WAS_REVISION_OF",
        "USED",
        "WAS_ASSOCIATED_WITH",
        "ACTED_ON_BEHALF_OF",
    }
    assert found["truncated"] is False
    assert found["root"] == found["nodes"][0]["id"]


def test_every_edge_joins_what_is_in_the_graph_and_is_said_by_an_entry_of_it(counter: Counter) -> None:
    for reference in (counter.deed, counter.own, *counter.sales()[:5]):
        found = graph(counter, reference)
        ids = {each["id"] for part in ("nodes", "agents", "entries") for each in found[part]}
        for edge in found["edges"]:
            assert {edge["from"], edge["to"], edge["entry"]["id"]} <= ids


def test_a_sale_leads_to_the_opening_of_its_load_and_to_who_opened_it(counter: Counter) -> None:
    found = graph(counter, counter.sales()[0])
    informed = [edge for edge in found["edges"] if edge["relation"] == "WAS_INFORMED_BY"]
    associated = [edge for edge in found["edges"] if edge["relation"] == "WAS_ASSOCIATED_WITH"]
    assert {edge["to"] for edge in informed} == {edge["from"] for edge in associated}


def test_a_withdrawal_invalidates(counter: Counter) -> None:
    gone = counter.town.lodge().subject
    counter.town.desk("registrar").muniments.withdraw(gone, "lodged twice")
    edges = graph(counter, gone)["edges"]
    assert [edge["relation"] for edge in edges].count("WAS_INVALIDATED_BY") == 1
    assert "wasInvalidatedBy" in graph(counter, gone)["provJson"]


def test_it_comes_in_pages_that_say_so(counter: Counter) -> None:
    first = graph(counter, counter.deed, first=1)
    assert first["truncated"] is True
    second = graph(counter, counter.deed, first=1, after=first["endCursor"])
    assert second["truncated"] is False
    whole = {(edge["from"], edge["to"], edge["relation"]) for edge in graph(counter, counter.deed)["edges"]}
    parts = {(edge["from"], edge["to"], edge["relation"]) for edge in first["edges"] + second["edges"]}
    assert parts == whole
    assert counter.codes(ASKED, r=counter.deed, first=101) == ["INVALID"]


def check_prov_json(text: str) -> int:
    """The number of relations; fails unless all names are declared, of the right kind, and under a known prefix."""
    document = json.loads(text)
    names = {kind: set(document.pop(kind, {})) for kind in ("entity", "activity", "agent")}
    prefixes = set(document.pop("prefix")) | {"prov"}
    assert all(name.partition(":")[0] in prefixes for kind in names.values() for name in kind)
    count = 0
    for relation, said in document.items():
        source, source_kind, target, target_kind = ENDS[relation]
        for members in said.values():
            assert members[source] in names[source_kind]
            assert members[target] in names[target_kind]
            assert set(members) <= {source, target, "prov:time", "prov:type"}
            count += 1
    return count


def test_prov_json_is_strictly_of_its_form(counter: Counter) -> None:
    for reference in (counter.deed, *counter.sales()[:5]):
        found = graph(counter, reference)
        assert check_prov_json(found["provJson"]) == len(found["edges"])


def test_prov_json_is_read_by_the_package_prov(counter: Counter) -> None:
    model = pytest.importorskip("prov.model", reason="the package prov, a judge of PROV-JSON, is not installed")
    for reference in (counter.deed, *counter.sales()[:5]):
        found = graph(counter, reference)
        document = model.ProvDocument.deserialize(content=found["provJson"], format="json")
        relations = list(document.get_records(model.ProvRelation))
        elements = list(document.get_records(model.ProvElement))
        assert len(relations) == len(found["edges"])
        assert len(elements) == sum(len(found[part]) for part in ("nodes", "agents", "entries"))
        assert check_prov_json(document.serialize(format="json"))
