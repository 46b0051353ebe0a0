"""Absent and forbidden look alike; ids and cursors are not guessed; what is read of withheld material is recorded."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Sequence

import pytest

from gateway.opaque import Opaque
from registry.errors import Misuse
from registry.records.acts import Kind
from registry.records.disclosure import unpack
from registry.records.muniment import Visibility
from registry.records.roles import Role
from registry.sequencer import Proposal, Recorded
from tests.gateway.answering import EVIDENCE, OPEN_EVIDENCE, Counter, gateway_town
from tests.town import document

BY_REFERENCE = "query($r: String!) {muniment(by: {reference: $r}) %s}"
ABSENT = "muniment/00000000-0000-4000-8000-000000000000"
DETAILS = "{currentVersion {details(withheld: true) {name value withheld}}}"


def _without_ids(answer: object) -> str:
    text = json.loads(json.dumps(answer))
    for error in text["errors"]:
        del error["extensions"]["correlationId"]
    return json.dumps(text)


def test_what_is_anothers_looks_as_what_is_not_there(counter: Counter) -> None:
    asked = BY_REFERENCE % "{id}"
    theirs = counter.ask(asked, "police-reader", r=counter.own)
    absent = counter.ask(asked, "police-reader", r=ABSENT)
    assert theirs["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert _without_ids(theirs) == _without_ids(absent)


def test_an_id_out_of_reach_is_null_beside_those_in_reach(counter: Counter) -> None:
    ids = [counter.data(BY_REFERENCE % "{id}", r=each)["muniment"]["id"] for each in (counter.own, counter.deed)]
    asked = "query($i: [ID!]!) {nodes(ids: $i) {id}}"
    found = counter.ask(asked, "police-reader", i=[*ids, "made-up"])
    assert found == {"data": {"nodes": [None, {"id": ids[1]}, None]}}
    assert counter.codes("query($i: ID!) {node(id: $i) {id}}", "police-reader", i=ids[0]) == ["NOT_FOUND"]


def test_entries_of_what_is_anothers_are_out_of_reach_as_well(counter: Counter) -> None:
    asked = BY_REFERENCE % "{generatedBy {id position}}"
    entry = counter.data(asked, r=counter.own)["muniment"]["generatedBy"]
    assert counter.codes("query($i: ID!) {node(id: $i) {id}}", "police-reader", i=entry["id"]) == ["NOT_FOUND"]
    receipt = "query($p: UInt53!) {ledger {receipt(position: $p)}}"
    assert counter.codes(receipt, "police-reader", p=entry["position"]) == ["NOT_FOUND"]


def test_a_search_never_shows_what_is_anothers(counter: Counter) -> None:
    asked = "query($t: String!) {search(text: $t) {edges {node {__typename}}}}"
    assert len(counter.data(asked, "reader", t=counter.own)["search"]["edges"]) == 1
    assert counter.data(asked, "police-reader", t=counter.own)["search"]["edges"] == []


def test_roles_are_told_of_ones_own_department_alone(counter: Counter) -> None:
    asked = BY_REFERENCE % "{generatedBy {... on Act {officer {number roles}}}}"
    for who, roles in (("reader", ["intake-clerk"]), ("auditor", ["intake-clerk"]), ("police-reader", None)):
        found = counter.data(asked, who, r=counter.deed)["muniment"]["generatedBy"]["officer"]
        assert found["roles"] == roles


def test_without_a_token_only_the_ledger_answers(counter: Counter) -> None:
    for asked in ("{viewer {purpose}}", "{loads {edges {cursor}}}", '{search(text: "x") {edges {cursor}}}'):
        assert counter.codes(asked, None) == ["UNAUTHENTICATED"]
    for asked in (BY_REFERENCE % "{id}", "query($r: ID!) {node(id: $r) {id}}", "query($r: ID!) {load(id: $r) {id}}"):
        assert counter.codes(asked, None, r=counter.deed) == ["UNAUTHENTICATED"]
    assert counter.codes('{property(by: {id: "x"}) {id}}', None) == ["UNAUTHENTICATED"]
    assert counter.data("{ledger {checkpoint {size}}}", None)["ledger"]["checkpoint"]["size"] > 0


def test_an_operation_that_wants_another_role_is_forbidden(counter: Counter) -> None:
    assert counter.codes("{ledger {entries(from: 0) {edges {cursor}}}}", "intake-clerk") == ["FORBIDDEN"]


def test_ids_and_cursors_are_sealed_for_one_use_each() -> None:
    opaque = Opaque(bytes(range(64)))
    sealed = opaque.seal("id", "entries/12")
    assert sealed == opaque.seal("id", "entries/12")
    assert "entries" not in sealed
    assert opaque.open("id", sealed, "that id") == "entries/12"
    plain = base64.urlsafe_b64encode(b"entries/12").decode()
    for use, text in (("cursor x", sealed), ("id", plain), ("id", ""), ("id", "é"), ("id", "A" * 5_000)):
        with pytest.raises(Misuse, match="none that this gateway gave out"):
            opaque.open(use, text, "that id")


def test_a_changed_or_borrowed_cursor_is_refused(counter: Counter) -> None:
    asked = 'query($a: String) {search(text: "ROAD", first: 2, after: $a) {pageInfo {endCursor}}}'
    cursor = counter.data(asked)["search"]["pageInfo"]["endCursor"]
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(50):
        at = chance.randrange(len(cursor) - 1)  # the last letter bears bits that say nothing
        letter = chance.choice([each for each in "ABCXYZabcxyz0189-_" if each != cursor[at]])
        assert counter.codes(asked, a=cursor[:at] + letter + cursor[at + 1 :]) == ["INVALID"]
    other = 'query($a: String) {search(text: "STREET", after: $a) {pageInfo {endCursor}}}'
    assert counter.codes(other, a=cursor) == ["INVALID"]


def test_a_page_of_any_other_size_is_refused(counter: Counter) -> None:
    for first in (0, -1, 101, 1_000_000):
        for asked in ('search(text: "x", first: %d) {edges {cursor}}', "loads(first: %d) {edges {cursor}}"):
            assert counter.codes("{%s}" % (asked % first)) == ["INVALID"]
    many = "query($i: [ID!]!) {nodes(ids: $i) {id}}"
    assert counter.codes(many, i=["x"] * 101) == ["INVALID"]


# ---- readings ----


def test_withheld_details_are_opened_to_their_department_for_a_purpose_and_that_is_recorded(counter: Counter) -> None:
    before = counter.size()
    opened = counter.data(BY_REFERENCE % DETAILS, r=counter.deed)["muniment"]["currentVersion"]["details"]
    assert {"name": "proprietor", "value": '"Bea Okafor"', "withheld": False} in opened
    assert counter.readings(before) == [("HMLR", "inquiry 7")]


def test_one_operation_is_one_reading_of_a_subject_however_often_it_looked(counter: Counter) -> None:
    before = counter.size()
    twice = "{versions {edges {node {details(withheld: true) {name} %s}}} currentVersion {%s}}" % (
        OPEN_EVIDENCE,
        OPEN_EVIDENCE,
    )
    answer = counter.ask(BY_REFERENCE % twice, r=counter.deed)
    assert "errors" not in answer
    assert counter.readings(before) == [("HMLR", "inquiry 7")]


def test_readings_of_several_subjects_in_one_operation_share_a_turn(counter: Counter) -> None:
    other = counter.town.lodge().subject
    before = counter.size()
    both = "query($r: String!, $s: String!) {a: muniment(by: {reference: $r}) %s b: muniment(by: {reference: $s}) %s}"
    answer = counter.data(both % (DETAILS, DETAILS), r=counter.deed, s=other)
    assert "Bea Okafor" in str(answer["a"])
    assert "Amara Okafor" in str(answer["b"])
    assert counter.readings(before) == [("HMLR", "inquiry 7")] * 2


def test_what_was_recorded_between_the_two_looks_is_a_reading_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A version that comes while a question waits for its readings: shown at the second look, and recorded."""
    town = gateway_town(tmp_path_factory.mktemp("between"))
    counter = Counter(town, tmp_path_factory.mktemp("between-files"))
    clerk, before = town.desk("intake-clerk"), counter.size()
    entered = town.office.services.writer().enter_together
    waiting = True

    def overtaken(proposals: Sequence[Proposal]) -> tuple[Recorded, ...]:
        nonlocal waiting
        if waiting:
            waiting = False
            clerk.muniments.revise(counter.deed, document("third"), withheld={"proprietor": "Cy Okafor"})
        return entered(proposals)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(town.office.services.writer(), "enter_together", overtaken)
        opened = counter.data(BY_REFERENCE % DETAILS, r=counter.deed)["muniment"]["currentVersion"]["details"]
    assert {"name": "proprietor", "value": '"Cy Okafor"', "withheld": False} in opened
    assert counter.readings(before) == [("HMLR", "inquiry 7")] * 2
    assert not town.office.audit().faults
    town.close()


