"""The runs of ids against the rows: every loaded row of number 1 stands in its run, under its digest, and nothing else.

A run covers the rows from its first position up to the next run's. It is not sorted again: that its digests rise, that
its offsets are all different, and that each names the row of its digest is the same, and far cheaper.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from hashlib import sha256
from operator import gt

from registry.desk.audit.tables import Tables
from registry.errors import Malformed
from registry.ledger.audit.fault import Findings
from registry.ledger.known import Run


def _heads(digests: bytes) -> tuple[int, ...]:
    """The first 8 bytes of each digest as a signed number: `subject_digest` of many at once."""
    return struct.unpack(">" + "q24x" * (len(digests) // 32), digests)


class Runs:
    """Told of fresh rows in order; compares each run once the rows that it covers have passed."""

    def __init__(self, tables: Tables, findings: Findings) -> None:
        self._rows, self._findings = tables.run_rows(), findings
        self._run: tuple[int, int, bytes] | None = None
        self._next = next(self._rows, None)
        self._digests, self._positions = array("q"), array("q")

    def fresh(self, first: int, subjects: Sequence[str]) -> None:
        """Rows of number 1 at the positions from `first` on."""
        count = len(subjects)
        end = first + count
        while self._next is not None and self._next[0] < end:
            cut = max(self._next[0] - first, 0)
            if cut:
                self._take(first, subjects[:cut])
            self._compare()
            first, subjects = first + cut, subjects[cut:]
            self._run, self._next = self._next, next(self._rows, None)
        self._take(first, subjects)

    def _take(self, first: int, subjects: Sequence[str]) -> None:
        names = "\n".join(subjects).encode().split(b"\n")
        digests = b"".join([sha256(name).digest() for name in names])
        self._digests.extend(_heads(digests))
        self._positions.extend(range(first, first + len(names)))

    def finish(self) -> None:
        """The last run, and runs of which no row has passed."""
        self._compare()
        while self._next is not None:
            self._run, self._next = self._next, next(self._rows, None)
            self._compare()

    def _compare(self) -> None:
        digests, positions = self._digests, self._positions
        self._digests, self._positions = array("q"), array("q")
        if self._run is None:
            if positions:
                self._findings.fault(
                    f"{len(positions)} rows of number 1 from position {positions[0]} on stand in no run: they would "
                    "not be known again",
                    positions[0],
                )
            return
        first, count, body = self._run
        self._findings.checked["runs"] += 1
        try:
            run = Run(first, body)
        except Malformed as error:
            self._findings.fault(str(error), first)
            return
        if run.count != count:
            self._findings.fault(f"the run at position {first} holds {run.count} ids; its row says {count}", first)
        self._findings.checked["ids in runs"] += run.count
        kept, at = run.digests(), [position for _, position in run.pairs()]
        given = dict(zip(positions, digests, strict=True))
        if len(kept) != len(given) or len(set(at)) != len(at) or list(map(given.get, at)) != list(kept):
            self._differences(first, dict(zip(at, kept, strict=True)), given)
        elif any(map(gt, kept, kept[1:])):
            self._findings.fault(f"the run at position {first} is not sorted: ids in it would not be found", first)

    def _differences(self, first: int, kept: dict[int, int], given: dict[int, int]) -> None:
        wrong = sorted(at for at in {*kept, *given} if kept.get(at) != given.get(at) and not self._findings.lost(at))
        for at in wrong[:3]:
            what = (
                "is not in it" if at not in kept else "is no row of number 1" if at not in given else "has another id"
            )
            self._findings.fault(f"the run at position {first} differs from the rows: position {at} {what}", at)
        if not wrong and kept == given:
            self._findings.fault(f"the run at position {first} names a row twice", first)
        elif len(wrong) > 3:
            self._findings.note(f"the run at position {first} differs in {len(wrong)} ids; three are named")
