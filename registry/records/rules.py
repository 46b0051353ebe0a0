"""The rules: may this act be, here and now? Pure: on the intent, the standing and the subject's state alone, never
on the catalogue.

`decide` runs inside the writer's turn, and again in every audit, entry by entry, so that an act that the rules did
not allow is named whoever wrote it. It returns what the act changes, or raises `Refused` (recorded as an act) or
`NotHeld` (nothing recorded).

One rule a kind, in `RULES`; every rule is reached only when the officer's key is good and the role × verb table lets
him.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from msgspec import UNSET

from registry.errors import Malformed, NotHeld, NotPermitted, Refused, SecondPerson, Stale, WrongState
from registry.records import acts
from registry.records.acts import Confirmed, Details, Intent, Kind
from registry.records.clients import CLIENT_KEY, ClientKey, is_department
from registry.records.encoding import canonical
from registry.records.identifiers import REGISTRY
from registry.records.muniment import MunimentKind, Status, SubjectState
from registry.records.roles import APPOINTABLE, VERB_OF, WORDS, Role, Scope, Verb, check_table, scope_of, verb_of
from registry.records.standing import Officer, Standing, StandingRow

FOUNDING_ACTS = 4
"""FOUNDED, RULES_ADOPTED, DEPARTMENT_ADDED, OFFICER_ENROLLED: one turn, signed by the key that FOUNDED names."""

FOUNDER_ALONE = "founder-alone"
AWAITS = "awaits-second-administrator"

ROLE_ACTS = frozenset(
    {
        Kind.RULES_ADOPTED,
        Kind.OFFICER_ENROLLED,
        Kind.OFFICER_REVOKED,
        Kind.APPOINTED,
        Kind.UNLOCK_HANDED,
        Kind.KEY_ADDED,
        Kind.KEY_REVOKED,
    }
)
"""Acts on roles and keys: once there are two administrators they want both."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule sees. `officer` signed; `subject` is what the act is about; `at` ms UTC and `position` are those
    it will get."""

    intent: Intent
    details: Details
    officer: str
    subject: str
    position: int
    at: int
    standing: Standing
    state: SubjectState | None
    number: int
    proposal: Proposed | None = None
    """For a confirmation: the act that it confirms."""
    load: LoadFacts | None = None
    fields: str = ""
    """For a reading: what was read, a withheld member of it."""
    confirming: bool = False


@dataclass(frozen=True, slots=True)
class Proposed:
    """An act that waits for a second administrator."""

    position: int
    subject: str
    officer: str
    intent: Intent


@dataclass(frozen=True, slots=True)
class LoadFacts:
    """What the rules need of the load that an act closes."""

    officer: str
    department: str
    open: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What an allowed act changes: rows of the standing, the subject's state, and a rule worth naming in the entry."""

    rule: str = ""
    added: tuple[StandingRow, ...] = ()
    ended: tuple[StandingRow, ...] = ()
    state: SubjectState | None = None


Rule = Callable[[Case], Decision]
D = TypeVar("D", bound=Details)


def decide(case: Case) -> Decision:
    """The decision on one act.

    0 the kind is done on such subjects · 1 founding acts · 2 the officer's key is in force · 3 the department is his ·
    4 role × verb · 5 the kind's own rule · 6 two persons. Raises Refused (or a kind of it) with the rule's name, or
    NotHeld.
    """
    _subject_of_kind(case)  # 0
    if case.position < FOUNDING_ACTS:
        return _founding(case)
    officer = _officer_in_force(case)  # 2
    if case.intent.department != officer.department:  # 3
        raise NotPermitted(
            f"{case.officer} belongs to {officer.department}, not to {case.intent.department[:40]!a}",
            rule="department-of-officer",
        )
    if isinstance(case.details, Confirmed):
        return _confirm(case)
    kind = case.intent.kind
    verb = verb_of(kind, case.fields)
    if verb is None:
        raise WrongState(f"the registry was founded at position 0; {kind} cannot be done again", rule="founded-once")
    custodian = case.state.custodian if case.state and kind in (Kind.REVISED, Kind.WITHDRAWN, Kind.READ) else None
    permit(case.standing, officer, verb, custodian or _department_concerned(case), case.at)  # 4
    decision = RULES[kind](case)  # 5
    return _two_persons(case, decision) if kind in ROLE_ACTS else decision  # 6


