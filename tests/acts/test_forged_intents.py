"""What a hostile process hands to the only writer, past every desk: nothing is recorded that no officer signed so."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from msgspec import UNSET, Raw

from registry.errors import BadSignature, KeyReused, Malformed, NotPermitted, Refused, RegistryError, WrongState
from registry.ledger.audit.evidence import Shelved
from registry.ledger.audit.walk import walk
from registry.ledger.signature import Ed25519Signer
from registry.records import acts
from registry.records.acts import Intent, Kind, signed_bytes
from registry.records.encoding import canonical
from registry.records.roles import Role
from registry.sequencer import Proposal
from tests.acts.borough import HMLR, POL, Borough
from tests.town import DAY, ORIGIN, START, seed_of

UNTIL = START + 30 * DAY


@pytest.fixture(scope="module")
def borough(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Borough]:
    """Whatever was tried, the ledger that comes of it has no fault."""
    town = Borough(tmp_path_factory.mktemp("borough"))
    yield town
    store = town.office.store
    assert walk(Shelved(store), store, origin=ORIGIN, keys=town.office.keys).faults == ()
    town.close()


@pytest.fixture
def lodged(borough: Borough) -> acts.Details:
    """Details of a deed that may be lodged."""
    return acts.details_of(borough.act(borough.lodge().position).intent)


def nothing_recorded(town: Borough, error: type[RegistryError], proposal: Proposal, match: str) -> None:
    """It is refused by that error, with nothing in the ledger, and the office goes on."""
    before = town.size
    with pytest.raises(error, match=match):
        town.enter(proposal)
    assert town.size == before
    assert town.lodge().position == before


def muniment() -> str:
    """A fresh reference."""
    return f"muniment/{uuid.uuid4()}"


def signed(town: Borough, name: str, intent: Intent, **more: Any) -> Proposal:
    """The intent with that officer's genuine signature."""
    return Proposal(intent, town.references[name], town.sign(name)(signed_bytes(ORIGIN, intent)), **more)


# ---- signatures ----


def test_an_intent_is_not_entered_for_another_subject_than_was_signed(borough: Borough, lodged: acts.Details) -> None:
    genuine = borough.propose("intake-clerk", Kind.LODGED, lodged, muniment(), department=HMLR)
    moved = msgspec.structs.replace(genuine.intent, subject=muniment())
    nothing_recorded(borough, BadSignature, Proposal(moved, genuine.officer, genuine.signature), "does not verify")


@pytest.mark.parametrize("member", ["department", "key", "kind", "details", "officer"])
def test_every_member_of_an_intent_is_signed(borough: Borough, lodged: acts.Details, member: str) -> None:
    genuine = borough.propose("intake-clerk", Kind.LODGED, lodged, muniment(), department=HMLR)
    other = {
        "department": POL,
        "key": "0" * 32,
        "kind": Kind.REVISED,
        "details": Raw(bytes(genuine.intent.details).replace(b"K871204", b"K871205")),
        "officer": "officer/8",
    }
    changed = msgspec.structs.replace(genuine.intent, **{member: other[member]})
    nothing_recorded(borough, BadSignature, Proposal(changed, genuine.officer, genuine.signature), "does not verify")


def test_another_department_s_good_key_does_not_sign_for_our_officer(borough: Borough, lodged: acts.Details) -> None:
    """The intent is our clerk's, the signature a genuine one of the police clerk's over the same bytes."""
    ours = borough.propose("intake-clerk", Kind.LODGED, lodged, muniment(), department=HMLR)
    theirs = borough.sign("police-intake-clerk")(signed_bytes(ORIGIN, ours.intent))
    nothing_recorded(borough, BadSignature, Proposal(ours.intent, ours.officer, theirs), "does not verify by key")


def test_nobody_signs_in_the_name_of_another(borough: Borough, lodged: acts.Details) -> None:
    """The entry would bear the administrator's name under the clerk's signature, by the clerk's right."""
    clerk, founder = borough.references["intake-clerk"], borough.references["founder"]
    own = borough.propose("intake-clerk", Kind.LODGED, lodged, muniment(), department=HMLR).intent
    forged = signed(borough, "intake-clerk", msgspec.structs.replace(own, officer=founder))
    nothing_recorded(borough, Malformed, forged, f"names {founder}.*handed in by {clerk}")


def test_an_unknown_officer_and_an_unknown_key_are_refused(borough: Borough, lodged: acts.Details) -> None:
    own = borough.propose("intake-clerk", Kind.LODGED, lodged, muniment(), department=HMLR).intent
    stranger = Ed25519Signer(seed_of("a stranger"))
    nobody = msgspec.structs.replace(own, officer="officer/99")
    by_stranger = stranger.sign(signed_bytes(ORIGIN, nobody))
    nothing_recorded(borough, NotPermitted, Proposal(nobody, "officer/99", by_stranger), "officer/99 is not enrolled")
    clerk = borough.references["intake-clerk"]
    nothing_recorded(
        borough, BadSignature, Proposal(own, clerk, stranger.sign(signed_bytes(ORIGIN, own))), "does not verify by key"
    )


@pytest.mark.parametrize("signature", [b"", bytes(63), bytes(64), b"\xff" * 64])
def test_a_signature_that_is_none_is_refused(borough: Borough, lodged: acts.Details, signature: bytes) -> None:
    genuine = borough.propose("intake-clerk", Kind.LODGED, lodged, muniment(), department=HMLR)
    nothing_recorded(borough, BadSignature, Proposal(genuine.intent, genuine.officer, signature), "Ed25519 signature")


