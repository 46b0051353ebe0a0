"""The loader: from a file to LOAD_OPENED, rows in batches, LOAD_CLOSED. Streaming, resumable, and a second time
nothing new.

A load is known by its file's digest. Finished: "0 new" at once. Interrupted: it goes on at the row that the ledger
names, the rejects file cut back to the length that the last committed batch knew. Every row is covered by the
signature of LOAD_OPENED from its batch on; LOAD_CLOSED binds them by a root over their leaf hashes.

A batch is sized so that its turn takes about 100 ms, so that a clerk seldom waits longer than 200. Identity is decided
inside the turn (`RowBatch.fill`), on the state beside the ledger: subject table, then filter and runs, then the entry.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from time import perf_counter

import msgspec
from msgspec import UNSET, Raw

from registry.errors import Stale
from registry.ledger.log import Log
from registry.ledger.merkle import leaf_hash
from registry.ledger.tiles import Edge
from registry.loading.rejects import Kept
from registry.loading.rows import MunimentRow, Reject, SourceRow
from registry.records import rows
from registry.records.acts import Previous, Row, decode_entry, link
from registry.records.encoding import canonical
from registry.records.identifiers import subject_digest
from registry.records.loads import Counts, Load
from registry.records.muniment import SubjectState
from registry.records.sale import mangled
from registry.records.subject import Last
from registry.sequencer import Courtesy, Filled, Sequencer, Work
from registry.sequencer.courtesy import LONGEST_S

FIRST_BATCH, LARGEST_BATCH = 500, 16_384
AT_ONCE = 256  # rows, before it is looked whether somebody asks: a millisecond
AIM_S = 0.1  # a turn of rows, from its beginning to its commit: a clerk waits for at most one

_row_encoder = msgspec.json.Encoder()  # Row's fields are declared in sorted order; a row needs no sorting
_state_decoder = msgspec.json.Decoder(SubjectState)


@dataclass(slots=True)
class Prepared:
    """A row ready for its turn: which source record it is, what it is about, its details as canonical bytes.

    `flagged` says that the row itself is odd (a house number that looks like a date). `known` was found to say nothing
    new before the turn, so that no body was sealed for it; `version` is the one that its body was sealed as.
    """

    number: int
    subject: str
    digest: int
    op: rows.Op
    details: bytes
    flagged: bool
    known: bool = False
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load is: source records taken and their counts, bytes read of the file's, seconds since it began."""

    counts: Counts
    bytes_read: int
    bytes_total: int
    seconds: float


class RowBatch:
    """One batch, as the sequencer asks for it inside its turn."""

    def __init__(
        self,
        load: Load,
        prepared: Sequence[Prepared],
        *,
        courtesy: Courtesy,
        rejected: int,
        next_row: int,
        rejects_bytes: int,
    ) -> None:
        self.load = load
        self._prepared, self._courtesy = prepared, courtesy
        self._rejected, self._next_row, self._rejects_bytes = rejected, next_row, rejects_bytes
        self.began = 0.0

    def fill(self, work: Work) -> Filled:
        """What the batch adds to the ledger. Runs in the writer's thread."""
        self.began = perf_counter()
        entries: list[bytes] = []
        leaves: list[bytes] = []
        fresh: list[tuple[int, int]] = []
        subjects: dict[str, tuple[int, Last]] = {}
        new: dict[str, tuple[int, bytes]] = {}
        recorded = already = changed = withdrawn = flagged = 0
        position, at, load = work.position, work.at, self.load.position
        left = LONGEST_S
        for place, row in enumerate(self._prepared):
            if left > 0 and not place % AT_ONCE:
                left -= self._courtesy.give_way(left)
            subject, op = row.subject, row.op
            if row.known:
                already += 1
                continue
            digest = row.digest
            last: Last | None = None
            if subject in subjects:
                last = subjects[subject][1]
            elif subject in new:
                last = self._number_one(entries, work.position, subject, *new[subject])
            else:
                found = work.last(subject, digest)
                last = None if found is None else Last(subject, found.position, found.number, found.leaf, found.state)
            before: SubjectState | None = None
            previous: Previous | None = None
            if last is not None:
                before = _state_decoder.decode(last.state) if last.state else None
                if row.version is None and said_before(
                    work.log, work.head.size, entries, last.position, row.op, row.details
                ):
                    already += 1
                    continue
                previous = link(last.position, last.leaf)
            if row.version is not None and row.version != (before.version if before else 0) + 1:
                raise Stale(f"{subject} (row {row.number}) was revised at a desk meanwhile; load the file again")
            number = last.number + 1 if last else 1
            if row.flagged or rows.flag(op, number, before):
                flagged += 1
            entry_row = Row(
                at=at,
                details=Raw(row.details),
                load=load,
                number=number,
                op=op,
                previous=UNSET if previous is None else previous,
                row=row.number,
                subject=subject,
                v=1,
            )
            entry = _encode(entry_row)
            leaf = leaf_hash(entry)
            entries.append(entry)
            leaves.append(leaf)
            if number == 1:
                fresh.append((digest, position))
                new[subject] = (position, leaf)
            else:
                state = canonical(rows.follow(entry_row, before, self.load.department))
                subjects[subject] = (digest, Last(subject, position, number, leaf, state))
            position += 1
            if op == "A":
                recorded += 1
            elif op == "C":
                changed += 1
            else:
                withdrawn += 1
        counts = Counts(
            rows=recorded + already + changed + withdrawn + self._rejected,
            recorded=recorded,
            already=already,
            changed=changed,
            withdrawn=withdrawn,
            rejected=self._rejected,
            flagged=flagged,
        )
        edge, _ = Edge.from_bytes(self.load.entries, self.load.edge).grow(leaves)
        moved = msgspec.structs.replace(
            self.load,
            next_row=self._next_row,
            rejects_bytes=self._rejects_bytes,
            counts=self.load.counts.plus(counts),
            entries=self.load.entries + len(entries),
            edge=edge.to_bytes(),
            first=self.load.first if self.load.first is not None or not entries else work.position,
            last=position - 1 if entries else self.load.last,
        )
        return Filled(entries, leaves, fresh, list(subjects.values()), moved)

    def _number_one(self, entries: list[bytes], first: int, subject: str, position: int, leaf: bytes) -> Last:
        """The subject's first row, recorded earlier in this very batch."""
        row = decode_entry(entries[position - first])
        assert isinstance(row, Row)
        state = canonical(rows.follow(row, None, self.load.department))
        return Last(subject, position, 1, leaf, state)


