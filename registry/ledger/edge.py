"""The growing edge of a tree: its partial tiles, and the nodes that proofs are made of.

Appending never reads a full tile: the ≤ 255 hashes of each level's partial tile are enough for the next batch, for the
tiles that it fills, and for the root.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from registry.errors import Malformed
from registry.ledger.merkle import EMPTY_ROOT, HASH_SIZE, MAX_SIZE, Node, fold, parents

WIDTH = 256

Tile = tuple[int, int, bytes]
"""A full tile: level, n, its 8,192 bytes."""


def widths(size: int) -> tuple[int, ...]:
    """How many hashes the partial tile of each level holds, level 0 first: 70,000 → (112, 17, 1). 0 means no tile."""
    return tuple(size.to_bytes((size.bit_length() + 7) // 8, "little"))


@dataclass(frozen=True, slots=True)
class Edge:
    """The partial tiles of a tree, level 0 first: all that is needed to grow it and to know its root.

    `levels[l]` are the ≤ 255 hashes of level l, concatenated; the last level is not empty, so that equal trees are
    equal values. At size 70,000: 112, 17 and 1 hashes, 4,160 bytes.
    """

    levels: tuple[bytes, ...] = ()

    @property
    def size(self) -> int:
        """How many leaves the tree has: the widths are its digits to the base 256."""
        return sum(len(level) // HASH_SIZE << 8 * at for at, level in enumerate(self.levels))

    def root(self) -> bytes:
        """The root over all `size` leaves: at most 255 hashes a level."""
        smaller: list[bytes] = []  # what the levels below come to, an incomplete subtree at the right
        for level in self.levels:
            if hashes := _cut(level) + smaller:
                smaller = [fold(hashes)]
        return smaller[0] if smaller else EMPTY_ROOT

    def grow(self, leaf_hashes: Sequence[bytes]) -> tuple[Edge, list[Tile]]:
        """The edge after these leaves, and the tiles that they filled, in order of level and n. About 1 µs a leaf."""
        levels, filled, size = [], list[Tile](), self.size
        rising: list[bytes] = list(leaf_hashes)
        level = 0
        while rising or level < len(self.levels):
            hashes = (_cut(self.levels[level]) if level < len(self.levels) else []) + rising
            whole = len(hashes) & -WIDTH
            first = size >> 8 * (level + 1)
            filled += [(level, first + at // WIDTH, b"".join(hashes[at : at + WIDTH])) for at in range(0, whole, WIDTH)]
            levels.append(b"".join(hashes[whole:]))
            rising = hashes[:whole]
            for _ in range(8):
                rising = parents(rising)
            level += 1
        return Edge(tuple(levels)), filled

    def to_bytes(self) -> bytes:
        """All hashes, level 0 first; the widths follow from the size."""
        return b"".join(self.levels)

    @classmethod
    def from_bytes(cls, size: int, raw: bytes) -> Edge:
        """The edge of a tree of `size`; `Malformed` if `raw` does not hold exactly its hashes."""
        if not 0 <= size <= MAX_SIZE or len(raw) != sum(widths(size)) * HASH_SIZE:
            raise Malformed(f"the edge of a tree of size {size} cannot be {len(raw)} bytes long")
        levels, at = [], 0
        for width in widths(size):
            levels.append(raw[at : at + width * HASH_SIZE])
            at += width * HASH_SIZE
        return cls(tuple(levels))


def nodes(tile: Callable[[int, int], bytes | None], edge: Edge) -> Node:
    """The `Node` of a tree whose full tiles are answered by `tile(level, n)` and whose partial ones are `edge`.

    One tile is read for each node. Raises `Malformed` when a tile that must be there is missing or too short.
    """

    def node(height: int, index: int) -> bytes:
        level, rest = divmod(height, 8)
        n, first = divmod(index << rest, WIDTH)
        body = tile(level, n)
        if body is None:
            body = edge.levels[level] if level < len(edge.levels) and n == edge.size >> 8 * (level + 1) else b""
        hashes = _cut(body[first * HASH_SIZE : (first + (1 << rest)) * HASH_SIZE])
        if len(hashes) != 1 << rest:
            raise Malformed(f"tile {n} of level {level} is missing or too short: run an audit")
        return fold(hashes)

    return node


def _cut(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]


def edge_at(size: int, node: Node) -> Edge:
    """The edge of the tree when it had that size, from the hashes of a larger one."""
    levels = []
    for level, width in enumerate(widths(size)):
        first = size >> 8 * (level + 1) << 8
        levels.append(b"".join(node(8 * level, first + at) for at in range(width)))
    return Edge(tuple(levels))
