"""One administrator acts alone and the entry says so; from two on, acts on roles and keys want both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry.errors import Malformed, NotHeld, NotPermitted, RegistryError, SecondPerson, Stale, WrongState
from registry.ledger.signature import Ed25519Signer
from registry.records import acts
from registry.records.acts import Kind
from registry.records.roles import ROLES_VERSION, TABLE, Role
from registry.records.rules import AWAITS, FOUNDER_ALONE
from registry.sequencer import Recorded
from registry.vault.exchange import exchange_public
from tests.acts.borough import HMLR, propose
from tests.acts.examination import examined
from tests.town import DAY, START, Town, seed_of

UNTIL = START + 30 * DAY


@pytest.fixture
def town(founded: Town, tmp_path: Path) -> Iterator[Town]:
    """The founder alone. Whatever is done, the audit finds nothing wrong with the ledger that comes of it."""
    found = founded.copied(tmp_path)
    yield found
    assert examined(found).faults == ()
    found.close()


@pytest.fixture
def three(town: Town) -> Town:
    """Three administrators: founder, beth and carl; dora holds no role."""
    for name in ("beth", "carl", "dora"):
        town.enrol(name, None)
    town.desk("founder").officers.appoint("beth", Role.ADMINISTRATOR)
    third = town.desk("founder").officers.appoint("carl", Role.ADMINISTRATOR)
    town.desk("beth").officers.confirm(third.position)
    return town


def refused(act: Callable[[], object], error: type[RegistryError], rule: str, match: str | None = None) -> None:
    """The act is refused by that rule."""
    with pytest.raises(error, match=match) as caught:
        act()
    assert getattr(caught.value, "rule", "") == rule


def roles(town: Town, name: str) -> list[str]:
    """The roles that he holds now."""
    return [row.value for row in town.office.services.standing().roles(town.references[name], town.clock())]


# ---- the founder ----


def test_the_founder_alone_acts_at_once_and_every_entry_says_so(town: Town) -> None:
    officers = town.desk("founder").officers
    town.enrol("ann", None)
    done = [officers.appoint("ann", Role.READER), officers.hand_unlock("ann"), officers.revoke("ann", "left")]
    assert {one.rule for one in done} == {FOUNDER_ALONE}
    assert {town.office.services.act(one.position).rule for one in done} == {FOUNDER_ALONE}  # type: ignore[union-attr]


def test_the_founders_extra_rights_end_by_rule_with_the_first_appointment_of_another(town: Town) -> None:
    """Enrolling ends nothing, appointing does; and they do not come back when the other one goes."""
    town.enrol("ann", None)
    town.lodge("founder")
    assert roles(town, "founder") == ["administrator", "founder"]
    town.desk("founder").officers.appoint("ann", Role.READER)
    assert roles(town, "founder") == ["administrator"]
    refused(lambda: town.lodge("founder"), NotPermitted, "role:muniment.lodge", "officer/1 .*is administrator in HMLR")
    town.desk("founder").officers.revoke("ann", "left")
    refused(lambda: town.lodge("founder"), NotPermitted, "role:muniment.lodge")


# ---- terms ----


def test_an_appointment_has_an_end_date_and_only_an_administrators_may_be_without(town: Town) -> None:
    town.enrol("ann", None)
    officers = town.desk("founder").officers
    for role in (Role.REGISTRAR, Role.INTAKE_CLERK, Role.LOADER, Role.READER, Role.AUDITOR):
        endless = propose(town, "founder", Kind.APPOINTED, acts.Appointed(role=role), "officer/2", department=HMLR)
        refused(lambda it=endless: town.office.sequencer.enter(it), WrongState, "end-date", "has an end date")  # type: ignore[misc, union-attr]
    for passed in (START, START - 1, 0, -1):
        refused(lambda at=passed: officers.appoint("ann", Role.READER, at), WrongState, "end-date", "passed already")  # type: ignore[misc]
    assert officers.appoint("ann", Role.READER, START + 1).rule == FOUNDER_ALONE


def test_without_a_date_the_desk_gives_a_year_and_an_administrator_none(town: Town) -> None:
    town.enrol("ann", Role.READER)
    town.enrol("beth", Role.ADMINISTRATOR)
    standing = town.office.services.standing()
    assert [row.until for row in standing.roles("officer/2", START)] == [START + 365 * DAY]
    assert [row.until for row in standing.roles("officer/3", START)] == [None]


def test_appointing_again_to_the_same_role_sets_a_new_date(town: Town) -> None:
    town.enrol("ann", Role.READER, until=UNTIL)
    town.desk("founder").officers.appoint("ann", Role.READER, UNTIL + DAY)
    assert [row.until for row in town.office.services.standing().role_rows("officer/2")] == [UNTIL + DAY]


@pytest.mark.parametrize("role", ["founder", "king", ""])
def test_a_role_that_cannot_be_given_is_refused(town: Town, role: str) -> None:
    town.enrol("ann", None)
    given = acts.Appointed(role=role, until=UNTIL)
    proposal = propose(town, "founder", Kind.APPOINTED, given, "officer/2", department=HMLR)
    refused(lambda: town.office.sequencer.enter(proposal), WrongState, "role-known")  # type: ignore[union-attr]


# ---- enrolment ----


@pytest.mark.parametrize("key", [bytes([1]) + bytes(31), bytes(32), b"\xff" * 32, bytes(31)])
def test_a_key_that_would_sign_anything_is_not_enrolled(town: Town, key: bytes) -> None:
    size = town.office.store.head().size
    with pytest.raises(Malformed, match="Ed25519 key"):
        town.desk("founder").officers.enrol("ann", HMLR, key, exchange_public(seed_of("ann")))
    assert town.office.store.head().size == size


def test_an_exchange_key_that_nothing_can_be_sealed_to_is_not_enrolled(town: Town) -> None:
    """Else handing over the unlock key would be recorded, and then fail, at every opening of the office."""
    key, size = Ed25519Signer(seed_of("ann")).public, town.office.store.head().size
    for exchange in (b"", bytes(32), b"\xff" * 1_216):
        with pytest.raises(Malformed, match="exchange key"):
            town.desk("founder").officers.enrol("ann", HMLR, key, exchange)
    assert town.office.store.head().size == size


def test_a_key_is_enrolled_once(town: Town) -> None:
    """Also one of an officer who was revoked: his old signatures must never be another's."""
    town.enrol("ann", None)
    town.desk("founder").officers.revoke("ann", "left")
    key, exchange = Ed25519Signer(seed_of("ann")).public, exchange_public(seed_of("ann"))
    refused(lambda: town.desk("founder").officers.enrol("bob", HMLR, key, exchange), WrongState, "key-once", "already")