def permit(standing: Standing, officer: Officer, verb: Verb, department: str | None, at: int) -> None:
    """Raise NotPermitted, saying who may, unless the officer's roles carry the verb to that department's things."""
    reach = standing.reach(officer.reference, verb, at)
    if reach is Scope.ALL or (reach is Scope.OWN and department in (None, officer.department)):
        return
    held = [row.value for row in standing.roles(officer.reference, at)]
    lapsed = [row.value for row in standing.lapsed_roles(officer.reference, at)]
    role = " and ".join(held) or (
        f"no longer {' or '.join(lapsed)} (the appointment has ended)" if lapsed else "without a role"
    )
    able = [one for one in standing.who_may(verb, department, at) if one != officer.reference]
    others = f"{', '.join(able[:5])} can" if able else "nobody can at present"
    where = f" of {department}" if reach is Scope.OWN and department else ""
    raise NotPermitted(
        f"you may not {WORDS[verb]}{where}: {officer.reference} is {role} in {officer.department}; {others}",
        rule="role-expired" if not held and lapsed else f"role:{verb}",
    )


def _subject_of_kind(case: Case) -> None:
    """Or a clerk who may lodge could put a muniment's state on a department."""
    nouns = acts.ABOUT[case.intent.kind]
    if case.subject.partition("/")[0] not in nouns:
        told = f"{case.intent.kind} is done on a {' or a '.join(nouns)}, not on {case.subject[:80]}"
        raise WrongState(told, rule="subject-of-kind")


def _officer_in_force(case: Case) -> Officer:
    officer = case.standing.officer(case.officer)
    if officer is None:
        raise NotPermitted(f"{case.officer} is not enrolled here", rule="enrolled")
    if officer.revoked is not None:
        raise NotPermitted(f"the key of {case.officer} was revoked at position {officer.revoked}", rule="key-revoked")
    if is_department(case.officer) and case.intent.kind is not Kind.READ:
        raise NotPermitted(f"{case.officer} signs in to read; acts are its officers'", rule="department-reads")
    return officer


def _department_concerned(case: Case) -> str | None:
    if case.intent.kind in (Kind.LODGED, Kind.LOAD_OPENED):  # it will be that department's
        return case.intent.department
    return case.load.department if case.load else None


def proposed(position: int, entry: acts.Entry) -> Proposed | None:
    """The act at that position as one that waits for a second administrator; None where it is none."""
    if not isinstance(entry, acts.Act) or entry.intent.officer is UNSET or entry.rule != AWAITS:
        return None
    return Proposed(position, entry.subject, entry.intent.officer, entry.intent)


# ---- founding ----


def _founding(case: Case) -> Decision:
    """The first four entries of a ledger, in order, all signed by the founder's key."""
    expected = (Kind.FOUNDED, Kind.RULES_ADOPTED, Kind.DEPARTMENT_ADDED, Kind.OFFICER_ENROLLED)[case.position]
    if case.intent.kind is not expected or isinstance(case.details, Confirmed):
        raise WrongState(
            f"position {case.position} of a ledger is {expected}, not {case.intent.kind}", rule="founding-order"
        )
    if case.position > 0 and case.officer != "officer/1":
        raise NotPermitted("the founding acts are the founder's, officer/1", rule="founding-order")
    match case.details:
        case acts.Founded():
            return Decision(added=(StandingRow(REGISTRY, "founding key", case.details.key, 0),))
        case acts.RulesAdopted():
            return _adopt_rules(case)
        case acts.DepartmentAdded():
            return _add_department(case)
        case acts.OfficerEnrolled():
            if case.details.key != case.standing.founding_key():
                raise NotPermitted("the founder is enrolled with another key than FOUNDED names", rule="founding-order")
            roles = (Role.ADMINISTRATOR, Role.FOUNDER)
            rows = tuple(StandingRow(case.subject, "role", role, case.position) for role in roles)
            unlock = StandingRow(case.subject, "unlock", "", case.position)
            return Decision(rule="founding", added=(*_enrolment(case, case.details), *rows, unlock))
    raise WrongState("not a founding act", rule="founding-order")


# ---- registry and departments ----