def test_the_reading_says_what_was_read_and_who_to_those_alone_who_may_know(counter: Counter) -> None:
    before = counter.size()
    counter.data(BY_REFERENCE % DETAILS, r=counter.deed)
    raw = counter.town.office.log.entry(before)
    assert counter.deed.encode() not in raw
    assert b"officer/" not in raw
    act = counter.town.office.services.act(before)
    assert act is not None
    assert act.intent.kind is Kind.READ
    assert act.vault
    hidden = unpack(counter.town.office.vault.withheld(act.vault.id))
    told = b"".join(base64.urlsafe_b64decode(each + "==") for each in hidden)
    assert b"withheld details of version 2" in told
    assert counter.deed.encode() in told


def test_without_a_purpose_nothing_withheld_is_read(counter: Counter) -> None:
    before = counter.size()
    answer = counter.ask(BY_REFERENCE % DETAILS, purpose="", r=counter.deed)
    assert [each["extensions"]["code"] for each in answer["errors"]] == ["PURPOSE_REQUIRED"]
    assert "Okafor" not in json.dumps(answer)
    assert counter.size() == before


def test_to_another_department_withheld_details_stay_withheld_and_nothing_is_recorded(counter: Counter) -> None:
    before = counter.size()
    asked = BY_REFERENCE % "{currentVersion {details(withheld: true) {name withheld} %s}}" % OPEN_EVIDENCE
    answer = counter.ask(asked, "police-reader", r=counter.deed)
    version = answer["data"]["muniment"]["currentVersion"]
    assert [each["name"] for each in version["details"] if each["withheld"]] == [None] * 4
    assert version["evidence"]["disclosures"] == []
    assert counter.size() == before


