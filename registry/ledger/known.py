"""Is this id known? A Bloom filter answers almost every no; sorted runs of (digest, offset) answer the rest; the
entry itself confirms.

A *run* is what one batch of a load adds: for each row of number 1 the int64 digest of its reference and its offset
from the run's first position, sorted by digest: 8 + 4 bytes a row, all digests first, then all offsets,
little-endian. Two rows, digests 5 and 9, offsets 1 and 0: `0500000000000000 0900000000000000 01000000 00000000`.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from registry.errors import Malformed

BITS_AN_ID = 14
_SMALLEST = 1 << 17  # ids
_PIECE = 4_096
_HALF = 0xFFFF_FFFF
_Filter = tuple[int, bytearray]  # a mask of as many ones as its bits are counted with, and the bits
DIGEST_BYTES, OFFSET_BYTES = 8, 4
if array("q").itemsize != DIGEST_BYTES or array("I").itemsize != OFFSET_BYTES:  # true on every platform we know
    raise ImportError("this platform's integers do not have the sizes that runs are stored in")


class Run:
    """One sorted run, read from its bytes without copying them."""

    __slots__ = ("_digests", "_offsets", "count", "first")

    def __init__(self, first: int, body: bytes) -> None:
        count, rest = divmod(len(body), DIGEST_BYTES + OFFSET_BYTES)
        if rest:
            raise Malformed(
                f"the run at position {first} has {len(body)} bytes, not a multiple of {DIGEST_BYTES + OFFSET_BYTES}"
            )
        self.first, self.count = first, count
        self._digests, self._offsets = array("q"), array("I")
        self._digests.frombytes(body[: count * DIGEST_BYTES])
        self._offsets.frombytes(body[count * DIGEST_BYTES :])
        if sys.byteorder == "big":
            self._digests.byteswap()
            self._offsets.byteswap()

    def digests(self) -> Sequence[int]:
        """All digests, sorted."""
        return self._digests

    def to_bytes(self) -> bytes:
        """The run as it is stored."""
        return pack_run(self.first, self.pairs())

    def pairs(self) -> Iterator[tuple[int, int]]:
        """(digest, position), sorted by digest."""
        return ((digest, self.first + offset) for digest, offset in zip(self._digests, self._offsets, strict=True))

    def positions(self, digest: int) -> Iterator[int]:
        """Positions whose reference has that digest: usually none or one."""
        at = bisect_left(self._digests, digest)
        while at < self.count and self._digests[at] == digest:
            yield self.first + self._offsets[at]
            at += 1


def pack_run(first: int, pairs: Iterable[tuple[int, int]]) -> bytes:
    """The bytes of a run from (digest, position) pairs, in any order; positions not below `first`."""
    ordered = sorted(pairs)
    digests, offsets = (
        array("q", (digest for digest, _ in ordered)),
        array("I", (position - first for _, position in ordered)),
    )
    if sys.byteorder == "big":
        digests.byteswap()
        offsets.byteswap()
    return digests.tobytes() + offsets.tobytes()


class Known:
    """All ids the ledger has entries on: a filter over all, and the runs of loaded rows of number 1.

    One writer, readers beside it. Memory: 1.75 bytes an id, and 12 for each in a run. `others` are digests of ids that
    are kept in another table.

    The filter is filled by the writer alone, in pieces, before its first batch of rows: 0.7 s for a million ids, which
    nobody who opens an office has to wait for. Until then every answer is "perhaps", and the runs are looked through. A
    reader must not fill it: it would miss what the writer adds meanwhile, and its no be wrong.
    """

    def __init__(self, runs: Iterable[Run] = (), others: Iterable[int] = ()) -> None:
        self._runs: list[Run] = list(runs)
        self._others = array("q", others)
        self._count = sum(run.count for run in self._runs) + len(self._others)
        self._filter: _Filter | None = None
        self._begin(max(self._count * 2, _SMALLEST))
        if not self._count:
            self.fill()

    def _begin(self, capacity: int) -> None:
        bits = 1 << (capacity * BITS_AN_ID - 1).bit_length()
        self._capacity = bits // BITS_AN_ID
        self._made, self._unmarked = (bits - 1, bytearray(bits // 8)), self._all()

    def _all(self) -> Iterator[Sequence[int]]:
        """All digests in pieces, with those that come while it goes on."""
        run = other = 0
        while run < len(self._runs) or other < len(self._others):
            if run < len(self._runs):
                yield self._runs[run].digests()
                run += 1
            else:
                yield self._others[other : other + _PIECE]
                other += _PIECE

    @property
    def is_filled(self) -> bool:
        """Whether a no can be given at all."""
        return self._filter is not None

    def fill(self, most: int | None = None) -> bool:
        """Mark some `most` ids more, or all; whether some are left. By the writer alone; costs nothing once filled."""
        marked = 0
        for digests in self._unmarked:
            self._mark(digests, *self._made)
            marked += len(digests)
            if most is not None and marked >= most:
                return True
        self._filter = self._made  # whole, or a reader would take a no for certain
        return False

    @staticmethod
    def _mark(digests: Iterable[int], mask: int, filter_: bytearray) -> None:
        for digest in digests:
            low, high = digest & _HALF, digest >> 32 & _HALF
            for bit in (
                low & mask,
                low + high & mask,
                low + 2 * high & mask,
            ):  # double hashing: three probes from two halves
                filter_[bit >> 3] |= 1 << (bit & 7)

    def perhaps(self, digest: int) -> bool:
        """False is certain: no entry is on such an id. True wants a look."""
        filled = self._filter
        if filled is None:
            return True
        mask, filter_ = filled
        low = digest & _HALF
        bit = low & mask
        if not filter_[bit >> 3] >> (bit & 7) & 1:
            return False
        high = digest >> 32 & _HALF
        bit = low + high & mask
        if not filter_[bit >> 3] >> (bit & 7) & 1:
            return False
        bit = low + 2 * high & mask
        return bool(filter_[bit >> 3] >> (bit & 7) & 1)

    def positions(self, digest: int) -> list[int]:
        """Positions at which a reference of that digest may have begun; the entry there confirms."""
        if not self.perhaps(digest):
            return []
        return [position for run in self._runs for position in run.positions(digest)]

    def add(self, run: Run) -> None:
        """Take in a committed run."""
        self._runs.append(run)
        self._grow(run.digests())

    def note(self, digests: Sequence[int]) -> None:
        """Take in ids that are kept in another table: each once, also where it was called known by mistake before, for
        a filter that grows knows only what was taken in."""
        self._others.extend(digests)
        self._grow(digests)

    def _grow(self, digests: Sequence[int]) -> None:
        self._count += len(digests)
        if self._filter is None:
            return  # they are among all that is still to be marked
        if self._count > self._capacity:
            self._begin(self._count * 4)
            self.fill()
        else:
            self._mark(digests, *self._filter)
