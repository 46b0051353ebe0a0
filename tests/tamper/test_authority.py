"""Acting without right, written behind the office's back: the audit names position, subject and rule, by entries alone.

The operator writes tree, checkpoints and mark in good order; now and then an officer lends him a true key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
import pytest
from msgspec import UNSET

from registry.ledger.audit.fault import Fault
from registry.ledger.merkle import leaf_hash
from registry.ledger.signature import Ed25519Signer
from registry.records import acts
from registry.records.acts import REFUSED, Act, Kind, Previous, Row, decode_entry, link
from registry.records.encoding import canonical, to_base64
from registry.records.envelope import Sealed
from registry.records.muniment import MunimentKind, Visibility
from registry.records.roles import Role
from registry.records.rules import FOUNDER_ALONE
from tests.honest import START_MS, YEAR_MS, Person, Registry, audit, office_audit
from tests.simulator import Operator

People = dict[str, Person]
UNTIL = START_MS + YEAR_MS


def named(operator: Operator, position: int, subject: str | None, *says: str) -> Sequence[Fault]:
    """The audit, which must say this of that position."""
    faults = audit(operator.folder).faults
    assert any(
        fault.position == position and subject in (None, fault.subject) and all(one in fault.what for one in says)
        for fault in faults
    ), faults
    return faults


# ---- one script for each attack ----


def test_appointing_oneself(operator: Operator, people: People) -> None:
    founder = people["founder"]
    mine = founder.proposal(Kind.APPOINTED, acts.Appointed(role=Role.REGISTRAR, until=UNTIL), "officer/1", "self")
    at = operator.append(operator.composed(mine, rule=FOUNDER_ALONE))
    named(operator, at, "officer/1", "recorded as done", "'not-oneself'", "nobody appoints himself")


def test_an_appointment_by_one_who_is_no_administrator(operator: Operator, people: People) -> None:
    clerk = people["clerk"]
    given = clerk.proposal(
        Kind.APPOINTED, acts.Appointed(role=Role.REGISTRAR, until=UNTIL), "officer/4", "clerk-appoints"
    )
    at = operator.append(operator.composed(given))
    named(operator, at, "officer/4", "recorded as done", "'role:officer.appoint'")


def test_a_loader_appointing(operator: Operator, people: People) -> None:
    loader = people["loader"]
    given = loader.proposal(
        Kind.APPOINTED, acts.Appointed(role=Role.LOADER, until=UNTIL), "officer/2", "loader-appoints"
    )
    at = operator.append(operator.composed(given))
    named(operator, at, "officer/2", "recorded as done", "'role:officer.appoint'")


def test_what_was_built_upon_a_forged_appointment_is_named_too(operator: Operator, people: People) -> None:
    clerk, reader = people["clerk"], people["reader"]
    given = clerk.proposal(
        Kind.APPOINTED, acts.Appointed(role=Role.INTAKE_CLERK, until=UNTIL), reader.reference, "given"
    )
    at = operator.append(operator.composed(given))
    deed = "muniment/00000000-0000-4000-8000-000000000001"
    built = operator.append(operator.composed(reader.proposal(Kind.LODGED, lodged(), deed, "built")))
    named(operator, at, reader.reference, "'role:officer.appoint'")
    named(operator, built, deed, "'role:muniment.lodge'")


def test_one_administrator_where_two_are_wanted(operator: Operator, people: People) -> None:
    given = people["founder"].proposal(
        Kind.APPOINTED, acts.Appointed(role=Role.REGISTRAR, until=UNTIL), "officer/2", "alone"
    )
    at = operator.append(operator.composed(given, rule=FOUNDER_ALONE))
    named(operator, at, "officer/2", "names the rule 'founder-alone'", "awaits-second-administrator")


def test_the_proposers_own_word_as_the_second(operator: Operator, people: People) -> None:
    founder = people["founder"]
    appointed = acts.Appointed(role=Role.REGISTRAR, until=UNTIL)
    given = founder.proposal(Kind.APPOINTED, appointed, "officer/2", "first")
    first = operator.append(operator.composed(given, rule="awaits-second-administrator"))
    word = founder.proposal(Kind.APPOINTED, acts.Confirmed(confirms=first), "officer/2", "second")
    at = operator.append(operator.composed(word, rule="confirmed"))
    named(operator, at, "officer/2", "'second-person'")


def test_a_founders_right_used_after_it_ended(operator: Operator, people: People) -> None:
    deed = "muniment/00000000-0000-4000-8000-000000000002"
    at = operator.append(operator.composed(people["founder"].proposal(Kind.LODGED, lodged(), deed, "founder-lodges")))
    named(operator, at, deed, "'role:muniment.lodge'", "officer/1 is administrator")


def test_an_act_after_the_key_was_revoked(operator: Operator, people: People) -> None:
    deed = "muniment/00000000-0000-4000-8000-000000000003"
    at = operator.append(operator.composed(people["gone"].proposal(Kind.LODGED, lodged(), deed, "after-revocation")))
    named(operator, at, deed, "'key-revoked'", "revoked at position")


def test_an_act_by_an_expired_role(operator: Operator, people: People) -> None:
    deed = "muniment/00000000-0000-4000-8000-000000000004"
    at = operator.append(operator.composed(people["late"].proposal(Kind.LODGED, lodged(), deed, "too-late")))
    named(operator, at, deed, "'role-expired'", "the appointment has ended")


def test_a_refusal_written_as_done(operator: Operator) -> None:
    entries = operator.entries()
    at = next(at for at, raw in enumerate(entries) if b'"outcome":"REFUSED"' in raw)
    refused = decode_entry(entries[at])
    assert isinstance(refused, Act)
    operator.rewrite(at, lambda raw: canonical(msgspec.structs.replace(refused, outcome=UNSET, rule=UNSET)))
    named(operator, at, refused.subject, "recorded as done, but the rule")


def test_an_act_that_was_allowed_written_as_refused(operator: Operator, people: People) -> None:
    deed = "muniment/00000000-0000-4000-8000-000000000005"
    act = operator.composed(people["clerk"].proposal(Kind.LODGED, lodged(), deed, "suppressed"))
    at = operator.append(msgspec.structs.replace(act, outcome=REFUSED, rule="role:muniment.lodge"))
    named(operator, at, deed, "recorded as refused", "but the rules allow it")


def test_a_clerks_act_without_his_key(operator: Operator, people: People) -> None:
    deed = "muniment/00000000-0000-4000-8000-000000000006"
    forger = Person(people["clerk"].reference, "HMLR", Ed25519Signer(b"\7" * 32))
    at = operator.append(operator.composed(forger.proposal(Kind.LODGED, lodged(), deed, "forged")))
    named(operator, at, deed, "the signature is not officer/2's")


def test_an_act_as_an_officer_who_was_never_enrolled(operator: Operator) -> None:
    deed = "muniment/00000000-0000-4000-8000-000000000007"
    nobody = Person("officer/77", "HMLR", Ed25519Signer(b"\7" * 32))
    at = operator.append(operator.composed(nobody.proposal(Kind.LODGED, lodged(), deed, "nobody")))
    named(operator, at, deed, "officer/77, who is not enrolled")


def test_an_intent_signed_for_another_registry(operator: Operator, people: People) -> None:
    deed = "muniment/00000000-0000-4000-8000-000000000008"
    elsewhere = people["clerk"].proposal(Kind.LODGED, lodged(), deed, "replayed", origin="registry.example/sea")
    at = operator.append(operator.composed(elsewhere))
    named(operator, at, deed, "for another registry")


def test_an_intent_recorded_twice(operator: Operator) -> None:
    entries = operator.entries()
    old = decode_entry(entries[620])
    assert isinstance(old, Act)
    again = msgspec.structs.replace(old, number=2, previous=link(620, leaf_hash(entries[620])))
    at = operator.append(again)
    named(operator, at, old.subject, "request key was used before, at position 620")


def test_a_genuine_act_moved_to_another_subject(operator: Operator) -> None:
    old = decode_entry(operator.entries()[620])
    assert isinstance(old, Act)
    elsewhere = "muniment/00000000-0000-4000-8000-000000000009"
    at = operator.append(msgspec.structs.replace(old, subject=elsewhere))
    named(operator, at, elsewhere, "the officer signed an act on", "not on this subject")


def test_a_number_that_stands_twice(operator: Operator, people: People) -> None:
    entries = operator.entries()
    at = next(at for at, raw in enumerate(entries) if b'"kind":"REVISED"' in raw and b'"number":2' in raw)
    first = decode_entry(entries[at])
    revised = acts.Revised(vault=lodged().vault, version=2)
    other = operator.composed(people["clerk"].proposal(Kind.REVISED, revised, first.subject, "fork"))
    fork = operator.append(msgspec.structs.replace(other, number=2, previous=first.previous))
    named(operator, fork, first.subject, "number 2 stands twice")


def test_a_subject_that_begins_again(operator: Operator, people: People) -> None:
    deed = decode_entry(operator.entries()[620]).subject
    act = operator.composed(people["clerk"].proposal(Kind.LODGED, lodged(), deed, "again"), number=1, previous=UNSET)
    at = operator.append(act)
    named(operator, at, deed, "begins again", "it began at position 620")


@pytest.mark.parametrize(("previous", "says"), [
    (Previous(hash="A" * 43 + "=", position=620), "the tree holds"),
    (Previous(hash="A" * 43 + "=", position=9_999), "does not lie before it"),
    (Previous(hash="A" * 43 + "=", position=3), "where officer/1 stands"),
])  # fmt: skip
def test_a_broken_link(operator: Operator, people: People, previous: Previous, says: str) -> None:
    deed = decode_entry(operator.entries()[620]).subject
    revised = people["clerk"].proposal(Kind.REVISED, acts.Revised(vault=lodged().vault, version=2), deed, "broken")
    at = operator.append(operator.composed(revised, previous=previous))
    named(operator, at, deed, says)


def test_an_act_that_is_left_out(operator: Operator) -> None:
    entries = operator.entries()
    at = next(at for at, raw in enumerate(entries) if b'"number":3' in raw and b'"kind":"REVISED"' in raw)
    before = decode_entry(entries[at]).previous
    assert before is not UNSET
    deed = decode_entry(entries[at])
    first = decode_entry(entries[before.position]).previous
    operator.rewrite(at, lambda raw: canonical(msgspec.structs.replace(deed, previous=first)))
    named(operator, at, deed.subject, "follows number 1", "numbers do not run on")


def test_recorded_time_that_goes_back(operator: Operator, people: People) -> None:
    deed = "muniment/00000000-0000-4000-8000-00000000000a"
    act = operator.composed(people["late"].proposal(Kind.LODGED, lodged(), deed, "backdated"), at=START_MS + 40)
    at = operator.append(act)
    named(operator, at, deed, "recorded time never goes back")


def test_the_last_administrator_leaving(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("alone")
    registry = Registry(folder, create=True)
    founder = registry.found()
    registry.close()
    operator = Operator(folder)
    left = founder.proposal(Kind.OFFICER_REVOKED, acts.OfficerRevoked(reason="left"), "officer/1", "left")
    at = operator.append(operator.composed(left, rule=FOUNDER_ALONE))
    named(operator, at, "officer/1", "'last-administrator'")
    operator.close()


# ---- rows and loads ----


def test_rows_recorded_after_the_loader_lost_his_role(operator: Operator) -> None:
    first = decode_entry(operator.entries()[641])
    assert isinstance(first, Row)
    late = msgspec.structs.replace(
        first, at=UNTIL + YEAR_MS, row=8, subject="sale/00000000-0000-4000-8000-00000000000B"
    )
    at = operator.append(late)
    named(operator, at, None, "the rows of load/640", "the appointment has ended")


@pytest.mark.parametrize(("members", "says"), [
    ({"load": 42}, "closed at position 563"),
    ({"load": 5}, "no load was opened there"),
    ({"row": 7}, "comes after its row 7"),
])  # fmt: skip
def test_rows_that_no_load_covers(operator: Operator, members: dict[str, int], says: str) -> None:
    entries = operator.entries()
    first = decode_entry(entries[641])
    assert isinstance(first, Row)
    row = msgspec.structs.replace(
        first,
        at=decode_entry(entries[-1]).at,
        subject="sale/00000000-0000-4000-8000-00000000000C",
        **{"row": 8, **members},
    )
    at = operator.append(row)
    named(operator, at, None, says)


def test_a_row_slipped_into_a_load_is_missed_by_its_closing(operator: Operator) -> None:
    entries = operator.entries()
    closed = next(at for at, raw in enumerate(entries) if b'"kind":"LOAD_CLOSED"' in raw)
    last = decode_entry(entries[closed - 1])
    assert isinstance(last, Row)
    slipped = msgspec.structs.replace(
        last, row=last.row + 1, number=1, previous=UNSET, subject="sale/00000000-0000-4000-8000-00000000000D"
    )
    operator.publish([*entries[:closed], canonical(slipped), *entries[closed:]], sizes=[])
    named(operator, closed + 1, "load/42", "LOAD_CLOSED of load/42 says root")


# ---- by SQL alone ----


def test_a_role_row_added_by_sql_is_named_with_holder_and_position(operator: Operator) -> None:
    operator.sql("INSERT INTO standing VALUES ('officer/5', 'role', 'administrator', 620, NULL, NULL)")
    (fault,) = office_audit(operator.folder).faults
    assert (fault.position, fault.subject) == (620, "officer/5")
    assert "officer/5 has role 'administrator'" in fault.what
    assert "no entry supports it" in fault.what


def test_a_role_that_was_prolonged_by_sql_is_named(operator: Operator) -> None:
    operator.sql("UPDATE standing SET until = until + ? WHERE what = 'role' AND holder = 'officer/7'", YEAR_MS)
    (fault,) = office_audit(operator.folder).faults
    assert fault.subject == "officer/7"
    assert "the entries say until" in fault.what


def test_a_revocation_taken_back_by_sql_is_named(operator: Operator) -> None:
    operator.sql("UPDATE standing SET ended = NULL WHERE holder = 'officer/6'")
    faults = office_audit(operator.folder).faults
    assert {fault.subject for fault in faults} == {"officer/6"}


# ---- past the office with a valid key ----


def test_a_regular_act_past_the_office_lacks_what_the_office_would_have_written_beside_it(
    operator: Operator, people: People
) -> None:
    """His own key, his own right, entry and tree in order. From entries alone nothing is wrong: he *did* sign it. What
    shows it was not the office is what stands beside: no request row, no subject row."""
    deed = "muniment/00000000-0000-4000-8000-00000000000e"
    at = operator.append(operator.composed(people["clerk"].proposal(Kind.LODGED, lodged(), deed, "regular")))
    assert audit(operator.folder).ok, "an officer's act is an officer's act, whoever carried it to the ledger"
    faults = office_audit(operator.folder).faults
    assert [fault.position for fault in faults] == [at, at]
    assert "the request row of position" in faults[0].what
    assert "the subject row of" in faults[1].what


def test_a_regular_act_past_the_office_with_all_its_rows_is_an_act_like_any_other(
    operator: Operator, people: People
) -> None:
    """A known limit, stated: who writes everything that the office would have written has done the office's work. The
    act binds the officer, whose key signed it, and whose right was in force; there is nothing wrong to find."""
    deed = "muniment/00000000-0000-4000-8000-00000000000f"
    act = operator.composed(people["clerk"].proposal(Kind.LODGED, lodged(), deed, "complete"))
    at = operator.append(act)
    operator.book(at, act)
    assert office_audit(operator.folder).ok


def test_written_past_tree_and_head_an_act_is_a_stray(operator: Operator, people: People) -> None:
    act = operator.composed(people["clerk"].proposal(Kind.LODGED, lodged(), "muniment/" + "0" * 8, "stray"))
    raw = canonical(act)
    operator.sql("INSERT INTO tail VALUES (649, ?)", len(raw).to_bytes(2, "big") + raw)
    (fault, *_) = audit(operator.folder).faults
    assert fault.position == 649
    assert "where the ledger ends" in fault.what


def lodged() -> acts.Lodged:
    """A deed's details."""
    digest = to_base64(hashlib.sha256(b"some").digest())
    return acts.Lodged(
        kind=MunimentKind.DEED,
        vault=Sealed(id="0" * 32, key=digest),
        version=1,
        visibility=Visibility.DEPARTMENTS,
    )
