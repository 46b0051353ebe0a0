"""Every verb × role × own or other department: what is answered, in which words, and what is recorded of a refusal.

The answers stand in `tests/acts/grid.py`, written by hand. Three walks over it: the table itself; the one decision,
`permit`, cell by cell; and the real act or question at a desk, as far as a desk method or an act exercises the verb.
"""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from joserfc.jwk import OKPKey
from msgspec import UNSET

from registry.errors import NotHeld, NotPermitted, RegistryError
from registry.ledger.signature import Ed25519Signer
from registry.records import acts, rules
from registry.records.acts import REFUSED, Kind
from registry.records.muniment import Visibility
from registry.records.roles import ROLES_VERSION, TABLE, Role, Verb
from registry.records.standing import Officer, Standing, StandingRow
from registry.sequencer import Recorded
from registry.vault.exchange import exchange_public
from tests.acts.borough import HMLR, POL, Borough, name_of
from tests.acts.grid import GRID, KIND_OF, ROLES, WORDS
from tests.town import document, seed_of

ONLY_ASKED_OF_PERMIT = {"ledger.read", "load.read"}
"""Verbs that neither a desk method nor an act exercises yet: bundles are served to mirrors, loads listed, by others."""

RECORDS_NOTHING = {"officer.list", "receipt.take", "search", "muniment.read"}

Deed = Callable[[Borough, str, str], object]
"""Does the thing at the desk of that officer, by name, to something of that department. Raises when refused."""


# ---- 1 the table ----


def test_the_table_is_the_one_that_was_written_down() -> None:
    assert {verb: {role: TABLE[role][verb] for role in TABLE} for verb in TABLE["founder"]} == GRID


def test_every_verb_is_in_the_grid_and_has_words() -> None:
    assert sorted(GRID) == sorted(Verb) == sorted(WORDS)
    assert sorted(ROLES) == sorted(Role)


# ---- 2 the one decision ----

PEOPLE = {
    ("officer/1", HMLR): "founder", ("officer/2", HMLR): "administrator", ("officer/3", HMLR): "registrar",
    ("officer/4", HMLR): "intake-clerk", ("officer/5", HMLR): "loader", ("officer/6", HMLR): "reader",
    ("officer/7", HMLR): "auditor", ("officer/8", POL): "founder", ("officer/9", POL): "administrator",
    ("officer/10", POL): "registrar", ("officer/11", POL): "intake-clerk", ("officer/12", POL): "loader",
    ("officer/13", POL): "reader", ("officer/14", POL): "auditor",
}  # fmt: skip


def everyone() -> Standing:
    """One officer of each role in each department, the founder's among them, though no registry ever has two."""
    rows = []
    for (reference, department), role in PEOPLE.items():
        rows += [
            StandingRow(reference, "officer", department, 1),
            StandingRow(reference, "key", reference, 1),
            StandingRow(reference, "exchange", "", 1),
            StandingRow(reference, "role", role, 1),
        ]
    return Standing(rows)


def expected_sentence(people: dict[tuple[str, str], str], verb: str, who: str, department: str) -> str | None:
    """What the grid says to the officer about something of that department: None, or the whole sentence."""

    def may(role: str, own: str) -> bool:
        held = [GRID[verb][part] for part in role.split(" and ")]
        return "all" in held or ("own" in held and own == department)

    ((home, role),) = ((home, role) for (reference, home), role in people.items() if reference == who)
    if may(role, home):
        return None
    able = [reference for (reference, own), other in people.items() if may(other, own)][:5]
    where = f" of {department}" if any(GRID[verb][part] == "own" for part in role.split(" and ")) else ""
    can = f"{', '.join(able)} can" if able else "nobody can at present"
    return f"you may not {WORDS[verb]}{where}: {who} is {role} in {home}; {can}"


@pytest.mark.parametrize("department", [HMLR, POL], ids=["own", "other"])
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("verb", sorted(GRID))
def test_the_decision_on_every_cell(verb: str, role: str, department: str) -> None:
    standing = everyone()
    who = next(reference for (reference, home), held in PEOPLE.items() if held == role and home == HMLR)
    officer = standing.officer(who)
    assert isinstance(officer, Officer)
    ask = partial(rules.permit, standing, officer, Verb(verb), department, 0)
    sentence = expected_sentence(PEOPLE, verb, who, department)
    if sentence is None:
        ask()
    else:
        with pytest.raises(NotPermitted) as refusal:
            ask()
        assert (str(refusal.value), refusal.value.rule) == (sentence, f"role:{verb}")


# ---- 3 at the desk ----

