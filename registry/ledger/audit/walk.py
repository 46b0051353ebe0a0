"""One pass over a ledger: tree, links, loads and authority together, entry by entry, in order.

    walk(evidence, checkpoints, origin=…, keys=…)  →  Audit

Whoever has more than entries (the office: tables, vault, catalogue) hands in a `Watcher`, is told of everything as it
passes by, and reads what the entries made of it from the `Walk` afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from registry.errors import LedgerHalted, Malformed
from registry.ledger.audit.authority import Authority, Judged
from registry.ledger.audit.bundles import Block, Bundles
from registry.ledger.audit.entries import Loaded, LoadedRow, loaded, subject_in
from registry.ledger.audit.evidence import Backward, Evidence, Notes
from registry.ledger.audit.fault import Audit, Fault, Findings
from registry.ledger.audit.links import Links
from registry.ledger.audit.seals import Claim, Seals
from registry.ledger.audit.tree import Tree
from registry.ledger.merkle import leaf_hash
from registry.ledger.note import VerifierKey
from registry.ledger.ports import Head
from registry.records.acts import Act, Row, decode_entry
from registry.records.encoding import to_base64
from registry.records.identifiers import check_reference
from registry.records.rows import follow
from registry.records.standing import Standing

Progress = Callable[[int, int], None]
"""Told (entries done, entries in all), about every 16,384."""

TOLD_EVERY = 64  # bundles


class Watcher(Protocol):
    """Looks on during the pass."""

    def act(self, position: int, act: Act, judged: Judged, standing: Standing) -> None:
        """An act, after it was judged; `standing` is that after it, and changes as the pass goes on."""

    def rows(self, first: int, rows: Sequence[LoadedRow | Row], fresh: Sequence[str] | None) -> None:
        """Rows of loads at the positions from `first` on; `fresh` are their subjects where each is its number 1."""


class Walk:
    """One audit: make it, `run` it once, then read what the entries gave."""

    def __init__(
        self,
        evidence: Evidence,
        checkpoints: Notes,
        *,
        origin: str,
        keys: Sequence[VerifierKey],
        witnesses: Iterable[VerifierKey] = (),
        claims: Iterable[Claim] = (),
        findings: Findings | None = None,
        progress: Progress = lambda done, total: None,
    ) -> None:
        self.findings = findings or Findings()
        self.head = self._read_head(evidence)
        self.size, self.root = 0, b""
        self.seals = Seals(checkpoints, origin, keys, self.findings, others=witnesses, claims=claims)
        self.authority = Authority(origin, self.findings, self.entry)
        self.loads = self.authority.loads
        self.links = Links(self.findings, entry=self.entry, leaf=self._leaf, custodian=self.loads.custodian)
        self._watcher: Watcher | None = None
        self._progress = progress
        self._behind = Backward(evidence)
        tree = Tree(evidence, self.head, self.findings)
        self._bundles = Bundles(evidence, self.head, tree, self.seals, self._behind, self.findings)
        self._leaves: dict[int, bytes] = {}
        self._base = 0
        self._entries: Sequence[bytes] = ()
        self._last_at = 0

    def run(self, watcher: Watcher | None = None) -> Audit:
        """The whole pass. Every fault is a value; what cannot be read at all ends it with a fault that says so."""
        self._watcher = watcher
        try:
            self._pass()
        except LedgerHalted as error:
            self.findings.fault(f"reading stopped after {self._bundles.size} entries: {error}")
        return self.findings.result(self.size, to_base64(self.root))

    def _read_head(self, evidence: Evidence) -> Head | None:
        try:
            return evidence.head()
        except LedgerHalted as error:
            self.findings.fault(f"the head cannot be read ({error}); the audit goes on from the entries alone")
            return None

    def _pass(self) -> None:
        total = self.head.size if self.head else 0
        for number, block in enumerate(self._bundles.blocks(), 1):
            self._read(block)
            if number % TOLD_EVERY == 0:
                self._progress(min(self._bundles.size, total), total)
        self.size, self.root = self._bundles.size, self._bundles.root
        self._check_root()
        self._check_beginnings()
        self.loads.finish()
        self.findings.checked["entries"] = self.size
        self._progress(self.size, self.size)

    def _check_root(self) -> None:
        """The head's root against that of the entries; and whether what is recorded was sealed."""
        sealed = self.seals.at_head(self.size)
        if self.head is not None and self.head.root != self.root:
            agrees = "no checkpoint of that size is kept"
            if sealed is not None:
                agrees = f"the checkpoint of size {self.size} agrees with " + (
                    "the entries"
                    if sealed.root == self.root
                    else "the head"
                    if sealed.root == self.head.root
                    else "neither"
                )
            self.findings.fault(
                f"the head says root {self.head.root.hex()[:16]}… at size {self.size}; the entries come to "
                f"{self.root.hex()[:16]}…; {agrees}"
            )
        if sealed is None and self.size:
            newest = self.seals.newest.size if self.seals.newest else 0
            self.findings.note(f"{self.size - newest} entries from position {newest} on are recorded, not sealed yet")

    # ---- entry by entry ----

    def entry(self, position: int) -> bytes | None:
        """An entry at or behind the one being looked at; after the pass, any."""
        index = position - self._base
        if index >= 0:
            return self._entries[index] if index < len(self._entries) else None
        return self._behind.entry(position)

    def _leaf(self, position: int) -> bytes | None:
        """The leaf hash in the tree where it is not the entry's own: of entries that were changed."""
        return self._leaves.get(position)

    def _read(self, block: Block) -> None:
        self._base, self._entries = block.base, block.entries
        if not block.intact:
            for position, (entry, leaf) in enumerate(zip(block.entries, block.leaves, strict=False), block.base):
                if leaf_hash(entry) != leaf:
                    self._leaves[position] = leaf
        rows = loaded(block.entries) if block.entries else None
        if rows is not None and self._rows(block, rows):
            return
        for index, entry in enumerate(block.entries):
            self._one(block.base + index, entry, block.leaves[index])

    def _rows(self, block: Block, found: Loaded) -> bool:
        """A bundle of nothing but rows of one load, times not falling. False, and nothing done, for any other."""
        rows = found.rows
        ats = [row.at for row in rows]
        load = rows[0].load
        if ats[0] < self._last_at or ats != sorted(ats) or [row.load for row in rows].count(load) != len(rows):
            return False
        if found.fresh:
            self.links.begin(found.subjects)
        else:
            for at, raw in enumerate(block.entries):
                self._link_row(block.base + at, raw)
        self.loads.take(load, block.base, ats, [row.row for row in rows], [row.op for row in rows], block.leaves)
        self._last_at = ats[-1]
        self.findings.checked["rows"] += len(rows)
        if self._watcher is not None:
            self._watcher.rows(block.base, rows, found.subjects if found.fresh else None)
        return True

    def _link_row(self, position: int, raw: bytes) -> Row | None:
        """Link and state of a row that is known to be well formed but for its number."""
        try:
            row = decode_entry(raw)
            if not isinstance(row, Row):
                return None
            before = self.links.before(position, row)
            state = follow(row, before.state, self.loads.custodian(row.load)) if before.told else None
            self.links.after(position, row, state, told=before.told)
        except Malformed as error:
            self.findings.fault(f"position {position}: {error}", position, subject_in(raw))
            return None
        return row

    def _one(self, position: int, raw: bytes, leaf: bytes) -> None:
        """Any entry by itself."""
        try:
            entry = decode_entry(raw)
            check_reference(entry.subject)
        except Malformed as error:
            self.findings.fault(f"position {position}: {error}", position, subject_in(raw))
            self.findings.lose(position, position + 1)
            return
        if entry.at < self._last_at and position not in self.findings.damaged:
            self.findings.fault(
                f"recorded at {entry.at}, after an entry recorded at {self._last_at}: recorded time never goes back",
                position,
                entry.subject,
            )
        elif position not in self.findings.damaged:
            self._last_at = entry.at
        if isinstance(entry, Row):
            self.findings.checked["rows"] += 1
            self._link_row(position, raw)
            self.loads.take(entry.load, position, [entry.at], [entry.row], [entry.op], [leaf])
            if self._watcher is not None:
                self._watcher.rows(position, [entry], None)
            return
        before = self.links.before(position, entry)
        judged = self.authority.judge(position, entry, before)
        self.links.after(position, entry, judged.state, told=before.told and judged.told)
        if self._watcher is not None:
            self._watcher.act(position, entry, judged, self.authority.standing)

    def _check_beginnings(self) -> None:
        """Name the subjects that begin twice. Only if there may be any are the entries read a second time."""
        twice = self.links.begun_twice()
        if not twice:
            return
        begun: dict[str, int] = {}
        for position in range(self.size):
            raw = self.entry(position)
            subject = subject_in(raw) if raw else None
            if raw is None or subject is None or hash(subject) not in twice or b'"number":1,' not in raw:
                continue
            if begun.setdefault(subject, position) != position:
                self.findings.fault(
                    f"{subject} begins again at position {position}; it began at position {begun[subject]}: its "
                    "history is cut in two",
                    position,
                    subject,
                )


def walk(
    evidence: Evidence,
    checkpoints: Notes,
    *,
    origin: str,
    keys: Sequence[VerifierKey],
    witnesses: Iterable[VerifierKey] = (),
    claims: Iterable[Claim] = (),
    tell: Callable[[Fault], None] | None = None,
    progress: Progress = lambda done, total: None,
) -> Audit:
    """Audit a ledger from its entries, tiles and checkpoints. Every one of the log's `keys` must sign each checkpoint.

    `claims` are older checkpoints, receipts' and marks' roots that somebody kept: the ledger must still come to them.
    """
    findings = Findings(tell)
    return Walk(
        evidence,
        checkpoints,
        origin=origin,
        keys=keys,
        witnesses=witnesses,
        claims=claims,
        findings=findings,
        progress=progress,
    ).run()
