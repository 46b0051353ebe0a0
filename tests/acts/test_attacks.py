"""The ten attacks on roles: each is refused at the desk, and named by the audit where it was written past it."""

from __future__ import annotations

import io
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry.desk.desk import Desk
from registry.errors import BadSignature, Busy, Misuse, NotPermitted, WrongState
from registry.records import acts
from registry.records.acts import REFUSED, Kind
from registry.records.encoding import from_base64
from registry.records.muniment import MunimentKind
from registry.records.roles import Role
from registry.records.rules import AWAITS, FOUNDER_ALONE
from registry.sequencer import Proposal, Recorded
from registry.storage.officer_keys import OfficerKeys
from tests.acts.borough import HMLR, propose
from tests.acts.examination import behind_the_office, examined, told
from tests.town import CHEAP, DAY, ORIGIN, START, Town, document, seed_of

UNTIL = START + 30 * DAY


@pytest.fixture
def town(staffed: Town, tmp_path: Path) -> Iterator[Town]:
    """One administrator, the founder, and one officer of each other role."""
    found = staffed.copied(tmp_path)
    yield found
    found.close()


def refused(
    town: Town, act: Callable[[], object], rule: str, kind: Kind, error: type[NotPermitted | WrongState]
) -> int:
    """The act is refused by that rule, and the refusal recorded; returns its position."""
    size = town.office.store.head().size
    with pytest.raises(error) as caught:
        act()
    recorded = town.office.services.act(size)
    assert recorded is not None
    assert (caught.value.rule, caught.value.position) == (rule, size)
    assert (recorded.intent.kind, recorded.outcome, recorded.rule) == (kind, REFUSED, rule)
    return size


def appointment(role: Role = Role.REGISTRAR, until: int = UNTIL) -> acts.Appointed:
    """What appoints somebody."""
    return acts.Appointed(role=role, until=until)


# ---- 1 ----


def test_appointing_oneself(town: Town) -> None:
    desk = town.desk("founder")
    for _ in range(2):
        refused(
            town, lambda: desk.officers.appoint("founder", Role.LOADER), "not-oneself", Kind.APPOINTED, NotPermitted
        )
    assert examined(town).faults == ()


def test_appointing_oneself_past_the_office_is_named(town: Town) -> None:
    mine = propose(town, "founder", Kind.APPOINTED, appointment(), "officer/1", department=HMLR)
    with behind_the_office(town) as intruder:
        at = intruder.enter(intruder.composed(mine, rule=FOUNDER_ALONE))
        said = told(examined(town).faults, at)
    assert "recorded as done, but the rule 'not-oneself' says no: nobody appoints himself" in said


# ---- 2 ----


def test_an_appointment_replayed_from_another_registry(tmp_path: Path) -> None:
    """In both, officer/2 is an administrator and has the same key; there he appointed officer/3, for real."""
    here, there = Town(tmp_path / "here"), Town(tmp_path / "there", origin="registry.example/elsewhere")
    for registry in (here, there):
        registry.enrol("twin", None)
        registry.enrol("clerk", None)
        registry.desk("founder").officers.appoint("twin", Role.ADMINISTRATOR)
    done = there.office.services.act(there.desk("twin").officers.appoint("clerk", Role.REGISTRAR).position)
    there.close()
    assert done is not None
    assert isinstance(done.signature, str)
    genuine = Proposal(done.intent, "officer/2", from_base64(done.signature))
    assert here.office.sequencer is not None
    size = here.office.store.head().size
    with pytest.raises(BadSignature, match="does not verify"):
        here.office.sequencer.enter(genuine)
    assert here.office.store.head().size == size
    with behind_the_office(here) as intruder:
        at = intruder.enter(intruder.composed(genuine, rule=AWAITS))
        said = told(examined(here).faults, at)
    assert f"the signature is not officer/2's over this intent and this registry ({ORIGIN})" in said


# ---- 3 ----


def test_a_role_row_added_by_sql(town: Town) -> None:
    """The office believes the table beside the ledger; the audit names the row, and what was done by it."""
    reader = town.references["reader"]
    with behind_the_office(town) as intruder:
        intruder.sql("INSERT INTO standing VALUES (?, 'role', 'administrator', 3, NULL, NULL)", reader)
    town.open()
    done = town.desk("reader").officers.appoint("registrar", Role.LOADER)
    faults = examined(town).faults
    assert f"{reader} has role 'administrator'" in told(faults, 3)
    assert "no entry supports it" in told(faults, 3)
    assert "recorded as done, but the rule 'role:officer.appoint' says no" in told(faults, done.position)


