"""Tiles, entry bundles and the edge of a growing tree, as C2SP tlog-tiles (0.1.0) lays them out.

A tile holds up to 256 hashes of 32 bytes: hash i of tile n on level l is the root over leaves
[(256n + i)·256^l, (256n + i + 1)·256^l). A bundle holds the entries below a tile of level 0. A partial tile is a prefix
of its fuller self and is never hashed upwards, so only full ones are kept; the `Edge` holds the rest.

    size 70,000   tile/0/000 … tile/0/272   tile/0/273.p/112
                  tile/1/000                tile/1/001.p/17
                                            tile/2/000.p/1
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from registry.errors import Malformed, Misuse
from registry.ledger.merkle import EMPTY_ROOT, HASH_SIZE, MAX_SIZE, Node, fold, parents

WIDTH = 256
FULL = WIDTH * HASH_SIZE
MAX_ENTRY = 65_535  # what a uint16 can say
MAX_LEVEL = 63

_LENGTH = struct.Struct(">H").pack
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)

Tile = tuple[int, int, bytes]
"""A full tile: level, n, its 8,192 bytes."""


# -- Paths -------------------------------------------------------------------------------------------------------------


def tile_path(level: int, n: int, width: int = WIDTH) -> str:
    """`tile_path(0, 1067)` is `tile/0/x001/067`; `tile_path(0, 273, 112)` is `tile/0/273.p/112`."""
    if not 0 <= level <= MAX_LEVEL:
        raise Misuse(f"level {level} is not a level of tiles; expected 0 to {MAX_LEVEL}")
    return f"tile/{level}/{_place(n, width)}"


def bundle_path(n: int, width: int = WIDTH) -> str:
    """`bundle_path(0, 3)` is `tile/entries/000.p/3`."""
    return f"tile/entries/{_place(n, width)}"


def _place(n: int, width: int) -> str:
    if not 0 <= n <= MAX_SIZE or not 1 <= width <= WIDTH:
        raise Misuse(f"there is no tile {n} of width {width}; expected n from 0 and a width of 1 to {WIDTH}")
    groups = [f"{n % 1000:03}"]
    while n := n // 1000:
        groups.insert(0, f"x{n % 1000:03}")
    return "/".join(groups) + ("" if width == WIDTH else f".p/{width}")


def parse_tile_path(path: str) -> tuple[int, int, int]:
    """(level, n, width) of a path that `tile_path` would write, to the letter; else `Malformed`."""
    level, n, width = _parsed(path)
    if level < 0 or tile_path(level, n, width) != path:
        raise Malformed(f"{path[:80]!r} is not the path of a tile; expected one like tile/0/x001/067.p/12")
    return level, n, width


def parse_bundle_path(path: str) -> tuple[int, int]:
    """(n, width) of a path that `bundle_path` would write, to the letter; else `Malformed`."""
    level, n, width = _parsed(path)
    if level >= 0 or bundle_path(n, width) != path:
        raise Malformed(f"{path[:80]!r} is not the path of a bundle; expected one like tile/entries/x001/067.p/12")
    return n, width


def _parsed(path: str) -> tuple[int, int, int]:
    """(level, or -1 for entries; n; width), not yet compared with what would be written."""
    match = _PATH.fullmatch(path) if len(path) <= 80 else None
    if match is None:
        raise Malformed(f"{path[:80]!r} is not a path of a tile; expected one like tile/0/x001/067.p/12")
    level = -1 if match[1] == "entries" else int(match[1])
    n = int(match[2].replace("x", "").replace("/", ""))
    width = int(match[3] or WIDTH)
    if level > MAX_LEVEL or n > MAX_SIZE or width > WIDTH:
        raise Malformed(f"{path!r} is outside of what tiles can reach: levels to {MAX_LEVEL}, widths below {WIDTH}")
    return level, n, width


def widths(size: int) -> tuple[int, ...]:
    """How many hashes the partial tile of each level holds, level 0 first: 70,000 → (112, 17, 1). 0 means no tile."""
    return tuple(size.to_bytes((size.bit_length() + 7) // 8, "little"))


def layout(size: int) -> Iterator[tuple[int, int, int]]:
    """(level, n, width) of every tile of a tree of `size`, a partial one last on its level; bundles are as level 0."""
    for level, width in enumerate(widths(size)):
        full = size >> 8 * (level + 1)
        yield from ((level, n, WIDTH) for n in range(full))
        if width:
            yield level, full, width


# -- Bundles -----------------------------------------------------------------------------------------------------------


def frame(entries: Iterable[bytes]) -> bytes:
    """`deposit 1`, `deposit 2` and the empty entry: `0009 6465706f7369742031 0009 6465706f7369742032 0000`.

    Raises `Malformed` for an entry of more than 65,535 bytes.
    """
    try:
        return b"".join([_LENGTH(len(entry)) + entry for entry in entries])
    except struct.error as error:
        raise Malformed(f"an entry is longer than {MAX_ENTRY} bytes: put what is large into a body") from error


def unframe(raw: bytes, count: int | None = None) -> tuple[bytes, ...]:
    """The entries of a bundle, in order: all of `raw`, and exactly `count` if that is given. Raises `Malformed`."""
    entries, at, end = [], 0, len(raw)
    while at < end:
        start = at + 2
        at = start + int.from_bytes(raw[at:start], "big")
        entries.append(raw[start:at])
        if start > end or at > end:
            raise Malformed(f"an entry bundle of {end} bytes is cut short in its entry {len(entries) - 1}")
    if count is not None and len(entries) != count:
        raise Malformed(f"an entry bundle holds {len(entries)} entries, expected {count}")
    return tuple(entries)


# -- The growing edge --------------------------------------------------------------------------------------------------


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
            raise Malformed(f"{tile_path(level, n)} is missing or too short: run an audit")
        return fold(hashes)

    return node


def _cut(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]
