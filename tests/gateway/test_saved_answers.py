"""Saved answers, checked offline: what is proved, what is only signed, and that every change is caught."""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from registry.commands import app
from registry.errors import BadSignature, Malformed, ProofFailed, Refused, Unproven
from registry.ledger.answer import answer_bytes, verify
from registry.ledger.signature import Ed25519Signer
from registry.records.encoding import to_base64
from registry.records.muniment import MunimentKind
from tests.gateway.answering import EVIDENCE, OPEN_EVIDENCE, Counter, saved
from tests.town import ORIGIN, document, seed_of

CHANGES = 500
ASKED = """query($deed: String!, $sale: String!) {
  muniment(by: {reference: $deed}) {
    __typename reference kind status visibility custodian {code name} recordedAt EVIDENCE
    versions {edges {cursor node {__typename number size ciphertextDigest recordedAt
      details(withheld: true) {name value withheld digest} OPEN}}}
    history {total edges {node {__typename number position previousPosition previousHash recordedAt
      ... on Act {kind outcome requestKey officer {number}} EVIDENCE}}}
    provenance {nodes {__typename id} edges {from to relation}}
  }
  sold: muniment(by: {reference: $sale}) {
    __typename reference kind visibility flags property {address}
    currentVersion {__typename number details {name value} EVIDENCE}
    generatedBy {__typename ... on LoadedRow {op row load {reference rows}} details {name value} EVIDENCE}
  }
  search(text: "ROAD", first: 3) {edges {node {... on Muniment {reference}}} pageInfo {hasNextPage}}
}""".replace("EVIDENCE", EVIDENCE).replace("OPEN", OPEN_EVIDENCE)


@pytest.fixture(scope="session")
def answer(counter: Counter) -> Any:
    """A whole answer with withheld, loaded, property and search parts."""
    found = counter.ask(ASKED, deed=counter.deed, sale=counter.sales()[0])
    assert "errors" not in found, found["errors"]
    return found


def test_the_three_lists_are_right(counter: Counter, answer: Any) -> None:
    found = verify(saved(answer), counter.policy())
    proved, signed = set(found.proved), set(found.signed_only)
    for path in ("reference", "kind", "visibility", "recordedAt"):
        assert f"data.muniment.{path}" in proved
    for path in ("muniment.status", "muniment.custodian.name", "muniment.history.total", "sold.property.address"):
        assert f"data.{path}" in signed
    assert "data.muniment.versions.edges[1].node.details[4].value" in proved
    assert "data.muniment.history.edges[1].node.previousHash" in proved
    assert "data.sold.currentVersion.details[0].value" in proved
    assert "data.sold.currentVersion.number" in signed  # a row does not count its sale's versions
    assert "data.sold.generatedBy.op" in proved
    assert "data.sold.generatedBy.load.rows" in signed
    assert "data.search.edges[0].node.reference" in signed
    assert found.not_proven == ()
    assert not proved & signed
    assert found.signer == counter.town.references["gateway"]
    assert found.satisfied.checkpoint.size > found.enrolled


def test_without_evidence_nothing_is_signed_and_nothing_can_be_verified(counter: Counter) -> None:
    bare = counter.ask("query($r: String!) {muniment(by: {reference: $r}) {kind}}", r=counter.deed)
    assert "extensions" not in bare
    with pytest.raises(Malformed, match="ask for evidence"):
        verify(saved(bare), counter.policy())


@pytest.mark.parametrize(
    "asked", ["kind evidence {position entry}", "__typename kind evidence {position entry}", "kind EVIDENCE"]
)
def test_half_of_the_evidence_proves_nothing(counter: Counter, asked: str) -> None:
    whole = "query($r: String!) {muniment(by: {reference: $r}) {%s}}" % asked.replace("EVIDENCE", EVIDENCE)
    found = verify(saved(counter.ask(whole, r=counter.deed)), counter.policy())
    assert found.not_proven == ("data.muniment",)
    assert found.proved == ()


def test_details_laid_open_without_their_disclosures_are_only_signed(counter: Counter) -> None:
    asked = "{currentVersion {__typename details(withheld: true) {name value withheld digest} EVIDENCE}}"
    whole = "query($r: String!) {muniment(by: {reference: $r}) %s}" % asked.replace("EVIDENCE", EVIDENCE)
    found = verify(saved(counter.ask(whole, r=counter.deed)), counter.policy())
    assert "data.muniment.currentVersion.details[4].value" in found.signed_only
    assert "data.muniment.currentVersion.details[4].digest" in found.proved


def test_an_entry_that_is_not_sealed_or_beyond_the_checkpoint_is_not_proven(counter: Counter, answer: Any) -> None:
    changed = copy.deepcopy(answer)
    changed["data"]["muniment"]["evidence"]["proof"] = None
    resigned(counter, changed)
    assert verify(saved(changed), counter.policy()).not_proven == ("data.muniment",)


