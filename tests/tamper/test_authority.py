"""Acting without right, written behind the office's back: the audit names position, subject and rule, by entries alone.

The operator writes tree, checkpoints and mark in good order; now and then an officer lends him a true key.
"""

from __future__ import annotations

import msgspec
import pytest
from msgspec import UNSET

from registry.ledger.merkle import leaf_hash
from registry.ledger.signature import Ed25519Signer
from registry.records import acts
from registry.records.acts import REFUSED, Act, Kind, decode_entry, link
from registry.records.encoding import canonical
from registry.records.roles import Role
from registry.records.rules import FOUNDER_ALONE
from tests.honest import YEAR_MS, Person, Registry, audit, office_audit
from tests.simulator import Operator
from tests.tamper.audited import UNTIL, lodged, named

People = dict[str, Person]


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