STAFF = {
    ("officer/1", HMLR): "administrator", ("officer/2", HMLR): "registrar", ("officer/3", HMLR): "intake-clerk",
    ("officer/4", HMLR): "loader", ("officer/5", HMLR): "reader", ("officer/6", HMLR): "auditor",
    ("officer/7", POL): "registrar", ("officer/8", POL): "intake-clerk", ("officer/9", POL): "loader",
    ("officer/10", POL): "reader", ("officer/11", POL): "auditor", ("officer/14", POL): "administrator",
}  # fmt: skip


@pytest.fixture(scope="module")
def borough(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Borough]:
    town = Borough(tmp_path_factory.mktemp("borough"))
    yield town
    town.close()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Borough]:
    """A registry whose founder has appointed nobody yet, though others are enrolled."""
    town = Borough.__new__(Borough)
    super(Borough, town).__init__(tmp_path_factory.mktemp("alone"))
    town.folder = town.settings.registry.parent
    town.desk("founder").officers.add_department(POL, "Police")
    town.enrol("candidate", None, HMLR)
    town.enrol("police-candidate", None, POL)
    yield town
    town.close()


def _candidate(department: str) -> str:
    return "candidate" if department == HMLR else "police-candidate"


def _proposal(town: Borough, department: str) -> int:
    """Where an act lies that waits for a second administrator's word."""
    awaited = _enrol(town, "police-administrator", department)
    assert awaited.rule == rules.AWAITS
    return awaited.position


def _enrol(town: Borough, name: str, department: str) -> Recorded:
    fresh = f"n{uuid.uuid4().hex}"
    seed = seed_of(fresh)
    officers = town.desk(name).officers
    return officers.enrol(fresh, department, Ed25519Signer(seed).public, exchange_public(seed))


def _lodge(town: Borough, name: str, department: str) -> object:
    """At his own desk; in another department's name only by an intent that the desk would not make."""
    if department == town.desk(name).department:
        return town.lodge(name)
    lodged = town.act(town.lodge("police-intake-clerk" if "police-intake-clerk" in town.references else name).position)
    subject = f"muniment/{uuid.uuid4()}"
    return town.enter(town.propose(name, Kind.LODGED, acts.details_of(lodged.intent), subject, department=department))


def _load(town: Borough, name: str, department: str) -> object:
    if department == town.desk(name).department:
        return town.desk(name).loads.load(town.csv())
    opened = acts.LoadOpened(dialect="official", file="A" * 43 + "=", name="theirs.csv")
    return town.enter(town.propose(name, Kind.LOAD_OPENED, opened, None, department=department))


def _look(town: Borough, name: str, department: str) -> object:
    return town.desk(name).lookups.show(town.muniment(department, Visibility.OWN))


def _list(town: Borough, name: str, department: str) -> object:
    """Whom he sees; nobody of that department means that he may not."""
    listed = [one for one in town.desk(name).officers.list() if one.department == department]
    if not listed:
        raise NotHeld(department)
    return listed


def fresh_key() -> dict[str, str]:
    return dict(OKPKey.generate_key("Ed25519").as_dict(private=False))  # type: ignore[arg-type]


def enrolled_key(town: Borough, department: str) -> str:
    """A key of the department in force, enrolled by those who may: with two administrators, by both."""
    added = town.desk("founder").keys.add(department, "EdDSA", fresh_key())
    if added.rule == rules.AWAITS:
        town.desk("police-administrator").officers.confirm(added.position)
    return town.office.services.standing().clients(department)[-1].kid


DEEDS: dict[str, Deed] = {
    "department.add": lambda t, who, d: t.desk(who).officers.add_department(f"X{uuid.uuid4().hex[:9].upper()}", d),
    "key.add": lambda t, who, d: t.desk(who).keys.add(d, "EdDSA", fresh_key()),
    "key.revoke": lambda t, who, d: t.desk(who).keys.revoke(d, enrolled_key(t, d), "lost"),
    "load.run": _load,
    "mark.adopt": lambda t, who, d: t.desk(who).officers.adopt_mark("the signer's disk was lost"),
    "muniment.lodge": _lodge,
    "muniment.read": _look,
    "muniment.revise": lambda t, who, d: t.desk(who).muniments.revise(t.muniment(d), document("again")),
    "muniment.withdraw": lambda t, who, d: t.desk(who).muniments.withdraw(t.muniment(d), "lodged twice"),
    "officer.appoint": lambda t, who, d: t.desk(who).officers.appoint(_candidate(d), Role.READER),
    "officer.confirm": lambda t, who, d: t.desk(who).officers.confirm(_proposal(t, d)),
    "officer.enrol": _enrol,
    "officer.list": _list,
    "officer.revoke": lambda t, who, d: t.desk(who).officers.revoke(_candidate(d), "left"),
    "receipt.take": lambda t, who, d: t.desk(who).receipts.take(t.muniment(d)),
    "rules.adopt": lambda t, who, d: t.enter(
        t.propose(
            who, Kind.RULES_ADOPTED, acts.RulesAdopted(table=TABLE, version=ROLES_VERSION), "registry", department=HMLR
        )
    ),
    "search": lambda t, who, d: t.desk(who).lookups.find(t.muniment(d)),
    "unlock.hand": lambda t, who, d: t.desk(who).officers.hand_unlock(_candidate(d)),
    "withheld.read": lambda t, who, d: t.desk(who).muniments.open(t.muniment(d), io.BytesIO()),
}
"""How each verb is exercised, for real."""


