"""What a loaded row makes of its subject: the one place that says how a row follows on the entry before it.

Rows are unsigned, covered by the load that opened them. `follow` is asked by the loader in its turn and again by
every audit.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET

from registry.errors import Malformed
from registry.records.acts import Row, RowDetails
from registry.records.encoding import decode_canonical
from registry.records.muniment import MunimentKind, Status, SubjectState, Visibility
from registry.records.sale import SaleFacts

Op = Literal["A", "C", "D"]

SOURCES_DIFFER = "sources differ"
SOURCES_DIFFER_WITHDRAWN = "sources differ, withdrawn"
NOT_HELD = "earlier version not held"
MANGLED = "house number looks like a date"


def is_sale(subject: str) -> bool:
    """Whether the subject is a sale record."""
    return subject.startswith("sale/")


def sale_facts(row: Row) -> SaleFacts:
    """The facts of a sale's row. Raises Malformed."""
    return decode_canonical(bytes(row.details), SaleFacts, f"facts of {row.subject}")


def muniment_details(row: Row) -> RowDetails:
    """The details of a muniment's row. Raises Malformed."""
    return decode_canonical(bytes(row.details), RowDetails, f"details of {row.subject}")


def follow(row: Row, before: SubjectState | None, custodian: str) -> SubjectState:
    """The subject's state after the row; `custodian` is the department of the load.

    A row of a withdrawn subject never revives it. Raises Malformed where a muniment's first row does not say its
    kind and visibility.
    """
    if is_sale(row.subject):
        kind, visibility = MunimentKind.SALE_RECORD, Visibility.PUBLIC
    elif before is not None:
        kind, visibility = before.kind, before.visibility
    else:
        details = muniment_details(row)
        if details.kind is UNSET or details.visibility is UNSET:
            raise Malformed(f"{row.subject}: its first row does not say kind and visibility")
        kind, visibility = details.kind, details.visibility
    withdrawn = row.op == "D" or (before is not None and before.status is Status.WITHDRAWN)
    version = (before.version if before else 0) + (row.op != "D" or before is None)
    return SubjectState(
        custodian=before.custodian if before else custodian,
        kind=kind,
        status=Status.WITHDRAWN if withdrawn else Status.CURRENT,
        version=version,
        visibility=visibility,
    )


def flag(op: Op, number: int, before: SubjectState | None) -> str | None:
    """What is odd about how a row follows: sources that differ, or a change of what was never loaded."""
    if op != "A":
        return NOT_HELD if number == 1 else None
    if before is None:
        return None
    return SOURCES_DIFFER_WITHDRAWN if before.status is Status.WITHDRAWN else SOURCES_DIFFER
