"""Who asks, and through which desk. Made once a request, by whoever has checked the credentials; frozen from then on.

`Caller` is all that a resolver knows of the request. The desk decides what may be seen; nothing here does.
"""

from __future__ import annotations

from dataclasses import dataclass

from registry.desk.desk import PublicDesk


@dataclass(frozen=True, slots=True)
class Caller:
    """`desk` is the department's own (a `Desk`), or the public's. `department` is its code, None for the public;
    `purpose` what the token says it reads for, "" where it says nothing (then nothing withheld is read)."""

    department: str | None
    purpose: str
    desk: PublicDesk
