"""What crosses the door: frames of a length (u32, big endian) and a message in MessagePack, at most 1 MiB.

    00 00 00 20 | 83 a4 type a5 hello a7 version 01 …

One side asks and waits for its answer, so the two never speak at once: hello → welcome, sign in → (sign this → signed)
→ seated, then ask → (sign this | fetch | keep | told, each answered)* → (piece)* → (part)* answer. Whatever fails is
a `Failed`, an error's class name and fields, on either side.

A frame that was begun has to be whole within ten seconds, and so has one that is being sent: who stalls is left.
"""

from __future__ import annotations

import select
import socket
import struct
from contextlib import suppress
from time import monotonic
from typing import Literal, NoReturn, TypeVar

import msgspec

from registry import errors
from registry.errors import Malformed, Misuse, Refused, RegistryError

VERSION = 1
NAME = "door"
MAX_FRAME_BYTES = 1 << 20
PIECE_BYTES = 1 << 19
FRAME_S = 10.0
ANSWER_S = 60.0
"""How long the office waits for its client in the middle of something: a signature, a piece of a file."""

_LENGTH = struct.Struct(">I")
_LONGEST_PATH = 100  # bytes; a Unix socket's address holds 107


class Message(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """One frame."""


# ---- from the client ----


class Hello(Message, frozen=True, tag="hello"):
    """Who knocks speaks this version."""

    version: int


class SignIn(Message, frozen=True, tag="sign-in"):
    """The officer's reference; the challenge follows."""

    officer: str


class Ask(Message, frozen=True, tag="ask"):
    """A verb of the table, with its arguments in MessagePack."""

    verb: str
    arguments: msgspec.Raw


class Signed(Message, frozen=True, tag="signed"):
    """The officer's signature, 64 bytes."""

    signature: bytes


class Fetched(Message, frozen=True, tag="fetched"):
    """Bytes of a file; none at its end."""

    body: bytes


class Length(Message, frozen=True, tag="length"):
    """How long a file is now, in bytes."""

    length: int


class GoOn(Message, frozen=True, tag="go-on"):
    """Whether to stop after this batch."""

    stop: bool


# ---- from the office ----


class Welcome(Message, frozen=True, tag="welcome"):
    """The office speaks this version, for the registry of this origin."""

    version: int
    origin: str


class Seated(Message, frozen=True, tag="seated"):
    """Signed in: the officer's desk is open, for his department."""

    officer: str
    department: str


class SignThis(Message, frozen=True, tag="sign-this"):
    """A challenge or an intent that wants the officer's signature."""

    payload: bytes


class Fetch(Message, frozen=True, tag="fetch"):
    """Wanted: bytes of the file that is being handed in (`path` empty), or of one beside it, from `offset` on."""

    path: str
    offset: int
    size: int


class Keep(Message, frozen=True, tag="keep"):
    """Wanted of the file of rejects: open it, add lines, make it durable, cut it back to `length`,
    or take it away."""

    do: Literal["open", "add", "flush", "cut", "drop"]
    body: bytes = b""
    length: int = 0


class Told(Message, frozen=True, tag="told"):
    """How far a load is, in MessagePack."""

    progress: msgspec.Raw


class Piece(Message, frozen=True, tag="piece"):
    """The next piece of a body that was asked for."""

    body: bytes


class Part(Message, frozen=True, tag="part"):
    """The first bytes of an answer that is longer than a frame."""

    body: bytes


class Answer(Message, frozen=True, tag="answer"):
    """The answer in MessagePack, or the rest of it."""

    body: bytes


class Failed(Message, frozen=True, tag="failed"):
    """An error of the registry, to be raised again as the same class."""

    name: str
    sentence: str
    rule: str = ""
    position: int | None = None


class Closing(Message, frozen=True, tag="closing"):
    """The office closes; nothing was begun."""

    sentence: str


FromClient = Hello | SignIn | Ask | Signed | Fetched | Length | GoOn | Failed
FromOffice = Welcome | Seated | SignThis | Fetch | Keep | Told | Piece | Part | Answer | Failed | Closing
M = TypeVar("M", bound=Message)

_encoder = msgspec.msgpack.Encoder()
_from_client = msgspec.msgpack.Decoder(FromClient)
_from_office = msgspec.msgpack.Decoder(FromOffice)

KINDS: dict[str, type[RegistryError]] = {
    kind.__name__: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RegistryError)
}
"""Every error of the registry by its class name."""


class Gone(Exception):
    """Nobody is on the other side any more, or it does not keep to the time or the form. Never leaves the door."""


