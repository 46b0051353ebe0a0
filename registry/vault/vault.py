"""The vault: seal a body and withheld details, open them, check them without a key, shred them.

Rules kept here:
- One random key per envelope, wrapped under the office's key; the plain key is never stored and never leaves this room.
- A body is streamed: memory stays at two transactions' worth, whatever its size. Only whole envelopes exist.
- The envelope's id is new for each sealing, so that a body left by a crash can never pass for another.
- Opening releases nothing whose tag was not checked; checking needs no key, as the entry names digests of *ciphertext*.

Left to others: which envelopes an entry names (the ledger), who may open them (the desk), when to sweep (the office).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from typing import BinaryIO

from msgspec import UNSET

from registry.errors import LedgerHalted, Misuse, NotHeld, RegistryError, Shredded
from registry.records.encoding import digest64, to_base64
from registry.records.envelope import Sealed
from registry.vault.envelope import (
    NONCE_BYTES,
    PREFIX_BYTES,
    Owner,
    chunk_count,
    open_blob,
    open_body,
    seal_blob,
    seal_body,
    sealed_size,
)
from registry.vault.keys import KEY_BYTES, KeyKeeper, check_commitment, derive
from registry.vault.ports import Chunk, EnvelopeStore, Kept

PART_CHUNKS = 255  # of 65,552 bytes: a transaction stays under 16 MiB, and a lodging clerk waits for one at most
MAX_WITHHELD_BYTES = 4 * 1024 * 1024  # held in memory; more is a body


class Vault:
    """Envelopes over a store. Without `keys` it checks, lists and shreds, but neither seals nor opens.

    `milestone` is told the name of each durable step once it is done.
    """

    def __init__(
        self, store: EnvelopeStore, keys: KeyKeeper | None, milestone: Callable[[str], None] = lambda name: None
    ) -> None:
        self._store = store
        self._keys = keys
        self._milestone = milestone
        self.unclaimed: set[str] = set()
        """Ids of envelopes sealed here that no recorded act has been seen to name: they may have to be swept."""

    def seal(
        self, reference: str, version: int, *, body: BinaryIO | None = None, size: int = 0, withheld: bytes = b""
    ) -> Sealed:
        """Seal a body of exactly `size` bytes and withheld details (either may be absent); durable when it returns.

        Inside `batch` durable when the batch is left. Raises `Misuse` for an empty body, one whose length is not
        `size`, or a source that fails (nothing is left behind), `Busy` for full storage, `LedgerHalted`.
        """
        keys = self._keeper()
        owner = Owner(os.urandom(16).hex(), reference, version)
        if "\n" in reference:
            raise Misuse(f"{reference!a} is not a reference: it holds a line feed")
        if len(withheld) > MAX_WITHHELD_BYTES:
            raise Misuse(
                f"{owner}: {len(withheld):,} bytes of withheld details, at most {MAX_WITHHELD_BYTES:,}. Seal a body."
            )
        key = os.urandom(KEY_BYTES)
        pair = (keys.wrap(key), derive(key, "commit"))
        blob = seal_blob(derive(key, "withheld"), owner, os.urandom(NONCE_BYTES), withheld) if withheld else None
        digest = hashlib.sha256()
        part: list[Chunk] = []
        first = 0
        try:
            if body is not None:
                for sealed in seal_body(derive(key, "body"), owner, os.urandom(PREFIX_BYTES), body, size):
                    digest.update(sealed)
                    part.append(Chunk(sealed, hashlib.sha256(sealed).digest()))
                    if len(part) == PART_CHUNKS:
                        self._store.add(owner.envelope_id, first, part)
                        self._milestone("body part kept")
                        first += len(part)
                        part = []
            stored_bytes = sealed_size(size) if body is not None else 0
            self._store.put(Kept(owner.envelope_id, reference, version, stored_bytes, pair, blob), first, part)
            self.unclaimed.add(owner.envelope_id)
            self._milestone("body sealed")
        except BaseException:
            if first:
                with suppress(RegistryError):  # what cannot be removed now is swept when the office opens
                    self._store.discard(owner.envelope_id)
            raise
        return Sealed(
            body=to_base64(digest.digest()) if body is not None else UNSET,
            id=owner.envelope_id,
            key=digest64(b"".join(pair)),
            size=stored_bytes,
            withheld=digest64(blob) if blob is not None else UNSET,
        )

    def batch(self) -> AbstractContextManager[None]:
        """Many small seals of this thread in shared transactions; durable when the block is left. Keep it under 200
        ms.
        """
        return self._store.batch()

    def open(self, envelope_id: str, sink: BinaryIO) -> None:
        """Write the body into `sink`, chunk by chunk, each after its tag was checked.

        Raises `NotHeld` (no such envelope, or none with a body), `Shredded`, or `Unproven` where stored bytes were
        changed: what was written by then is genuine but incomplete, so write to a temporary file and keep it only on
        return.
        """
        kept, owner, key = self._opened(envelope_id)
        if not kept.size:
            raise NotHeld(f"{owner} has no body")
        stored = (chunk.body for chunk in self._store.chunks(envelope_id))
        for plain in open_body(derive(key, "body"), owner, kept.size, stored):
            sink.write(plain)

    def withheld(self, envelope_id: str) -> bytes:
        """The withheld details, b"" without any. Raises `NotHeld`, `Shredded`, `Unproven`."""
        kept, owner, key = self._opened(envelope_id)
        return b"" if kept.withheld is None else open_blob(derive(key, "withheld"), owner, kept.withheld)

    def shred(self, envelope_id: str) -> None:
        """Destroy the envelope's key in the store and its files, then remove what it locked. Needs no key; safe twice.

        Raises `NotHeld`, and `Busy` while a reader keeps old bytes alive: nobody can open it any more, but call again.
        """
        if self._store.get(envelope_id) is None:
            raise NotHeld(f"no envelope {envelope_id[:40]!a} in the vault")
        self._store.shred(envelope_id)

    def check(self, sealed: Sealed, reference: str, version: int) -> list[str]:
        """What in the store does not fit the entry's `sealed`, in words; empty when all fits. Needs no key.

        `missing` and `shredded` stand alone (whether it was right to shred, only the ledger knows). Else any of
        `reference`, `version`, `wrapped key`, `withheld details`, `size`, `body chunk 3 of 5`, and `body` where the
        changed chunk cannot be told.
        """
        try:
            return self._faults(sealed, reference, version)
        except LedgerHalted as error:  # damage to the store's own structure is a fault of this envelope, like any other
            return [f"unreadable ({error})"]

    def ids(self) -> Iterator[str]:
        """Ids of all envelopes, and of bodies left by an interrupted sealing. One being sealed just now is among
        them.
        """
        return self._store.ids()

    def discard(self, envelope_id: str) -> None:
        """Take away an envelope that no entry names. Safe twice; never for one that a recorded act names: that is
        `shred`.
        """
        self._store.discard(envelope_id)
        self.unclaimed.discard(envelope_id)

    def _faults(self, sealed: Sealed, reference: str, version: int) -> list[str]:
        kept = self._store.get(sealed.id)
        if kept is None:
            return ["missing"]
        if kept.key is None:
            return ["shredded"]
        faults = []
        if kept.reference != reference:
            faults.append("reference")
        if kept.version != version:
            faults.append("version")
        if digest64(b"".join(kept.key)) != sealed.key:
            faults.append("wrapped key")
        if (digest64(kept.withheld) if kept.withheld is not None else UNSET) != sealed.withheld:
            faults.append("withheld details")
        if kept.size != sealed.size:
            faults.append("size")
        return faults + self._check_body(sealed)

    def _check_body(self, sealed: Sealed) -> list[str]:
        total = chunk_count(sealed.size) if sealed.size else 0
        digest = hashlib.sha256()
        changed = []
        number = 0
        for number, chunk in enumerate(self._store.chunks(sealed.id), 1):
            digest.update(chunk.body)
            if hashlib.sha256(chunk.body).digest() != chunk.digest:
                changed.append(f"body chunk {number} of {total}")
        if number < total:
            return [*changed, f"body chunk {number + 1} of {total}"]
        found = to_base64(digest.digest()) if number else UNSET
        return changed if changed or found == sealed.body else ["body"]

    def _opened(self, envelope_id: str) -> tuple[Kept, Owner, bytes]:
        """The envelope and its key, the commitment compared before anything is decrypted."""
        kept = self._store.get(envelope_id)
        if kept is None:
            raise NotHeld(f"no envelope {envelope_id[:40]!a} in the vault")
        owner = Owner(envelope_id, kept.reference, kept.version)
        if kept.key is None:
            raise Shredded(f"{owner}: its key was destroyed. Nobody can read it any more; its proofs still hold.")
        wrapped, commitment = kept.key
        key = self._keeper().unwrap(wrapped)
        check_commitment(key, commitment)
        return kept, owner, key

    def _keeper(self) -> KeyKeeper:
        if self._keys is None:
            raise Misuse("the vault is open for checking only: bodies need an officer who may open the office")
        return self._keys