# ---- 4 ----


def test_an_act_after_revocation(town: Town) -> None:
    """At a desk that was open before. What was signed before stays valid: revocation holds from its position on."""
    desk = town.desk("intake-clerk")
    before = town.lodge()
    revoked = town.desk("founder").officers.revoke("intake-clerk", "left the office")
    at = refused(town, lambda: _lodge(desk), "key-revoked", Kind.LODGED, NotPermitted)
    with pytest.raises(NotPermitted, match=f"the key of officer/3 was revoked at position {revoked.position}"):
        town.desk("intake-clerk")
    assert before.position < revoked.position < at
    late = propose(
        town, "intake-clerk", Kind.LODGED, _details(town, before.position), f"muniment/{uuid.uuid4()}", department=HMLR
    )
    with behind_the_office(town) as intruder:
        position = intruder.enter(intruder.composed(late))
        faults = examined(town).faults
    assert f"'key-revoked' says no: the key of officer/3 was revoked at position {revoked.position}" in told(
        faults, position
    )
    assert told(faults, before.position) == ""


def _lodge(desk: Desk) -> Recorded:
    return desk.muniments.lodge(document("late"), MunimentKind.DEED)


def _details(town: Town, position: int) -> acts.Details:
    act = town.office.services.act(position)
    assert act is not None
    return acts.details_of(act.intent)


# ---- 5 ----


def test_an_expired_role(town: Town) -> None:
    """To the millisecond, by the time that is recorded; and nobody has to do anything for it to end."""
    town.enrol("stand-in", Role.INTAKE_CLERK, until=UNTIL)
    desk = town.desk("stand-in")
    town.clock.now = UNTIL - 1
    lodged = _lodge(desk)
    town.clock.now = UNTIL
    refused(town, lambda: _lodge(desk), "role-expired", Kind.LODGED, NotPermitted)
    with pytest.raises(NotPermitted, match=r"is no longer intake-clerk \(the appointment has ended\) in HMLR; .* can"):
        desk.lookups.find("deed")
    late = propose(
        town, "stand-in", Kind.LODGED, _details(town, lodged.position), f"muniment/{uuid.uuid4()}", department=HMLR
    )
    with behind_the_office(town) as intruder:
        at = intruder.enter(intruder.composed(late))
        said = told(examined(town).faults, at)
    assert "recorded as done, but the rule 'role-expired' says no" in said


def test_setting_the_clock_back_does_not_bring_an_expired_role_back(town: Town) -> None:
    """Recorded time never goes back: the turn judges by the latest that was recorded."""
    town.enrol("stand-in", Role.INTAKE_CLERK, until=UNTIL)
    town.clock.now = UNTIL
    town.lodge()
    town.clock.now = START
    refused(town, lambda: _lodge(town.desk("stand-in")), "role-expired", Kind.LODGED, NotPermitted)


# ---- 6 ----


def test_a_clerk_writing_the_ledger_file_with_his_own_valid_key(town: Town) -> None:
    """What his role does not allow is named by its rule, though signature, link, tiles and head are in order."""
    role = propose(town, "intake-clerk", Kind.APPOINTED, appointment(), town.references["reader"], department=HMLR)
    with behind_the_office(town) as intruder:
        at = intruder.enter(intruder.composed(role))
        faults = examined(town).faults
    assert "recorded as done, but the rule 'role:officer.appoint' says no: you may not appoint officers" in told(
        faults, at
    )


def test_a_clerk_writing_what_he_might_have_lodged_at_his_desk(town: Town) -> None:
    """From the entries alone nothing is wrong with it: he did sign it, and he might. What is missing is what the office
    would have written beside it: the request row, the subject's row, and the body in the vault. The office opens on it
    and seals it; the audit goes on naming it."""
    lodged = town.lodge()
    act = propose(
        town, "intake-clerk", Kind.LODGED, _details(town, lodged.position), f"muniment/{uuid.uuid4()}", department=HMLR
    )
    with behind_the_office(town) as intruder:
        at = intruder.enter(intruder.composed(act))
        before = examined(town)
    town.open()
    faults = examined(town).faults
    said = told(faults, at)
    assert faults == before.faults
    assert {fault.position for fault in faults} == {at}
    assert "the request row" in said
    assert "the subject row" in said
    assert "the vault's envelope" in said


