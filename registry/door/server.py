"""The office's side of the door: it listens, gives each connection a thread, and closes in order."""

from __future__ import annotations

import os
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

from registry.door.connection import Connection
from registry.door.frames import NAME, address
from registry.door.spool import Room
from registry.errors import Busy, Misuse
from registry.office import Office

MOST_CONNECTIONS = 128
MOST_DESKS = 16
GRACE_S = 10.0
NO_ROOM_S = 0.1


class Door:
    """The open door of an office. Use as a context manager: leaving it tells every client, and finishes what waits."""

    def __init__(self, office: Office) -> None:
        """Listen at `door` in the registry's folder, mode 0660. Raises Misuse for an office that only reads."""
        if office.sequencer is None:  # who holds the lock may remove what a crash left of another door
            raise Misuse("this office only reads: open it for writing to open its door")
        self.office = office
        self.path = office.settings.registry / NAME
        self._stop = threading.Event()
        self._bell, self._rope = socket.socketpair()
        self.room = Room(office.settings.registry)
        self._lock = threading.Lock()
        self._open: dict[Connection, threading.Thread] = {}
        self._seated: Counter[str] = Counter()
        self._socket = _listen(office.settings.registry)
        self._made = os.stat(self.path)
        self._thread = threading.Thread(target=self._accept, name="door", daemon=True)
        self._thread.start()

    @property
    def stopping(self) -> bool:
        """Whether the door is closing."""
        return self._stop.is_set()

    @property
    def bell(self) -> int:
        """A descriptor that can be read from once the door is closing."""
        return self._bell.fileno()

    def connections(self) -> int:
        """How many clients are connected."""
        with self._lock:
            return len(self._open)

    def close(self) -> None:
        """Let nobody in any more; who is idle is told so and leaves, what was begun is finished first. Safe twice."""
        with self._lock:
            if self._stop.is_set():
                return
            self._stop.set()
            waiting = dict(self._open)
        self._rope.send(b"!")
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        with suppress(FileNotFoundError):
            if os.stat(self.path).st_ino == self._made.st_ino:
                self.path.unlink()
        end = monotonic() + GRACE_S
        for thread in waiting.values():
            thread.join(max(end - monotonic(), 0))
        for connection, thread in waiting.items():
            connection.cut()
            thread.join()
        self._bell.close()
        self._rope.close()

    def __enter__(self) -> Door:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @contextmanager
    def seat(self, officer: str) -> Iterator[None]:
        """One of the officer's desks. Raises Busy where he has too many."""
        with self._lock:
            if self._seated[officer] >= MOST_DESKS:
                raise Busy(f"{officer} has {MOST_DESKS} desks open already: close one, then try again")
            self._seated[officer] += 1
        try:
            yield
        finally:
            with self._lock:
                self._seated[officer] -= 1

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._socket.accept()
            except OSError:  # closed, or out of descriptors for a while
                if self._stop.wait(NO_ROOM_S):
                    return
                continue
            connection = Connection(self, accepted)
            with self._lock:
                full = len(self._open) >= MOST_CONNECTIONS or self.stopping
                if not full:
                    thread = threading.Thread(target=self._serve, args=(connection,), name="desk", daemon=True)
                    self._open[connection] = thread
                    thread.start()
            if full:
                connection.refuse(Busy(f"{MOST_CONNECTIONS} clients are at the door already: try again"))

    def _serve(self, connection: Connection) -> None:
        try:
            connection.serve()
        finally:
            self.office.leave()
            with self._lock:
                self._open.pop(connection, None)


def _listen(folder: Path) -> socket.socket:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with suppress(FileNotFoundError):
            os.unlink(NAME, dir_fd=descriptor)
        before = os.umask(0o117)  # from its first instant nobody else can knock
        try:
            listening.bind(address(descriptor, str(folder)))
        finally:
            os.umask(before)
        listening.listen(MOST_CONNECTIONS)
    except OSError as error:
        listening.close()
        raise Misuse(f"{folder}/{NAME}: the door cannot be opened there ({error.strerror or error})") from error
    finally:
        os.close(descriptor)
    return listening
