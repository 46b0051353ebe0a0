"""Searches narrowed by kind, custody and time, an entry by its leaf hash, and what is left of one's points."""

from __future__ import annotations

from typing import Any

import pytest

from registry.ledger.log import Log
from registry.ledger.merkle import HASH_SIZE, leaf_hash
from registry.records.facts import moment
from tests.gateway.answering import Counter
from tests.town import DAY

SEARCH = """query($t: String!, $k: [MunimentKind!], $d: ID, $r: DateRange, $f: Int! = 100, $a: String) {
  search(text: $t, kinds: $k, department: $d, recorded: $r, first: $f, after: $a) {
    edges {cursor node {... on Muniment {reference kind recordedAt}}} pageInfo {endCursor} checkpoint {size}}}"""


def _found(counter: Counter, text: str, **wanted: Any) -> list[str]:
    edges = counter.data(SEARCH, t=text, **wanted)["search"]["edges"]
    return [edge["node"].get("reference", "") for edge in edges]


def _department(counter: Counter, code: str) -> str:
    asked = "query($t: String!) {search(text: $t) {edges {node {... on Department {id code}}}}}"
    edges = counter.data(asked, t=code)["search"]["edges"]
    return str(next(edge["node"]["id"] for edge in edges if edge["node"].get("code") == code))


def test_a_search_is_narrowed_to_kinds(counter: Counter) -> None:
    everything = _found(counter, "K871204")
    deeds = _found(counter, "K871204", k=["DEED"])
    assert counter.deed in deeds
    assert set(deeds) <= set(everything)
    assert _found(counter, "K871204", k=["LEASE", "PLAN"]) == []
    assert _found(counter, "K871204", k=[]) == everything
    assert counter.deed in _found(counter, "K871204", k=["LEASE", "DEED"])
    assert _found(counter, counter.deed, k=["DEED"]) == [counter.deed]
    assert _found(counter, counter.deed, k=["LEASE"]) == []


def test_a_search_is_narrowed_to_a_departments_custody(counter: Counter) -> None:
    assert counter.deed in _found(counter, "K871204", d=_department(counter, "HMLR"))
    assert _found(counter, "K871204", d=_department(counter, "POL")) == []
    assert _found(counter, counter.deed, d=_department(counter, "POL")) == []


def test_a_search_is_narrowed_to_a_time_and_both_its_ends_are_in_it(counter: Counter) -> None:
    asked = "query($r: String!) {muniment(by: {reference: $r}) {currentVersion {recordedAt}}}"
    at = counter.data(asked, r=counter.deed)["muniment"]["currentVersion"]["recordedAt"]
    since, until = moment(counter.town.clock.now - 3 * DAY), moment(counter.town.clock.now + 3 * DAY)
    assert counter.deed in _found(counter, "K871204", r={"from": at, "to": at})
    assert counter.deed in _found(counter, "K871204", r={"from": since})
    assert counter.deed in _found(counter, "K871204", r={"to": until})
    assert _found(counter, "K871204", r={"from": until}) == []
    assert _found(counter, "K871204", r={"to": moment(counter.town.clock.now - 300 * DAY)}) == []
    assert counter.codes(SEARCH, t="x", r={"from": "yesterday"}) == ["INVALID"]


def test_narrowed_pages_meet_and_their_cursors_are_no_others(counter: Counter) -> None:
    whole = _found(counter, "ROAD", k=["SALE_RECORD"])
    page = counter.data(SEARCH, t="ROAD", k=["SALE_RECORD"], f=30)["search"]
    after = page["pageInfo"]["endCursor"]
    second = counter.data(SEARCH, t="ROAD", k=["SALE_RECORD"], f=30, a=after)["search"]
    references = [edge["node"]["reference"] for edge in page["edges"] + second["edges"]]
    assert references == whole[:60]
    assert page["checkpoint"]["size"] > 0
    assert counter.codes(SEARCH, t="ROAD", a=after) == ["INVALID"]
    assert counter.codes(SEARCH, t="ROAD", k=["DEED"], a=after) == ["INVALID"]


