"""What an audit reads: a ledger's shelves, in order and as they are stored, right or wrong."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Protocol

from registry.ledger.ports import Head, Sealed, Shelves
from registry.ledger.tiles import WIDTH

KEPT_BUNDLES = 128


class Evidence(Protocol):
    """A ledger as it lies there. Nothing is changed; what cannot be read raises `LedgerHalted`, which becomes a fault.

    All of it must be of one moment: a snapshot, or a ledger that nobody writes to.
    """

    def head(self) -> Head:
        """Where the ledger says that it ends. Raises `LedgerHalted` where the head is missing or not of its form."""

    def bundle(self, n: int) -> bytes | None:
        """One full bundle, for a look back."""

    def tile(self, level: int, n: int) -> bytes | None:
        """One full tile, for a look up."""

    def tails(self, start: int) -> bytes:
        """The framed entries from `start`, a multiple of 256, in order."""

    def bundles(self) -> Iterator[tuple[int, bytes]]:
        """(n, body) of every kept bundle, n rising; those that should not be there too."""

    def levels(self) -> Iterable[int]:
        """The levels of which tiles are kept."""

    def tiles(self, level: int) -> Iterator[tuple[int, bytes]]:
        """(n, body) of every kept tile of the level, n rising."""


class Notes(Protocol):
    """The stored checkpoints, to be read."""

    def sizes(self) -> tuple[int, ...]:
        """The sizes of all of them, rising."""

    def at(self, size: int) -> Sealed | None:
        """The checkpoint kept at this size."""


class Listed(Shelves, Protocol):
    """Shelves that can say what lies on them."""

    def tile_names(self) -> Iterable[tuple[int, int]]:
        """(level, n) of every kept tile, rising."""

    def bundle_names(self) -> Iterable[int]:
        """n of every kept bundle, rising."""


class Shelved:
    """Evidence from shelves, one query a bundle and tile. A store that can stream them is read faster by itself."""

    def __init__(self, shelves: Listed) -> None:
        self._shelves = shelves
        self.head, self.tile, self.bundle, self.tails = shelves.head, shelves.tile, shelves.bundle, shelves.tails

    def bundles(self) -> Iterator[tuple[int, bytes]]:
        """Every kept bundle."""
        for n in self._shelves.bundle_names():
            yield n, self._shelves.bundle(n) or b""

    def levels(self) -> Iterable[int]:
        """The levels of which tiles are kept."""
        return sorted({level for level, _ in self._shelves.tile_names()})

    def tiles(self, level: int) -> Iterator[tuple[int, bytes]]:
        """Every kept tile of the level."""
        for found, n in self._shelves.tile_names():
            if found == level:
                yield n, self._shelves.tile(level, n) or b""


class Rising:
    """(n, body) pairs in rising order, asked for one n after the other; what nobody asked for is a stray."""

    def __init__(self, pairs: Iterator[tuple[int, bytes]]) -> None:
        self._pairs = pairs
        self._next = next(pairs, None)
        self.strays: list[int] = []

    def take(self, n: int) -> bytes | None:
        """The body of n, or None. Never ask for a smaller n afterwards."""
        while self._next is not None and self._next[0] < n:
            self.strays.append(self._next[0])
            self._next = next(self._pairs, None)
        if self._next is None or self._next[0] != n:
            return None
        body = self._next[1]
        self._next = next(self._pairs, None)
        return body

    def rest(self) -> list[int]:
        """The strays, once all that should be there was asked for."""
        while self._next is not None:
            self.strays.append(self._next[0])
            self._next = next(self._pairs, None)
        return self.strays


class Backward:
    """Entries behind the pass: a look at one costs a read of its bundle, unless it is among those last looked into."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._bodies: OrderedDict[int, bytes] = OrderedDict()
        self.replaced: dict[int, bytes] = {}
        """Entries that a plain reading would get wrong, because a length before them was changed."""

    def entry(self, position: int) -> bytes | None:
        """The entry's bytes out of its full bundle; None where they cannot be had."""
        if position in self.replaced:
            return self.replaced[position]
        n, index = divmod(position, WIDTH)
        body = self._bodies.get(n)
        if body is None:
            body = self._evidence.bundle(n)
            if body is None:
                return None
            self._bodies[n] = body
            if len(self._bodies) > KEPT_BUNDLES:
                self._bodies.popitem(last=False)
        at = 0
        for _ in range(index):
            at += 2 + (body[at] << 8 | body[at + 1]) if at + 1 < len(body) else len(body)
        start = at + 2
        end = start + (int.from_bytes(body[at:start], "big"))
        return body[start:end] if start <= len(body) and end <= len(body) else None