def test_what_is_visible_to_its_own_department_alone_is_a_reading_even_in_clear(counter: Counter) -> None:
    before = counter.size()
    counter.data(BY_REFERENCE % "{kind status}", r=counter.own)
    assert counter.size() == before
    counter.data(BY_REFERENCE % ("{%s history {total} currentVersion {details {name}}}" % EVIDENCE), r=counter.own)
    assert counter.readings(before) == [("HMLR", "inquiry 7")]
    assert counter.codes(BY_REFERENCE % "{history {total}}", "reader", r=counter.own) == []


def test_the_public_register_is_not_watched(counter: Counter) -> None:
    before = counter.size()
    sale = counter.sales()[0]
    counter.ask(BY_REFERENCE % ("{%s history {total} currentVersion {details {value}}}" % EVIDENCE), r=sale)
    assert counter.size() == before


def test_where_a_reading_cannot_be_recorded_nothing_leaves(tmp_path_factory: pytest.TempPathFactory) -> None:
    town = gateway_town(tmp_path_factory.mktemp("unrecorded"))
    counter = Counter(town, tmp_path_factory.mktemp("unrecorded-files"))
    caller = counter.caller()
    town.desk("founder").officers.revoke(town.references["reader"], "left")
    answer = counter.answering.answer(caller, BY_REFERENCE % DETAILS, {"r": counter.deed})
    assert "Okafor" not in json.dumps(answer)
    assert answer["errors"]
    town.close()


def test_a_revoked_officers_desk_answers_nothing_from_the_next_question_on(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    town = gateway_town(tmp_path_factory.mktemp("revoked"))
    town.enrol("leaver", Role.READER, "POL")
    deed = town.lodge(visibility=Visibility.DEPARTMENTS).subject
    counter = Counter(town, tmp_path_factory.mktemp("revoked-files"))
    caller = counter.caller("leaver")
    asked = BY_REFERENCE % "{status}"
    assert counter.answering.answer(caller, asked, {"r": deed})["data"]["muniment"] == {"status": "CURRENT"}
    town.desk("founder").officers.revoke(town.references["leaver"], "left")
    answer = counter.answering.answer(caller, asked, {"r": deed})
    assert answer["data"] == {"muniment": None}
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    town.close()
