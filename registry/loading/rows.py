"""What a reader hands to the loader: rows that may be recorded, and rejects that say why not.

Lines count from 1 as a text editor counts them; columns are *fields* of the line, from 1, as a spreadsheet counts
them. The structs are msgspec's because a load makes one a row: a frozen dataclass costs six times as much.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final, Literal

import msgspec

from registry.records.sale import SaleFacts

Op = Literal["A", "C", "D"]
OPS: Final[tuple[Op, ...]] = ("A", "C", "D")  # added, changed, deleted: the operation that the file asks for


class SourceRow(msgspec.Struct, frozen=True, gc=False):
    """One good row of Price Paid Data. `source_id` is the publisher's UUID, UPPER CASE, no braces: the identity."""

    line: int
    source_id: str
    op: Op
    facts: SaleFacts


class MunimentRow(msgspec.Struct, frozen=True):
    """One good line of our own format. `source_id` is the muniment's uuid4, lower case, canonical.

    `details` and `withheld` are in the order of the file; `body` is relative to the folder of the file that was read
    and cannot leave it by its text (whoever opens it has to refuse symbolic links that lead out); `occurred_at` is
    `YYYY-MM-DD` or None.
    """

    line: int
    source_id: str
    op: Op
    kind: str
    visibility: str
    details: dict[str, str | int]
    withheld: dict[str, str]
    body: PurePosixPath | None
    occurred_at: str | None


class Reject(msgspec.Struct, frozen=True, gc=False):
    """A row that cannot be recorded. `original` is the source's bytes of that row, exactly, without the line end.

    `str()` is the sentence for the clerk: "line 7, column 3: not valid UTF-8 (byte 0xC3)".
    """

    line: int
    column: int | None
    reason: str
    original: bytes

    def __str__(self) -> str:
        place = f"line {self.line}" if self.column is None else f"line {self.line}, column {self.column}"
        return f"{place}: {self.reason}"
