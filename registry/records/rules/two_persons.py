"""Once there are two administrators, acts on roles and keys want both: one proposes, another confirms."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET

from registry.errors import SecondPerson, WrongState
from registry.records import acts
from registry.records.acts import Confirmed, Kind
from registry.records.roles import VERB_OF, Role, Verb
from registry.records.rules.case import Case, Decision, Proposed, Rule, details_as
from registry.records.rules.permission import officer_in_force, permit
from registry.records.standing import StandingRow

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


def proposed(position: int, entry: acts.Entry) -> Proposed | None:
    """The act at that position as one that waits for a second administrator; None where it is none."""
    if not isinstance(entry, acts.Act) or entry.intent.officer is UNSET or entry.rule != AWAITS:
        return None
    return Proposed(position, entry.subject, entry.intent.officer, entry.intent)


def two_persons(case: Case, decision: Decision) -> Decision:
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


def confirm(case: Case, rules: Mapping[Kind, Rule]) -> Decision:
    """Another administrator's word for an act that waits: the act's own rule is asked again, now."""
    details = details_as(case, Confirmed)
    officer = officer_in_force(case)
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
    decision = rules[proposal.intent.kind](again)
    return Decision(rule="confirmed", added=decision.added, ended=(*awaited, *proposed, *decision.ended))