def _adopt_rules(case: Case) -> Decision:
    details = _as(case, acts.RulesAdopted)
    try:
        check_table(details.table)
    except Malformed as error:
        raise WrongState(str(error), rule="rules-text") from error
    for verb in (Verb.OFFICER_ENROL, Verb.OFFICER_APPOINT, Verb.OFFICER_CONFIRM, Verb.RULES_ADOPT):
        if scope_of(details.table, Role.ADMINISTRATOR, verb) is not Scope.ALL:
            raise WrongState(
                f"that table keeps administrators from {verb}, and nobody could ever mend it",
                rule="rules-mendable",
            )
    old = tuple(row for row in case.standing.holding(REGISTRY) if row.what == "rules")
    return Decision(
        added=(StandingRow(REGISTRY, "rules", canonical(details.table).decode(), case.position),), ended=old
    )


def _add_department(case: Case) -> Decision:
    details = _as(case, acts.DepartmentAdded)
    code = case.subject.partition("/")[2]
    if code in case.standing.departments():
        raise WrongState(f"department {code} is held already", rule="department-once")
    return Decision(added=(StandingRow(case.subject, "department", details.name, case.position),))


def _adopt_mark(case: Case) -> Decision:
    details = _as(case, acts.MarkAdopted)
    if details.size != case.position:
        raise Stale(
            f"the ledger has grown to {case.position} entries since size {details.size} was looked at", rule="mark-size"
        )
    return Decision()


# ---- officers ----


def _enrolment(case: Case, details: acts.OfficerEnrolled) -> tuple[StandingRow, ...]:
    return (
        StandingRow(case.subject, "officer", details.department, case.position),
        StandingRow(case.subject, "key", details.key, case.position),
        StandingRow(case.subject, "exchange", details.exchange, case.position),
    )


def _enrol(case: Case) -> Decision:
    details = _as(case, acts.OfficerEnrolled)
    if details.department not in case.standing.departments():
        raise WrongState(f"there is no department {details.department[:40]!a}; add it first", rule="department-known")
    if case.subject != case.standing.next_officer() and not case.confirming:
        raise Stale(
            f"the next officer is {case.standing.next_officer()}, not {case.subject}; ask again", rule="officer-number"
        )
    if any(one.key == details.key for one in case.standing.officers()):
        raise WrongState("that public key is enrolled already", rule="key-once")
    return Decision(added=_enrolment(case, details))


def _known(case: Case, reference: str) -> Officer:
    officer = case.standing.officer(reference)
    if officer is None:
        raise NotHeld(f"{reference} is not an officer here")
    if officer.revoked is not None:
        raise WrongState(f"{reference} was revoked at position {officer.revoked}", rule="officer-in-force")
    return officer


def _appoint(case: Case) -> Decision:
    details = _as(case, acts.Appointed)
    if details.role not in tuple(APPOINTABLE):
        raise WrongState(f"{details.role[:40]!a} is not a role that can be given", rule="role-known")
    if case.subject == case.officer:
        raise NotPermitted("nobody appoints himself; ask another administrator", rule="not-oneself")
    _known(case, case.subject)
    if details.until is UNSET and details.role != Role.ADMINISTRATOR:
        raise WrongState("an appointment has an end date; only an administrator's may be without one", rule="end-date")
    if details.until is not UNSET and details.until <= case.at:
        raise WrongState("the end date of the appointment has passed already", rule="end-date")
    if details.role == Role.ADMINISTRATOR and details.until is not UNSET:
        _somebody_remains(case)  # it takes the place of an appointment that may have had no end
    same = tuple(row for row in case.standing.role_rows(case.subject) if row.value == details.role)
    founder = case.standing.founder()
    extra = (
        tuple(row for row in case.standing.role_rows(founder) if row.value == Role.FOUNDER)
        if founder and founder != case.subject
        else ()
    )
    until = None if details.until is UNSET else details.until
    return Decision(
        added=(StandingRow(case.subject, "role", details.role, case.position, until),), ended=(*same, *extra)
    )


def _revoke(case: Case) -> Decision:
    _known(case, case.subject)
    _somebody_remains(case)
    return Decision(ended=case.standing.holding(case.subject))


