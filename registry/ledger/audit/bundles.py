"""Framed entries, bundle by bundle, settled with the tree: what lies there, and what the tree holds for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from registry.ledger.audit.entries import frames, subject_in
from registry.ledger.audit.evidence import Backward, Evidence, Rising
from registry.ledger.audit.fault import Findings
from registry.ledger.audit.seals import Seals
from registry.ledger.audit.tree import Tree
from registry.ledger.merkle import leaf_hash
from registry.ledger.ports import Head
from registry.ledger.tiles import WIDTH


@dataclass(frozen=True, slots=True)
class Block:
    """Entries from position `base` on, and the leaf hashes that the tree holds for them (perhaps for more of them)."""

    base: int
    entries: Sequence[bytes]
    leaves: Sequence[bytes]
    intact: bool
    """Whether every entry hashes to its leaf."""


class Bundles:
    """The blocks of a ledger in order; tree and checkpoints are compared on the way."""

    def __init__(
        self, evidence: Evidence, head: Head | None, tree: Tree, seals: Seals, behind: Backward, findings: Findings
    ) -> None:
        self._evidence, self._head, self._findings = evidence, head, findings
        self._tree, self._seals, self._behind = tree, seals, behind
        self._stored = Rising(evidence.bundles())
        self.size, self.root = 0, b""

    def blocks(self) -> Iterator[Block]:
        """Every block; afterwards `size` and `root` are those of the entries."""
        total = self._head.size if self._head else 0
        while self._head is None or self._tree.bundles < total // WIDTH:
            n = self._tree.bundles
            body = self._stored.take(n)
            if body is None and self._head is None:
                break
            yield self._full(n, body)
        yield self._last(total)
        self._tree.strays()
        for n in self._stored.rest():
            self._findings.fault(f"bundle {n} is kept, but a ledger of {self.size} entries has no such full bundle")
        self._seals.finish(self.size)

    def _full(self, n: int, body: bytes | None) -> Block:
        base = n * WIDTH
        entries = self._unframed(n, body, WIDTH)
        computed = [sha256(b"\0" + entry).digest() for entry in entries]  # leaf_hash, without its call: the hot loop
        leaves = self._tree.settle(computed if len(computed) == WIDTH else None, self._changed(base, entries))
        self._findings.lose(base + len(entries), base + WIDTH)
        if body is None:
            self._findings.fault(
                f"bundle {n} is missing: the entries {base} to {base + WIDTH - 1}. The tree still holds their hashes",
                base,
            )
        elif len(entries) < WIDTH:
            self._findings.fault(
                f"bundle {n} breaks off: the frame at position {base + len(entries)} was changed, and the entries from "
                f"there to {base + WIDTH - 1} cannot be told apart. The tree still holds their hashes",
                base + len(entries),
            )
        self._seals.reach(base + WIDTH - 1, lambda size: self._tree.root(leaves[: size - base]))
        self._tree.take(leaves)
        self._seals.reach(base + WIDTH, lambda size: self._tree.root([]))
        self.size = base + WIDTH
        return Block(base, entries, leaves, leaves is computed)

    def _unframed(self, n: int, body: bytes | None, count: int) -> list[bytes]:
        """The entries of a bundle, as far as they can be told apart."""
        if body is None:
            return []
        entries, wrong = frames(body, count, None)
        if len(entries) != count or sum(map(len, entries)) + 2 * count != len(body):
            entries, wrong = frames(body, count, self._tree.stored_leaves(n))
        for index in wrong:
            self._findings.damage(
                f"the length before the entry at position {n * WIDTH + index} was changed; with the length that fits, "
                "the entry hashes to the leaf in the tree",
                n * WIDTH + index,
                subject_in(entries[index]),
            )
        if wrong:
            self._behind.replaced.update((n * WIDTH + index, entry) for index, entry in enumerate(entries))
        return entries

    def _changed(self, base: int, entries: Sequence[bytes]) -> Callable[[int, str], None]:
        def told(index: int, agreeing: str) -> None:
            self._findings.damage(
                f"the entry at position {base + index} was changed: it does not hash to its leaf; {agreeing}",
                base + index,
                subject_in(entries[index]) if index < len(entries) else None,
            )

        return told

    def _last(self, total: int) -> Block:
        """The bundle that is not full: its entries lie in the tails, its leaves in the head's edge."""
        n = self._tree.bundles
        base = n * WIDTH
        raw = self._evidence.tails(base)
        count = total - base if self._head else WIDTH - 1
        entries = self._unframed(n, raw, count) if count else []
        computed = [leaf_hash(entry) for entry in entries]
        known = computed
        if self._head is not None and len(entries) < count:
            self._findings.lose(base + len(entries), total)
            known = computed + (self._tree.stored_leaves(n) or [])[len(entries) :]
            self._findings.fault(
                f"the entries {base + len(entries)} to {base + count - 1} are missing or cannot be told apart; the "
                "head's edge still holds their hashes",
                base + len(entries),
            )
        elif sum(map(len, entries)) + 2 * len(entries) != len(raw):
            end = base + len(entries)
            self._findings.fault(f"more entries are kept from position {end} on, where the ledger ends", end)
        leaves = self._tree.finish(known, self._changed(base, entries))
        self.size = base + len(leaves)
        self._seals.reach(self.size, lambda size: self._tree.root(leaves[: size - base]))
        self.root = self._tree.root(leaves)
        return Block(base, entries, leaves, leaves is computed)
