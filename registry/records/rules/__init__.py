"""The rules: may this act be, here and now? Pure: on the intent, the standing and the subject's state alone, never
on the catalogue.

    case         what a rule sees, what it decides       officers     enrol, appoint, revoke, hand the unlock key
    permission   key in force, role × verb               muniments    lodge, revise, withdraw, read
    founding     the first four entries                  loads        open, close
    departments  table, departments, their keys          two_persons  one proposes, another confirms

`decide` runs inside the writer's turn, and again in every audit, entry by entry, so that an act that the rules did
not allow is named whoever wrote it. It returns what the act changes, or raises `Refused` (recorded as an act) or
`NotHeld` (nothing recorded).

One rule a kind, in `RULES`; every rule is reached only when the officer's key is good and the role × verb table lets
him.
"""

from __future__ import annotations

from registry.errors import NotPermitted, WrongState
from registry.records import acts
from registry.records.acts import Confirmed, Kind
from registry.records.roles import verb_of
from registry.records.rules import departments, loads, muniments, officers
from registry.records.rules.case import Case, Decision, LoadFacts, Proposed, Rule
from registry.records.rules.founding import FOUNDING_ACTS, founding
from registry.records.rules.permission import officer_in_force, permit
from registry.records.rules.two_persons import AWAITS, FOUNDER_ALONE, ROLE_ACTS, confirm, proposed, two_persons

RULES: dict[Kind, Rule] = {**departments.RULES, **officers.RULES, **muniments.RULES, **loads.RULES}
"""One rule a kind of act; FOUNDED has its place in `founding` alone."""


def decide(case: Case) -> Decision:
    """The decision on one act.

    0 the kind is done on such subjects · 1 founding acts · 2 the officer's key is in force · 3 the department is his ·
    4 role × verb · 5 the kind's own rule · 6 two persons. Raises Refused (or a kind of it) with the rule's name, or
    NotHeld.
    """
    _subject_of_kind(case)  # 0
    if case.position < FOUNDING_ACTS:
        return founding(case)
    officer = officer_in_force(case)  # 2
    if case.intent.department != officer.department:  # 3
        raise NotPermitted(
            f"{case.officer} belongs to {officer.department}, not to {case.intent.department[:40]!a}",
            rule="department-of-officer",
        )
    if isinstance(case.details, Confirmed):
        return confirm(case, RULES)
    kind = case.intent.kind
    verb = verb_of(kind, case.fields)
    if verb is None:
        raise WrongState(f"the registry was founded at position 0; {kind} cannot be done again", rule="founded-once")
    custodian = case.state.custodian if case.state and kind in muniments.HELD else None
    permit(case.standing, officer, verb, custodian or _department_concerned(case), case.at)  # 4
    decision = RULES[kind](case)  # 5
    return two_persons(case, decision) if kind in ROLE_ACTS else decision  # 6


def _subject_of_kind(case: Case) -> None:
    """Or a clerk who may lodge could put a muniment's state on a department."""
    nouns = acts.ABOUT[case.intent.kind]
    if case.subject.partition("/")[0] not in nouns:
        told = f"{case.intent.kind} is done on a {' or a '.join(nouns)}, not on {case.subject[:80]}"
        raise WrongState(told, rule="subject-of-kind")


def _department_concerned(case: Case) -> str | None:
    if case.intent.kind in (Kind.LODGED, Kind.LOAD_OPENED):  # it will be that department's
        return case.intent.department
    return case.load.department if case.load else None


__all__ = [
    "AWAITS",
    "FOUNDER_ALONE",
    "FOUNDING_ACTS",
    "ROLE_ACTS",
    "RULES",
    "Case",
    "Decision",
    "LoadFacts",
    "Proposed",
    "decide",
    "permit",
    "proposed",
]