def test_an_alias_beside_evidence_is_refused(counter: Counter) -> None:
    for asked in ("k: kind evidence {entry}", "currentVersion {number evidence {entry}} k: kind", "...F"):
        whole = "query($r: String!) {muniment(by: {reference: $r}) {%s}}" % asked
        if "...F" in asked:
            whole += "fragment F on Muniment {evidence {e: entry}}"
        assert counter.codes(whole, r=counter.deed) == ["ALIASED_EVIDENCE"]


def test_white_space_and_the_order_of_names_are_not_what_was_signed(counter: Counter, answer: Any) -> None:
    spaced = json.dumps(answer, indent=3, sort_keys=True).encode()
    assert verify(spaced, counter.policy()).proved


def resigned(counter: Counter, answer: Any) -> None:
    """The operator of the gateway signs what he changed."""
    key = Ed25519Signer(seed_of("gateway"))
    answer["extensions"]["answer"]["signature"] = to_base64(key.sign(answer_bytes(ORIGIN, answer)))


# ---- attacks ----


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every member and element."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield (*path, name)
            yield from places(each, (*path, name))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield (*path, at)
            yield from places(each, (*path, at))


def changed(value: Any, chance: random.Random) -> Any:
    """Another value in its stead."""
    match value:
        case bool():
            return not value
        case int():
            return value + chance.choice((-1, 1, 1_000))
        case None:
            return chance.choice(("", 0, "x", False))
        case str():
            at = chance.randrange(len(value) + 1)
            return chance.choice((value[:at] + "x" + value[at:], value[:-1], value.swapcase() + " ", None))
        case list():
            return chance.choice((value[1:], value + value[:1] or [0], list(reversed(value)), None))
        case _:
            return chance.choice((None, {}, [value], "x"))


def tampered(answer: Any, chance: random.Random, root: str = "data") -> tuple[Any, str]:
    """A copy with one place of `root` changed, doubled, dropped or renamed; and where."""
    while True:
        copied = copy.deepcopy(answer)
        path = chance.choice(list(places(copied[root])))
        held = copied[root]
        for step in path[:-1]:
            held = held[step]
        last, how = path[-1], chance.choice(("change", "drop", "rename", "add"))
        if how == "change" or not isinstance(held, dict):
            held[last] = changed(held[last], chance)
        elif how == "drop":
            del held[last]
        elif how == "rename":
            held[last + "s"] = held.pop(last)
        else:
            held[last + "x"] = held[last]
        if copied != answer:
            return copied, f"{how} {path}"


def test_each_of_five_hundred_changes_to_data_is_caught(counter: Counter, answer: Any) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance, policy = random.Random(seed), counter.policy()
    for _ in range(CHANGES):
        forged, what = tampered(answer, chance)
        try:
            verify(saved(forged), policy)
        except Unproven:
            continue
        raise AssertionError(what)


def test_each_change_to_checkpoint_support_and_signature_is_caught(counter: Counter, answer: Any) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance, policy = random.Random(seed), counter.policy()
    for _ in range(150):
        forged, what = tampered(answer, chance, "extensions")
        try:
            verify(saved(forged), policy)
        except Unproven:
            continue
        raise AssertionError(what)


