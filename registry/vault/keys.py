"""Keys of envelopes: one random 256-bit key each, separated by purpose, committed to, and wrapped under the office's
key.

    key ──HKDF "muniment-vault@v1 body"──────→ the body's chunks
        ──HKDF "muniment-vault@v1 withheld"──→ the withheld details
        ──HKDF "muniment-vault@v1 commit"────→ the commitment, 32 bytes, kept beside the wrapped key

GCM does not commit to its key: a ciphertext can be made that opens under two keys, to two bodies. So an unwrapped key
is compared with its commitment first, before anything is decrypted.

Sources: RFC 5869 (HKDF), RFC 5649 (AES key wrap with padding: no nonce to repeat).
"""

from __future__ import annotations

import hmac
from typing import Literal, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)

from registry.errors import Misuse, Unproven

KEY_BYTES = 32


class KeyKeeper(Protocol):
    """Who holds the office's wrapping key: a file opened by an officer today, a keyring, KMS or HSM behind it later.

    Safe from several threads. `wrap` and `unwrap` are each other's inverse and answer with nothing but bytes.
    """

    def wrap(self, key: bytes) -> bytes:
        """The 32-byte key as it may be stored."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """The key again. Raises `Unproven` if it was not wrapped here, or was changed."""

    def destroy(self) -> None:
        """Forget the wrapping key, for this object's lifetime; safe twice. After it the other two raise `Misuse`."""


class WrappingKey:
    """A wrapping key held in this process's memory; keeps the contract of `KeyKeeper`."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise Misuse(f"a wrapping key has 32 bytes, this one {len(secret)}")
        self._secret: bytes | None = secret

    def wrap(self, key: bytes) -> bytes:
        return aes_key_wrap_with_padding(self._held(), key)

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            key = aes_key_unwrap_with_padding(self._held(), wrapped)
        except InvalidUnwrap as error:
            raise Unproven(
                "the wrapped key does not open: it was changed, or wrapped under another office's key"
            ) from error
        if len(key) != KEY_BYTES:
            raise Unproven(f"the wrapped key holds {len(key)} bytes, expected 32")
        return key

    def destroy(self) -> None:
        self._secret = None

    def _held(self) -> bytes:
        if self._secret is None:
            raise Misuse("the vault is closed: its wrapping key was put away. Open the office again.")
        return self._secret


def derive(key: bytes, purpose: Literal["body", "withheld", "commit"]) -> bytes:
    """The 32-byte key for one purpose."""
    return HKDF(hashes.SHA256(), KEY_BYTES, None, b"muniment-vault@v1 " + purpose.encode()).derive(key)


def check_commitment(key: bytes, commitment: bytes) -> None:
    """Raises `Unproven` unless `commitment` was made for `key`."""
    if not hmac.compare_digest(derive(key, "commit"), commitment):
        raise Unproven("the key does not fit its commitment: key or commitment were changed")
