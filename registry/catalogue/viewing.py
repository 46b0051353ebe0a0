"""Who looks, what he wants of it, and the one condition on records that follows: of one shape, so that its SQL is
written once."""

from __future__ import annotations

from dataclasses import dataclass

import peewee

from registry.catalogue.tables import MUNIMENT_CODES, RecordRow, Seen
from registry.records.muniment import MunimentKind

END = 2**63 - 1
_NEVER = None
"""Equal to no custodian, as SQL has it of NULL."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks. `Viewer(None, False)` is the public; an officer has a department; `everything`: who may see all."""

    department: str | None
    everything: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search is to find of what is seen: muniments of these kinds (empty: anything), in this department's
    custody, whose newest details were recorded at a position from `first` to before `end`."""

    kinds: frozenset[MunimentKind] = frozenset()
    custodian: str | None = None
    first: int = 0
    end: int = END


ANYTHING = Wanted()


def condition(*, kinds: bool, custodian: bool) -> peewee.Expression:
    """The condition, its values stand-ins: for those that `values` gives."""
    found = (RecordRow.visibility >= 0) | (RecordRow.custodian == "")
    if kinds:
        found &= RecordRow.muniment.in_([0] * len(MUNIMENT_CODES))
    if custodian:
        found &= RecordRow.custodian == ""
    return found


def values(viewer: Viewer, wanted: Wanted = ANYTHING) -> list[int | str | None]:
    """The values of the condition, in order."""
    if viewer.everything:
        found: list[int | str | None] = [Seen.OWN.value, _NEVER]
    elif viewer.department is None:
        found = [Seen.PUBLIC.value, _NEVER]
    else:
        found = [Seen.DEPARTMENTS.value, viewer.department]
    if wanted.kinds:
        codes = sorted(MUNIMENT_CODES[kind] for kind in wanted.kinds)
        found += codes + codes[-1:] * (len(MUNIMENT_CODES) - len(codes))
    if wanted.custodian is not None:
        found.append(wanted.custodian)
    return found
