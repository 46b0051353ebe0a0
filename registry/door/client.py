"""The other side of the door: knock, sign in, and a desk like any other.

    office = knock(Path("muniment-data"))          # None where nobody has opened the office
    desk = office.sign_in("officer/3", sign, origin)
    desk.muniments.lodge(document, MunimentKind.DEED)

`sign` stays here, and signs only what `consent` finds to be what was asked for. One thread at a time asks; others wait
for their turn, so a screen that must not wait knocks a second time. Whoever finds the office away gets Busy, and knocks
again.
"""

from __future__ import annotations

import os
import socket
import stat
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, cast

import msgspec

from registry.desk.departments import Departments
from registry.desk.desk import Desk
from registry.desk.keys import Keys
from registry.desk.loads import MUNIMENTS, Loads
from registry.desk.lookups import Lookups
from registry.desk.muniments import Document, Muniments
from registry.desk.officers import Officers
from registry.desk.receipts import Receipts
from registry.desk.session import Sign
from registry.desk.sources import FileSource, source_digest
from registry.desk.status import Status
from registry.door.consent import check_challenge, check_intent
from registry.door.errand import Errand, Going, stream_digest
from registry.door.frames import (
    FRAME_S,
    NAME,
    VERSION,
    Answer,
    Ask,
    Closing,
    Failed,
    FromOffice,
    Gone,
    Hello,
    Line,
    Message,
    Part,
    Piece,
    Seated,
    Signed,
    SignIn,
    SignThis,
    Welcome,
    address,
    failure,
    pack,
    peer_line,
    raise_again,
)
from registry.door.verbs import VERBS, DoorVerb, Handed
from registry.errors import Busy, Malformed, Misuse, RegistryError

AWAY = "the office went away before it answered: whether this was recorded is not known; knock again, look, then go on"
Reply = Callable[[FromOffice], Message]


def knock(registry: Path, patience_s: float | None = None) -> RemoteOffice | None:
    """The open office of the registry's folder; None where nobody serves there. With `patience_s` no answer of it is
    waited for longer. Raises Misuse, Busy."""
    try:
        descriptor = os.open(registry, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None  # no such registry, or not ours to see: told by whoever opens it in-line
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if not stat.S_ISSOCK(os.stat(NAME, dir_fd=descriptor).st_mode):
            raise Misuse(f"{registry / NAME}: not a door; remove what lies there")
        connection.settimeout(patience_s or FRAME_S)
        connection.connect(address(descriptor, str(registry)))
        return RemoteOffice(connection, patience_s)
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

    def __init__(self, connection: socket.socket, patience_s: float | None = None) -> None:
        """Greet it. Raises Misuse for another version, Busy where it lets nobody in, Gone."""
        self._line = Line(connection, patience_s)
        self._line.send(Hello(VERSION))
        answer = self._line.heard_by_client(patience_s or FRAME_S)
        if isinstance(answer, Failed):
            raise_again(answer)
        if not isinstance(answer, Welcome) or answer.version != VERSION:
            raise Misuse(f"the office speaks another version of the door than {VERSION}: update one")
        self.origin = answer.origin

    def sign_in(self, officer: str, sign: Sign, origin: str) -> RemoteDesk:
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

    def stands(self) -> bool:
        """Whether the connection is whole, as far as can be seen: an office speaks unasked only to leave."""
        return self._line.is_open() and not self._line.speaks()

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


class RemoteDesk(Desk):
    """An officer's desk in an office elsewhere: the same counters, the same methods, the same errors."""

    def __init__(self, conversation: Conversation, seated: Seated, sign: Sign, origin: str) -> None:
        self.officer, self.department = seated.officer, seated.department
        self.wrong_passphrases = 0
        self._conversation, self._sign, self._origin = conversation, sign, origin
        self.lookups = cast(Lookups, RemoteCounter(self, "lookups", Lookups))
        self.receipts = cast(Receipts, RemoteCounter(self, "receipts", Receipts))
        self.muniments = cast(Muniments, RemoteCounter(self, "muniments", Muniments))
        self.loads = cast(Loads, RemoteCounter(self, "loads", Loads))
        self.officers = cast(Officers, RemoteCounter(self, "officers", Officers))
        self.keys = cast(Keys, RemoteCounter(self, "keys", Keys))
        self.departments = cast(Departments, RemoteCounter(self, "departments", Departments))

    def status(self) -> Status:
        """Size, root and how far sealing and searching are."""
        return cast(Status, self.ask(VERBS["status"], {}))

    def ask(self, verb: DoorVerb, given: Mapping[str, Any]) -> object:
        """Ask for one verb of the table, arguments by name. Raises whatever the office raised."""
        with self._conversation.turn, ExitStack() as held:
            going = Going()
            asked, members = dict(given), dict(given)
            for one in ("sink", "rejects", "told", "stopped"):
                setattr(going, one, members.pop(one, None))
            if "document" in members:
                document: Document = members["document"]
                going.source = document.stream
                members["document"] = Handed(document.name, document.size)
                asked["content"] = lambda: stream_digest(document.stream)
            if "path" in members:
                source = members["path"] if not isinstance(members["path"], Path) else FileSource(members["path"])
                going.source = held.enter_context(source.open())
                going.beside = source if given["form"] == MUNIMENTS else None  # only then are there bodies beside it
                members["path"] = Handed(source.name, source.size())
                asked |= {"path": source, "file": lambda: source_digest(source)}
                if going.rejects is None and isinstance(source, FileSource):
                    going.rejects = source.rejects()
            arguments = pack(members, verb.name)
            errand = Errand(lambda payload: self._consented(payload, verb, asked), verb, asked, going, held)
            self._conversation.send(Ask(verb.name, msgspec.Raw(arguments)))
            answer = self._conversation.until(Answer, errand.reply)
            return errand.finished(answer.body)

    def _consented(self, payload: bytes, verb: DoorVerb, asked: Mapping[str, Any]) -> bytes:
        """The signature over what was asked for. Raises Misuse for anything else."""
        check_intent(payload, verb, asked, origin=self._origin, officer=self.officer, department=self.department)
        return self._sign(payload)


class Asks(Protocol):
    """Whoever asks for verbs of the table."""

    def ask(self, verb: DoorVerb, given: Mapping[str, Any]) -> object: ...


class RemoteCounter:
    """A counter of a desk elsewhere: methods of the verb table cross the door, static ones are done here."""

    def __init__(self, desk: Asks, name: str, counter: type) -> None:
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
