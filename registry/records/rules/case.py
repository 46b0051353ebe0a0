"""What a rule sees and says: the case, the decision, and the facts handed to both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from registry.errors import Malformed
from registry.records.acts import Details, Intent
from registry.records.muniment import SubjectState
from registry.records.standing import Standing, StandingRow


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


def details_as(case: Case, kind: type[D]) -> D:
    """The details, of that form. Raises Malformed."""
    if not isinstance(case.details, kind):
        raise Malformed(f"details of {case.intent.kind} are not of its form")
    return case.details
