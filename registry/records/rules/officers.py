"""Officers: enrolled, appointed, revoked, handed the unlock key. The last administrator cannot go."""

from __future__ import annotations

from msgspec import UNSET

from registry.errors import NotHeld, NotPermitted, Stale, WrongState
from registry.records import acts
from registry.records.acts import Kind
from registry.records.roles import APPOINTABLE, Role
from registry.records.rules.case import Case, Decision, Rule, details_as
from registry.records.standing import Officer, StandingRow


def enrolment(case: Case, details: acts.OfficerEnrolled) -> tuple[StandingRow, ...]:
    """The rows by which an officer stands."""
    return (
        StandingRow(case.subject, "officer", details.department, case.position),
        StandingRow(case.subject, "key", details.key, case.position),
        StandingRow(case.subject, "exchange", details.exchange, case.position),
    )


def _enrol(case: Case) -> Decision:
    details = details_as(case, acts.OfficerEnrolled)
    if details.department not in case.standing.departments():
        raise WrongState(f"there is no department {details.department[:40]!a}; add it first", rule="department-known")
    if case.subject != case.standing.next_officer() and not case.confirming:
        raise Stale(
            f"the next officer is {case.standing.next_officer()}, not {case.subject}; ask again", rule="officer-number"
        )
    if any(one.key == details.key for one in case.standing.officers()):
        raise WrongState("that public key is enrolled already", rule="key-once")
    return Decision(added=enrolment(case, details))


def _known(case: Case, reference: str) -> Officer:
    officer = case.standing.officer(reference)
    if officer is None:
        raise NotHeld(f"{reference} is not an officer here")
    if officer.revoked is not None:
        raise WrongState(f"{reference} was revoked at position {officer.revoked}", rule="officer-in-force")
    return officer


def _appoint(case: Case) -> Decision:
    details = details_as(case, acts.Appointed)
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


RULES: dict[Kind, Rule] = {
    Kind.OFFICER_ENROLLED: _enrol,
    Kind.OFFICER_REVOKED: _revoke,
    Kind.APPOINTED: _appoint,
    Kind.UNLOCK_HANDED: _hand_unlock,
}
