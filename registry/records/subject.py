"""Where a subject's history stands: its last entry, kept beside the ledger and derived from it."""

from __future__ import annotations

import msgspec


class Last(msgspec.Struct, frozen=True):
    """The last entry on a subject: position, number in its history, leaf hash (32 bytes), its state or b""."""

    reference: str
    position: int
    number: int
    leaf: bytes
    state: bytes
