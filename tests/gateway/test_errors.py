"""From errors to codes: what is not ours is masked, and every error of the registry has a row. test_every_code.py walks
the list."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
from graphql import GraphQLError

from gateway.answers import Answering
from gateway.context import Caller
from gateway.errors import CODES, MASKED, NOT_FOUND, told
from gateway.operation import House
from registry.errors import Busy, LedgerHalted, NotHeld, RegistryError
from registry.office import Office
from tests.gateway.answering import SCHEMA, Counter, gateway_town
from tests.town import seed_of

DEED = "query($r: String!) {muniment(by: {reference: $r}) %s}"


@pytest.mark.parametrize(
    ("code", "who", "purpose", "asked"),
    [
        ("UNAUTHENTICATED", None, "", "{viewer {purpose}}"),
        ("FORBIDDEN", "intake-clerk", "x", "{ledger {entries(from: 0) {edges {cursor}}}}"),
        ("NOT_FOUND", "reader", "x", '{muniment(by: {reference: "sale/00000000-0000-0000-0000-000000000000"}) {id}}'),
        ("NOT_FOUND", "reader", "x", "{ledger {checkpoint(size: 1) {size}}}"),
        ("INVALID", "reader", "x", '{muniment(by: {reference: "officer/1"}) {id}}'),
        ("INVALID", "reader", "x", '{muniment(by: {reference: "muniment/x"}) {id}}'),
        ("INVALID", "reader", "x", "{ledger {consistency(from: 0, to: 4) {path}}}"),
        ("PURPOSE_REQUIRED", "reader", "", DEED % "{currentVersion {details(withheld: true) {name}}}"),
        ("ALIASED_EVIDENCE", "reader", "x", DEED % "{k: kind evidence {entry}}"),
    ],
)
def test_a_question_that_earns_the_code_gets_it(
    counter: Counter, code: str, who: str | None, purpose: str, asked: str
) -> None:
    answer = counter.ask(asked, who, purpose=purpose, **({"r": counter.deed} if "$r" in asked else {}))
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == code
    assert re.fullmatch(r"[0-9a-f]{16}", error["extensions"]["correlationId"])
    assert "extensions" not in answer  # nothing is signed


def test_no_reading_without_an_office_that_records(tmp_path: Path) -> None:
    town = gateway_town(tmp_path)
    deed = town.lodge().subject
    town.close()
    with Office.reading(town.settings) as office:
        desk = office.desk_of(town.references["reader"], seed_of("reader"))
        house = House.of(office.desk_of(town.references["gateway"], seed_of("gateway")))
        asked = DEED % "{currentVersion {details(withheld: true) {name value}}}"
        answer = Answering(SCHEMA, house, town.clock).answer(Caller("HMLR", "x", desk), asked, {"r": deed})
        assert "Okafor" not in json.dumps(answer)
        assert answer["data"] is None or answer["errors"]


def _leaves(kind: type[RegistryError]) -> list[type[RegistryError]]:
    return [kind, *(leaf for each in kind.__subclasses__() for leaf in _leaves(each))]


def test_what_is_not_ours_is_masked_and_told_in_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gateway")
    wrong = GraphQLError("x", original_error=ValueError("db password is hunter2"))
    shown = told(wrong, "c0ffee").formatted
    assert shown["message"] == MASKED
    assert shown["extensions"] == {"code": "INTERNAL", "correlationId": "c0ffee"}
    assert "hunter2" in caplog.text
    assert "c0ffee" in caplog.text


@pytest.mark.parametrize("error", [Busy("/srv/land is held by officer/3"), LedgerHalted("/srv/land disagrees")])
def test_why_the_office_cannot_answer_stays_in_the_log(error: RegistryError, caplog: pytest.LogCaptureFixture) -> None:
    shown = told(GraphQLError("x", original_error=error), "c0ffee").formatted
    assert shown["extensions"] == {"code": "UNAVAILABLE", "correlationId": "c0ffee"}
    assert "/srv" not in str(shown)
    assert "/srv" in caplog.text


def test_what_is_not_held_is_told_in_one_sentence_whatever_it_was() -> None:
    for sentence in ("officer/9 is not an officer here", "position 7 is not in the tree of size 3"):
        assert told(GraphQLError("x", original_error=NotHeld(sentence)), "c").message == NOT_FOUND


def test_every_error_that_a_question_can_meet_has_a_row() -> None:
    told_apart = {leaf for kind in CODES for leaf in _leaves(kind)}
    proofs = {"Unproven", "BadSignature", "ProofFailed", "TooFewWitnesses"}  # of what is stored: ours to mend, INTERNAL
    untold = {kind.__name__ for kind in _leaves(RegistryError)} - {kind.__name__ for kind in told_apart}
    assert untold <= proofs | {"RegistryError"}