def _somebody_remains(case: Case) -> None:
    """The last administrator cannot go, and one whose appointment will end does not count as staying."""
    roles = case.standing.role_rows(case.subject)
    if not any(row.value == Role.ADMINISTRATOR and row.until is None for row in roles):
        return
    staying = [
        row
        for holder in case.standing.holders(Role.ADMINISTRATOR, case.at)
        for row in case.standing.roles(holder, case.at)
        if holder != case.subject and row.value == Role.ADMINISTRATOR and row.until is None
    ]
    if not staying:
        raise WrongState(
            f"{case.subject} is the last administrator without an end date; appoint another first",
            rule="last-administrator",
        )


def _hand_unlock(case: Case) -> Decision:
    _known(case, case.subject)
    if case.subject in case.standing.may_open():
        raise WrongState(f"{case.subject} may open the office already", rule="unlock-once")
    return Decision(added=(StandingRow(case.subject, "unlock", "", case.position),))


def _two_persons(case: Case, decision: Decision) -> Decision:
    """With one administrator the entry says so; with two or more the act waits for another's word and changes
    nothing yet."""
    if len(case.standing.holders(Role.ADMINISTRATOR, case.at)) < 2:
        return Decision(FOUNDER_ALONE, decision.added, decision.ended, decision.state)
    proposed = tuple(
        StandingRow(row.holder, "proposed officer", row.value, case.position)
        for row in decision.added
        if row.what == "officer"
    )
    return Decision(AWAITS, (StandingRow(case.subject, "awaited", case.intent.kind, case.position), *proposed))


def _confirm(case: Case) -> Decision:
    """Another administrator's word for an act that waits: the act's own rule is asked again, now."""
    details = _as(case, Confirmed)
    officer = _officer_in_force(case)
    permit(case.standing, officer, Verb.OFFICER_CONFIRM, None, case.at)
    awaited = case.standing.awaited(details.confirms)
    if not awaited or case.proposal is None:
        raise WrongState(f"no act at position {details.confirms} waits for a second administrator", rule="awaited")
    proposal = case.proposal
    if (case.subject, case.intent.kind) != (proposal.subject, proposal.intent.kind):
        raise WrongState(
            f"the act at {details.confirms} is {proposal.intent.kind} on {proposal.subject}", rule="awaited"
        )
    if case.officer in (proposal.officer, proposal.subject):
        raise SecondPerson(
            f"the act at {details.confirms} wants another administrator's word than {case.officer}'s",
            rule="second-person",
        )
    proposer = case.standing.officer(proposal.officer)
    if proposer is None or proposer.revoked is not None:
        raise WrongState(f"{proposal.officer}, who proposed it, was revoked meanwhile", rule="proposer-in-force")
    permit(case.standing, proposer, VERB_OF[proposal.intent.kind], None, case.at)
    proposed = tuple(
        row
        for row in case.standing.holding(proposal.subject)
        if row.what == "proposed officer" and row.position == proposal.position
    )
    rest = case.standing.copy()
    rest.apply((), proposed, case.position)
    again = Case(
        intent=proposal.intent,
        details=acts.details_of(proposal.intent),
        officer=proposal.officer,
        subject=proposal.subject,
        position=case.position,
        at=case.at,
        standing=rest,
        state=None,
        number=case.number,
        confirming=True,
    )
    decision = RULES[proposal.intent.kind](again)
    return Decision(rule="confirmed", added=decision.added, ended=(*awaited, *proposed, *decision.ended))


# ---- departments' keys ----


def _add_key(case: Case) -> Decision:
    details = _as(case, acts.KeyAdded)
    code = case.subject.partition("/")[2]
    if code not in case.standing.departments():
        raise WrongState(f"there is no department {code}; add it first", rule="department-known")
    try:
        key = ClientKey.of(details.algorithm, details.key)
    except Malformed as error:
        raise WrongState(str(error), rule="client-key") from error
    if key.kid != details.kid:
        raise WrongState(f"the key's id is {key.kid}, not {details.kid[:60]!a}", rule="client-key")
    holder = next((one for one in case.standing.client_holders() if case.standing.client(one, key.kid)), None)
    if holder is not None:
        raise WrongState(f"that key was enrolled before, for {holder}; make a new one", rule="key-once")
    return Decision(
        added=(
            StandingRow(case.subject, CLIENT_KEY, key.text(), case.position),
            StandingRow(case.subject, "role", Role.READER, case.position),
        )
    )


