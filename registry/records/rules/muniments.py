"""Muniments: lodged once, revised version by version, withdrawn for good, read."""

from __future__ import annotations

from registry.errors import NotHeld, Stale, WrongState
from registry.records import acts
from registry.records.acts import Kind
from registry.records.muniment import MunimentKind, Status, SubjectState
from registry.records.rules.case import Case, Decision, Rule, details_as


def _lodge(case: Case) -> Decision:
    details = details_as(case, acts.Lodged)
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
    details, state = details_as(case, acts.Revised), _held(case)
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


RULES: dict[Kind, Rule] = {
    Kind.LODGED: _lodge,
    Kind.REVISED: _revise,
    Kind.WITHDRAWN: _withdraw,
    Kind.READ: _read,
}
HELD = frozenset(RULES) - {Kind.LODGED}
"""Acts on a muniment that is held: whether the officer may is asked of its custodian's department."""