def test_a_gateway_that_signs_what_it_changed_is_caught_wherever_a_fact_is_proved(
    counter: Counter, answer: Any
) -> None:
    """The proved members stand without trusting whoever signs."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance, policy = random.Random(seed), counter.policy()
    for path in verify(saved(answer), policy).proved:
        forged = copy.deepcopy(answer)
        held: Any = forged
        steps = path.replace("[", ".[").split(".")
        for step in steps[:-1]:
            held = held[int(step[1:-1])] if step.startswith("[") else held[step]
        held[steps[-1]] = changed(held[steps[-1]], chance)
        resigned(counter, forged)
        with pytest.raises(ProofFailed, match="not proven"):
            verify(saved(forged), policy)


def test_what_is_only_signed_is_told_as_a_broken_signature(counter: Counter, answer: Any) -> None:
    for change in ("status", "custodian"):
        forged = copy.deepcopy(answer)
        forged["data"]["muniment"][change] = "WITHDRAWN"
        with pytest.raises(BadSignature, match="signature broken"):
            verify(saved(forged), counter.policy())


def test_an_entry_of_another_position_or_a_stolen_proof_is_not_proven(counter: Counter, answer: Any) -> None:
    first, second = (edge["node"] for edge in answer["data"]["muniment"]["history"]["edges"])
    forged = copy.deepcopy(answer)
    forged["data"]["muniment"]["history"]["edges"][0]["node"]["evidence"]["entry"] = second["evidence"]["entry"]
    resigned(counter, forged)
    with pytest.raises(ProofFailed, match="not proven"):
        verify(saved(forged), counter.policy())
    forged = copy.deepcopy(answer)
    forged["data"]["muniment"]["evidence"]["proof"]["path"] = first["evidence"]["proof"]["path"][::-1]
    resigned(counter, forged)
    with pytest.raises(ProofFailed, match="not proven"):
        verify(saved(forged), counter.policy())


def test_another_officers_key_does_not_pass_for_the_gateways(counter: Counter, answer: Any) -> None:
    forged = copy.deepcopy(answer)
    key = Ed25519Signer(seed_of("police-clerk"))
    forged["extensions"]["answer"]["signature"] = to_base64(key.sign(answer_bytes(ORIGIN, forged)))
    with pytest.raises(BadSignature):
        verify(saved(forged), counter.policy())
    forged["extensions"]["answer"]["key"] = counter.town.references["police-clerk"]
    with pytest.raises(Unproven):
        verify(saved(forged), counter.policy())


def test_an_opened_detail_that_does_not_fit_its_digest_is_refused(counter: Counter, answer: Any) -> None:
    forged = copy.deepcopy(answer)
    evidence = forged["data"]["muniment"]["versions"]["edges"][0]["node"]["evidence"]
    salt, name, _ = json.loads(base64.urlsafe_b64decode(evidence["disclosures"][0] + "=="))
    lie = json.dumps([salt, name, "Mallory"], separators=(",", ":")).encode()
    evidence["disclosures"][0] = base64.urlsafe_b64encode(lie).rstrip(b"=").decode()
    resigned(counter, forged)
    with pytest.raises(ProofFailed, match="no digest"):
        verify(saved(forged), counter.policy())


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b'{"data":1}', b'{"data":{},"data":{}}', b"\xff", b"[" * 5_000, b'{"extensions":{}}']
)
def test_what_is_no_answer_is_told_so(counter: Counter, raw: bytes) -> None:
    with pytest.raises(Malformed):
        verify(raw, counter.policy())


# ---- the command ----


def test_the_command_prints_three_lists_and_refuses_with_one(counter: Counter, answer: Any, tmp_path: Path) -> None:
    (tmp_path / "answer.json").write_bytes(saved(answer))
    (tmp_path / "land.policy").write_bytes(counter.policy())
    arguments = ["verify-answer", str(tmp_path / "answer.json"), "--policy", str(tmp_path / "land.policy")]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 0, told.output
    for title in ("proved: ", "signed only: ", "not proven: 0", "as of the checkpoint of registry.example/land, size"):
        assert title in told.output
    assert f"data.muniment.kind: {answer['data']['muniment']['kind']}\n" in told.output
    as_json = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).output)
    assert as_json["signer"] == counter.town.references["gateway"]
    assert as_json["not_proven"] == []
    forged = copy.deepcopy(answer)
    forged["data"]["muniment"]["kind"] = "WILL"
    (tmp_path / "answer.json").write_bytes(saved(forged))
    refused = CliRunner().invoke(app, arguments)
    assert isinstance(refused.exception, ProofFailed) or refused.exit_code == 1


# ---- size ----


def test_a_page_of_a_hundred_with_evidence_is_at_most_250_kb(counter: Counter) -> None:
    page = """{search(text: "ROAD", first: 100) {edges {node {... on Muniment {__typename reference kind
        evidence {position entry disclosures proof {treeSize index path}}}}}}}"""
    raw = json.dumps(counter.ask(page), separators=(",", ":")).encode()
    found = verify(raw, counter.policy())
    print(f"{len(raw):,} bytes, {len(found.proved)} members proved")
    assert len(found.proved) == 200
    assert len(raw) <= 250_000


# ---- a gateway that tells of one thing what is proved of another ----


def test_another_muniments_version_does_not_pass_for_this_ones(counter: Counter, answer: Any) -> None:
    forged = copy.deepcopy(answer)
    forged["data"]["muniment"]["versions"]["edges"][0]["node"] = forged["data"]["sold"]["currentVersion"]
    resigned(counter, forged)
    with pytest.raises(ProofFailed, match=r"versions\.edges\[0\]\.node is not proven: .* is not about muniment/"):
        verify(saved(forged), counter.policy())


def test_a_later_entry_does_not_pass_for_a_muniments_first(counter: Counter, answer: Any) -> None:
    """Its recording time would be a later one."""
    forged = copy.deepcopy(answer)
    second = forged["data"]["muniment"]["history"]["edges"][1]["node"]
    forged["data"]["muniment"] |= {"evidence": second["evidence"], "recordedAt": second["recordedAt"]}
    resigned(counter, forged)
    with pytest.raises(ProofFailed, match="is none of a Muniment"):
        verify(saved(forged), counter.policy())


def test_a_refused_lodging_does_not_pass_for_a_version(counter: Counter) -> None:
    town = counter.town
    subject = town.lodge().subject
    with pytest.raises(Refused):
        town.desk("intake-clerk").muniments.lodge(document(), MunimentKind.DEED, subject=subject)
    asked = """query($r: String!) {muniment(by: {reference: $r}) {
        currentVersion {__typename size EVIDENCE} history {edges {node {__typename EVIDENCE}}}}}"""
    forged = counter.ask(asked.replace("EVIDENCE", EVIDENCE), r=subject)
    assert verify(saved(forged), counter.policy()).proved
    refused = forged["data"]["muniment"]["history"]["edges"][1]["node"]
    forged["data"]["muniment"]["currentVersion"]["evidence"] = refused["evidence"]
    resigned(counter, forged)
    with pytest.raises(ProofFailed, match="is none of a Version"):
        verify(saved(forged), counter.policy())


def test_other_subjects_beside_a_proved_one_are_proved_for_themselves(counter: Counter) -> None:
    """A property's sales, a load's opening and a graph's nodes are about other things, and may be."""
    asked = """query($r: String!) {muniment(by: {reference: $r}) {__typename reference EVIDENCE
        versions {edges {node {number muniment {property {sales {edges {node {__typename reference EVIDENCE}}}}}}}}
        generatedBy {... on LoadedRow {__typename row EVIDENCE load {opened {__typename kind EVIDENCE}}}}
        provenance {entries {__typename position EVIDENCE}}}}""".replace("EVIDENCE", EVIDENCE)
    for sale in counter.sales()[:20]:
        found = verify(saved(counter.ask(asked, r=sale)), counter.policy())
        assert "data.muniment.generatedBy.load.opened.kind" in found.proved
        assert found.not_proven == ()


