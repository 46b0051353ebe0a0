"""The first four entries of a ledger, in order, all signed by the key that the first one names."""

from __future__ import annotations

from registry.errors import NotPermitted, WrongState
from registry.records import acts
from registry.records.acts import Confirmed, Kind
from registry.records.identifiers import REGISTRY
from registry.records.roles import Role
from registry.records.rules.case import Case, Decision
from registry.records.rules.departments import add_department, adopt_rules
from registry.records.rules.officers import enrolment
from registry.records.standing import StandingRow

FOUNDING_ACTS = 4
"""FOUNDED, RULES_ADOPTED, DEPARTMENT_ADDED, OFFICER_ENROLLED: one turn, signed by the key that FOUNDED names."""


def founding(case: Case) -> Decision:
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
            return adopt_rules(case)
        case acts.DepartmentAdded():
            return add_department(case)
        case acts.OfficerEnrolled():
            if case.details.key != case.standing.founding_key():
                raise NotPermitted("the founder is enrolled with another key than FOUNDED names", rule="founding-order")
            roles = (Role.ADMINISTRATOR, Role.FOUNDER)
            rows = tuple(StandingRow(case.subject, "role", role, case.position) for role in roles)
            unlock = StandingRow(case.subject, "unlock", "", case.position)
            return Decision(rule="founding", added=(*enrolment(case, case.details), *rows, unlock))
    raise WrongState("not a founding act", rule="founding-order")
