"""What waits for a turn, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from msgspec import UNSET, UnsetType

from registry.errors import Malformed
from registry.records.acts import Confirmed, Details, Intent, Kind
from registry.records.clients import is_department
from registry.records.envelope import Sealed
from registry.records.identifiers import check_reference
from registry.records.rules import ROLE_ACTS


@dataclass(frozen=True, slots=True)
class Proposal:
    """An act before its turn: the intent, the officer who signed it, his signature (64 bytes). A department that reads
    has its `assertion` instead.

    `concerning` is the subject read, for a reading (whose own subject is the department), and `fields` what was read of
    it; `sealed` and `sd` are where a reading's withheld officer and signature lie.
    """

    intent: Intent
    officer: str
    signature: bytes
    assertion: str = ""
    concerning: str | None = None
    fields: str = ""
    sealed: Sealed | UnsetType = UNSET
    sd: tuple[str, ...] | UnsetType = UNSET


class Recorded(msgspec.Struct, frozen=True):
    """The answer: durable at `position`, as act `number` on `subject`. `rule` is worth showing where it is not
    empty."""

    position: int
    subject: str
    number: int
    at: int
    kind: Kind
    rule: str = ""


def check_form(proposal: Proposal, details: Details) -> None:
    """Malformed where the proposal is of a form that no desk makes: every audit would name an entry made of it.

    The intent names its officer and its subject, but a reading withholds the one and an opening does not know the
    other; only a reading has withheld members and an envelope beside its intent.
    """
    intent = proposal.intent
    if intent.subject is not UNSET:
        check_reference(intent.subject)
    if (intent.subject is UNSET) != (intent.kind is Kind.LOAD_OPENED):
        names = "no" if intent.subject is UNSET else "a"
        raise Malformed(f"an intent of kind {intent.kind} names {names} subject")
    if isinstance(details, Confirmed) and intent.kind not in ROLE_ACTS:
        raise Malformed(f"{intent.kind} wants no second person's word: there is nothing to confirm")
    if is_department(proposal.officer) != bool(proposal.assertion) or (
        proposal.assertion and intent.kind is not Kind.READ
    ):
        raise Malformed("a department signs in by assertion, and reads; officers sign each act")
    hidden = proposal.sealed is not UNSET, proposal.sd is not UNSET, proposal.concerning is not None
    if intent.kind is Kind.READ:
        if intent.officer is not UNSET or not all(hidden) or intent.subject != f"department/{intent.department}":
            raise Malformed("a reading withholds officer and signature, and stands in its own department's history")
    elif intent.officer != proposal.officer:
        named = "nobody" if intent.officer is UNSET else intent.officer
        raise Malformed(f"the intent names {named[:40]} as its officer, and was handed in by {proposal.officer}")
    elif any(hidden):
        raise Malformed("only a reading has withheld members or an envelope beside its intent")
