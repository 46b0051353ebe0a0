"""Step 2 of the audit: each link leads to the entry before on its subject, once, and no subject begins twice.

One bit an entry says that its position was named as *previous*; 8 bytes a subject remember its beginning. What is known
of a subject that has an act, or a second row, is kept under the position of its last entry.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from msgspec import UNSET

from registry.errors import Malformed
from registry.ledger.audit.fault import Findings
from registry.ledger.merkle import leaf_hash
from registry.records.acts import Act, Entry, Row, decode_entry
from registry.records.encoding import to_base64
from registry.records.muniment import SubjectState
from registry.records.rows import follow

BUCKETS = 256


@dataclass(frozen=True, slots=True)
class Before:
    """A subject's state before an entry. Not `told`: an entry before it was changed or is missing, so nobody knows."""

    state: SubjectState | None = None
    told: bool = True


NOTHING = Before()
UNTOLD = Before(told=False)


class Links:
    """Follows every subject from entry to entry."""

    def __init__(
        self,
        findings: Findings,
        *,
        entry: Callable[[int], bytes | None],
        leaf: Callable[[int], bytes | None],
        custodian: Callable[[int], str],
    ) -> None:
        """`entry(position)` and `leaf(position)` are what lies behind; `leaf` is None where it is the entry's own hash.

        `custodian(load)` is the department of a load.
        """
        self._findings, self._entry, self._leaf, self._custodian = findings, entry, leaf, custodian
        self._named = bytearray()
        self._begun = [array("q") for _ in range(BUCKETS)]
        self.last: dict[int, SubjectState | None] = {}
        """State by position of the last entry on each subject that has an act, or more than one row."""
        self._states: dict[SubjectState, SubjectState] = {}
        self._untold: set[int] = set()

    def begin(self, subjects: Iterable[str]) -> None:
        """These subjects have their number 1 here."""
        begun = self._begun
        for digest in map(hash, subjects):  # SipHash under this process's own key; equal ones are told apart at the end
            begun[digest & 255].append(digest)

    def before(self, position: int, entry: Entry) -> Before:
        """The subject's state before this entry, its link compared with the tree; faults are told, never raised."""
        if entry.previous is UNSET:
            self.begin((entry.subject,))
            return NOTHING
        self._findings.checked["links"] += 1
        at, number, subject = entry.previous.position, entry.number, entry.subject

        def wrong(what: str) -> None:
            self._findings.fault(f"number {number} of {subject} (position {position}) {what}", position, subject)

        if not 0 <= at < position:
            wrong(f"names position {at} as the one before it, which does not lie before it")
            return UNTOLD
        if self._name(at):
            wrong(f"names position {at} as the one before it, as an earlier entry does: number {number} stands twice")
        raw = self._entry(at)
        if raw is None:
            return UNTOLD  # lost, and told where it was to be read
        leaf = self._leaf(at) or leaf_hash(raw)
        if to_base64(leaf) != entry.previous.hash:
            wrong(
                f"links to the hash {entry.previous.hash[:12]}… at position {at}; "
                f"the tree holds {to_base64(leaf)[:12]}… there"
            )
        try:
            earlier = decode_entry(raw)
        except Malformed:
            return UNTOLD  # named at its own position
        if at in self._findings.damaged or at in self._untold:
            self.last.pop(at, None)
            return UNTOLD
        if earlier.subject != subject:
            wrong(f"names position {at} as the one before it, where {earlier.subject} stands")
            return UNTOLD
        if earlier.number != number - 1:
            wrong(
                f"follows number {earlier.number} at position {at}: numbers do not run on, an act is missing or doubled"
            )
        if at in self.last:
            return Before(self.last.pop(at))
        try:  # nothing is kept of a row of number 1: its state follows from the row itself
            if isinstance(earlier, Row) and earlier.number == 1:
                return Before(follow(earlier, None, self._custodian(earlier.load)))
            return UNTOLD
        except Malformed:
            return UNTOLD

    def after(self, position: int, entry: Entry, state: SubjectState | None, *, told: bool = True) -> None:
        """What the entry makes of its subject; a fresh row's state follows from the row itself and is not kept."""
        if isinstance(entry, Act) or entry.number > 1:
            self.last[position] = state if state is None else self._states.setdefault(state, state)
            if not told:
                self._untold.add(position)

    def _name(self, position: int) -> bool:
        """Mark the position as named; true if it was."""
        at, bit = position >> 3, 1 << (position & 7)
        if at >= len(self._named):
            self._named.extend(bytes(max(at + 1 - len(self._named), len(self._named), 4096)))
        was = bool(self._named[at] & bit)
        self._named[at] |= bit
        return was

    def named(self, position: int) -> bool:
        """Whether a later entry names this position as the one before it."""
        return position >> 3 < len(self._named) and bool(self._named[position >> 3] & 1 << (position & 7))

    def untold(self, position: int) -> bool:
        """Whether nobody knows the state after the entry there, as one before it was changed."""
        return position in self._untold

    def begun_twice(self) -> frozenset[int]:
        """Hashes of subjects that may have two entries of number 1: almost always none."""
        twice: set[int] = set()
        for bucket in self._begun:
            if len(set(bucket)) != len(bucket):
                seen: set[int] = set()
                for digest in bucket:
                    if digest in seen:
                        twice.add(digest)
                    seen.add(digest)
        return frozenset(twice)
