"""What waits for a turn, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from msgspec import UNSET, UnsetType

from registry.records.acts import Intent, Kind
from registry.records.envelope import Sealed


@dataclass(frozen=True, slots=True)
class Proposal:
    """An act before its turn: the intent, the officer who signed it, his signature (64 bytes).

    `concerning` is the subject read, for a reading (whose own subject is the department), and `fields` what was read of
    it; `sealed` and `sd` are where a reading's withheld officer and signature lie.
    """

    intent: Intent
    officer: str
    signature: bytes
    concerning: str | None = None
    fields: str = ""
    sealed: Sealed | UnsetType = UNSET
    sd: tuple[str, ...] | UnsetType = UNSET


class Recorded(msgspec.Struct, frozen=True):
    """The answer: durable at `position`, as act `number` on `subject`. `rule` is worth showing where it is not
    empty."""

    position: int
    subject: str
    number: int
    at: int
    kind: Kind
    rule: str = ""
