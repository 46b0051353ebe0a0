"""The other side of the door: knock, sign in, and a desk like any other.

    office = knock(Path("muniment-data"))          # None where nobody has opened the office
    desk = office.sign_in("officer/3", sign, origin)
    desk.muniments.lodge(document, MunimentKind.DEED)

`sign` stays here, and signs only what `consent` finds to be what was asked for. Any thread may ask: who finds no
connection free knocks again (see `lines`). Whoever finds the office away gets Away, and the desk comes back with it. An
act that was signed and not answered is Unsettled: `day.outcome` of its request key says what became of it.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, cast

import msgspec

from registry.desk.day import Day
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
    Failed,
    FromOffice,
    Gone,
    Hello,
    Line,
    Message,
    Seated,
    Signed,
    SignIn,
    SignThis,
    Welcome,
    address,
    pack,
    peer_line,
    raise_again,
)
from registry.door.lines import GONE, Conversation, Lines
from registry.door.verbs import READS, VERBS, DoorVerb, Handed
from registry.errors import Away, Busy, Malformed, Misuse, RegistryError, Unsettled
from registry.ledger.signature import Ed25519Signer
from registry.records.acts import Intent, Kind

UNSETTLED = (
    "the office went away before it answered: whether this was recorded is not known; it is looked up by its request "
    "key when the office is back"
)
LOAD_AWAY = "the office went away: rows that it had recorded stay; load the same file to go on when it is back"


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
        return RemoteOffice(connection, registry, patience_s)
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

    def __init__(self, connection: socket.socket, registry: Path, patience_s: float | None = None) -> None:
        """Greet it. Raises Misuse for another version, Busy where it lets nobody in, Gone."""
        self._registry, self._patience_s = registry, patience_s
        self._line = Line(connection, patience_s)
        self._line.send(Hello(VERSION))
        answer = self._line.heard_by_client(patience_s or FRAME_S)
        if isinstance(answer, Failed):
            raise_again(answer)
        if not isinstance(answer, Welcome) or answer.version != VERSION:
            raise Misuse(f"the office speaks another version of the door than {VERSION}: update one")
        self.origin = answer.origin
        self._desk: RemoteDesk | None = None

    def sign_in(self, officer: str, sign: Sign, origin: str) -> RemoteDesk:
        """The officer's desk; `origin` is the registry of his key. Raises NotPermitted, BadSignature, Misuse, Busy."""
        conversation, seated = self._seated(officer, sign, origin)

        def again() -> Conversation:
            office = knock(self._registry, self._patience_s)
            if office is None:
                raise Away(GONE)
            try:
                return office._seated(officer, sign, origin)[0]
            except BaseException:
                office.close()
                raise

        self._desk = RemoteDesk(Lines(conversation, again), seated, sign, origin)
        return self._desk

    def desk_of(self, reference: str, seed: bytes, origin: str) -> RemoteDesk:
        """Sign in with the officer's seed (32 bytes), which stays in this process: see `sign_in`."""
        return self.sign_in(reference, Ed25519Signer(seed).sign, origin)

    def _seated(self, officer: str, sign: Sign, origin: str) -> tuple[Conversation, Seated]:
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
        return conversation, conversation.until(Seated, challenged)

    def stands(self) -> bool:
        """Whether the connection is whole, as far as can be seen: an office speaks unasked only to leave."""
        return self._line.is_open() and not self._line.speaks()

    def close(self) -> None:
        """Leave. Safe twice."""
        if self._desk is not None:
            self._desk.leave()
        self._line.close()

    def __enter__(self) -> RemoteOffice:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class RemoteDesk(Desk):
    """An officer's desk in an office elsewhere: the same counters, the same methods, the same errors."""

    def __init__(self, lines: Lines, seated: Seated, sign: Sign, origin: str) -> None:
        self.officer, self.department = seated.officer, seated.department
        self.wrong_passphrases = 0
        self._lines, self._sign, self._origin = lines, sign, origin
        self.day = cast(Day, RemoteCounter(self, "day", Day))
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

    def away(self) -> str:
        """Why nothing can be asked now; empty where the office is there. One that went is knocked at again, which can
        take ten seconds; one that is there is not asked anything."""
        if not self._lines.is_away():
            return ""
        try:
            with self._lines.one(records=False):
                return ""
        except RegistryError as error:
            return str(error)

    def leave(self, *, at_once: bool = False) -> None:
        """Leave: nothing more is asked, what is on its way is finished; `at_once`, what only reads is broken off. Safe
        twice."""
        self._lines.leave(at_once=at_once)

    def ask(self, verb: DoorVerb, given: Mapping[str, Any]) -> object:
        """Ask for one verb of the table, arguments by name. Raises whatever the office raised, Away, Unsettled."""
        with ExitStack() as held:
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
            signed: list[Intent] = []

            def consented(payload: bytes) -> bytes:
                """The signature over what was asked for. Raises Misuse for anything else."""
                intent = check_intent(
                    payload, verb, asked, origin=self._origin, officer=self.officer, department=self.department
                )
                signature = self._sign(payload)
                signed.append(intent)
                return signature

            errand = Errand(consented, verb, asked, going, held)
            conversation = held.enter_context(self._lines.one(records=bool(verb.signs - READS)))
            try:
                conversation.send(Ask(verb.name, msgspec.Raw(arguments)))
                answer = conversation.until(Answer, errand.reply)
            except Away as error:
                raise _unanswered(error, signed) from error
            return errand.finished(answer.body)


def _unanswered(away: Away, signed: Sequence[Intent]) -> Busy:
    """What it means that no answer came, by what had been signed until then: a reading hands out nothing."""
    acts = [intent for intent in signed if intent.kind is not Kind.READ]
    if not acts:
        return away
    if acts[-1].kind in (Kind.LOAD_OPENED, Kind.LOAD_CLOSED):
        return Away(LOAD_AWAY)
    return Unsettled(UNSETTLED, key=acts[-1].key)


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
