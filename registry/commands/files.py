"""Files that a command reads or writes. A new file appears whole or not at all, and takes no existing name."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from registry.errors import Busy, Misuse, RegistryError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def open_file(path: Path, what: str, *, empty: bool = True) -> tuple[BinaryIO, int]:
    """The file, open for reading, and its size in bytes. Raises Misuse where it is missing, no file, or empty."""
    try:
        # O_NONBLOCK: opening a pipe would wait for its writer.
        stream = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except OSError as error:
        raise Misuse(f"{what} {path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise Misuse(f"{what} {str(path)!a}: the path holds a NUL") from error
    found = os.fstat(stream.fileno())
    fault = ""
    if not stat.S_ISREG(found.st_mode):
        fault = "not a plain file"
    elif not empty and found.st_size == 0:
        fault = "is empty; there is nothing in it to keep"
    if fault:
        stream.close()
        raise Misuse(f"{what} {path}: {fault}")
    return stream, found.st_size


def read_whole(path: Path, what: str, limit_bytes: int) -> bytes:
    """The bytes of a small file; of a longer one a byte more than the limit, so that its reader says what is wrong."""
    stream, _ = open_file(path, what)
    with stream:
        return stream.read(limit_bytes + 1)


@contextmanager
def new_file(path: Path, *, private: bool = True) -> Iterator[BinaryIO]:
    """Write `path`: under another name beside it first, durable and in its place when the block ends.

    Only its owner can read it, unless it is not `private`: then the umask decides.
    Raises Misuse where something of that name is there, or the folder cannot be written to; Busy where it is full.
    """
    if os.path.lexists(path):
        raise Misuse(f"{path}: is there already, and is not overwritten; choose another name")
    made = None
    try:
        descriptor, made = tempfile.mkstemp(prefix=f".{path.name[:64]}.", dir=path.parent)
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            if not private:
                os.umask(mask := os.umask(0o077))
                os.fchmod(stream.fileno(), 0o666 & ~mask)
        os.link(made, path)
    except OSError as error:
        raise file_fault(error, path) from error
    except ValueError as error:
        raise Misuse(f"{str(path)!a}: the path holds a NUL") from error
    finally:
        if made is not None:
            os.unlink(made)


def file_fault(error: OSError, path: object) -> RegistryError:
    """What a failed call on a file means to whoever typed its name."""
    if error.errno in NO_ROOM:
        return Busy(f"{path}: storage is full; make room and try again")
    if error.errno == errno.EROFS:
        return Busy(f"{path}: read-only here; name a place that can be written to")
    return Misuse(f"{path}: cannot be written ({error.strerror or error}); check the path and your rights on it")


def shown(path: Path) -> str:
    """The path as short as it can be said from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
