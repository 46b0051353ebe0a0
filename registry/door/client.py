"""The other side of the door: knock, sign in, and a desk like any other.

    office = knock(Path("muniment-data"))          # None where nobody has opened the office
    desk = office.sign_in("officer/3", sign, origin)
    desk.muniments.lodge(document, MunimentKind.DEED)

`sign` stays here, and signs only what `consent` finds to be what was asked for. One thread at a time asks; others wait
for their turn, so a screen that must not wait knocks a second time. Whoever finds the office away gets Busy, and knocks
again.
"""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec

from registry.desk.desk import Desk
from registry.desk.loads import MUNIMENTS, LoadProgress, LoadReport, Loads
from registry.desk.lookups import Lookups
from registry.desk.muniments import Document, Muniments
from registry.desk.officers import Officers
from registry.desk.receipts import Receipts
from registry.desk.session import Sign
from registry.desk.sources import FileSource, Source, source_digest
from registry.desk.status import Status
from registry.door.consent import check_challenge, check_intent
from registry.door.frames import (
    FRAME_S,
    NAME,
    VERSION,
    Answer,
    Ask,
    Closing,
    Failed,
    Fetch,
    Fetched,
    FromOffice,
    Gone,
    GoOn,
    Hello,
    Keep,
    Length,
    Line,
    Message,
    Part,
    Piece,
    Seated,
    Signed,
    SignIn,
    SignThis,
    Told,
    Welcome,
    address,
    failure,
    pack,
    peer_line,
    raise_again,
    unpack,
)
from registry.door.verbs import VERBS, DoorVerb, Handed
from registry.errors import Busy, Malformed, Misuse, RegistryError
from registry.loading.rejects import Rejects
from registry.records.encoding import to_base64

READ_BYTES = 1 << 20
MOST_ANSWER_BYTES = 1 << 28
AWAY = "the office went away before it answered: whether this was recorded is not known; knock again, look, then go on"
Reply = Callable[[FromOffice], Message]


