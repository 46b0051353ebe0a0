"""Reading a ledger from its shelves: entries, leaf hashes, roots and proofs, for the present size and every older one.

A reader never writes and needs no key: a frozen or foreign ledger opens with it as well as ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, lru_cache

from registry.errors import LedgerHalted, Malformed, NotHeld
from registry.ledger import merkle, tiles
from registry.ledger.merkle import HASH_SIZE
from registry.ledger.ports import Head, Shelves
from registry.ledger.tiles import WIDTH

CACHED_BUNDLES = 64
CACHED_TILES = 256  # full ones, which never change, at 16 kB with all that they come to
TILE_LEVELS = 8  # 256 wide (C2SP tlog-tiles)
CACHED_TAILS = 4  # of one size each: what lies below a size never changes


class Log:
    """A reader over `Shelves`. Safe from several threads; keeps what never changes: 64 full bundles, and full tiles."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._folded = lru_cache(maxsize=CACHED_TILES)(self._fold)
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

    def find(self, leaf: bytes, until: Callable[[], bool]) -> int | None:
        """The last position whose leaf hash that is, None where there is none; `until` says when to give up, which
        raises TimeoutError. There is no index: the tiles are looked through, newest first, 30 ms a million leaves."""
        head = self.head()
        for n in range(head.size // WIDTH, -1, -1):
            full = (n + 1) * WIDTH <= head.size
            hashes = self._shelves.tile(0, n) if full else head.edge.levels[0] if head.edge.levels else b""
            if hashes is None:
                raise LedgerHalted(f"tile {n} of level 0 is missing: run an audit")
            at = hashes.find(leaf)
            while at % HASH_SIZE and at >= 0:  # across two hashes
                at = hashes.find(leaf, at + 1)
            if at >= 0:
                return n * WIDTH + at // HASH_SIZE
            if until():
                raise TimeoutError
        return None

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
        return Tree(size, self._node(self._reaching(size)), self._folded)

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """The consistency path from one size to a later one."""
        return merkle.prove_consistency(old, new, self._node(self._reaching(new)))

    def _reaching(self, size: int) -> Head:
        head = self.head()
        if size > head.size:
            raise NotHeld(f"the ledger holds {head.size} entries, not {size}")
        return head

    def _fold(self, level: int, n: int) -> tuple[bytes, ...]:
        """A full tile and what it comes to: its 256 hashes, the 128 above them, and so on to the one over all."""
        body = self._shelves.tile(level, n)
        if body is None or len(body) != WIDTH * HASH_SIZE:
            raise LedgerHalted(f"tile {n} of level {level} is missing or too short: run an audit")
        folded, rising = [body], [body[at : at + HASH_SIZE] for at in range(0, len(body), HASH_SIZE)]
        for _ in range(TILE_LEVELS):
            rising = merkle.parents(rising)
            folded.append(b"".join(rising))
        return tuple(folded)

    def _node(self, head: Head) -> merkle.Node:
        beside = cache(tiles.nodes(lambda level, n: None, head.edge))

        def node(height: int, index: int) -> bytes:
            level, rest = divmod(height, TILE_LEVELS)
            n, first = divmod(index << rest, WIDTH)
            if n + 1 << TILE_LEVELS * (level + 1) <= head.size:
                return _hash(self._folded(level, n)[rest], first >> rest)
            try:
                return beside(height, index)
            except Malformed as error:
                raise LedgerHalted(str(error)) from error

        return node


class Tree:
    """The tree of one size: its proofs share what was hashed for them. Not for several threads."""

    def __init__(self, size: int, node: merkle.Node, folded: Callable[[int, int], tuple[bytes, ...]]) -> None:
        """`folded` gives a full tile and what it comes to, level by level."""
        self.size, self._node, self._folded = size, node, folded
        self._above: dict[int, tuple[bytes, ...]] = {}  # the path from the top of a full tile of level 0 on

    def leaf(self, position: int) -> bytes:
        """The leaf hash at the position. Raises NotHeld beyond the size."""
        self._check(position)
        return self._node(0, position)

    def inclusion(self, position: int) -> tuple[bytes, ...]:
        """The inclusion path of the position, from the leaf's sibling up. Raises NotHeld beyond the size."""
        self._check(position)
        n, place = divmod(position, WIDTH)
        if (n + 1) * WIDTH > self.size:
            return merkle.prove_inclusion(position, self.size, self._node)
        above = self._above.get(n)
        if above is None:
            above = self._above[n] = merkle.prove_inclusion(position, self.size, self._node)[TILE_LEVELS:]
        below = enumerate(self._folded(0, n)[:TILE_LEVELS])
        return (*(_hash(hashes, place >> height ^ 1) for height, hashes in below), *above)

    def _check(self, position: int) -> None:
        if not 0 <= position < self.size:
            raise NotHeld(f"position {position} is not in the tree of size {self.size}")


def _hash(hashes: bytes, place: int) -> bytes:
    return hashes[place * HASH_SIZE : (place + 1) * HASH_SIZE]
