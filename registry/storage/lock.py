"""Who holds a registry open for writing: one lock file, so that a second writer is told whom to ask."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path

from registry.errors import Busy, Misuse
from registry.storage.durable import file_fault

NAME = "office.lock"


class OfficeLock:
    """An advisory lock that the kernel lets go when the process dies; the file says who has it.

    `left_open`: whoever held it before did not close the office, so there may be something to mend.
    """

    def __init__(self, descriptor: int, *, left_open: bool) -> None:
        self._descriptor: int | None = descriptor
        self.left_open = left_open

    @classmethod
    def take(cls, folder: Path, officer: str) -> OfficeLock:
        """Take it, or raise Busy: naming who has it, or because the storage is full."""
        path = folder / NAME
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Misuse(f"{path}: cannot be opened ({error.strerror}); is this registry read-only?") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(descriptor)
            os.close(descriptor)
            raise Busy(f"{folder}: held open by {holder}; nothing recorded, try again when it is closed") from None
        left_open = os.fstat(descriptor).st_size > 0
        held = {"officer": officer, "pid": os.getpid(), "since": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())}
        line = json.dumps(held).encode()
        try:
            os.pwrite(descriptor, line, 0)  # before it is cut: an empty file says that the office was closed in order
            os.ftruncate(descriptor, len(line))
            os.fsync(descriptor)
        except OSError as error:
            os.close(descriptor)
            raise file_fault(error, path) from error
        return cls(descriptor, left_open=left_open)

    def release(self) -> None:
        """Let it go, nothing being left to mend; safe twice."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
        self.abandon()

    def abandon(self) -> None:
        """Let it go as a crash would: whoever takes it next looks for what is to be mended. Safe twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _holder(descriptor: int) -> str:
    try:
        held = json.loads(os.pread(descriptor, 4_096, 0))
        return f"{held['officer']} (process {held['pid']}, since {held['since']})"
    except (ValueError, KeyError, TypeError):
        return "another process"