def knock(registry: Path) -> RemoteOffice | None:
    """The open office of the registry's folder; None where nobody serves there. Raises Misuse, Busy."""
    try:
        descriptor = os.open(registry, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None  # no such registry, or not ours to see: told by whoever opens it in-line
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if not stat.S_ISSOCK(os.stat(NAME, dir_fd=descriptor).st_mode):
            raise Misuse(f"{registry / NAME}: not a door; remove what lies there")
        connection.settimeout(FRAME_S)
        connection.connect(address(descriptor, str(registry)))
        return RemoteOffice(connection)
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None  # nobody there, or what a crash left: the next office removes it
    except PermissionError as error:
        connection.close()
        raise Misuse(f"{registry / NAME}: the office is open, and its door is not open to your user") from error
    except (OSError, Gone) as error:
        connection.close()
        raise Busy(f"{registry / NAME}: the office does not answer ({error}); try again") from error
    except BaseException:
        connection.close()
        raise
    finally:
        os.close(descriptor)


class RemoteOffice:
    """An office that another process holds open, before anybody has signed in. One desk a connection."""

    def __init__(self, connection: socket.socket) -> None:
        """Greet it. Raises Misuse for another version, Busy where it lets nobody in, Gone."""
        self._line = Line(connection)
        self._line.send(Hello(VERSION))
        answer = self._line.heard_by_client(FRAME_S)
        if isinstance(answer, Failed):
            raise_again(answer)
        if not isinstance(answer, Welcome) or answer.version != VERSION:
            raise Misuse(f"the office speaks another version of the door than {VERSION}: update one")
        self.origin = answer.origin

    def sign_in(self, officer: str, sign: Sign, origin: str) -> Desk:
        """The officer's desk; `origin` is the registry of his key. Raises NotPermitted, BadSignature, Misuse, Busy."""
        if origin != self.origin:
            raise Misuse(f"this key is one of {origin}, and here is the office of {self.origin}; check --registry")
        peer = peer_line(os.geteuid())

        def challenged(message: FromOffice) -> Message:
            if not isinstance(message, SignThis):
                raise Malformed("the office is expected to challenge who signs in")
            check_challenge(message.payload, origin, peer)
            return Signed(sign(message.payload))

        conversation = Conversation(self._line)
        conversation.send(SignIn(officer))
        seated = conversation.until(Seated, challenged)
        return RemoteDesk(conversation, seated, sign, origin)

    def close(self) -> None:
        """Leave. Safe twice."""
        self._line.close()

    def __enter__(self) -> RemoteOffice:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Conversation:
    """Asking and being asked, until the answer is there. After anything unforeseen the connection is not used again."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._lost = ""
        self.turn = threading.Lock()

    def send(self, message: Message) -> None:
        """Send, or raise Busy where the office is away: nothing was asked then."""
        if self._lost:
            raise Busy(self._lost)
        try:
            self._line.send(message)
        except Gone as error:
            # It may have said that it closes before it went.
            self._lose("the office is away: nothing recorded; knock again")
            raise Busy(self._lost) from error

    def until(self, wanted: type[msgspec.Struct], reply: Reply) -> Any:
        """The message of the wanted kind. Raises the office's error, Busy where it went away."""
        try:
            while True:
                message = self._line.heard_by_client()
                if isinstance(message, wanted):
                    return message
                if isinstance(message, Failed):
                    raise_again(message)
                if isinstance(message, Closing):
                    self._lose(message.sentence)
                    raise Busy(message.sentence)
                self._replied(message, reply)
        except Gone as error:
            self._lose(AWAY)
            raise Busy(AWAY) from error
        except RegistryError:
            raise
        except BaseException:
            self._lose("the office was left in mid-sentence; knock again")
            raise

    def _replied(self, message: FromOffice, reply: Reply) -> None:
        if isinstance(message, (Piece, Part)):
            reply(message)  # wants no answer
            return
        try:
            answer = reply(message)
        except RegistryError as error:  # the office is told, stops, and raises it again through its answer
            answer = failure(error)
        self._line.send(answer)

    def _lose(self, sentence: str) -> None:
        self._lost = sentence
        self._line.close()


@dataclass(slots=True)
class _Going:
    """What a verb in progress may be asked for: a file, the bodies beside it, a file of rejects; where pieces go."""

    source: BinaryIO | None = None
    beside: Source | None = None
    sink: BinaryIO | None = None
    rejects: Path | None = None
    told: Callable[[LoadProgress], None] | None = None
    stopped: Callable[[], bool] | None = None


class RemoteDesk(Desk):
    """An officer's desk in an office elsewhere: the same counters, the same methods, the same errors."""

    def __init__(self, conversation: Conversation, seated: Seated, sign: Sign, origin: str) -> None:
        self.officer, self.department = seated.officer, seated.department
        self._conversation, self._sign, self._origin = conversation, sign, origin
        self.lookups = cast(Lookups, RemoteCounter(self, "lookups", Lookups))
        self.receipts = cast(Receipts, RemoteCounter(self, "receipts", Receipts))
        self.muniments = cast(Muniments, RemoteCounter(self, "muniments", Muniments))
        self.loads = cast(Loads, RemoteCounter(self, "loads", Loads))
        self.officers = cast(Officers, RemoteCounter(self, "officers", Officers))

    def status(self) -> Status:
        """Size, root and how far sealing and searching are."""
        return cast(Status, self.ask(VERBS["status"], {}))

    def ask(self, verb: DoorVerb, given: Mapping[str, Any]) -> object:
        """Ask for one verb of the table, arguments by name. Raises whatever the office raised."""
        with self._conversation.turn, ExitStack() as held:
            going = _Going()
            asked, members = dict(given), dict(given)
            for one in ("sink", "rejects", "told", "stopped"):
                setattr(going, one, members.pop(one, None))
            if "document" in members:
                document: Document = members["document"]
                going.source = document.stream
                members["document"] = Handed(document.name, document.name, document.size)
                asked["content"] = lambda: _digest(document.stream)
            if "path" in members:
                source = members["path"] if not isinstance(members["path"], Path) else FileSource(members["path"])
                going.source = held.enter_context(source.open())
                going.beside = source if given["form"] == MUNIMENTS else None  # only then are there bodies beside it
                members["path"] = Handed(source.name, source.shown, source.size())
                asked |= {"path": source, "file": lambda: source_digest(source)}
                if going.rejects is None and isinstance(source, FileSource):
                    going.rejects = source.rejects()
            arguments = pack(members, verb.name)
            errand = _Errand(self, verb, asked, going, held)
            self._conversation.send(Ask(verb.name, msgspec.Raw(arguments)))
            answer = self._conversation.until(Answer, errand.reply)
            return errand.finished(answer.body)

    def consents(self, payload: bytes, verb: DoorVerb, asked: Mapping[str, Any]) -> bytes:
        """The signature over what was asked for. Raises Misuse for anything else."""
        check_intent(payload, verb, asked, origin=self._origin, officer=self.officer, department=self.department)
        return self._sign(payload)


class RemoteCounter:
    """A counter of a desk elsewhere: methods of the verb table cross the door, static ones are done here."""

    def __init__(self, desk: RemoteDesk, name: str, counter: type) -> None:
        self._desk, self._name, self._counter = desk, name, counter

    def __getattr__(self, method: str) -> Callable[..., Any]:
        verb = VERBS.get(f"{self._name}.{method}")
        if verb is None:
            own = vars(self._counter).get(method)
            if isinstance(own, staticmethod):
                return own.__func__
            raise AttributeError(f"{self._name}.{method} does not go through the door")
        row = verb

        def call(*positional: Any, **named: Any) -> object:
            bound = row.signature.bind(self, *positional, **named)
            bound.apply_defaults()
            return self._desk.ask(row, {name: value for name, value in bound.arguments.items() if name != "self"})

        return call


class _Errand:
    """One verb on its way: what the office asks for meanwhile is answered here."""

    def __init__(
        self, desk: RemoteDesk, verb: DoorVerb, asked: Mapping[str, Any], going: _Going, held: ExitStack
    ) -> None:
        self._desk, self._verb, self._asked, self._going, self._held = desk, verb, asked, going, held
        self._parts: list[bytes] = []
        self._sent = hashlib.sha256()
        self._rejects: Rejects | None = None
        self._body: tuple[str, BinaryIO] | None = None

    def reply(self, message: FromOffice) -> Message:
        """The answer to what the office asks for. Raises what stands in its way."""
        match message:
            case SignThis(payload):
                self._check_unchanged()
                return Signed(self._desk.consents(payload, self._verb, self._asked))
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


def _digest(stream: BinaryIO) -> str:
    sha = hashlib.sha256()
    stream.seek(0)
    while chunk := stream.read(READ_BYTES):
        sha.update(chunk)
    return to_base64(sha.digest())