def test_narrowing_opens_nothing_that_is_anothers(counter: Counter) -> None:
    hmlr = _department(counter, "HMLR")
    narrowed: tuple[dict[str, Any], ...] = ({"k": ["DEED"]}, {"d": hmlr}, {"r": {"from": "2001-01-01T00:00:00Z"}})
    for wanted in narrowed:
        assert counter.data(SEARCH, "police-reader", t=counter.own, **wanted)["search"]["edges"] == []


def test_a_department_must_be_one(counter: Counter) -> None:
    asked = "query($r: String!) {muniment(by: {reference: $r}) {id}}"
    deed = counter.data(asked, r=counter.deed)["muniment"]["id"]
    assert counter.codes(SEARCH, t="x", d=deed) == ["NOT_FOUND"]
    assert counter.codes(SEARCH, t="x", d="made-up") == ["INVALID"]


# ---- by leaf hash ----

BY_LEAF = "query($h: Digest!) {ledger {entryByLeafHash(hash: $h) {position id}}}"


def _leaf(counter: Counter, position: int) -> str:
    return f"sha256:{leaf_hash(counter.town.office.log.entry(position)).hex()}"


def test_an_entry_is_found_by_its_leaf_hash_wherever_it_lies(counter: Counter) -> None:
    size = counter.town.office.store.head().size
    for position in (0, 1, 255, 256, 300, size // 2, size - 1):
        found = counter.data(BY_LEAF, "auditor", h=_leaf(counter, position))["ledger"]["entryByLeafHash"]
        assert found["position"] == position
    absent = f"sha256:{'0' * 64}"
    assert counter.codes(BY_LEAF, "auditor", h=absent) == ["NOT_FOUND"]
    assert counter.codes(BY_LEAF, "auditor", h="sha256:0") == ["INVALID"]


def test_an_entry_by_its_leaf_hash_is_under_the_same_rules_as_by_any_other_way(counter: Counter) -> None:
    asked = "query($r: String!) {muniment(by: {reference: $r}) {generatedBy {position}}}"
    position = counter.data(asked, r=counter.own)["muniment"]["generatedBy"]["position"]
    leaf = _leaf(counter, position)
    assert counter.codes(BY_LEAF, "police-reader", h=leaf) == ["NOT_FOUND"]
    assert counter.codes(BY_LEAF, "intake-clerk", h=leaf) == ["FORBIDDEN"]
    assert counter.codes(BY_LEAF, None, h=leaf) == ["UNAUTHENTICATED"]


def test_a_hash_that_lies_across_two_is_none(counter: Counter) -> None:
    log: Log = counter.town.office.log
    two = log.leaf(3) + log.leaf(4)
    for at in (1, 7, HASH_SIZE - 1):
        assert log.find(two[at : at + HASH_SIZE], lambda: False) is None
    with pytest.raises(TimeoutError):
        log.find(bytes(HASH_SIZE), lambda: True)


# ---- the smaller ones ----


def test_a_path_without_a_size_leads_to_the_answers_checkpoint(counter: Counter) -> None:
    found = counter.data("{ledger {inclusion(index: 7) {treeSize} checkpoint {size number previousSize}}}")["ledger"]
    assert found["inclusion"]["treeSize"] == found["checkpoint"]["size"]
    blocks = counter.data("{ledger {checkpoints(first: 100) {edges {node {number size previousSize}}}}}")["ledger"]
    assert found["checkpoint"] in [edge["node"] for edge in blocks["checkpoints"]["edges"]]


def test_when_it_occurred_is_the_sources_word_and_read_as_a_detail(counter: Counter) -> None:
    before = counter.size()
    asked = """query($r: String!) {muniment(by: {reference: $r}) {
      currentVersion {occurredOn} generatedBy {occurredOn}}}"""
    found = counter.data(asked, r=counter.own)["muniment"]
    assert found == {"currentVersion": {"occurredOn": "1961-04-03"}, "generatedBy": {"occurredOn": "1961-04-03"}}
    assert counter.readings(before) == [("HMLR", "inquiry 7")]
    assert counter.data(asked, r=counter.deed)["muniment"]["currentVersion"] == {"occurredOn": None}
    assert len(counter.readings(before)) == 1


def test_an_officers_desk_has_no_token_and_counts_no_points(counter: Counter) -> None:
    assert counter.data("{viewer {tokenExpiresAt} rateLimit {limit}}") == {
        "viewer": {"tokenExpiresAt": None},
        "rateLimit": None,
    }