def test_an_enrolment_takes_the_next_number_and_a_known_department(town: Town) -> None:
    key, exchange = Ed25519Signer(seed_of("ann")).public, exchange_public(seed_of("ann"))
    enrol = town.desk("founder").officers.enrol
    refused(lambda: enrol("ann", HMLR, key, exchange, reference="officer/7"), Stale, "officer-number", "is officer/2")
    refused(lambda: enrol("ann", HMLR, key, exchange, reference="officer/1"), Stale, "officer-number")
    refused(lambda: enrol("ann", "NHS", key, exchange), WrongState, "department-known", "no department 'NHS'")


# ---- two and more ----


def test_from_two_administrators_on_an_act_waits_and_changes_nothing(three: Town) -> None:
    """Proposed, it stands in the ledger; confirmed by another, it is in force from the confirmation's position."""
    proposed = three.desk("founder").officers.appoint("dora", Role.READER, UNTIL)
    assert (proposed.rule, roles(three, "dora")) == (AWAITS, [])
    (listed,) = (one for one in three.desk("carl").officers.list() if one.name == "dora")
    assert (listed.awaits, listed.roles) == ((proposed.position,), ())
    confirmed = three.desk("carl").officers.confirm(proposed.position)
    assert (confirmed.kind, confirmed.subject, confirmed.rule) == (Kind.APPOINTED, "officer/4", "confirmed")
    (row,) = three.office.services.standing().roles("officer/4", START)
    assert (row.value, row.position, row.until) == ("reader", confirmed.position, UNTIL)