# ---- 7 ----


def test_a_loader_appointing(town: Town) -> None:
    desk, reader = town.desk("loader"), town.references["reader"]
    for act in (
        lambda: desk.officers.appoint("reader", Role.LOADER),
        lambda: desk.officers.appoint(reader, Role.AUDITOR),
    ):
        refused(town, act, "role:officer.appoint", Kind.APPOINTED, NotPermitted)
    with pytest.raises(NotPermitted, match=r"^you may not appoint officers: officer/4 \(loader\) is loader in HMLR; "):
        desk.officers.appoint("reader", Role.LOADER)


# ---- 8 ----


def test_an_administrator_reading_withheld_details(town: Town) -> None:
    """He sees the muniment's clear details, and neither its body nor what it withholds, by whichever way he asks."""
    subject, sink, desk = town.lodge().subject, io.BytesIO(), town.desk("founder")
    assert desk.lookups.show(subject).details["title"] == "K871204"
    for act in (
        lambda: desk.muniments.open(subject, sink),
        lambda: desk.muniments.open(subject, sink, version=1),
        lambda: desk.receipts.take(subject, disclosures=True),
    ):
        refused(town, act, "role:withheld.read", Kind.READ, NotPermitted)
    assert sink.getvalue() == b""
    _, receipt = desk.receipts.take(subject)
    assert b"Okafor" not in receipt


# ---- 9 ----


def test_a_borrowed_key_file_without_its_passphrase(town: Town, tmp_path: Path) -> None:
    """Neither in the signer's folder nor carried away; the wait after five tries only holds at the folder."""
    keys = town.office.signer.officers
    keys.keep(
        "j.patel", seed_of("reader"), "correct horse", officer=town.references["reader"], origin=ORIGIN, cost=CHEAP
    )
    borrowed = tmp_path / "borrowed"
    borrowed.mkdir(mode=0o700)
    shutil.copy(town.settings.signer / "officers" / "j.patel.key", borrowed / "j.patel.key")
    assert seed_of("reader") not in (borrowed / "j.patel.key").read_bytes()
    for _ in range(5):
        with pytest.raises(Misuse, match="passphrase"):
            town.office.desk("j.patel", "battery staple")
    with pytest.raises(Busy, match=r"5 wrong passphrases\. Wait 30 s, then try again"):
        town.office.desk("j.patel", "correct horse")
    with pytest.raises(Misuse, match="passphrase"):
        OfficerKeys(borrowed).open("j.patel", "battery staple", 0)
    town.clock.now += 31_000
    assert town.office.desk("j.patel", "correct horse").officer == town.references["reader"]


def test_a_borrowed_key_file_of_another_name_is_still_its_officer_s(town: Town) -> None:
    """Renamed to the founder's, it opens with its own passphrase and signs as its own officer."""
    keys = town.office.signer.officers
    keys.keep(
        "j.patel", seed_of("reader"), "correct horse", officer=town.references["reader"], origin=ORIGIN, cost=CHEAP
    )
    folder = town.settings.signer / "officers"
    shutil.copy(folder / "j.patel.key", folder / "founder.key")
    assert town.office.desk("founder", "correct horse").officer == town.references["reader"]


# ---- 10 ----


def test_the_last_administrator_leaving(town: Town) -> None:
    desk = town.desk("founder")
    refused(
        town, lambda: desk.officers.revoke("founder", "off"), "last-administrator", Kind.OFFICER_REVOKED, WrongState
    )
    desk.officers.appoint("registrar", Role.ADMINISTRATOR, UNTIL)
    at = refused(
        town, lambda: desk.officers.revoke("founder", "off"), "last-administrator", Kind.OFFICER_REVOKED, WrongState
    )
    gone = propose(
        town, "founder", Kind.OFFICER_REVOKED, acts.OfficerRevoked(reason="off"), "officer/1", department=HMLR
    )
    with behind_the_office(town) as intruder:
        position = intruder.enter(intruder.composed(gone, rule=AWAITS))
        said = told(examined(town).faults, position)
    assert at < position
    assert "'last-administrator' says no: officer/1 is the last administrator without an end date" in said