# ---- forms that no desk makes ----

Spoil = Callable[[Intent], Intent]

WRONG_FORMS: dict[str, tuple[Spoil, str]] = {
    "no subject": (lambda one: msgspec.structs.replace(one, subject=UNSET), "names no subject"),
    "no officer": (lambda one: msgspec.structs.replace(one, officer=UNSET), "names nobody"),
    "a subject that is none": (
        lambda one: msgspec.structs.replace(one, subject="muniment/../../x"),
        "is not a muniment",
    ),
    "a subject with a line feed": (lambda one: msgspec.structs.replace(one, subject="department/A\nB"), "is not a dep"),
    "details of another kind": (
        lambda one: msgspec.structs.replace(one, details=Raw(canonical(acts.OfficerRevoked(reason="x")))),
        "not of the expected form",
    ),
    "details that are not canonical": (
        lambda one: msgspec.structs.replace(one, details=Raw(bytes(one.details).replace(b'":', b'": ', 1))),
        "not in canonical form",
    ),
    "a second person's word on what wants none": (
        lambda one: msgspec.structs.replace(one, details=Raw(canonical(acts.Confirmed(confirms=4)))),
        "wants no second",
    ),
}


@pytest.mark.parametrize("form", WRONG_FORMS)
def test_an_intent_of_a_form_that_no_desk_makes_is_refused(borough: Borough, lodged: acts.Details, form: str) -> None:
    spoil, match = WRONG_FORMS[form]
    intent = spoil(borough.propose("intake-clerk", Kind.LODGED, lodged, muniment(), department=HMLR).intent)
    nothing_recorded(borough, Malformed, signed(borough, "intake-clerk", intent), match)


def test_only_a_reading_withholds_members_or_names_an_envelope(borough: Borough, lodged: acts.Details) -> None:
    intent = borough.propose("intake-clerk", Kind.LODGED, lodged, muniment(), department=HMLR).intent
    hidden = signed(borough, "intake-clerk", intent, sd=("A" * 43,))
    nothing_recorded(borough, Malformed, hidden, "only a reading has withheld members")


@pytest.mark.parametrize(
    "subject", ["department/HMLR", "officer/3", "registry", "load/4", "sale/" + str(uuid.UUID(int=1))]
)
def test_an_act_is_done_only_on_what_its_kind_is_about(borough: Borough, lodged: acts.Details, subject: str) -> None:
    """A clerk who may lodge does not thereby put a muniment's state on a department or an officer."""
    proposal = borough.propose("intake-clerk", Kind.LODGED, lodged, subject, department=HMLR)
    with pytest.raises(WrongState, match=f"LODGED is done on a muniment, not on {subject}") as caught:
        borough.enter(proposal)
    assert (caught.value.rule, caught.value.position) == ("subject-of-kind", borough.size - 1)


@pytest.mark.parametrize("subject", ["load/4", "load/999999", "officer/1"])
def test_a_load_that_is_none_cannot_be_closed(borough: Borough, subject: str) -> None:
    closing = acts.LoadClosed(counts={"rows": 0}, outcome="FINISHED", root="A" * 43 + "=")
    proposal = borough.propose("loader", Kind.LOAD_CLOSED, closing, subject, department=HMLR)
    with pytest.raises(RegistryError, match=r"is not a load here|is done on a load"):
        borough.enter(proposal)


def test_a_load_of_no_number_does_not_stop_the_writer(borough: Borough) -> None:
    closing = acts.LoadClosed(counts={"rows": 0}, outcome="FINISHED", root="A" * 43 + "=")
    proposal = borough.propose("loader", Kind.LOAD_CLOSED, closing, "load/abc", department=HMLR)
    nothing_recorded(borough, Malformed, proposal, "is not a load id")


# ---- request keys ----


def test_the_same_request_again_gives_the_same_position(borough: Borough, lodged: acts.Details) -> None:
    proposal = borough.propose("intake-clerk", Kind.LODGED, lodged, muniment(), department=HMLR)
    first = borough.enter(proposal)
    size = borough.size
    assert borough.enter(proposal) == first
    assert borough.size == size


def test_a_request_key_used_for_other_content_is_refused_with_the_first_position(
    borough: Borough, lodged: acts.Details
) -> None:
    key = uuid.uuid4().hex
    first = borough.enter(borough.propose("intake-clerk", Kind.LODGED, lodged, muniment(), department=HMLR, key=key))
    for name in ("intake-clerk", "police-intake-clerk"):
        home = HMLR if name == "intake-clerk" else POL
        again = borough.propose(name, Kind.LODGED, lodged, muniment(), department=home, key=key)
        nothing_recorded(
            borough, KeyReused, again, rf"request key {key} was used for other content \(position {first.position}\)"
        )


def test_a_request_that_was_refused_is_refused_again_at_the_same_position(borough: Borough) -> None:
    appointed = acts.Appointed(role=Role.READER, until=UNTIL)
    proposal = borough.propose("reader", Kind.APPOINTED, appointed, borough.references["candidate"], department=HMLR)
    with pytest.raises(NotPermitted) as first:
        borough.enter(proposal)
    size = borough.size
    with pytest.raises(Refused, match=f"refused before, at position {first.value.position}") as again:
        borough.enter(proposal)
    assert (again.value.position, borough.size) == (first.value.position, size)