def test_every_verb_is_exercised_or_is_known_not_to_be() -> None:
    assert set(DEEDS) | ONLY_ASKED_OF_PERMIT == set(GRID)
    assert not set(DEEDS) & ONLY_ASKED_OF_PERMIT
    assert set(KIND_OF) | RECORDS_NOTHING == set(DEEDS)


def named(town: Borough, sentence: str) -> str:
    """A desk tells officers by name."""
    names = {reference: name for name, reference in town.references.items()}
    return re.sub(r"officer/[0-9]+", lambda match: f"{match[0]} ({names[match[0]]})", sentence)


def check(town: Borough, verb: str, name: str, department: str, sentence: str | None) -> None:
    """Do it, and compare answer, sentence and what is recorded with what the grid says."""
    desk = town.desk(name)
    foreign = verb in ("muniment.lodge", "load.run") and department != desk.department
    if foreign:
        sentence = f"{desk.officer} belongs to {desk.department}, not to {department!a}"
    if sentence is None:
        answer = DEEDS[verb](town, name, department)
        assert answer
        if isinstance(answer, Recorded):
            done = town.act(answer.position)
            assert (done.intent.kind, done.outcome, done.intent.officer) == (KIND_OF[verb], UNSET, desk.officer)
        return
    with pytest.raises(RegistryError) as caught:
        DEEDS[verb](town, name, department)
    error = caught.value
    if verb in RECORDS_NOTHING:
        assert isinstance(error, NotHeld)
        return
    assert isinstance(error, NotPermitted)
    past_the_desk = foreign or verb == "rules.adopt"
    assert str(error) == (sentence if past_the_desk else named(town, sentence))
    rule = "department-of-officer" if foreign else f"role:{verb}"
    assert (error.rule, error.position) == (rule, town.size - 1)
    recorded = town.act(town.size - 1)
    assert (recorded.intent.kind, recorded.outcome, recorded.rule) == (KIND_OF[verb], REFUSED, rule)
    assert recorded.intent.officer == (UNSET if verb == "withheld.read" else desk.officer)


@pytest.mark.parametrize("department", [HMLR, POL], ids=["own", "other"])
@pytest.mark.parametrize("role", [role for role in ROLES if role != "founder"])
@pytest.mark.parametrize("verb", sorted(DEEDS))
def test_the_act_or_question_itself(borough: Borough, verb: str, role: str, department: str) -> None:
    name = name_of(role)
    check(borough, verb, name, department, expected_sentence(STAFF, verb, borough.references[name], department))


NOTHING_OF_OTHERS_YET = {
    "muniment.read",
    "muniment.revise",
    "muniment.withdraw",
    "withheld.read",
    "receipt.take",
    "search",
}
"""While the founder is alone no other department can hold anything: it has nobody who may lodge."""
NEEDS_TWO = {"officer.confirm"}


@pytest.mark.parametrize("department", [HMLR, POL], ids=["own", "other"])
@pytest.mark.parametrize("verb", sorted(set(DEEDS) - NEEDS_TWO))
def test_the_founder_alone_holds_his_extra_rights_beside_the_administrator_s(
    alone: Borough, verb: str, department: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if department == POL and verb in NOTHING_OF_OTHERS_YET:
        return
    monkeypatch.setattr(
        alone, "muniment", lambda d, v=Visibility.DEPARTMENTS: alone.lodge("founder", visibility=v).subject
    )
    if verb in ("officer.appoint", "officer.revoke", "unlock.hand"):
        return  # these end what is walked here: see test_two_administrators.py
    people = {("officer/1", HMLR): "administrator and founder"}
    check(alone, verb, "founder", department, expected_sentence(people, verb, "officer/1", department))
