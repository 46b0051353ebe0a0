"""What a projection is, what it may ask, and the record that an entry links to."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from msgspec import UNSET, UnsetType

from registry.catalogue.tables import MUNIMENT_KINDS, VISIBILITY, LoadLine, Record
from registry.records.acts import Previous
from registry.records.muniment import Status, SubjectState


class Known(Protocol):
    """What stands in the catalogue below the entry at hand."""

    def record(self, position: int) -> Record | None:
        """The record at that position; None where there is none."""

    def load(self, position: int) -> LoadLine | None:
        """The load opened at that position; None where none was."""


class Projection(NamedTuple):
    """What to write for one entry: its record, and rarely more.

    `supersedes`: the position whose `latest` ends; `load`: a load's line, new or closed; `envelope`: the id that the
    entry names.
    """

    record: Record
    supersedes: int | None = None
    load: LoadLine | None = None
    envelope: str | None = None


def link(position: int, previous: Previous | UnsetType, subject: int, known: Known) -> Record | None:
    """The record that the entry links to; a link to later, to nothing or to another subject is none, so that no state
    is borrowed.
    """
    if previous is UNSET or not 0 <= previous.position < position:
        return None
    found = known.record(previous.position)
    return found if found is not None and found.subject == subject else None


def state_of(before: Record | None) -> SubjectState | None:
    """The state in which the linked entry left its subject; None where it is no muniment."""
    if before is None or before.muniment is None:
        return None
    return SubjectState(
        custodian=before.custodian,
        kind=MUNIMENT_KINDS[before.muniment],
        status=Status.WITHDRAWN if before.withdrawn else Status.CURRENT,
        version=0,  # not kept here, and no projection asks
        visibility=VISIBILITY[before.visibility],
    )