def _adopt(town: Town) -> Recorded:
    adopted = acts.RulesAdopted(table=TABLE, version=ROLES_VERSION)
    assert town.office.sequencer is not None
    return town.office.sequencer.enter(
        propose(town, "founder", Kind.RULES_ADOPTED, adopted, "registry", department=HMLR)
    )


ACTS_ON_ROLES_AND_KEYS: dict[str, Callable[[Town], Recorded]] = {
    "appoint": lambda town: town.desk("founder").officers.appoint("dora", Role.READER),
    "enrol": lambda town: town.desk("founder").officers.enrol(
        "ed", HMLR, Ed25519Signer(seed_of("ed")).public, exchange_public(seed_of("ed"))
    ),
    "revoke": lambda town: town.desk("founder").officers.revoke("dora", "left"),
    "hand over the unlock key": lambda town: town.desk("founder").officers.hand_unlock("dora"),
    "adopt rules": _adopt,
}


@pytest.mark.parametrize("act", ACTS_ON_ROLES_AND_KEYS)
def test_every_act_on_roles_and_keys_wants_a_second_administrator(three: Town, act: str) -> None:
    before = three.office.services.standing().rows()
    proposed = ACTS_ON_ROLES_AND_KEYS[act](three)
    assert proposed.rule == AWAITS
    after = three.office.services.standing().rows()
    assert {row.what for row in after if row not in before} <= {"awaited", "proposed officer"}
    assert set(before) <= set(after)
    assert three.desk("beth").officers.confirm(proposed.position).rule == "confirmed"
    assert three.office.services.standing().awaited() == ()
    assert three.office.services.standing().rows() != before


def test_the_proposer_cannot_give_the_second_word(three: Town) -> None:
    proposed = three.desk("beth").officers.appoint("dora", Role.READER)
    refused(
        lambda: three.desk("beth").officers.confirm(proposed.position), SecondPerson, "second-person", "wants another"
    )
    assert roles(three, "dora") == []


def test_nobody_confirms_his_own_appointment(three: Town) -> None:
    proposed = three.desk("beth").officers.appoint("carl", Role.REGISTRAR)
    refused(lambda: three.desk("carl").officers.confirm(proposed.position), SecondPerson, "second-person")
    three.desk("founder").officers.confirm(proposed.position)
    assert roles(three, "carl") == ["administrator", "registrar"]


def test_only_an_administrator_confirms(three: Town) -> None:
    proposed = three.desk("beth").officers.appoint("dora", Role.READER)
    refused(lambda: three.desk("dora").officers.confirm(proposed.position), NotPermitted, "role:officer.confirm")


def test_what_is_confirmed_is_confirmed_once(three: Town) -> None:
    proposed = three.desk("beth").officers.appoint("dora", Role.READER)
    three.desk("carl").officers.confirm(proposed.position)
    refused(
        lambda: three.desk("founder").officers.confirm(proposed.position), WrongState, "awaited", "no act at position"
    )


def test_what_does_not_wait_is_not_confirmed(three: Town) -> None:
    proposed = three.desk("beth").officers.appoint("dora", Role.READER)
    confirmed = three.desk("carl").officers.confirm(proposed.position)
    for position in (0, 3, confirmed.position):
        refused(lambda at=position: three.desk("founder").officers.confirm(at), NotHeld, "", "waits for a second")  # type: ignore[misc]


