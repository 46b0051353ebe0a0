"""The office's side of the door: it listens, one thread a connection, and asks the office's own desks.

A client is believed in nothing. It signs in by a challenge over origin and user, its desk is opened in the office with
the key enrolled there, and every right is asked and every reading recorded where it always is. What it sends is
bounded, late or wrong it is left; whatever it was about to record is then not recorded.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO, cast

import msgspec

from registry.desk.desk import Desk, sign_in
from registry.desk.loads import LoadProgress
from registry.desk.muniments import Document
from registry.door.carried import Carried, CarriedRejects
from registry.door.frames import (
    NAME,
    PIECE_BYTES,
    VERSION,
    Answer,
    Ask,
    Closing,
    Failed,
    FromClient,
    Gone,
    GoOn,
    Hello,
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
from registry.door.spool import Room, Spool
from registry.door.verbs import VERBS, DoorVerb, Handed
from registry.errors import Busy, Malformed, Misuse, NotPermitted, RegistryError
from registry.ledger.signature import verify_ed25519
from registry.loading.rows import Reject
from registry.office import Office
from registry.records.encoding import from_base64

MOST_CONNECTIONS = 128
MOST_DESKS = 16
SIGN_IN_S = 20.0
GRACE_S = 10.0
NO_ROOM_S = 0.1
CLOSING = "the office is closing: nothing recorded; try again when it is open"
SHOWN_BYTES = 1_024
"""How much of a rejected row's own bytes a dry run shows through the door."""
_CREDENTIALS = struct.Struct("3i")


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