def said_before(log: Log, size: int, batch: Sequence[bytes], position: int, op: rows.Op, details: bytes) -> bool:
    """Whether an earlier entry of the subject says the same: the chain is walked back along its links from `position`.

    `batch` holds the entries from `size` on, not yet committed.
    """
    at: int | None = position
    while at is not None:
        entry = decode_entry(batch[at - size] if at >= size else log.entry(at, size))
        if isinstance(entry, Row) and bytes(entry.details) == details and op in ("A", entry.op):
            return True
        at = None if entry.previous is UNSET else entry.previous.position
    return False


def _encode(row: Row) -> bytes:
    return _row_encoder.encode(row) if row.previous is UNSET else canonical(row)


class Loader:
    """Drives one load through the sequencer."""

    def __init__(
        self,
        sequencer: Sequencer,
        load: Load,
        rejects: Kept,
        prepare: Callable[[int, SourceRow | MunimentRow], Prepared | Reject],
        *,
        milestone: Callable[[str], None],
        courtesy: Courtesy,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._sequencer, self._rejects, self._prepare = sequencer, rejects, prepare
        self._milestone, self._courtesy, self._stopped = milestone, courtesy, stopped
        self.load = load

    def run(self, source: Iterator[SourceRow | MunimentRow | Reject], report: Callable[[Counts], None]) -> Load:
        """Take the source's records from `next_row` on, batch by batch; returns the load as it stands after the last.

        Raises NotPermitted when the loader's role ends in mid-load (what was recorded stays), Busy, LedgerHalted.
        """
        gc.disable()  # a load makes millions of objects and hardly a cycle; looking for them costs a third of parsing
        try:
            return self._batches(islice(source, self.load.next_row - 1, None), report)
        finally:
            gc.enable()

    def _batches(self, source: Iterator[SourceRow | MunimentRow | Reject], report: Callable[[Counts], None]) -> Load:
        size = FIRST_BATCH
        number = self.load.next_row
        while not self._stopped():
            taken: list[SourceRow | MunimentRow | Reject] = []
            while len(taken) < size and (some := list(islice(source, min(AT_ONCE, size - len(taken))))):
                taken += some
                self._courtesy.give_way()
            if not taken:
                break
            prepared: list[Prepared] = []
            rejects: list[Reject] = []
            for row in taken:
                ready = row if isinstance(row, Reject) else self._prepare(number, row)
                if isinstance(ready, Reject):
                    rejects.append(ready)
                else:
                    prepared.append(ready)
                number += 1
                if not number % AT_ONCE:
                    self._courtesy.give_way()
            length = self.load.rejects_bytes
            if rejects:
                self._rejects.write(rejects)
                length = self._rejects.flush()
                self._milestone("rejects written")
            batch = RowBatch(
                self.load,
                prepared,
                courtesy=self._courtesy,
                rejected=len(rejects),
                next_row=number,
                rejects_bytes=length,
            )
            self.load = self._sequencer.enter_rows(batch).load
            ended = perf_counter()
            self._milestone("batch recorded")
            report(self.load.counts)
            spent = max(ended - batch.began, 1e-6)
            size = min(max(int(size * min(AIM_S / spent, 2.0)), 16), LARGEST_BATCH)
        return self.load


def prepare_sale(number: int, row: SourceRow | MunimentRow) -> Prepared:
    """A row of Price Paid Data, ready for its turn."""
    assert isinstance(row, SourceRow)
    subject = f"sale/{row.source_id}"
    return Prepared(
        number, subject, subject_digest(subject), row.op, _row_encoder.encode(row.facts), mangled(row.facts)
    )