def _revoke_key(case: Case) -> Decision:
    details = _as(case, acts.KeyRevoked)
    key = case.standing.client(case.subject.partition("/")[2], details.kid)
    if key is None or key.revoked is not None:
        raise WrongState(f"{case.subject} has no key {details.kid[:60]!a} in force", rule="client-key-in-force")
    same = (row for row in case.standing.holding(case.subject) if row.position == key.added)
    return Decision(ended=tuple(row for row in same if row.what in (CLIENT_KEY, "role")))


# ---- muniments ----


def _lodge(case: Case) -> Decision:
    details = _as(case, acts.Lodged)
    if case.number != 1 or case.state is not None:
        raise WrongState(f"{case.subject} is held already; revise it instead", rule="lodged-once")
    if details.version != 1:
        raise WrongState("a muniment is lodged as version 1", rule="version")
    if details.kind is MunimentKind.SALE_RECORD:
        raise WrongState("a sale record is loaded from its publisher's file, never lodged", rule="loaded-not-lodged")
    return Decision(state=SubjectState(case.intent.department, details.kind, Status.CURRENT, 1, details.visibility))


def _held(case: Case) -> SubjectState:
    if case.state is None:
        raise NotHeld(f"{case.subject} is not held here")
    return case.state


def _revise(case: Case) -> Decision:
    details, state = _as(case, acts.Revised), _held(case)
    if state.status is Status.WITHDRAWN:
        raise WrongState(f"{case.subject} was withdrawn; what is withdrawn is not revised", rule="not-withdrawn")
    if details.version != state.version + 1:
        raise Stale(
            f"{case.subject} is at version {state.version} by now; look at it, then revise again", rule="version"
        )
    return Decision(state=SubjectState(state.custodian, state.kind, state.status, details.version, state.visibility))


def _withdraw(case: Case) -> Decision:
    state = _held(case)
    if state.status is Status.WITHDRAWN:
        raise WrongState(f"{case.subject} was withdrawn before", rule="not-withdrawn")
    return Decision(state=SubjectState(state.custodian, state.kind, Status.WITHDRAWN, state.version, state.visibility))


def _read(case: Case) -> Decision:
    """Permission was the table's; a reading changes nothing. `state` is that of the muniment read, not of the
    department."""
    _held(case)
    return Decision()


# ---- loads ----


def _open_load(case: Case) -> Decision:
    if case.subject != f"load/{case.position}":
        raise Stale(f"a load is named by its own position, {case.position}", rule="load-position")
    return Decision()


def _close_load(case: Case) -> Decision:
    if case.load is None:
        raise NotHeld(f"{case.subject} is not a load here")
    if not case.load.open:
        raise WrongState(f"{case.subject} was closed before", rule="load-open")
    if case.load.officer != case.officer:
        raise NotPermitted(f"{case.subject} is {case.load.officer}'s to close", rule="own-load")
    return Decision()


def _as(case: Case, kind: type[D]) -> D:
    if not isinstance(case.details, kind):
        raise Malformed(f"details of {case.intent.kind} are not of its form")
    return case.details


RULES: dict[Kind, Rule] = {
    Kind.RULES_ADOPTED: _adopt_rules,
    Kind.DEPARTMENT_ADDED: _add_department,
    Kind.MARK_ADOPTED: _adopt_mark,
    Kind.OFFICER_ENROLLED: _enrol,
    Kind.OFFICER_REVOKED: _revoke,
    Kind.APPOINTED: _appoint,
    Kind.UNLOCK_HANDED: _hand_unlock,
    Kind.KEY_ADDED: _add_key,
    Kind.KEY_REVOKED: _revoke_key,
    Kind.LODGED: _lodge,
    Kind.REVISED: _revise,
    Kind.WITHDRAWN: _withdraw,
    Kind.READ: _read,
    Kind.LOAD_OPENED: _open_load,
    Kind.LOAD_CLOSED: _close_load,
}
"""One rule a kind of act; FOUNDED has its place in `_founding` alone."""

__all__ = [
    "AWAITS",
    "FOUNDER_ALONE",
    "Case",
    "Decision",
    "LoadFacts",
    "Proposed",
    "Refused",
    "decide",
    "permit",
    "proposed",
]