def failure(error: RegistryError) -> Failed:
    """The error as it crosses the door."""
    sentence = str(error).encode("utf-8", "replace").decode()[: MAX_FRAME_BYTES // 8]
    if isinstance(error, Refused):
        return Failed(type(error).__name__, sentence, error.rule, error.position)
    return Failed(type(error).__name__, sentence)


def raise_again(failed: Failed) -> NoReturn:
    """The same error, on this side; one of a class that this program does not know is a RegistryError."""
    kind = KINDS.get(failed.name, RegistryError)
    if issubclass(kind, Refused):
        raise kind(failed.sentence, rule=failed.rule, position=failed.position)
    raise kind(failed.sentence)


def pack(value: object, what: str) -> bytes:
    """MessagePack of a value. Raises Misuse for text or a number that cannot be recorded anyway."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError as error:
        raise Misuse(f"{what}: not valid text (a lone surrogate at character {error.start + 1})") from error
    except (OverflowError, msgspec.MsgspecError) as error:
        raise Misuse(f"{what}: cannot be handed over ({error})") from error


def unpack(raw: bytes, kind: type[object], what: str) -> object:
    """The value that MessagePack holds. Raises Malformed."""
    try:
        return msgspec.msgpack.decode(raw, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(f"{what}: not of the expected form ({error})") from error


class Line:
    """A connection, message by message. One thread at a time."""

    def __init__(self, connection: socket.socket, patience_s: float | None = None) -> None:
        """`patience_s`: how long a client waits for an answer; for ever where it is None."""
        self._connection, self._patience_s = connection, patience_s

    def is_open(self) -> bool:
        """Whether it was not left here."""
        return self._connection.fileno() >= 0

    def send(self, message: Message) -> None:
        """Send one frame. Raises Misuse where it would be longer than a frame may be, Gone."""
        body = pack(message, "message")
        if len(body) > MAX_FRAME_BYTES:
            raise Misuse(f"what was given takes {len(body):,} bytes; at most {MAX_FRAME_BYTES:,} go through the door")
        try:
            self._connection.settimeout(FRAME_S)
            self._connection.sendall(_LENGTH.pack(len(body)) + body)
        except OSError as error:
            raise Gone(str(error)) from error

    def heard_by_office(self, wait_s: float | None = ANSWER_S) -> FromClient:
        """The client's next message, begun within `wait_s`. Raises Malformed, Gone."""
        raw = self._frame(wait_s)
        try:
            message: FromClient = _from_client.decode(raw)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise Malformed(f"no message of the door ({error})") from error
        return message

    def heard_by_client(self, wait_s: float | None = None) -> FromOffice:
        """The office's next message. Raises Malformed, Gone."""
        raw = self._frame(self._patience_s if wait_s is None else wait_s)
        try:
            message: FromOffice = _from_office.decode(raw)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise Malformed(f"no message of the door ({error})") from error
        return message

    def waits(self, bell: int, wait_s: float | None = None) -> bool:
        """Wait, however long, until something comes; false where the bell (a descriptor) rings, or the time is up."""
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        poll.register(bell, select.POLLIN)
        found = poll.poll(None if wait_s is None else wait_s * 1_000)
        return bool(found) and all(descriptor != bell for descriptor, _ in found)

    def speaks(self) -> bool:
        """Whether something is there to be heard, an end too. Does not wait."""
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        return bool(poll.poll(0))

    def cut(self) -> None:
        """End what another thread is waiting for: it is Gone."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Leave; safe twice."""
        self._connection.close()

    def _frame(self, wait_s: float | None) -> bytes:
        first = self._some(1, wait_s)
        end = monotonic() + FRAME_S
        (length,) = _LENGTH.unpack(first + self._exactly(_LENGTH.size - 1, end))
        if length > MAX_FRAME_BYTES:
            raise Malformed(f"a frame of {length:,} bytes; at most {MAX_FRAME_BYTES:,} go through the door")
        return self._exactly(length, end)

    def _exactly(self, size: int, end: float) -> bytes:
        parts: list[bytes] = []
        while size:
            left = end - monotonic()
            if left <= 0:
                raise Gone("a frame was begun and not finished in time")
            part = self._some(size, left)
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _some(self, size: int, wait_s: float | None) -> bytes:
        try:
            self._connection.settimeout(wait_s)
            part = self._connection.recv(size)
        except OSError as error:
            raise Gone(str(error)) from error
        if not part:
            raise Gone("closed")
        return part


def peer_line(uid: int) -> bytes:
    """Who sits at the client's end of the socket, as the challenge has it."""
    return f"\nuid {uid}".encode()


def address(folder_descriptor: int, folder: str) -> str:
    """Where the socket of a registry's folder is bound and found; by its descriptor where the path is too long."""
    direct = f"{folder}/{NAME}"
    if len(direct.encode("utf-8", "surrogateescape")) <= _LONGEST_PATH:
        return direct
    return f"/proc/self/fd/{folder_descriptor}/{NAME}"
