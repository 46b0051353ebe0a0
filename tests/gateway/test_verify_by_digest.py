"""Is this registered? Asked by anyone, by a digest that cannot be guessed, or a public body's."""

from __future__ import annotations

import base64
import hashlib

from registry.ledger.answer import verify
from registry.records.disclosure import digest
from registry.records.muniment import Visibility
from tests.gateway.answering import EVIDENCE, Counter, saved
from tests.town import document

ASKED = (
    """query($d: Digest!) {verify(digest: $d)
  {__typename digest known kind recordedAt status superseded checkpoint {size} %s}}"""
    % EVIDENCE
)


def _asked(counter: Counter, raw: bytes, who: str | None = None) -> dict[str, object]:
    found: dict[str, object] = counter.data(ASKED, who, d=f"sha256:{raw.hex()}")["verify"]
    return found


def _body(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def test_a_public_body_is_known_to_anyone_with_proof(counter: Counter) -> None:
    deed = counter.town.lodge(visibility=Visibility.PUBLIC, withheld={}, details={"title": "PUB1"}).subject
    body = _body("This deed witnesseth")
    answer = counter.ask(ASKED, None, d=f"sha256:{body.hex()}")
    found = answer["data"]["verify"]
    assert (found["known"], found["kind"], found["status"], found["superseded"]) == (True, "DEED", "CURRENT", False)
    assert "data.verify.recordedAt" in verify(saved(answer), counter.policy()).proved
    counter.town.desk("intake-clerk").muniments.revise(deed, document("a second text"))
    counter.town.office.services.caught_up()
    assert _asked(counter, body)["superseded"] is True
    assert _asked(counter, _body("a second text"))["superseded"] is False


def test_a_body_that_is_not_public_is_no_oracle(counter: Counter) -> None:
    counter.town.lodge(visibility=Visibility.OWN)
    for who in (None, "reader"):
        found = _asked(counter, _body("second"), who)
        assert (found["known"], found["kind"], found["evidence"]) == (False, None, None)


def test_who_holds_a_disclosure_can_ask_and_learns_neither_parties_nor_content(counter: Counter) -> None:
    asked = """query($r: String!) {muniment(by: {reference: $r}) {
        currentVersion {evidence(withheld: true) {disclosures}}}}"""
    for reference in (counter.deed, counter.own):
        held = counter.data(asked, r=reference)["muniment"]["currentVersion"]["evidence"]["disclosures"]
        for disclosure in held:
            salted = base64.urlsafe_b64decode(digest(disclosure) + "=")
            found = _asked(counter, salted)
            assert (found["known"], found["kind"]) == (True, "DEED")
            assert found["evidence"] is None  # the public may not have the entry


def test_what_nobody_registered_is_unknown_and_what_is_no_digest_is_refused(counter: Counter) -> None:
    assert _asked(counter, bytes(32))["known"] is False
    for text in ("", "sha256:", "sha256:" + "A" * 64, "md5:" + "a" * 64, "sha256:" + "a" * 63):
        assert counter.codes(ASKED, None, d=text) == ["INVALID"]


def test_a_digest_is_no_word_that_a_search_meets_by_chance(counter: Counter) -> None:
    hexes = [_body("This deed witnesseth").hex()[:4], "a", "ab", "0"]
    for text in hexes:
        found = counter.data(
            "query($t: String!) {search(text: $t, first: 100) {edges {node {... on Muniment {kind}}}}}", t=text
        )
        assert {"node": {"kind": "DEED"}} not in found["search"]["edges"]
