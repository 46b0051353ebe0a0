'''Rejected rows, written as a CSV file that says why and gives each row back.

    line,column,reason,original
    "12","14","quote not closed","""{0A1B2C3D-…}"",""42000"",…,""SOUTHSHIRE"
    "17","","14 fields; expected 16, or 15 without the status","""{0A1B2C3D-…}"",…"

Every cell is quoted (RFC 4180), each line ends with LF. `original` is the source's own bytes and not text that looks
like them: they may be no UTF-8, and nothing is done to them but that quotes are doubled. A cell that a spreadsheet
would take for a formula gets a leading `'`, and so does an original that begins with one: taking one off always gives
the original. docs/loading.md says how rows are repaired and loaded again.
'''

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from registry.errors import Busy, Misuse
from registry.loading.rows import Reject
from registry.records.text import csv_cell

HEADER: Final = b"line,column,reason,original\n"

_MARKED: Final = (b"=", b"+", b"-", b"@", b"\t", b"\r", b"'")  # as csv_cell marks text, and its mark itself


class Kept(Protocol):
    """Where a load's rejects are kept: a `Rejects`, or one that lies with an officer's process at the door. `path` is
    the file's name as its owner knows it."""

    path: Path

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, at: TracebackType | None
    ) -> None: ...
    def write(self, rejects: Iterable[Reject]) -> int: ...
    def flush(self) -> int: ...
    def truncate(self, length: int) -> None: ...
    def drop(self) -> None: ...


class Rejects:
    """A file of rejects, open for appending; a context manager. One writer at a time.

    The length in bytes that `write` and `flush` return is what a load keeps in each batch's transaction: resumed, it
    calls `truncate` with it, and rejects of a batch that was never committed are gone before they are found again.
    """

    def __init__(self, path: Path) -> None:
        """Open the file where it is, or make it, readable by its owner alone: rejected rows may hold withheld details.

        Nothing is cut off; a new load begins with `truncate(0)`. Raises Misuse where the file cannot be opened.
        """
        self.path = path
        try:
            self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        except OSError as error:
            raise Misuse(f"{path}: the rejects cannot be written there ({error.strerror})") from error
        self._length = self._file.seek(0, os.SEEK_END)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def write(self, rejects: Iterable[Reject]) -> int:
        """Append them, below a header if they are the first. Returns the file's length; nothing is durable yet.

        Raises Busy where the storage takes no more.
        """
        return self.append(csv_lines(rejects))

    def append(self, lines: bytes) -> int:
        """The same, of lines that `csv_lines` made."""
        if lines and not self._length:
            lines = HEADER + lines
        try:
            self._file.write(lines)
        except OSError as error:
            raise self._full(error) from error
        self._length += len(lines)
        return self._length

    def flush(self) -> int:
        """Durable when it returns, the file's name included. Returns the file's length. Raises Busy."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise self._full(error) from error
        return self._length

    def truncate(self, length: int) -> None:
        """Cut the file back to `length` bytes, durably. Raises Misuse where it is shorter: something was taken out."""
        if length > self._length:
            raise Misuse(
                f"{self.path}: {self._length:,} bytes, but this load had written {length:,} when it stopped. "
                "Put the file back as it was and load again"
            )
        try:
            self._file.flush()
            self._file.truncate(length)
            self._file.seek(length)
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._full(error) from error
        self._length = length

    def drop(self) -> None:
        """Take the file away: nothing was rejected. Only once it is closed."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file; safe twice."""
        try:
            self._file.close()
        except OSError as error:
            raise self._full(error) from error

    def _full(self, error: OSError) -> Busy:
        return Busy(f"{self.path}: the rejects cannot be written ({error.strerror}); make room, then load again")


def csv_lines(rejects: Iterable[Reject]) -> bytes:
    """The lines of these rejects, without the header."""
    return b"".join(map(_line, rejects))


def _line(reject: Reject) -> bytes:
    column = "" if reject.column is None else reject.column
    reason = csv_cell(reject.reason).replace('"', '""')
    mark = b"'" if reject.original.startswith(_MARKED) else b""
    original = mark + reject.original.replace(b'"', b'""')
    return b'"%d","%s","%s","%s"\n' % (reject.line, str(column).encode(), reason.encode(), original)