def test_a_word_for_one_act_is_none_for_another(three: Town) -> None:
    """The confirmation says kind and subject, and both have to be those of the act that waits."""
    proposed = three.desk("beth").officers.appoint("dora", Role.READER)
    for kind, subject in ((Kind.OFFICER_REVOKED, "officer/4"), (Kind.APPOINTED, "officer/3")):
        word = propose(three, "founder", kind, acts.Confirmed(confirms=proposed.position), subject, department=HMLR)
        refused(lambda it=word: three.office.sequencer.enter(it), WrongState, "awaited", "is APPOINTED on officer/4")  # type: ignore[misc, union-attr]


def test_nothing_is_confirmed_whose_proposer_was_revoked_meanwhile(three: Town) -> None:
    proposed = three.desk("beth").officers.appoint("dora", Role.READER)
    going = three.desk("founder").officers.revoke("beth", "left")
    three.desk("carl").officers.confirm(going.position)
    refused(
        lambda: three.desk("carl").officers.confirm(proposed.position), WrongState, "proposer-in-force", "was revoked"
    )


def test_what_the_rules_would_not_allow_any_more_is_not_confirmed(three: Town) -> None:
    """The act's own rule is asked again, at the time of the second word."""
    proposed = three.desk("beth").officers.appoint("dora", Role.READER, UNTIL)
    three.clock.now = UNTIL
    refused(lambda: three.desk("carl").officers.confirm(proposed.position), WrongState, "end-date", "passed already")


def test_two_enrolments_that_wait_have_two_numbers_and_the_same_key_comes_into_force_once(three: Town) -> None:
    key, exchange = Ed25519Signer(seed_of("ed")).public, exchange_public(seed_of("ed"))
    first = three.desk("beth").officers.enrol("ed", HMLR, key, exchange)
    second = three.desk("beth").officers.enrol("ed", HMLR, key, exchange)
    assert (first.subject, second.subject) == ("officer/5", "officer/6")
    three.desk("carl").officers.confirm(first.position)
    refused(lambda: three.desk("carl").officers.confirm(second.position), WrongState, "key-once")
    assert three.office.services.names()["officer/5"] == "ed"


# ---- somebody remains ----


def test_with_three_an_administrator_can_go_and_the_last_of_them_cannot(three: Town) -> None:
    for gone, proposer, second in (("carl", "founder", "beth"), ("beth", "beth", "founder")):
        going = three.desk(proposer).officers.revoke(gone, "left")
        three.desk(second).officers.confirm(going.position)
    refused(lambda: three.desk("founder").officers.revoke("founder", "off"), WrongState, "last-administrator")


def test_the_last_without_an_end_date_is_not_given_one(three: Town) -> None:
    """Two colleagues could else make all administrators' terms end, and with them the registry's."""
    for name in ("beth", "carl"):
        shorter = three.desk("founder").officers.appoint(name, Role.ADMINISTRATOR, UNTIL)
        three.desk("carl" if name == "beth" else "beth").officers.confirm(shorter.position)
    refused(
        lambda: three.desk("beth").officers.appoint("founder", Role.ADMINISTRATOR, UNTIL),
        WrongState,
        "last-administrator",
    )
    longer = three.desk("founder").officers.appoint("beth", Role.ADMINISTRATOR)
    three.desk("carl").officers.confirm(longer.position)
    ended = three.desk("beth").officers.appoint("founder", Role.ADMINISTRATOR, UNTIL)
    assert three.desk("carl").officers.confirm(ended.position).rule == "confirmed"


def test_an_unknown_or_revoked_officer_is_not_acted_upon(town: Town) -> None:
    town.enrol("ann", None)
    town.desk("founder").officers.revoke("ann", "left")
    officers = town.desk("founder").officers
    refused(
        lambda: officers.appoint("officer/2", Role.READER), WrongState, "officer-in-force", "was revoked at position"
    )
    refused(lambda: officers.revoke("officer/2", "again"), WrongState, "officer-in-force")
    for act in (lambda: officers.appoint("officer/9", Role.READER), lambda: officers.revoke("officer/9", "who")):
        refused(act, NotHeld, "", "officer/9 is not an officer here")
