"""A load of historical records, as it stands beside the ledger until it is closed."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class LoadState(StrEnum):
    """`OPEN`: running, or interrupted and to be resumed."""

    OPEN = "OPEN"
    FINISHED = "FINISHED"
    STOPPED = "STOPPED"


class Counts(msgspec.Struct, frozen=True):
    """How a source's rows fared: rows = recorded + already + changed + withdrawn + rejected; flagged overlaps."""

    rows: int = 0
    recorded: int = 0
    already: int = 0
    changed: int = 0
    withdrawn: int = 0
    rejected: int = 0
    flagged: int = 0

    def plus(self, other: Counts) -> Counts:
        """The sum, member by member."""
        return Counts(
            *(
                mine + theirs
                for mine, theirs in zip(msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True)
            )
        )


class Load(msgspec.Struct, frozen=True):
    """What resuming needs, moved in the transaction of each batch.

    `position` of its LOAD_OPENED; `next_row` is the first source record not yet taken, from 1; `rejects_bytes` how
    long the rejects file was when the last batch was committed; `edge` the partial tiles of the tree over the rows'
    leaf hashes (`entries` of them), as `Edge.to_bytes`; `first` and `last` positions of its rows.
    """

    position: int
    file_digest: str
    file: str
    dialect: str
    officer: str
    department: str
    state: LoadState = LoadState.OPEN
    next_row: int = 1
    rejects_bytes: int = 0
    counts: Counts = Counts()
    entries: int = 0
    edge: bytes = b""
    first: int | None = None
    last: int | None = None
    opened_at: int = 0
    closed: int | None = None
