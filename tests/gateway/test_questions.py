"""What departments ask: muniments by reference and id, versions, searches, properties, loads, the ledger."""

from __future__ import annotations

import base64
import itertools

from registry.ledger import receipt as receipts
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.merkle import verify_consistency, verify_inclusion
from registry.ledger.note import Note
from registry.records.facts import moment
from tests.gateway.answering import Counter

BY_REFERENCE = "query($r: String!) {muniment(by: {reference: $r}) %s}"


def _bytes(digest: str) -> bytes:
    return bytes.fromhex(digest.removeprefix("sha256:"))


def test_a_muniment_is_found_by_reference_and_by_the_id_that_it_then_has(counter: Counter) -> None:
    wanted = "{id reference kind status visibility recordedAt custodian {code name} currentVersion {number}}"
    found = counter.data(BY_REFERENCE % wanted, r=counter.deed)["muniment"]
    assert (found["reference"], found["kind"], found["status"]) == (counter.deed, "DEED", "CURRENT")
    assert (found["visibility"], found["currentVersion"]) == ("DEPARTMENTS", {"number": 2})
    assert found["custodian"] == {"code": "HMLR", "name": "Land Registry"}
    again = counter.data("query($i: ID!) {muniment(by: {id: $i}) %s node(id: $i) {id}}" % wanted, i=found["id"])
    assert again == {"muniment": found, "node": {"id": found["id"]}}


def test_versions_and_history_are_whole_and_linked(counter: Counter) -> None:
    found = counter.data(
        BY_REFERENCE
        % """{versions {edges {node {number size ciphertextDigest digest revisionOf {number}
            invalidatedBy {position} generatedBy {position} details {name value withheld}}}}
            history {total last {position} edges {node {number position previousPosition previousHash
            ... on Act {kind officer {number} signatures {keyId algorithm}}}}}}""",
        r=counter.deed,
    )["muniment"]
    first, second = (edge["node"] for edge in found["versions"]["edges"])
    assert (first["number"], second["number"], second["revisionOf"]) == (1, 2, {"number": 1})
    assert first["invalidatedBy"] == second["generatedBy"]
    assert first["digest"] is None  # a plain digest of guessable content is an oracle
    assert {"name": "title", "value": '"K871204"', "withheld": False} in first["details"]
    assert {"name": None, "value": None, "withheld": True} in first["details"]
    history = [edge["node"] for edge in found["history"]["edges"]]
    assert [each["kind"] for each in history] == ["LODGED", "REVISED"]
    assert [each["number"] for each in history] == [1, 2]
    assert found["history"]["total"] == 2
    assert history[1]["previousPosition"] == history[0]["position"]
    leaf = counter.town.office.log.leaf(history[0]["position"])
    assert _bytes(history[1]["previousHash"]) == leaf


def test_a_sale_tells_its_row_its_load_and_its_facts(counter: Counter) -> None:
    sale = counter.sales()[0]
    found = counter.data(
        BY_REFERENCE
        % """{kind visibility flags currentVersion {details {name value} size} generatedBy {__typename position
            ... on LoadedRow {op row load {reference opened {position}}} subject {id}} id}""",
        r=sale,
        who="police-reader",
    )["muniment"]
    assert (found["kind"], found["visibility"]) == ("SALE_RECORD", "PUBLIC")
    row = found["generatedBy"]
    assert (row["__typename"], row["subject"]) == ("LoadedRow", {"id": found["id"]})
    assert row["load"]["reference"] == f"load/{row['load']['opened']['position']}"
    details = {each["name"]: each["value"] for each in found["currentVersion"]["details"]}
    assert int(details["price"]) > 0
    assert found["currentVersion"]["size"] == 0


def test_as_at_a_size_the_muniment_is_as_it_was(counter: Counter) -> None:
    history = "{status currentVersion {number} history {total} provenance {entries {position}}}"
    second = counter.data(BY_REFERENCE % "{history {last {position}}}", r=counter.deed)
    position = second["muniment"]["history"]["last"]["position"]
    asked = "query($r: String!, $at: AsAt!) {muniment(by: {reference: $r}, asAt: $at) %s}" % history
    was = counter.data(asked, r=counter.deed, at={"size": position})["muniment"]
    assert (was["currentVersion"]["number"], was["history"]["total"]) == (1, 1)
    assert len(was["provenance"]["entries"]) == 1
    now = counter.data(asked, r=counter.deed, at={"size": position + 1})["muniment"]
    assert (now["currentVersion"]["number"], now["history"]["total"]) == (2, 2)
    earlier = moment(counter.town.clock.now - 2 * 86_400_000)
    assert counter.data(asked, r=counter.deed, at={"time": earlier})["muniment"] == was


