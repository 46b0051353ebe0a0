"""The counter for officers and departments: who is listed to whom, by which name, and who signs in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry.desk.desk import challenge_bytes, sign_in
from registry.desk.officers import DepartmentView
from registry.errors import BadSignature, Misuse, NotHeld, NotPermitted, WrongState
from registry.ledger.signature import Ed25519Signer
from registry.office import Office
from registry.records.roles import Role
from registry.vault.exchange import exchange_public
from tests.acts.examination import examined
from tests.town import ORIGIN, Town, seed_of


@pytest.fixture
def town(staffed: Town, tmp_path: Path) -> Iterator[Town]:
    """Whatever is done, the audit finds nothing wrong."""
    found = staffed.copied(tmp_path)
    yield found
    assert examined(found).faults == ()
    found.close()


# ---- listing ----


def test_an_administrator_sees_every_officer_with_name_roles_and_end_dates(town: Town) -> None:
    listed = town.desk("founder").officers.list()
    assert [(one.officer, one.name, one.department) for one in listed] == [
        ("officer/1", "founder", "HMLR"),
        ("officer/2", "registrar", "HMLR"),
        ("officer/3", "intake-clerk", "HMLR"),
        ("officer/4", "loader", "HMLR"),
        ("officer/5", "reader", "HMLR"),
        ("officer/6", "auditor", "HMLR"),
        ("officer/7", "police-reader", "POL"),
        ("officer/8", "police-clerk", "POL"),
    ]
    assert listed[0].roles == ("administrator (no end)",)
    assert listed[1].roles == ("registrar (until 2026-11-22)",)
    assert [one.may_open for one in listed] == [True] + [False] * 7


@pytest.mark.parametrize(("name", "others"), [("intake-clerk", False), ("reader", False), ("registrar", True)])
def test_a_clerk_sees_the_officers_of_his_own_department(town: Town, name: str, others: bool) -> None:
    departments = {one.department for one in town.desk(name).officers.list()}
    assert departments == ({"HMLR", "POL"} if others else {"HMLR"})


def test_who_was_revoked_stays_listed_and_says_since_when(town: Town) -> None:
    revoked = town.desk("founder").officers.revoke("reader", "left the office")
    (one,) = (one for one in town.desk("founder").officers.list() if one.officer == "officer/5")
    assert (one.name, one.roles, one.revoked) == ("reader", (), revoked.position)


def test_a_role_that_has_ended_is_not_listed(town: Town) -> None:
    town.clock.now += 366 * 86_400_000
    listed = town.desk("founder").officers.list()
    assert [one.roles for one in listed] == [("administrator (no end)",), *[()] * 7]


def test_beside_the_office_officers_are_references(town: Town) -> None:
    """Names lie in the vault, which nobody has opened there."""
    with Office.reading(town.settings) as beside:
        listed = beside.desk_of("officer/1", town.founder_seed).officers.list()
        assert {one.name for one in listed} == {""}
        assert len(listed) == 8


# ---- names ----


def test_no_sign_in_name_lies_in_clear_in_the_registry(town: Town) -> None:
    town.enrol("qx.zwyndham", Role.READER)
    town.office.services.seal()
    for path in town.settings.registry.rglob("*"):
        if path.is_file():
            assert b"zwyndham" not in path.read_bytes(), path.name


def test_a_name_in_use_is_not_given_twice_and_is_free_again_afterwards(town: Town) -> None:
    """The newest officer of the name is meant, and a revoked one only where nobody else has it."""
    officers, seed = town.desk("founder").officers, seed_of("another reader")
    key, exchange = Ed25519Signer(seed).public, exchange_public(seed)
    with pytest.raises(Misuse, match="an officer signs in as 'reader' already; choose another name"):
        officers.enrol("reader", "HMLR", key, exchange)
    assert officers.reference("reader") == "officer/5"
    officers.revoke("reader", "left the office")
    assert officers.reference("reader") == "officer/5"
    assert officers.enrol("reader", "POL", key, exchange).subject == "officer/9"
    assert officers.reference("reader") == "officer/9"
    assert officers.reference("officer/5") == "officer/5"


@pytest.mark.parametrize("name", ["", "J.Patel", "-x", "a b", "a/b", "../x", "x" * 65, "ä", "a\n", "a\x00"])
def test_a_name_that_is_none_is_refused(town: Town, name: str) -> None:
    seed = seed_of("somebody")
    with pytest.raises(Misuse, match="is not a sign-in name; expected lower-case letters"):
        town.desk("founder").officers.enrol(name, "HMLR", Ed25519Signer(seed).public, exchange_public(seed))


def test_an_unknown_name_is_not_held(town: Town) -> None:
    officers = town.desk("founder").officers
    acts: tuple[Callable[[], object], ...] = (
        lambda: officers.appoint("nobody", Role.READER),
        lambda: officers.revoke("nobody", "who"),
        lambda: officers.hand_unlock("nobody"),
    )
    for act in acts:
        with pytest.raises(NotHeld, match="no officer signs in as 'nobody' here"):
            act()


@pytest.mark.parametrize("reason", ["", "  ", "\n", "a\x00b", "x" * 1_001])
def test_a_revocation_wants_a_reason_that_can_be_recorded(town: Town, reason: str) -> None:
    before = town.office.store.head().size
    with pytest.raises(Misuse, match="reason"):
        town.desk("founder").officers.revoke("reader", reason)
    assert town.office.store.head().size == before


def test_who_may_open_already_is_not_handed_the_key_again(town: Town) -> None:
    officers = town.desk("founder").officers
    officers.hand_unlock("registrar")
    with pytest.raises(WrongState, match="may open the office already"):
        officers.hand_unlock("registrar")
    with pytest.raises(WrongState, match="may open the office already"):
        officers.hand_unlock("founder")


# ---- departments ----


def test_departments_stand_in_the_order_of_their_coming(town: Town) -> None:
    town.desk("founder").officers.add_department("NHS-A", "Health, north")
    assert town.desk("reader").officers.departments() == (
        DepartmentView("HMLR", "Land Registry"),
        DepartmentView("POL", "Police"),
        DepartmentView("NHS-A", "Health, north"),
    )


def test_a_department_is_added_once(town: Town) -> None:
    with pytest.raises(WrongState, match="department POL is held already"):
        town.desk("founder").officers.add_department("POL", "Politics")


@pytest.mark.parametrize(
    ("code", "name"),
    [("pol", "x"), ("", "x"), ("A B", "x"), ("X" * 17, "x"), ("-A", "x"), ("NHS", " "), ("NHS", "a\x00")],
)
def test_a_department_wants_a_code_and_a_name(town: Town, code: str, name: str) -> None:
    with pytest.raises(Misuse, match=r"department"):
        town.desk("founder").officers.add_department(code, name)


# ---- signing in ----


def test_nobody_signs_in_with_another_key_than_his_own(town: Town) -> None:
    with pytest.raises(BadSignature, match="does not verify"):
        town.office.desk_of("officer/1", seed_of("reader"))
    with pytest.raises(NotPermitted, match=f"officer/99 is not enrolled in {ORIGIN}"):
        town.office.desk_of("officer/99", seed_of("reader"))


def test_a_challenge_is_answered_once(town: Town) -> None:
    """Fresh random bytes each time, and the origin: an answer seen before, or given elsewhere, opens nothing."""
    signer, answers = Ed25519Signer(seed_of("reader")), list[bytes]()

    def honest(challenge: bytes) -> bytes:
        answers.append(signer.sign(challenge))
        return answers[-1]

    services = town.office.services
    assert sign_in(services, "officer/5", honest, lambda name: None).officer == "officer/5"
    elsewhere = signer.sign(challenge_bytes("registry.example/elsewhere", bytes(32)))
    for replayed in (answers[0], elsewhere, bytes(64), b""):
        with pytest.raises(BadSignature):
            sign_in(services, "officer/5", lambda challenge, it=replayed: it, lambda name: None)  # type: ignore[misc]
