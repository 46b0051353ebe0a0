"""How a body becomes ciphertext and comes back: the STREAM construction over AES-256-GCM, in chunks of 64 KiB.

    ciphertext  = prefix (7 random bytes) ‖ chunk 0 ‖ chunk 1 ‖ … ‖ last chunk
    chunk i     = AES-256-GCM(key, nonce, 65,536 bytes of the body or fewer in the last) with its 16-byte tag
    nonce       = prefix ‖ i as 4 bytes, big-endian ‖ 01 for the last chunk, else 00
    associated  = "muniment-body@v1⏎" ‖ envelope id ‖ ⏎ ‖ reference ‖ ⏎ ‖ version ‖ ⏎ ‖ number of chunks ‖ ⏎

A cut, longer, reordered or swapped body fails at its first wrong chunk, because place, number of chunks and owner are
authenticated with each. Nothing is released before its own tag was checked. A body of 70,000 bytes is 70,039 here.

Source: Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance"
(CRYPTO 2015), section 7; C2SP `chunked-encryption.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from registry.errors import Misuse, Unproven

CHUNK_BYTES = 65_536
TAG_BYTES = 16
PREFIX_BYTES = 7
NONCE_BYTES = 12
MAX_BODY_BYTES = 2**32 * CHUNK_BYTES  # the counter has 4 bytes


@dataclass(frozen=True, slots=True)
class Owner:
    """What an envelope is bound to: its own id, and the reference and version whose body it holds."""

    envelope_id: str
    reference: str
    version: int

    def associated(self, suite: str, chunks: int) -> bytes:
        """The bytes authenticated with each ciphertext. A reference holds no line feed, so they read back one way
        only.
        """
        return f"{suite}\n{self.envelope_id}\n{self.reference}\n{self.version}\n{chunks}\n".encode()

    def __str__(self) -> str:
        return f"{self.reference} version {self.version}"


def sealed_size(body_bytes: int) -> int:
    """Bytes of ciphertext of a body of `body_bytes`, at least 1."""
    return PREFIX_BYTES + body_bytes + TAG_BYTES * -(-body_bytes // CHUNK_BYTES)


def chunk_count(ciphertext_bytes: int) -> int:
    """Chunks in a ciphertext of that size; what `sealed_size` never gives comes out as some number and fails its
    tags.
    """
    return -(-(ciphertext_bytes - PREFIX_BYTES) // (CHUNK_BYTES + TAG_BYTES))


def seal_body(key: bytes, owner: Owner, prefix: bytes, source: BinaryIO, size: int) -> Iterator[bytes]:
    """The chunks of the ciphertext in order, the prefix at the head of the first. Reads `source` once, a chunk at a
    time.

    Raises `Misuse` if `source` cannot be read or does not hold exactly `size` bytes; what was yielded before is
    worthless.
    """
    if not 0 < size <= MAX_BODY_BYTES:
        raise Misuse(
            f"{owner}: a body has 1 byte to 256 TiB, this one {size:,} bytes. Choose a file that holds something."
        )
    chunks = -(-size // CHUNK_BYTES)
    associated = owner.associated("muniment-body@v1", chunks)
    cipher = AESGCM(key)
    left = size
    for number in range(chunks):
        plain = _read(source, min(CHUNK_BYTES, left), owner)
        left -= len(plain)
        if len(plain) < CHUNK_BYTES and left:
            raise Misuse(
                f"{owner}: the body was cut short: {size - left:,} of {size:,} bytes came. Nothing was recorded."
            )
        sealed = cipher.encrypt(_nonce(prefix, number, chunks), plain, associated)
        yield prefix + sealed if number == 0 else sealed
    if _read(source, 1, owner):
        raise Misuse(f"{owner}: the body is longer than the {size:,} bytes announced. Nothing was recorded.")


def open_body(key: bytes, owner: Owner, ciphertext_bytes: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The body's plaintext, chunk by chunk, each only after its tag was checked. Raises `Unproven` at the first that
    fails.

    Complete only when the iterator ends without an exception: until then the end may have been cut off.
    """
    expected = chunk_count(ciphertext_bytes)
    associated = owner.associated("muniment-body@v1", expected)
    cipher = AESGCM(key)
    prefix = b""
    number = 0
    for number, sealed in enumerate(chunks, 1):
        if number == 1:
            prefix, sealed = sealed[:PREFIX_BYTES], sealed[PREFIX_BYTES:]
        if number > expected or len(prefix) < PREFIX_BYTES or len(sealed) <= TAG_BYTES:
            raise Unproven(
                f"{owner}: body chunk {number} of {expected} does not belong there. The stored body was changed."
            )
        try:
            plain = cipher.decrypt(_nonce(prefix, number - 1, expected), sealed, associated)
        except InvalidTag as error:
            raise Unproven(
                f"{owner}: body chunk {number} of {expected} does not open: it was changed. Restore it from a copy."
            ) from error
        yield plain
    if number != expected or expected == 0:
        raise Unproven(f"{owner}: the stored body ends after chunk {number} of {expected}. Restore it from a copy.")


def seal_blob(key: bytes, owner: Owner, nonce: bytes, plain: bytes) -> bytes:
    """`nonce` (12 random bytes) ‖ AES-256-GCM of the withheld details; associated as a body's, suite
    `muniment-withheld@v1`.
    """
    return nonce + AESGCM(key).encrypt(nonce, plain, owner.associated("muniment-withheld@v1", 1))


def open_blob(key: bytes, owner: Owner, sealed: bytes) -> bytes:
    """The withheld details. Raises `Unproven`."""
    try:
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        return AESGCM(key).decrypt(nonce, rest, owner.associated("muniment-withheld@v1", 1))
    except (InvalidTag, ValueError) as error:  # ValueError: shorter than nonce and tag
        raise Unproven(
            f"{owner}: the withheld details do not open. They were changed; restore them from a copy."
        ) from error


def _nonce(prefix: bytes, number: int, chunks: int) -> bytes:
    return prefix + number.to_bytes(4, "big") + (b"\1" if number == chunks - 1 else b"\0")


def _read(source: BinaryIO, wanted: int, owner: Owner) -> bytes:
    """Exactly `wanted` bytes, or all that are left: a pipe may give fewer at a time."""
    parts = []
    try:
        while wanted and (part := source.read(wanted)):
            parts.append(part)
            wanted -= len(part)
    except OSError as error:
        raise Misuse(f"{owner}: the body cannot be read ({error.strerror}). Nothing was recorded.") from error
    return parts[0] if len(parts) == 1 else b"".join(parts)
