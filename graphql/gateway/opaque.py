"""Ids and cursors that tell nothing and cannot be made up: sealed with AES-SIV (RFC 5297), the same text each time.

A client can compare ids and hand them back. It cannot count by them, probe with them, or use a cursor of one list on
another: what the seal is for is authenticated with it.
"""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from registry.errors import Misuse

KEY_BYTES = 64
MAX_CHARACTERS = 2_000


class Opaque:
    """Over one key of 64 bytes, the same for the life of the gateway's enrolment, so that ids stay what they are."""

    def __init__(self, key: bytes) -> None:
        self._siv = AESSIV(key)

    def seal(self, use: str, text: str) -> str:
        """The text, sealed for that use, in base64url."""
        return base64.urlsafe_b64encode(self._siv.encrypt(text.encode(), [use.encode()])).rstrip(b"=").decode()

    def open(self, use: str, sealed: str, what: str) -> str:
        """What was sealed for that use. Raises Misuse for anything else, `what` naming it."""
        try:
            if len(sealed) > MAX_CHARACTERS:
                raise ValueError("too long")
            raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
            return self._siv.decrypt(raw, [use.encode()]).decode()
        except (ValueError, binascii.Error, InvalidTag) as error:
            raise Misuse(f"{what} is none that this gateway gave out; take it from an answer, unchanged") from error
