"""What the vault asks of the store that keeps its envelopes: ciphertext and wrapped keys, never a plain one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole envelope but for its body. `key` is (wrapped key, commitment), or None once it is shredded."""

    envelope_id: str
    reference: str
    version: int
    size: int
    key: tuple[bytes, bytes] | None
    withheld: bytes | None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of ciphertext, and the SHA-256 it had when it came: the digest only helps to *locate* what changed."""

    body: bytes
    digest: bytes


class EnvelopeStore(Protocol):
    """Keeps envelopes. Every call is one transaction, durable (fsync) when it returns; safe from several threads.

    An envelope exists from `put` on. Chunks added before it belong to nobody: a crash leaves them, `ids` lists them and
    `discard` takes them away. Raises `Busy` (storage full, another writer: nothing of this call was kept) and
    `LedgerHalted` (the outcome is unknown).
    """

    def batch(self) -> AbstractContextManager[None]:
        """Calls inside, of this thread, share transactions of at most 16 MiB; durable when the block is left.

        Other threads' writes wait meanwhile, so a batch is short. An exception leaves none, or only some, of them.
        """

    def add(self, envelope_id: str, first: int, chunks: Sequence[Chunk]) -> None:
        """Keep chunks `first`, `first + 1` … of a body whose envelope is still to be put; at most 16 MiB."""

    def put(self, kept: Kept, first: int, chunks: Sequence[Chunk]) -> None:
        """Keep the envelope, with its last chunks (numbered from `first`), in one transaction. Never replaces one."""

    def get(self, envelope_id: str) -> Kept | None:
        """The envelope; None if there is none, or it was discarded."""

    def chunks(self, envelope_id: str) -> Iterator[Chunk]:
        """The body's chunks in order, read one at a time and up to the first gap; holds no lock between two of them."""

    def shred(self, envelope_id: str) -> None:
        """Overwrite the wrapped key and its commitment, see to it that no byte of them is left in the store's files,
        and remove body and withheld details. Safe twice, and after a crash in the middle.

        Raises `Busy` while a reader keeps an old copy of the bytes alive: the key is destroyed for everyone who asks,
        and the rest is done by calling again.
        """

    def discard(self, envelope_id: str) -> None:
        """Remove an envelope that no entry names, or chunks without an envelope, key included. Safe twice."""

    def ids(self) -> Iterator[str]:
        """Every envelope's id, then those of chunks without one; discarded ones are not among them."""
