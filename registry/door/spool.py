"""Bodies on their way through the door, kept aside so that a slow client holds up nobody and memory stays small.

A body may be a secret that the vault seals and an erasure destroys, so it never lies on the disk in clear: each spool
is a file without a name, encrypted (AES-256-CTR) under a key that is in memory only and dies with it. It is read again
by nobody but the thread that wrote it, so nothing vouches for its bytes but the digest that the desk takes anyway.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from registry.errors import Busy, Misuse

KEY_BYTES, NONCE_BYTES = 32, 16
RESERVED_BYTES = 1 << 22
MOST_BYTES = 16 << 30
"""What all spools of an office may hold at once."""
MOST_A_BODY = 8 << 30
LEFT_FREE = 256 << 20
"""What they leave of the disk, on which the ledger lies too."""


class Room:
    """How much room the spools of one office may take, and how much they do."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.folder, self._most = folder, most_bytes
        self._taken, self._lock = 0, threading.Lock()

    def take(self, size: int) -> None:
        """Set room aside. Raises Busy where there is none."""
        with self._lock:
            if self._taken + size > self._most:
                raise Busy(
                    f"{size:,} bytes more than the office can keep aside just now ({self._most - self._taken:,}): "
                    "nothing recorded, try again"
                )
            if shutil.disk_usage(self.folder).free < size + LEFT_FREE:
                raise Busy(f"{self.folder}: storage is nearly full: nothing recorded; make room, then try again")
            self._taken += size

    def give_back(self, size: int) -> None:
        """Let it go."""
        with self._lock:
            self._taken -= size


class Spool(io.RawIOBase):
    """A body kept aside: written once, then read from its beginning, as often as wanted. Gone when it is closed."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._key, self._nonce = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
        self._reserved = self.size = 0
        self._file = tempfile.TemporaryFile(dir=room.folder)  # noqa: SIM115  # closed by `close`
        self._writing = self._cipher()
        self._reading: CipherContext | None = None

    def write(self, body: object) -> int:
        """Add bytes. Raises Busy where there is no room, Misuse beyond what one body may take."""
        assert isinstance(body, (bytes, bytearray, memoryview))
        raw = bytes(body)
        if self.size + len(raw) > MOST_A_BODY:
            raise Misuse(
                f"more than {MOST_A_BODY:,} bytes of a body do not go through the door: open the office in-line"
            )
        if self.size + len(raw) > self._reserved:
            more = max(len(raw), RESERVED_BYTES)
            self._room.take(more)
            self._reserved += more
        try:
            self._file.write(self._writing.update(raw))
        except OSError as error:
            raise Busy(f"no room to keep a body aside ({error.strerror}): nothing recorded, try again") from error
        self.size += len(raw)
        return len(raw)

    def read(self, size: int = -1) -> bytes:
        """The next bytes, from the beginning."""
        if self._reading is None:
            self.seek(0)
        assert self._reading is not None
        return self._reading.update(self._file.read(size))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """To the beginning, or to the end to be told the size."""
        assert offset == 0
        if whence == os.SEEK_END:
            return self.size
        try:
            self._file.seek(0)  # writes what is still in memory
        except OSError as error:
            raise Busy(f"no room to keep a body aside ({error.strerror}): nothing recorded, try again") from error
        self._reading = self._cipher()
        return 0

    def tell(self) -> int:
        """How much there is."""
        return self.size

    def close(self) -> None:
        """Let it go; safe twice."""
        if not self.closed:
            self._file.close()
            self._room.give_back(self._reserved)
        super().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def _cipher(self) -> CipherContext:
        return Cipher(AES(self._key), CTR(self._nonce)).encryptor()
