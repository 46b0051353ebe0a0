"""What an entry says of its envelope in the vault: enough to check the stored ciphertext without any key.

    {"body":"<base64>","id":"<32 hex>","key":"<base64>","size":66093,"withheld":"<base64>"}

All digests are base64 of a SHA-256 over *ciphertext*: audits and mirrors need no key, and a digest tells nothing about
the content.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

Digest = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\Z")]
"""Canonical base64 of 32 bytes."""

EnvelopeId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
"""16 random bytes in hex, new for each sealing, so that a body without an entry can never stand in for one that has."""


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One envelope, as the entry names it.

    `body`: digest of the body's ciphertext, absent without a body. `key`: digest of wrapped key ‖ commitment; it stays
    when the key is shredded. `size`: bytes of the body's ciphertext, 0 without one. `withheld`: digest of the sealed
    disclosures, absent without any.
    """

    body: Digest | UnsetType = UNSET
    id: EnvelopeId
    key: Digest
    size: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)] = 0
    withheld: Digest | UnsetType = UNSET
