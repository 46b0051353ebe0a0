"""One verb on its way, in the officer's process: what the office asks for meanwhile is answered here, or refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec

from registry.desk.loads import LoadProgress, LoadReport
from registry.desk.session import Sign
from registry.desk.sources import Source
from registry.door.frames import (
    Fetch,
    Fetched,
    FromOffice,
    GoOn,
    Keep,
    Length,
    Message,
    Part,
    Piece,
    Signed,
    SignThis,
    Told,
    unpack,
)
from registry.door.verbs import DoorVerb
from registry.errors import Malformed, Misuse
from registry.loading.rejects import Rejects
from registry.records.encoding import to_base64

READ_BYTES = 1 << 20
MOST_ANSWER_BYTES = 1 << 28


@dataclass(slots=True)
class Going:
    """What a verb in progress may be asked for: a file, the bodies beside it, a file of rejects; where pieces go."""

    source: BinaryIO | None = None
    beside: Source | None = None
    sink: BinaryIO | None = None
    rejects: Path | None = None
    told: Callable[[LoadProgress], None] | None = None
    stopped: Callable[[], bool] | None = None


class Errand:
    """One verb on its way: what the office asks for meanwhile is answered here."""

    def __init__(self, sign: Sign, verb: DoorVerb, asked: Mapping[str, Any], going: Going, held: ExitStack) -> None:
        self._sign, self._verb, self._asked, self._going, self._held = sign, verb, asked, going, held
        self._parts: list[bytes] = []
        self._sent = hashlib.sha256()
        self._rejects: Rejects | None = None
        self._body: tuple[str, BinaryIO] | None = None

    def reply(self, message: FromOffice) -> Message:
        """The answer to what the office asks for. Raises what stands in its way."""
        match message:
            case SignThis(payload):
                self._check_unchanged()
                return Signed(self._sign(payload))
            case Fetch(path, offset, size):
                return self._fetched(path, offset, size)
            case Keep():
                return Length(self._kept(message))
            case Told(progress) if self._going.told is not None:
                self._going.told(cast(LoadProgress, unpack(bytes(progress), LoadProgress, "progress")))
                return GoOn(self._going.stopped is not None and self._going.stopped())
            case Piece(body) if self._going.sink is not None:
                self._going.sink.write(body)
                return message
            case Part(body):
                self._parts.append(body)
                if sum(map(len, self._parts)) > MOST_ANSWER_BYTES:
                    raise Malformed("the office answers without end")
                return message
        raise Malformed("the office asked for something that does not belong to this")

    def finished(self, rest: bytes) -> object:
        """The answer, in the form of the verb's own."""
        found = unpack(b"".join((*self._parts, rest)), self._verb.answer, self._verb.name)
        if isinstance(found, LoadReport) and self._rejects is not None and found.rejects:
            return msgspec.structs.replace(found, rejects=str(self._rejects.path))
        return found

    def _fetched(self, path: str, offset: int, size: int) -> Fetched:
        stream = self._going.source if not path else self._beside(path)
        if stream is None:
            raise Malformed("the office asked for a file, and none was handed in")
        try:
            if stream.tell() != offset:
                stream.seek(offset)
            body = stream.read(min(size, READ_BYTES))
        except OSError as error:
            raise Misuse(f"what was handed in cannot be read ({error.strerror})") from error
        if not path:
            self._sent.update(body)
        return Fetched(body)

    def _check_unchanged(self) -> None:
        """A document that changed while it was handed over is not signed for."""
        if "document" in self._asked and self._asked["content"]() != to_base64(self._sent.digest()):
            raise Misuse(f"{self._asked['document'].name}: changed while it was read; nothing recorded, try again")

    def _beside(self, path: str) -> BinaryIO | None:
        """A body beside the file, by its path there; it cannot lie anywhere else."""
        if self._going.beside is None:
            return None
        if self._body is None or self._body[0] != path:
            if self._body is not None:
                self._body[1].close()
            self._body = path, self._held.enter_context(self._going.beside.body(Path(path)))
        return self._body[1]

    def _kept(self, wanted: Keep) -> int:
        if wanted.do == "open":
            if self._going.rejects is None:
                raise Misuse("say where rejected rows go")
            self._rejects = self._held.enter_context(Rejects(self._going.rejects))
            return self._rejects.append(b"")
        rejects = self._rejects
        if rejects is None:
            raise Malformed("the office asked to keep rejects of nothing")
        match wanted.do:
            case "add":
                return rejects.append(wanted.body)
            case "flush":
                return rejects.flush()
            case "cut":
                rejects.truncate(wanted.length)
                return wanted.length
            case "drop":
                rejects.close()
                rejects.drop()
                return 0


def stream_digest(stream: BinaryIO) -> str:
    sha = hashlib.sha256()
    stream.seek(0)
    while chunk := stream.read(READ_BYTES):
        sha.update(chunk)
    return to_base64(sha.digest())
