"""Clients that do not keep to the form: raw frames on the socket, and desks that lie."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import msgspec

from registry.desk.desk import challenge_bytes
from registry.door.frames import VERSION
from tests.door.behind import DoorTown

Answer = dict[str, Any]


class Stranger:
    """A connection that says what it is told to say."""

    def __init__(self, town: DoorTown) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(30)
        self.socket.connect(str(town.door.path))
        self._town = town

    def raw(self, body: bytes) -> None:
        """Bytes as they are."""
        self.socket.sendall(body)

    def say(self, **message: Any) -> None:
        """One message, framed."""
        body = msgspec.msgpack.encode(message)
        self.raw(struct.pack(">I", len(body)) + body)

    def hear(self) -> Answer | None:
        """The next message; None where the office has hung up."""
        head = self._exactly(4)
        if head is None:
            return None
        body = self._exactly(struct.unpack(">I", head)[0])
        assert body is not None
        found: Answer = msgspec.msgpack.decode(body)
        return found

    def ask(self, verb: str, **arguments: Any) -> Answer | None:
        """Ask for a verb; the next message."""
        self.say(type="ask", verb=verb, arguments=arguments)
        return self.hear()

    def greet(self) -> Answer:
        """Hello, and what comes back."""
        self.say(type="hello", version=VERSION)
        found = self.hear()
        assert found is not None
        return found

    def sign_in(self, name: str, sign: Callable[[bytes], bytes] | None = None) -> Answer | None:
        """Greet, and sign in as that officer; with another key where one is given."""
        self.greet()
        self.say(type="sign-in", officer=self._town.references[name])
        challenge = self.hear()
        assert challenge is not None
        self.say(type="signed", signature=(sign or self._town.sign(name))(challenge["payload"]))
        return self.hear()

    def _exactly(self, size: int) -> bytes | None:
        body = b""
        while len(body) < size:
            try:
                part = self.socket.recv(size - len(body))
            except ConnectionResetError:
                return None
            if not part:
                return None
            body += part
        return body

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, at: TracebackType | None
    ) -> None:
        self.socket.close()


def prefix(origin: str) -> bytes:
    """What every challenge of that registry begins with."""
    return challenge_bytes(origin, b"")
