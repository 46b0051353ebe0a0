"""The port of the office's audit: the ledger's store as it lies there, right or wrong, all of one moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from registry.ledger.audit.evidence import Evidence, Notes
from registry.records.standing import StandingRow
from registry.records.subject import Last


class Tables(Evidence, Notes, Protocol):
    """Tree, checkpoints and what is kept beside them. Nothing is changed; what cannot be read raises `LedgerHalted`."""

    def snapshot(self) -> AbstractContextManager[None]:
        """All that is read inside is of one moment, while others go on writing."""

    def damage(self) -> Sequence[str]:
        """What the engine finds wrong with its own file, in words."""

    def tail_rows(self) -> Sequence[tuple[int, bytes]]:
        """(start, body) of every tail row, by start."""

    def request_rows(self) -> Iterator[tuple[str, int, bytes]]:
        """(key, position, digest of the intent) of every request row, by position."""

    def subject_rows(self) -> Iterator[tuple[int, Last]]:
        """(digest of the reference, last entry) of every subject row, by position."""

    def run_rows(self) -> Iterator[tuple[int, int, bytes]]:
        """(first, count, body) of every run, by first."""

    def standing_rows(self) -> Sequence[StandingRow]:
        """Every row of the standing."""

    def load_rows(self) -> Sequence[tuple[int, str, str, bytes]]:
        """(position, file digest, state, body) of every load row, by position."""
