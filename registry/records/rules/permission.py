"""Who may: the officer's key is in force, and the role × verb table of the day carries the verb that far."""

from __future__ import annotations

from registry.errors import NotPermitted
from registry.records.acts import Kind
from registry.records.clients import is_department
from registry.records.roles import WORDS, Scope, Verb
from registry.records.rules.case import Case
from registry.records.standing import Officer, Standing


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


def officer_in_force(case: Case) -> Officer:
    """Whoever signed, if his key is in force and he may act at all. Raises NotPermitted."""
    officer = case.standing.officer(case.officer)
    if officer is None:
        raise NotPermitted(f"{case.officer} is not enrolled here", rule="enrolled")
    if officer.revoked is not None:
        raise NotPermitted(f"the key of {case.officer} was revoked at position {officer.revoked}", rule="key-revoked")
    if is_department(case.officer) and case.intent.kind is not Kind.READ:
        raise NotPermitted(f"{case.officer} signs in to read; acts are its officers'", rule="department-reads")
    return officer