def test_a_history_is_whole_as_far_as_its_numbers_and_links_run(counter: Counter, answer: Any) -> None:
    found = verify(saved(answer), counter.policy()).histories
    assert [(each.path, each.through, each.shown) for each in found] == [("data.muniment.history", 2, 2)]


def test_an_act_that_a_gateway_leaves_out_of_a_history_shows(counter: Counter) -> None:
    subject = counter.town.lodge().subject
    for _ in range(2):
        counter.town.desk("intake-clerk").muniments.revise(subject, document("again"))
    counter.town.office.services.caught_up()
    asked = "query($r: String!) {muniment(by: {reference: $r}) {history {edges {node {__typename EVIDENCE}}}}}"
    whole = counter.ask(asked.replace("EVIDENCE", EVIDENCE), r=subject)
    for gone, through in ((0, 0), (1, 1), (2, 2)):
        forged = copy.deepcopy(whole)
        del forged["data"]["muniment"]["history"]["edges"][gone]
        resigned(counter, forged)
        (found,) = verify(saved(forged), counter.policy()).histories
        assert (found.through, found.shown) == (through, 2)  # a tail that is left out shows to a mirror alone


def test_an_act_does_not_pass_for_a_row(counter: Counter, answer: Any) -> None:
    forged = copy.deepcopy(answer)
    forged["data"]["muniment"]["history"]["edges"][0]["node"] |= {"__typename": "LoadedRow"}
    resigned(counter, forged)
    with pytest.raises(ProofFailed, match="not proven"):
        verify(saved(forged), counter.policy())


def test_as_at_a_size_the_same_question_gives_the_same_proven_data_later_on(counter: Counter) -> None:
    asked = """query($r: String!, $s: UInt53!) {muniment(by: {reference: $r}, asAt: {size: $s}) {__typename status
        reference EVIDENCE history {total checkpoint {size} edges {node {__typename number EVIDENCE}}}}}"""
    subject, size = counter.town.lodge().subject, counter.size()
    then = counter.ask(asked.replace("EVIDENCE", EVIDENCE), r=subject, s=size)
    assert "errors" not in then, then
    counter.town.desk("registrar").muniments.withdraw(subject, "lodged twice")
    counter.town.clock.now += 1
    later = counter.ask(asked.replace("EVIDENCE", EVIDENCE), r=subject, s=size)
    assert json.dumps(then["data"]) == json.dumps(later["data"])
    assert then["extensions"]["checkpoint"] == later["extensions"]["checkpoint"]
    assert later["data"]["muniment"]["status"] == "CURRENT"
    assert verify(saved(later), counter.policy()).not_proven == ()
    early = counter.ask(asked.replace("EVIDENCE", EVIDENCE), r=counter.deed, s=size)
    assert verify(saved(early), counter.policy()).proved
