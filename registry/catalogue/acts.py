"""What an act becomes in the catalogue: one projection a kind, in `PROJECTIONS`.

- A refused act, and a second administrator's word, is a row of its subject and changes neither state nor details.
- A reading stands in the history of the department that reads, and only that department sees it there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msgspec import UNSET

from registry.catalogue.linked import Known, Projection, link
from registry.catalogue.searched import digest_words, searched_text
from registry.catalogue.tables import MUNIMENT_CODES, MUNIMENT_KINDS, SEEN, VISIBILITY, LoadLine, Record, Seen
from registry.records.acts import (
    Act,
    Confirmed,
    DepartmentAdded,
    Details,
    Kind,
    LoadClosed,
    LoadOpened,
    Lodged,
    Revised,
)
from registry.records.encoding import canonical
from registry.records.identifiers import parse_position, subject_digest

_SEEN_OF_NOUN = {"registry": Seen.PUBLIC, "department": Seen.PUBLIC, "load": Seen.PUBLIC, "officer": Seen.DEPARTMENTS}


@dataclass(frozen=True, slots=True)
class _Case:
    """An act on its way: `subject` is the digest, `before` the record of the entry that it links to."""

    position: int
    act: Act
    details: Details
    subject: int
    before: Record | None
    known: Known

    def kept(self, visibility: Seen | None = None) -> Record:
        """The record of an act that leaves its subject as it was; `visibility` where the act has one of its own."""
        before, act = self.before, self.act
        state = before if before is not None and before.muniment is not None else None
        if visibility is None:
            visibility = Seen(state.visibility) if state else _SEEN_OF_NOUN.get(act.subject.partition("/")[0], Seen.OWN)
        return Record(
            position=self.position,
            subject=self.subject,
            number=act.number,
            act=act.intent.kind.value,
            refused=int(act.outcome is not UNSET),
            muniment=state.muniment if state else None,
            visibility=visibility,
            custodian=state.custodian if state else act.intent.department,
            withdrawn=state.withdrawn if state else 0,
            details=before.details if before else None,
            latest=0,
            address=None,
            text="",
        )

    def carrying(self, record: Record, text: str) -> Projection:
        """The projection of an act that carries its subject's details from here on."""
        kept = record._replace(details=self.position, latest=1, text=text)
        return Projection(kept, record.details, None, _envelope(self))


def project_act(position: int, act: Act, details: Details, known: Known) -> Projection:
    subject = subject_digest(act.subject)
    case = _Case(position, act, details, subject, link(position, act.previous, subject, known), known)
    if act.outcome is UNSET and not isinstance(details, Confirmed):
        return PROJECTIONS[act.intent.kind](case)
    visibility = Seen.OWN if act.intent.kind is Kind.READ else None
    return Projection(case.kept(visibility), envelope=_envelope(case))


def _plain(case: _Case) -> Projection:
    return Projection(case.kept(), envelope=_envelope(case))


def _carrying(case: _Case) -> Projection:
    return case.carrying(case.kept(), "")


def _department_added(case: _Case) -> Projection:
    name = case.details.name if isinstance(case.details, DepartmentAdded) else ""
    return case.carrying(case.kept(), f"{case.act.subject.partition('/')[2]} {name}")


def _lodged(case: _Case) -> Projection:
    details = case.details
    if not isinstance(details, Lodged):
        return _plain(case)
    record = case.kept(SEEN[details.visibility])._replace(
        muniment=MUNIMENT_CODES[details.kind], custodian=case.act.intent.department, withdrawn=0
    )
    text = searched_text(details.kind, details.visibility, details.occurred, details.facts)
    return case.carrying(record, text + digest_words(details.content, details.sd))


def _revised(case: _Case) -> Projection:
    record, details = case.kept(), case.details
    if record.muniment is None or not isinstance(details, Revised):
        return _plain(case)
    text = searched_text(MUNIMENT_KINDS[record.muniment], VISIBILITY[record.visibility], UNSET, details.facts)
    return case.carrying(record, text + digest_words(details.content, details.sd))


def _withdrawn(case: _Case) -> Projection:
    return Projection(case.kept()._replace(withdrawn=1))


def _read(case: _Case) -> Projection:
    return Projection(case.kept(Seen.OWN), envelope=_envelope(case))


def _load_opened(case: _Case) -> Projection:
    act, details = case.act, case.details
    if not isinstance(details, LoadOpened):
        return _plain(case)
    officer = "" if act.intent.officer is UNSET else act.intent.officer
    line = LoadLine(case.position, act.intent.department, officer, details.dialect, details.name, act.at)
    return case.carrying(case.kept(), "")._replace(load=line)


def _load_closed(case: _Case) -> Projection:
    opened = parse_position(case.act.subject.partition("/")[2])
    line = None if opened is None or opened >= case.position else case.known.load(opened)
    details = case.details
    if line is not None and line.closed is None and isinstance(details, LoadClosed):
        line = line._replace(closed=case.position, outcome=details.outcome, counts=canonical(details.counts).decode())
    else:
        line = None
    return Projection(case.kept(), load=line)


PROJECTIONS: dict[Kind, Callable[[_Case], Projection]] = {
    Kind.FOUNDED: _carrying,
    Kind.RULES_ADOPTED: _plain,
    Kind.DEPARTMENT_ADDED: _department_added,
    Kind.MARK_ADOPTED: _plain,
    Kind.OFFICER_ENROLLED: _carrying,
    Kind.OFFICER_REVOKED: _plain,
    Kind.APPOINTED: _plain,
    Kind.UNLOCK_HANDED: _plain,
    Kind.KEY_ADDED: _plain,
    Kind.KEY_REVOKED: _plain,
    Kind.LODGED: _lodged,
    Kind.REVISED: _revised,
    Kind.WITHDRAWN: _withdrawn,
    Kind.READ: _read,
    Kind.LOAD_OPENED: _load_opened,
    Kind.LOAD_CLOSED: _load_closed,
}
"""One projection a kind of act."""


def _envelope(case: _Case) -> str | None:
    sealed = getattr(case.details, "vault", UNSET)
    if sealed is UNSET:
        sealed = case.act.vault
    return None if sealed is UNSET else str(sealed.id)
