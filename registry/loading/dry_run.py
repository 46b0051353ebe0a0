"""What a load would do, without recording anything: the same rules, asked of the registry as it stands.

Ids that stand twice in the file need memory of what came before; they are found in a first pass with the same filter
that the ledger uses, so that a file of any size takes about ten bytes an id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from msgspec import UNSET, Raw

from registry.errors import RegistryError
from registry.ledger.known import Known
from registry.ledger.log import Log
from registry.loading.loader import Prepared, said_before
from registry.loading.rows import Reject
from registry.records import rows
from registry.records.acts import Row
from registry.records.loads import Counts
from registry.records.muniment import SubjectState
from registry.records.subject import Last

TOLD_ROWS = 1_000

_state_decoder = msgspec.json.Decoder(SubjectState)


class _Seen:
    """What this file has said of one id so far."""

    def __init__(self, number: int, state: SubjectState | None) -> None:
        self.number, self.state = number, state
        self.said: list[tuple[rows.Op, bytes]] = []


def dry_run(
    source: Callable[[], Iterator[Prepared | Reject]],
    look: Callable[[str, int], Last | None],
    log: Log,
    department: str,
    *,
    rejected: Callable[[Reject], None],
    report: Callable[[Counts], None],
) -> Counts:
    """The counts that a load of `source` (called twice, each time from the beginning) would report.

    `report` is told them every 1,000 rows, in the first reading too, which counts nothing yet; what it raises ends
    the dry run.
    """
    repeated = _repeated(source(), report)
    seen: dict[str, _Seen] = {}
    size = log.head().size
    counts = Counts()
    for row in source():
        if isinstance(row, Reject):
            rejected(row)
            counts = counts.plus(Counts(rows=1, rejected=1))
        else:
            counts = counts.plus(_one(row, seen, repeated, look, log, size, department))
        if counts.rows % TOLD_ROWS == 0:
            report(counts)
    report(counts)
    return counts


def _repeated(rows_of_it: Iterator[Prepared | Reject], report: Callable[[Counts], None]) -> set[int]:
    """Digests that may stand more than once."""
    known, repeated, nothing = Known(), set[int](), Counts()
    for number, row in enumerate(rows_of_it, 1):
        if isinstance(row, Prepared):
            if known.perhaps(row.digest):
                repeated.add(row.digest)
            else:
                known.note([row.digest])
        if number % TOLD_ROWS == 0:
            report(nothing)
    return repeated


def _one(
    row: Prepared,
    seen: dict[str, _Seen],
    repeated: set[int],
    look: Callable[[str, int], Last | None],
    log: Log,
    size: int,
    department: str,
) -> Counts:
    if row.known:
        return Counts(rows=1, already=1)
    before = seen.get(row.subject)
    last = look(row.subject, row.digest)
    if before is None:
        state = _state_decoder.decode(last.state) if last is not None and last.state else None
        before = _Seen(last.number if last else 0, state)
    if (last is not None and said_before(log, size, (), last.position, row.op, row.details)) or any(
        details == row.details and row.op in ("A", op) for op, details in before.said
    ):
        return Counts(rows=1, already=1)
    number = before.number + 1
    flagged = int(row.flagged or rows.flag(row.op, number, before.state) is not None)
    if row.digest in repeated:
        before.said.append((row.op, row.details))
        before.state, before.number = _followed(row, number, before.state, department), number
        seen[row.subject] = before
    op = row.op
    return Counts(1, int(op == "A"), 0, int(op == "C"), int(op == "D"), 0, flagged)


def _followed(row: Prepared, number: int, before: SubjectState | None, department: str) -> SubjectState | None:
    try:
        as_row = Row(0, Raw(row.details), 0, number, row.op, row.number, row.subject, 1, UNSET)
        return rows.follow(as_row, before, department)
    except RegistryError:
        return before
