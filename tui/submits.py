"""Acts on their way: what became of each, so that leaving the workbench in the middle of one never loses its answer.

A thread records the act and notes the outcome here; the screen strikes it out once the clerk has seen it. What is left
when the workbench ends is told in the shell.
"""

from __future__ import annotations

import threading
from itertools import count
from typing import Any

from registry.errors import LedgerHalted, RegistryError, Unsettled
from registry.records.text import safe

UNKNOWN = "unknown: it was on its way when the workbench ended; your draft tells at the next sign-in"


class Submits:
    """Safe from several threads."""

    def __init__(self) -> None:
        self._lock, self._numbers = threading.Lock(), count(1)
        self._open: dict[int, str] = {}

    def begin(self) -> int:
        """An act is on its way; returns its number here."""
        with self._lock:
            number = next(self._numbers)
            self._open[number] = UNKNOWN
            return number

    def came(self, number: int, answer: object) -> None:
        """The desk answered; called in the thread that asked."""
        with self._lock:
            self._open[number] = told(answer)

    def seen(self, number: int) -> None:
        """The clerk was told."""
        with self._lock:
            self._open.pop(number, None)

    def left(self) -> tuple[str, ...]:
        """What the clerk was not told yet, oldest first."""
        with self._lock:
            return tuple(self._open.values())


def told(answer: Any) -> str:
    """An answer in a sentence, where it is not one already: `recorded at 1 412: muniment/…`, or `not recorded: …`."""
    if isinstance(answer, str):
        return safe(answer)
    if isinstance(answer, (LedgerHalted, Unsettled)):
        return f"unknown: {safe(str(answer))}"
    if isinstance(answer, RegistryError):
        return f"not recorded: {safe(str(answer))}"
    if isinstance(answer, tuple):
        return "; ".join(map(told, answer)) or "nothing was recorded"
    position = getattr(answer, "position", None)
    if position is None:
        return "not recorded: a field wants attention"
    return f"recorded at {position:,}: {safe(str(getattr(answer, 'subject', '')))}"
