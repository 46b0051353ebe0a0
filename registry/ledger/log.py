"""Reading a ledger from its shelves: entries, leaf hashes, roots and proofs, for the present size and every older one.

A reader never writes and needs no key: a frozen or foreign ledger opens with it as well as ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, lru_cache

from registry.errors import LedgerHalted, Malformed, NotHeld
from registry.ledger import merkle, tiles
from registry.ledger.ports import Head, Shelves
from registry.ledger.tiles import WIDTH

CACHED_BUNDLES = 64
TILE_LEVELS = 8  # 256 wide (C2SP tlog-tiles)
CACHED_TAILS = 4  # of one size each: what lies below a size never changes


class Log:
    """A reader over `Shelves`. Safe from several threads; one bundle in 64 is kept decoded."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._full = lru_cache(maxsize=CACHED_BUNDLES)(self._read_bundle)
        self._tail = lru_cache(maxsize=CACHED_TAILS)(self._read_tail)

    def head(self) -> Head:
        """The newest committed head."""
        return self._shelves.head()

    def _read_bundle(self, n: int) -> tuple[bytes, ...]:
        body = self._shelves.bundle(n)
        if body is None:
            raise LedgerHalted(
                f"bundle {n} (positions {n * WIDTH} to {n * WIDTH + WIDTH - 1}) is missing: run an audit"
            )
        return tiles.unframe(body, WIDTH)

    def bundle(self, n: int, size: int) -> tuple[bytes, ...]:
        """The entries of bundle n that lie below `size`, in order."""
        if size >= (n + 1) * WIDTH:
            return self._full(n)
        return self._tail(n, size) if size > n * WIDTH else ()

    def _read_tail(self, n: int, size: int) -> tuple[bytes, ...]:
        entries = tiles.unframe(self._shelves.tails(n * WIDTH))
        if len(entries) < size - n * WIDTH:  # the bundle was filled between reading the head and the tails
            entries = self._full(n)
        return entries[: size - n * WIDTH]

    def entry(self, position: int, size: int | None = None) -> bytes:
        """The entry at the position, as recorded. Raises NotHeld beyond the size."""
        size = self.head().size if size is None else size
        if not 0 <= position < size:
            raise NotHeld(f"position {position} is not recorded here; the ledger holds {size} entries, 0 to {size - 1}")
        return self.bundle(position // WIDTH, size)[position % WIDTH]

    def entries(self, first: int, end: int) -> Iterator[bytes]:
        """The entries from `first` up to before `end`, in order, one bundle in memory at a time."""
        for n in range(first // WIDTH, (end + WIDTH - 1) // WIDTH):
            block = self.bundle(n, end)
            yield from block[max(first - n * WIDTH, 0) :]

    def leaf(self, position: int, head: Head | None = None) -> bytes:
        """The leaf hash in the tree at the position: from level 0 of the tiles, not from the entry."""
        return self._node(head or self.head())(0, position)

    def root(self, size: int) -> bytes:
        """The root of the tree of that size, older ones too."""
        return merkle.root(size, self._node(self._reaching(size)))

    def inclusion(self, position: int, size: int) -> tuple[bytes, ...]:
        """The inclusion path of the position in the tree of that size, from the leaf's sibling up."""
        if not 0 <= position < size:
            raise NotHeld(f"position {position} is not in the tree of size {size}")
        return merkle.prove_inclusion(position, size, self._node(self._reaching(size)))

    def tree(self, size: int) -> Tree:
        """The tree of that size, for many proofs of it. Raises NotHeld beyond the head."""
        return Tree(size, self._node(self._reaching(size), cache(self._shelves.tile)))

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """The consistency path from one size to a later one."""
        return merkle.prove_consistency(old, new, self._node(self._reaching(new)))

    def _reaching(self, size: int) -> Head:
        head = self.head()
        if size > head.size:
            raise NotHeld(f"the ledger holds {head.size} entries, not {size}")
        return head

    def _node(self, head: Head, tile: Callable[[int, int], bytes | None] | None = None) -> merkle.Node:
        node = tiles.nodes(tile or self._shelves.tile, head.edge)

        def checked(height: int, index: int) -> bytes:
            try:
                return node(height, index)
            except Malformed as error:
                raise LedgerHalted(str(error)) from error

        return checked


class Tree:
    """The tree of one size: its proofs share what was read and hashed for them. Not for several threads."""

    def __init__(self, size: int, node: merkle.Node) -> None:
        self.size, self._read = size, node
        self._known: dict[tuple[int, int], bytes] = {}

    def leaf(self, position: int) -> bytes:
        """The leaf hash at the position. Raises NotHeld beyond the size."""
        self._check(position)
        return self._node(0, position)

    def inclusion(self, position: int) -> tuple[bytes, ...]:
        """The inclusion path of the position, from the leaf's sibling up. Raises NotHeld beyond the size."""
        self._check(position)
        return merkle.prove_inclusion(position, self.size, self._node)

    def _check(self, position: int) -> None:
        if not 0 <= position < self.size:
            raise NotHeld(f"position {position} is not in the tree of size {self.size}")

    def _node(self, height: int, index: int) -> bytes:
        found = self._known.get((height, index))
        if found is None:
            if height % TILE_LEVELS:  # inside a tile: from its two halves, so that a tile is hashed once
                halves = self._node(height - 1, 2 * index), self._node(height - 1, 2 * index + 1)
                found = merkle.node_hash(*halves)
            else:
                found = self._read(height, index)
            self._known[height, index] = found
        return found
