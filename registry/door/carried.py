"""A client's files as the office's desk sees them: fetched piece by piece, and told what to keep."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, Self, cast

from registry.door.frames import PIECE_BYTES, Fetch, Fetched, FromClient, Keep, Length, Message
from registry.door.spool import Room, Spool
from registry.door.verbs import Handed
from registry.errors import Malformed
from registry.loading.rejects import csv_lines
from registry.loading.rows import Reject

Request = Callable[[Message], FromClient]
"""Asks the client for something in the middle of a verb, and waits for it."""


class Fetching(io.RawIOBase):
    """A file of the client's, read on from its beginning."""

    def __init__(self, request: Request, path: str) -> None:
        self._request, self._path = request, path
        self._offset, self._left, self._whole = 0, b"", False

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes; all that is left where `size` is -1. b"" at the end."""
        if size < 0:
            return b"".join(iter(lambda: self.read(PIECE_BYTES), b""))
        if not self._left and not self._whole and size:
            self._left = self._fetch()
        chunk, self._left = self._left[:size], self._left[size:]
        return chunk

    def _fetch(self) -> bytes:
        answer = self._request(Fetch(self._path, self._offset, PIECE_BYTES))
        if not isinstance(answer, Fetched) or len(answer.body) > PIECE_BYTES:
            raise Malformed("the client was asked for a piece of a file, and gave something else")
        self._whole = not answer.body
        self._offset += len(answer.body)
        return answer.body


class Carried:
    """The file that a client hands in, and the bodies beside it."""

    def __init__(self, request: Request, handed: Handed, room: Room) -> None:
        if "/" in handed.name or handed.size < 0:
            raise Malformed("no file's name, or no size")
        self.name = handed.name
        self._request, self._handed, self._room = request, handed, room

    def size(self) -> int:
        """Bytes, as the client says."""
        return self._handed.size

    def open(self) -> BinaryIO:
        """Read it from its beginning."""
        return cast(BinaryIO, Fetching(self._request, ""))

    def body(self, path: Path) -> BinaryIO:
        """A file beside it, kept aside: the vault takes it in one go, whatever its client does."""
        return self._kept(Fetching(self._request, str(path)), None)

    def document(self) -> BinaryIO:
        """All of it, kept aside; of one that is longer than was said only a little more, for the vault to refuse."""
        return self._kept(Fetching(self._request, ""), self._handed.size)

    def _kept(self, stream: Fetching, size: int | None) -> BinaryIO:
        spool = Spool(self._room)
        try:
            while chunk := stream.read(PIECE_BYTES):
                spool.write(chunk)
                if size is not None and spool.size >= size:  # its end need not be asked for
                    break
            spool.seek(0)
        except BaseException:
            spool.close()
            raise
        return cast(BinaryIO, spool)


class CarriedRejects:
    """The file of rejects, which the client keeps; see `registry.loading.rejects.Kept`."""

    def __init__(self, request: Request) -> None:
        self.path = Path()
        self._request = request
        self._length = self._do("open")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, at: TracebackType | None
    ) -> None:
        return None

    def write(self, rejects: Iterable[Reject]) -> int:
        """Add them; returns the file's length."""
        lines = csv_lines(rejects)
        for at in range(0, len(lines), PIECE_BYTES):
            self._length = self._do("add", lines[at : at + PIECE_BYTES])
        return self._length

    def flush(self) -> int:
        """Durable when it returns, if the client is honest: what it loses is its own."""
        self._length = self._do("flush")
        return self._length

    def truncate(self, length: int) -> None:
        """Cut it back to so many bytes."""
        self._length = self._do("cut", length=length)

    def drop(self) -> None:
        """Take the file away."""
        self._do("drop")

    def _do(self, do: Literal["open", "add", "flush", "cut", "drop"], body: bytes = b"", length: int = 0) -> int:
        answer = self._request(Keep(do, body, length))
        if not isinstance(answer, Length) or not 0 <= answer.length < 2**53:
            raise Malformed("the client was asked how long its file of rejects is, and gave something else")
        return answer.length