def test_what_is_yet_to_come_and_two_points_at_once_are_refused(counter: Counter) -> None:
    asked = "query($r: String!, $at: AsAt!) {muniment(by: {reference: $r}, asAt: $at) {status}}"
    for at in (
        {"time": ""},
        {"size": counter.size() + 1},
        {"size": 0},
        {"time": moment(counter.town.clock.now)},
        {"time": "now"},
    ):
        assert counter.codes(asked, r=counter.deed, at=at) == ["INVALID"]
    one = "muniment(by: {reference: $r}, asAt: {size: 25}) {status}"
    two = "query($r: String!) {a: %s b: muniment(by: {reference: $r}) {status}}" % one
    assert counter.codes(two, r=counter.deed) == ["INVALID"]


def test_a_search_gives_pages_that_meet_without_gap_or_double(counter: Counter) -> None:
    asked = """query($after: String) {search(text: "ROAD", first: 60, after: $after)
        {edges {cursor node {... on Muniment {reference}}} pageInfo {hasNextPage hasPreviousPage endCursor}}}"""
    found, after = list[str](), None
    while True:
        page = counter.data(asked, after=after)["search"]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        found += [edge["node"]["reference"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert found[:100] == counter.sales()
    assert len(set(found)) == len(found) > 100


def test_a_search_finds_departments_and_loads_too(counter: Counter) -> None:
    asked = "query($t: String!) {search(text: $t) {edges {node {__typename ... on Department {code}}}}}"
    pol = counter.data(asked, t="POL")["search"]["edges"]
    assert {"node": {"__typename": "Department", "code": "POL"}} in pol
    load = counter.data("{loads {edges {node {reference}}}}")["loads"]["edges"][0]["node"]["reference"]
    assert counter.data(asked, t=load)["search"]["edges"][0]["node"]["__typename"] == "Load"


def test_a_property_groups_the_sales_of_its_address(counter: Counter) -> None:
    for sale in counter.sales():
        asked = "{property {id address postcode paon saon street town sales(first: 100) {edges {node {reference}}}}}"
        found = counter.data(BY_REFERENCE % asked, r=sale)["muniment"]["property"]
        if found is not None:
            break
    else:
        raise AssertionError("no sale of the fixture has a property")
    assert sale in {edge["node"]["reference"] for edge in found["sales"]["edges"]}
    address = {name: found[name] for name in ("postcode", "paon", "saon", "street", "town")}
    by = "query($by: PropertyRef!) {property(by: $by) {id address}}"
    expected = {"property": {"id": found["id"], "address": found["address"]}}
    assert counter.data(by, by={"address": address}) == expected
    assert counter.data(by, by={"id": found["id"]}) == expected
    assert counter.codes(by, by={"address": {"paon": "none", "postcode": "ZZ9 9ZZ"}}) == ["NOT_FOUND"]
    assert counter.codes(by, by={"id": ""}) == ["INVALID"]
    assert counter.codes(by, by={"address": {"paon": ""}}) == ["INVALID"]
    assert counter.codes(by, by={"address": {"paon": "10-Dec", "postcode": "ZZ9 9ZZ"}}) == ["INVALID"]


def test_loads_tell_their_counts_and_their_file(counter: Counter) -> None:
    wanted = """{id reference fileDigest dialect state department {code} openedAt closedAt rows recorded already changed
        withdrawn rejected flagged firstPosition lastPosition rowsRoot opened {kind} closed {kind} history {total}}"""
    found = counter.data("{loads(state: FINISHED) {edges {node %s}}}" % wanted)["loads"]["edges"]
    changes, sales = (edge["node"] for edge in found)
    for load in (changes, sales):
        parts = ("recorded", "already", "changed", "withdrawn", "rejected")
        assert load["rows"] == sum(load[part] for part in parts)
        assert (load["opened"], load["closed"]) == ({"kind": "LOAD_OPENED"}, {"kind": "LOAD_CLOSED"})
        assert load["history"] == {"total": 2}
        assert load["department"] == {"code": "HMLR"}
    assert sales["fileDigest"].startswith("sha256:")
    assert sales["rowsRoot"].startswith("sha256:")
    assert counter.data("query($i: ID!) {load(id: $i) %s}" % wanted, i=sales["id"]) == {"load": sales}
    assert counter.data("{loads(state: OPEN) {edges {cursor}}}") == {"loads": {"edges": []}}


def test_checkpoints_are_blocks_that_extend_each_other(counter: Counter) -> None:
    asked = "{ledger {checkpoints(first: 100) {edges {node {number size previousSize rootHash note}}}}}"
    blocks = [edge["node"] for edge in counter.data(asked, who=None)["ledger"]["checkpoints"]["edges"]]
    assert [each["number"] for each in blocks] == list(range(1, len(blocks) + 1))
    for before, after in itertools.pairwise(blocks):
        assert after["previousSize"] == before["size"]
    first, last = blocks[0], blocks[-1]
    proof = counter.data(
        "query($f: UInt53!, $t: UInt53!) {ledger {consistency(from: $f, to: $t) {path checkpoint {rootHash note}}}}",
        who=None,
        f=first["size"],
        t=last["size"],
    )["ledger"]["consistency"]
    path = tuple(_bytes(each) for each in proof["path"])
    verify_consistency(first["size"], last["size"], _bytes(first["rootHash"]), _bytes(last["rootHash"]), path)
    assert str(Checkpoint.parse(Note.parse(last["note"].encode()).text)).split("\n")[1] == str(last["size"])


def test_inclusion_receipt_policy_and_keys_are_those_of_the_office(counter: Counter) -> None:
    found = counter.data("{ledger {checkpoint {size rootHash} policy catalogueLag keys {algorithm key}}}")["ledger"]
    size, root = found["checkpoint"]["size"], _bytes(found["checkpoint"]["rootHash"])
    proof = counter.data("query($s: UInt53!) {ledger {inclusion(index: 7, size: $s) {path}}}", s=size)["ledger"]
    path = tuple(_bytes(each) for each in proof["inclusion"]["path"])
    verify_inclusion(counter.town.office.log.leaf(7), 7, size, path, root)
    assert found["policy"].encode() == counter.policy()
    assert found["catalogueLag"] == 0
    assert [key["algorithm"] for key in found["keys"]] == ["Ed25519", "ML-DSA-44"]
    deed = counter.data(BY_REFERENCE % "{history {last {position}}}", r=counter.deed)["muniment"]["history"]
    position = deed["last"]["position"]
    text = counter.data("query($p: UInt53!) {ledger {receipt(position: $p)}}", p=position)["ledger"]["receipt"]
    assert receipts.verify(text.encode(), counter.policy()).index == position


def test_a_signature_covers_the_bytes_that_are_told(counter: Counter) -> None:
    found = counter.data(
        BY_REFERENCE % "{history {edges {node {... on Act {signatures {keyId value signed}}}}}}", r=counter.deed
    )["muniment"]["history"]["edges"][0]["node"]["signatures"][0]
    signed = base64.b64decode(found["signed"])
    assert signed.startswith(b"muniment-act@v1\nregistry.example/land\n")
    assert found["keyId"] == "officer/3"


def test_the_caller_is_told_who_it_is(counter: Counter) -> None:
    found = counter.data("{viewer {agent {displayName} department {code} scopes purpose}}", who="police-reader")
    viewer = found["viewer"]
    assert viewer["department"] == {"code": "POL"}
    assert viewer["purpose"] == "inquiry 7"
    assert {"muniment.read", "search", "load.read"} <= set(viewer["scopes"])
    assert "load.run" not in viewer["scopes"]


def test_entries_of_the_ledger_are_for_those_who_may_read_it(counter: Counter) -> None:
    asked = "{ledger {entries(from: 0, first: 100) {edges {node {position}} pageInfo {hasNextPage}}}}"
    everything = counter.data(asked, who="auditor")["ledger"]["entries"]["edges"]
    assert [edge["node"]["position"] for edge in everything] == list(range(100))
    assert counter.codes(asked, who=None) == ["UNAUTHENTICATED"]
    assert counter.codes(asked, who="intake-clerk") == ["FORBIDDEN"]
