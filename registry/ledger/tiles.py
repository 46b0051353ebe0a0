"""Where hashes and entries lie: tiles and entry bundles, as C2SP tlog-tiles (0.1.0) lays them out.

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
from collections.abc import Iterable, Iterator

from registry.errors import Malformed, Misuse
from registry.ledger.edge import WIDTH as WIDTH
from registry.ledger.edge import Edge as Edge
from registry.ledger.edge import nodes as nodes
from registry.ledger.edge import widths as widths
from registry.ledger.merkle import MAX_SIZE

MAX_ENTRY = 65_535  # what a uint16 can say
MAX_LEVEL = 63

_LENGTH = struct.Struct(">H").pack
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


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


def layout(size: int) -> Iterator[tuple[int, int, int]]:
    """(level, n, width) of every tile of a tree of `size`, a partial one last on its level; bundles are as level 0."""
    for level, width in enumerate(widths(size)):
        full = size >> 8 * (level + 1)
        yield from ((level, n, WIDTH) for n in range(full))
        if width:
            yield level, full, width


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