class Connection:
    """One client, from hello to the end."""

    def __init__(self, door: Door, accepted: socket.socket) -> None:
        self._door, self._socket, self._line = door, accepted, Line(accepted)
        self._uid = peer_uid(accepted)
        self._stop_asked = False

    # ---- from other threads ----

    def cut(self) -> None:
        """Cut it off."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def refuse(self, error: RegistryError) -> None:
        """Say why, and close."""
        with suppress(Gone):
            self._line.send(failure(error))
        self._line.close()

    # ---- one client ----

    def serve(self) -> None:
        """Until it leaves, or the door closes."""
        try:
            self._welcome()
            signs_in = self._first()
            if not isinstance(signs_in, SignIn):
                raise Malformed("the door expected who signs in")
            desk = self._desk(signs_in.officer)
            with self._door.seat(desk.officer):
                self._line.send(Seated(desk.officer, desk.department))
                self._asked(desk)
        except RegistryError as error:
            self.refuse(error)
        except Gone:
            pass
        finally:
            self._line.close()

    def _welcome(self) -> None:
        hello = self._first()
        if not isinstance(hello, Hello):
            raise Malformed("the door expected hello")
        if hello.version != VERSION:
            raise Misuse(f"the office speaks version {VERSION} of the door, you version {hello.version}: update one")
        self._line.send(Welcome(VERSION, self._door.office.origin))

    def _first(self) -> FromClient:
        """What comes before a desk is open, in time."""
        if not self._line.waits(self._door.bell, SIGN_IN_S):
            raise Busy(CLOSING if self._door.stopping else "nobody signed in in time: knock again")
        return self._line.heard_by_office()

    def _desk(self, officer: str) -> Desk:
        office = self._door.office

        def sign(payload: bytes) -> bytes:
            signature = self._sign(payload)
            enrolled = office.services.standing().officer(officer)
            if enrolled is not None:  # before anything is sealed for it; the writer's turn has the last word
                verify_ed25519(from_base64(enrolled.key, 32, "officer's key"), signature, payload)
            return signature

        return sign_in(office.services, officer, sign, office.milestone, peer=peer_line(self._uid))

    def _asked(self, desk: Desk) -> None:
        while self._line.waits(self._door.bell):
            ask = self._line.heard_by_office()
            if not isinstance(ask, Ask):
                raise Malformed("the door expected a verb")
            self._answer(desk, ask)
        self._line.send(Closing(CLOSING))

    def _answer(self, desk: Desk, ask: Ask) -> None:
        try:
            verb = VERBS.get(ask.verb)
            if verb is None:
                raise NotPermitted(f"{ask.verb[:40]!a} is nothing that can be asked at the door", rule="door")
            arguments = cast(msgspec.Struct, unpack(bytes(ask.arguments), verb.arguments, ask.verb))
            answer = pack(self._called(desk, verb, arguments), ask.verb)
        except RegistryError as error:
            self._line.send(failure(error))
            return
        except Gone:
            raise
        except Exception as error:  # noqa: BLE001  # one client's trouble is not the others'; it is told like any fault
            fault = RegistryError(f"the office met an unforeseen fault ({type(error).__name__}) at {verb_name(ask)}")
            self._line.send(failure(fault))
            return
        while len(answer) > PIECE_BYTES:
            self._line.send(Part(answer[:PIECE_BYTES]))
            answer = answer[PIECE_BYTES:]
        self._line.send(Answer(answer))

    def _called(self, desk: Desk, verb: DoorVerb, arguments: msgspec.Struct) -> object:
        given: dict[str, Any] = {name: getattr(arguments, name) for name in arguments.__struct_fields__}
        counter, _, method = verb.name.rpartition(".")
        call = getattr(getattr(desk, counter) if counter else desk, method)
        if "document" in given:
            return self._with_document(call, given)
        if verb.name == "muniments.open":
            return self._opened(call, given)
        if verb.name.startswith("loads.") and "path" in given:
            return self._loaded(verb, call, given)
        return call(**given)

    def _with_document(self, call: Callable[..., object], given: dict[str, Any]) -> object:
        """All of the body is here before the vault hears of it: who stalls or dies on the way leaves nothing."""
        handed: Handed = given["document"]
        with Carried(self._request, handed, self._door.room).document() as stream:
            given["document"] = Document(stream, handed.size, handed.name)
            return call(**given)

    def _opened(self, call: Callable[..., object], given: dict[str, Any]) -> object:
        """The vault gives all of the body before the client gets its first byte, and waits for nobody."""
        with Spool(self._door.room) as spool:
            answer = call(sink=cast(BinaryIO, spool), **given)
            spool.seek(0)
            while piece := spool.read(PIECE_BYTES):
                self._line.send(Piece(piece))
        return answer

    def _loaded(self, verb: DoorVerb, call: Callable[..., Any], given: dict[str, Any]) -> object:
        given["path"] = Carried(self._request, given["path"], self._door.room)
        if verb.name == "loads.recognise":
            return call(**given)
        self._stop_asked = False
        if verb.name == "loads.dry_run":
            report, rejects = call(told=self._told, **given)
            return report, tuple(_shown(one) for one in rejects)
        report = call(
            rejects=lambda: CarriedRejects(self._request),
            told=self._told,
            stopped=lambda: self._stop_asked or self._door.stopping,
            **given,
        )
        if self._door.stopping and not self._stop_asked and not report.known_before:
            raise Busy(
                f"the office is closing: {report.file} was stopped after {report.rows:,} rows, which are recorded; "
                "give the same command again to go on"
            )
        return report

    def _told(self, progress: LoadProgress) -> None:
        answer = self._request(Told(msgspec.Raw(pack(progress, "progress"))))
        if not isinstance(answer, GoOn):
            raise Malformed("the client was told how far its load is, and gave something else")
        self._stop_asked = self._stop_asked or answer.stop

    def _sign(self, payload: bytes) -> bytes:
        """The officer's signature, from his own process."""
        answer = self._request(SignThis(payload))
        if not isinstance(answer, Signed):
            raise Malformed("the client was asked for a signature, and gave something else")
        return answer.signature

    def _request(self, message: Message) -> FromClient:
        """Ask the client in the middle of something. Raises what the client raised, and Misuse where it is gone: a desk
        then leaves nothing of what it had begun."""
        try:
            self._line.send(message)
            answer = self._line.heard_by_office()
        except Gone as error:
            self.cut()
            raise Misuse("the client left in the middle of it; nothing recorded") from error
        if isinstance(answer, Failed):
            raise_again(answer)
        return answer


def verb_name(ask: Ask) -> str:
    """The verb, short enough for a sentence."""
    return ask.verb[:40]


def peer_uid(connection: socket.socket) -> int:
    """The user on the other end, as the kernel says (SO_PEERCRED)."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(raw)[1])


def _shown(reject: Reject) -> Reject:
    return msgspec.structs.replace(reject, original=reject.original[:SHOWN_BYTES])


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
