"""Garbage is collected while nobody types.

Python walks everything it holds whenever enough was made; in the middle of a key that cost a clerk a tenth of a second,
once in ten records. What was there before the first screen stays for good and is not walked again; of the rest the
young is collected as it comes, and all of it in a pause.
"""

from __future__ import annotations

import gc

YOUNG = 50_000
"""Objects made before the young ones are walked: some 10 ms."""
NEVER = 1_000_000
PAUSE_S = 1.0
"""Nobody typed for so long."""


def begin() -> None:
    """For the program alone, before its first screen; a library that did so would decide for others."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, NEVER, NEVER)


def collect() -> None:
    """All of it, now."""
    gc.collect()
