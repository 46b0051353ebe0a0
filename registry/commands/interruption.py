"""Ctrl-C and SIGTERM while something is being recorded: what was begun is finished and told, never broken off.

An officer who is told nothing does not know whether his act stands in the ledger; so an act is finished and shown, and
a load stops after the batch that it is in.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from registry.commands.output import note

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Whether somebody asked to stop."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self) -> bool:
        return self.asked

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if not self.asked:
            self.asked = True
            note("Stopping; what was begun is finished first.")


@contextmanager
def finishing() -> Iterator[Interruption]:
    """Hold the signals back until the block ends. Only in the main thread."""
    interruption = Interruption()
    before = {number: signal.signal(number, interruption._ask) for number in SIGNALS}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
