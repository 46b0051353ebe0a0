"""Step 1 of the audit: the tree grows from the entries' leaf hashes and is compared with every stored tile as it grows.

Where a tile and what lies below it differ, the level above is asked which of the two it agrees with; the audit goes on
with that one, so that one changed bit is one fault and the root can still be compared.
"""

from __future__ import annotations

from collections.abc import Callable

from registry.ledger.audit.evidence import Evidence, Rising
from registry.ledger.audit.fault import Findings
from registry.ledger.edge import Edge
from registry.ledger.merkle import EMPTY_ROOT, HASH_SIZE, fold
from registry.ledger.ports import Head
from registry.ledger.tiles import WIDTH, tile_path

FULL = WIDTH * HASH_SIZE

Changed = Callable[[int, str], None]
"""Told the index of an entry in its bundle that was changed, and what shows it."""


class Tree:
    """Takes the leaves of one full bundle after the other, then those of the last, partial one."""

    def __init__(self, evidence: Evidence, head: Head | None, findings: Findings) -> None:
        """`head` is None where it could not be read; then nothing is known above the full tiles."""
        self._evidence, self._head, self._findings = evidence, head, findings
        self._stored = {level: Rising(evidence.tiles(level)) for level in evidence.levels()}
        self._above: list[list[bytes]] = []
        """Hashes of levels 1, 2, … since the last full tile."""
        self.bundles = 0

    def stored_leaves(self, n: int) -> list[bytes] | None:
        """The leaf hashes that the tree holds for bundle n: from its tile, or from the head's edge."""
        body = self._evidence.tile(0, n)
        if body is None and self._head is not None and self._head.edge.levels and n == self._head.size // WIDTH:
            body = self._head.edge.levels[0]
        return _cut(body) if body else None

    def settle(self, computed: list[bytes] | None, changed: Changed) -> list[bytes]:
        """The next full bundle's leaves, None where they are not to be had; returns those that the tree holds."""
        return self._settle(0, self.bundles, computed, changed)

    def take(self, leaves: list[bytes]) -> None:
        """Take in the 256 leaves that were settled."""
        n = self.bundles
        self.bundles += 1
        self._rise(1, n, fold(leaves))

    def _rise(self, level: int, n: int, subtree: bytes) -> None:
        if len(self._above) < level:
            self._above.append([])
        hashes = self._above[level - 1]
        hashes.append(subtree)
        if len(hashes) == WIDTH:
            settled = self._settle(level, n >> 8, hashes, None)
            self._above[level - 1] = []
            self._rise(level + 1, n >> 8, fold(settled))

    def root(self, leaves: list[bytes]) -> bytes:
        """The root over all full bundles taken and these leaves of the next one."""
        smaller = [fold(leaves)] if leaves else []
        for hashes in self._above:
            if both := hashes + smaller:
                smaller = [fold(both)]
        return smaller[0] if smaller else EMPTY_ROOT

    def _settle(self, level: int, n: int, computed: list[bytes] | None, changed: Changed | None) -> list[bytes]:
        """The hashes of tile n as the tree holds them: the computed ones, unless the level above speaks for others."""
        stored = self._stored[level].take(n) if level in self._stored else None
        self._findings.checked["tiles"] += 1
        if computed is not None and stored == b"".join(computed):
            return computed
        path, first = tile_path(level, n), n << 8 * (level + 1)
        above = self._hash_above(level, n)
        if stored is None or len(stored) != FULL:
            found = "is missing" if stored is None else f"holds {len(stored)} bytes, not {FULL}"
            if computed is None:
                self._findings.fault(f"{path} {found}, and so are the entries that it stood for", first)
                return [bytes(HASH_SIZE)] * WIDTH
            self._findings.fault(f"{path} {found}; {_agreeing(above, fold(computed))}", first)
            return computed
        theirs = _cut(stored)
        if computed is None:
            return theirs
        different = [at for at in range(WIDTH) if computed[at] != theirs[at]]
        if above is not None and fold(theirs) == above:
            if changed is not None:
                for at in different:
                    changed(at, f"{path} and the level above it agree on {_short(theirs[at])}")
            else:
                for at in different:
                    low = first + (at << 8 * level)
                    self._findings.fault(
                        f"the entries {low} to {low + (1 << 8 * level) - 1} and the tiles under {path} come to "
                        f"{_short(computed[at])}; {path} and the level above it agree on {_short(theirs[at])}: these "
                        "entries were changed together with their tiles",
                        low,
                    )
            return theirs
        which = ", ".join(f"hash {at} (from position {first + (at << 8 * level)})" for at in different[:3])
        which += f" and {len(different) - 3} more" if len(different) > 3 else ""
        self._findings.fault(
            f"{path} differs from the entries in {which}; {_agreeing(above, fold(computed))}",
            first + (different[0] << 8 * level),
        )
        return computed

    def _hash_above(self, level: int, n: int) -> bytes | None:
        """What the level above holds for tile n, from its full tile or the head's edge."""
        if self._head is None:
            return None
        up, at = level + 1, (n & 255) * HASH_SIZE
        if self._head.size >> 8 * (up + 1) > n >> 8:
            body = self._evidence.tile(up, n >> 8) or b""
        else:
            body = self._head.edge.levels[up] if up < len(self._head.edge.levels) else b""
        found = body[at : at + HASH_SIZE]
        return found if len(found) == HASH_SIZE else None

    def finish(self, computed: list[bytes], changed: Changed) -> list[bytes]:
        """The last, partial bundle's leaves, compared with the head's edge; returns those that the tree holds."""
        levels = [b"".join(computed), *(b"".join(hashes) for hashes in self._above)]
        while levels and not levels[-1]:
            levels.pop()
        mine = Edge(tuple(levels))
        head = self._head
        if head is None or head.edge == mine:
            return computed
        base, theirs = self.bundles * WIDTH, head.edge
        different = [
            (level, at)
            for level, (one, other) in enumerate(zip(mine.levels, theirs.levels, strict=False))
            for at, (left, right) in enumerate(zip(_cut(one), _cut(other), strict=False))
            if left != right
        ]
        if theirs.size == mine.size and theirs.root() == head.root != mine.root():
            for level, at in different:
                if level == 0:
                    changed(at, "the head's edge and root agree with each other")
                else:
                    low = (head.size >> 8 * (level + 1) << 8 * (level + 1)) + (at << 8 * level)
                    self._findings.fault(
                        f"the entries {low} to {low + (1 << 8 * level) - 1} and their tiles do not come to what the "
                        "head's edge holds for them; the head's edge and root agree with each other: these entries "
                        "were changed together with their tiles",
                        low,
                    )
            self._above = [_cut(hashes) for hashes in theirs.levels[1:]]
            return _cut(theirs.levels[0])
        where = ", ".join(f"level {level} hash {at}" for level, at in different[:3]) or "its length"
        speaks = "agrees with the entries" if mine.root() == head.root else "agrees with neither"
        position = base + different[0][1] if different and different[0][0] == 0 else None
        self._findings.fault(f"the head's edge differs from the entries in {where}; the head's root {speaks}", position)
        return computed

    def strays(self) -> None:
        """Tiles that a ledger of this size does not have."""
        for level, stored in self._stored.items():
            for n in stored.rest():
                self._findings.fault(
                    f"a full tile {n} of level {level} is kept; a ledger of {self.bundles} full bundles has none there"
                )


def _agreeing(above: bytes | None, computed: bytes) -> str:
    if above is None:
        return "no level above is there to compare with"
    return "the level above agrees with the entries" if above == computed else "the level above agrees with neither"


def _short(value: bytes) -> str:
    return f"{value.hex()[:16]}…"


def _cut(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]
