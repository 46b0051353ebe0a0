"""What the ledger asks of its stores: each docstring is a contract that `registry/storage/` keeps.

Three things are kept apart, because they must not fail together: the *shelves* and *turns* of the ledger's store, the
checkpoints in the same store, and the *mark* in the signer's folder, which is never in the same backup.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from registry.ledger.edge import Edge


@dataclass(frozen=True, slots=True)
class Head:
    """Where the ledger ends. `epoch` rises when an office takes over, never merely because it opens."""

    size: int
    root: bytes
    edge: Edge
    epoch: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """A checkpoint on the shelf: the note with the log's own lines alone, and with every cosignature verified since."""

    size: int
    note: bytes
    cosigned: bytes


@dataclass(frozen=True, slots=True)
class MarkedHead:
    """The largest tree that this signer ever signed or was about to sign; `at` in milliseconds UTC."""

    origin: str
    size: int
    root: bytes
    at: int


class Shelves(Protocol):
    """Reading a ledger: safe from several threads and processes, beside a writer; changes nothing.

    Full tiles and bundles never change, so an answer holds for ever. Each call reads the newest committed state; two
    calls may see two states. Therefore read `head()` first, and after `tails` found less than the head promised ask
    `bundle` again: the bundle was filled in between.
    """

    def head(self) -> Head:
        """The newest committed head, its edge included. Raises `NotHeld` if the store holds no ledger."""

    def tile(self, level: int, n: int) -> bytes | None:
        """The 8,192 bytes of a *full* tile, or None. Partial ones are `head().edge`."""

    def bundle(self, n: int) -> bytes | None:
        """The 256 framed entries of a *full* bundle, plain (not compressed), or None."""

    def tails(self, start: int) -> bytes:
        """The framed entries from `start`, a multiple of 256, up to the head: the bundle that is not yet full.

        In order. Empty when that bundle has become full or has no entry.
        """


class Turn(Protocol):
    """The ledger's transaction, from BEGIN to COMMIT: the one exclusive moment. One thread, one use.

    Nothing is seen by others before the commit, and nothing of it remains after an exception. Tables beside the tree
    (requests, subjects, runs, standing, loads) are written through the same transaction by their own ports.
    """

    def head(self) -> Head:
        """The head as locked by this turn: read inside the transaction, never from memory."""

    def put_bundle(self, n: int, body: bytes) -> None:
        """Keep a full bundle and drop the tails that it takes in. Raises `LedgerHalted` if bundle n stands already."""

    def put_tail(self, start: int, body: bytes) -> None:
        """Keep framed entries of which the first is at position `start`; they do not cross a multiple of 256."""

    def put_tile(self, level: int, n: int, body: bytes) -> None:
        """Keep a full tile. Raises `LedgerHalted` if that tile stands already: it is written once."""

    def move_head(self, old: Head, new: Head) -> None:
        """Compare and swap: exactly one row with `old.size` and `old.epoch` becomes `new`.

        Raises `Busy` when it was not exactly one: another writer won; the turn must be left by that exception, memory
        dropped and the head read again.
        """


class Turns(Protocol):
    """Who may write a ledger opens turns on it, one at a time."""

    def turn(self) -> AbstractContextManager[Turn]:
        """Begin; commit when the block ends, roll back when it raises.

        Durable (fsync, or `synchronous_commit=on`) when the block has been left without an exception: only now may
        memory move and an officer be answered. Raises `Busy` for a lock or a full disk (nothing was recorded) and
        `LedgerHalted` when the outcome of the commit is unknown.
        """


class Checkpoints(Protocol):
    """Every checkpoint that was ever sealed. Old ones are evidence: they stay. Safe from several threads."""

    def latest(self) -> Sealed | None:
        """The largest one, or None before the first sealing."""

    def at(self, size: int) -> Sealed | None:
        """The checkpoint of exactly this size."""

    def following(self, size: int, limit: int) -> list[Sealed]:
        """At most `limit` of those larger than this size, rising."""

    def before(self, size: int) -> tuple[int, int]:
        """How many are smaller than this size, and the largest of these; 0 where there is none."""

    def sizes(self) -> tuple[int, ...]:
        """The sizes of all of them, rising."""

    def put(self, size: int, note: bytes) -> None:
        """Keep a signed note; durable when it returns.

        Safe twice: the same size keeps its first note. Raises `LedgerHalted` if the note kept at this size has another
        text (origin, size or root).
        """

    def add(self, size: int, cosigned: bytes) -> None:
        """Replace the cosigned form by one with more lines, all verified by the caller; durable when it returns."""


class Mark(Protocol):
    """What this signer has signed, kept where a restored registry cannot take it back. One process at a time."""

    def read(self, origin: str) -> MarkedHead | None:
        """The mark of this origin, or None: then a ledger that is not empty is not signed."""

    def move(self, old: MarkedHead | None, new: MarkedHead) -> None:
        """Compare and swap, durable when it returns, and that is *before* any signature exists.

        Allowed: a greater size, or the same size with the same root; time never goes back. Anything else, and a mark
        that is not `old`, raises `LedgerHalted` and leaves the mark as it was.
        """
