"""Small private files: written whole or not at all, still there after a power cut, and read only if nobody else could.

A file is made under another name in the same folder, synced, renamed, and the folder synced: whoever reads sees the old
bytes or the new ones. Modes are 0600; a file that others may read or write, or that is another's, is refused.

Source: the like of FiloSottile/sunlight `internal/durable/path.go`.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path

from registry.errors import Busy, Misuse, RegistryError

STORAGE_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_file(path: Path, content: bytes, *, replace: bool) -> None:
    """Make `path` hold `content`, mode 0600; durable when it returns. `replace=False` refuses an existing file.

    Raises `Busy` (storage full or read-only) and `Misuse`; then the old file is untouched.
    """
    made = ""
    try:
        handle, made = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(made, path)
        else:
            os.link(made, path)  # unlike a rename this never takes an existing name
            os.unlink(made)
        sync_folder(path.parent)
    except OSError as error:
        if made and os.path.exists(made):
            os.unlink(made)
        raise file_fault(error, path) from error


def sync_folder(folder: Path) -> None:
    """Names made or removed in `folder` survive a power cut from here on. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_file(path: Path, limit_bytes: int, *, private: bool = True) -> bytes:
    """The whole file. Raises `Misuse` if it is missing, no plain file, too large, or (`private`) open to others."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise Misuse(f"{path}: not a plain file")
            if private:
                check_private(path, found)
            content = file.read(limit_bytes + 1)
    except OSError as error:
        raise file_fault(error, path) from error
    if len(content) > limit_bytes:
        raise Misuse(f"{path}: more than the {limit_bytes:,} bytes that such a file may have")
    return content


def check_private(path: Path, found: os.stat_result) -> None:
    """`Misuse` unless the file or folder is ours and nobody else may read or write it."""
    if found.st_uid != os.geteuid():
        raise Misuse(
            f"{path}: belongs to another user (uid {found.st_uid}, you are {os.geteuid()}). Keep your own copy."
        )
    if found.st_mode & 0o077:
        wanted = "700" if stat.S_ISDIR(found.st_mode) else "600"
        raise Misuse(
            f"{path}: others can get at it (mode {stat.S_IMODE(found.st_mode):04o}). Run: chmod {wanted} {path}"
        )


def file_fault(error: OSError, path: Path) -> RegistryError:
    """What a failed call on a small file means."""
    if error.errno in STORAGE_FULL:
        return Busy(f"{path}: storage is full, nothing recorded. Make room and try again.")
    if error.errno == errno.EROFS:
        return Busy(f"{path}: read-only here, nothing recorded. Make it writable and try again.")
    if error.errno == errno.EEXIST:
        return Misuse(f"{path}: is there already, and is not overwritten. Choose another name, or remove it yourself.")
    if error.errno == errno.ENOENT:
        return Misuse(f"{path}: not there. Check the name and the folder.")
    return Misuse(f"{path}: {error.strerror}. Check the path and your rights on it.")
