"""The registry's own rules, its departments, and the keys by which their systems sign in."""

from __future__ import annotations

from registry.errors import Malformed, Stale, WrongState
from registry.records import acts
from registry.records.acts import Kind
from registry.records.clients import CLIENT_KEY, ClientKey
from registry.records.encoding import canonical
from registry.records.identifiers import REGISTRY
from registry.records.roles import Role, Scope, Verb, check_table, scope_of
from registry.records.rules.case import Case, Decision, Rule, details_as
from registry.records.standing import StandingRow


def adopt_rules(case: Case) -> Decision:
    """A role × verb table comes into force, if it is one and can be mended later."""
    details = details_as(case, acts.RulesAdopted)
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


def _adopt_mark(case: Case) -> Decision:
    details = details_as(case, acts.MarkAdopted)
    if details.size != case.position:
        raise Stale(
            f"the ledger has grown to {case.position} entries since size {details.size} was looked at", rule="mark-size"
        )
    return Decision()


def add_department(case: Case) -> Decision:
    """A department is added, once."""
    details = details_as(case, acts.DepartmentAdded)
    code = case.subject.partition("/")[2]
    if code in case.standing.departments():
        raise WrongState(f"department {code} is held already", rule="department-once")
    return Decision(added=(StandingRow(case.subject, "department", details.name, case.position),))


def _add_key(case: Case) -> Decision:
    details = details_as(case, acts.KeyAdded)
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
    details = details_as(case, acts.KeyRevoked)
    key = case.standing.client(case.subject.partition("/")[2], details.kid)
    if key is None or key.revoked is not None:
        raise WrongState(f"{case.subject} has no key {details.kid[:60]!a} in force", rule="client-key-in-force")
    same = (row for row in case.standing.holding(case.subject) if row.position == key.added)
    return Decision(ended=tuple(row for row in same if row.what in (CLIENT_KEY, "role")))


RULES: dict[Kind, Rule] = {
    Kind.RULES_ADOPTED: adopt_rules,
    Kind.MARK_ADOPTED: _adopt_mark,
    Kind.DEPARTMENT_ADDED: add_department,
    Kind.KEY_ADDED: _add_key,
    Kind.KEY_REVOKED: _revoke_key,
}
