"""Exit codes: one table from our errors to what the shell is told, the same for every command.

0  done
1  refused by a rule, not held, or not proven
2  wrong usage or configuration
3  halted, or not known what was recorded: look before anything is tried again
4  nothing (more) was recorded: busy, storage full or interrupted; try again
"""

from __future__ import annotations

from registry.errors import (
    Busy,
    LedgerHalted,
    Misuse,
    NotHeld,
    Refused,
    RegistryError,
    Shredded,
    Unproven,
    Unsettled,
)

DONE, REFUSED, USAGE, HALTED, BUSY = range(5)

MEANINGS: dict[int, str] = {
    DONE: "done",
    REFUSED: "refused by a rule, not held, or not proven",
    USAGE: "wrong usage or configuration",
    HALTED: "halted, or not known what was recorded: look before anything is tried again",
    BUSY: "nothing (more) was recorded: busy, storage full or interrupted; try again",
}

CODES: dict[type[RegistryError], int] = {
    Refused: REFUSED,
    NotHeld: REFUSED,
    Unproven: REFUSED,
    Shredded: REFUSED,
    Misuse: USAGE,
    LedgerHalted: HALTED,
    Unsettled: HALTED,  # or a script would record it twice
    Busy: BUSY,
    RegistryError: HALTED,
}
"""By the nearest class; what is none of the named kinds is a state that we did not foresee."""


def code_of(error: RegistryError) -> int:
    """The exit code of an error: that of its nearest class in the table."""
    return next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)
