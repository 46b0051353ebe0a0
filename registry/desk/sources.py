"""Where a load's bytes come from: files of this machine, or of an officer's process at the door."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO, Protocol

from registry.errors import Misuse
from registry.records.encoding import to_base64

READ_BYTES = 1 << 20


class Source(Protocol):
    """A file to be loaded; `name` without its folder."""

    name: str

    def size(self) -> int: ...
    def open(self) -> BinaryIO: ...
    def body(self, path: Path) -> BinaryIO: ...


class FileSource:
    """A file of this machine, with the bodies that lie beside it."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path, self._folder = path, path.parent

    def size(self) -> int:
        """Bytes."""
        return self._path.stat().st_size

    def open(self) -> BinaryIO:
        """Open for reading. Raises Misuse."""
        try:
            return self._path.open("rb")
        except OSError as error:
            raise Misuse(f"{self._path}: cannot be read ({error.strerror})") from error

    def body(self, path: Path) -> BinaryIO:
        """A file of the source's folder, open for reading. Raises Misuse for one outside of it, missing or empty."""
        folder = self._folder.resolve()
        found = (folder / path).resolve()
        if not found.is_relative_to(folder):
            raise Misuse(f"body {str(path)!a}: lies outside of the file's folder, by a link")
        if not found.is_file():
            raise Misuse(f"body {str(path)!a}: no such file beside the file that was loaded")
        if found.stat().st_size == 0:
            raise Misuse(f"body {str(path)!a}: is empty; leave 'body' out where there is none")
        return found.open("rb")

    def rejects(self) -> Path:
        """Where its rejects go if nothing else is said."""
        return self._path.with_name(f"{self.name}.rejects.csv")


def source_digest(source: Source) -> str:
    """Base64 SHA-256 of the source, read in pieces."""
    sha = hashlib.sha256()
    with source.open() as stream:
        while chunk := stream.read(READ_BYTES):
            sha.update(chunk)
    return to_base64(sha.digest())


def measure(body: BinaryIO) -> tuple[str, int]:
    """(base64 SHA-256, bytes) of a body; the stream stands at its beginning again."""
    sha = hashlib.sha256()
    while chunk := body.read(READ_BYTES):
        sha.update(chunk)
    size = body.seek(0, os.SEEK_END)
    body.seek(0)
    return to_base64(sha.digest()), size
