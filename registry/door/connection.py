"""One client of the office's, from hello to the end: signed in, asked, answered.

A client is believed in nothing. It signs in by a challenge over origin and user, its desk is opened in the office with
the key enrolled there, and every right is asked and every reading recorded where it always is. What it sends is
bounded, late or wrong it is left; whatever it was about to record is then not recorded.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any, BinaryIO, Protocol, cast

import msgspec

from registry.desk.desk import Desk, sign_in
from registry.desk.loads import LoadProgress
from registry.desk.muniments import Document
from registry.door.carried import Carried, CarriedRejects
from registry.door.frames import (
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

SIGN_IN_S = 20.0
CLOSING = "the office is closing: nothing recorded; try again when it is open"
SHOWN_BYTES = 1_024
"""How much of a rejected row's own bytes a dry run shows through the door."""
_CREDENTIALS = struct.Struct("3i")


class Threshold(Protocol):
    """The door, as one connection sees it. `bell` is a descriptor that can be read from once the door is closing."""

    office: Office
    room: Room

    @property
    def stopping(self) -> bool: ...
    @property
    def bell(self) -> int: ...
    def seat(self, officer: str) -> AbstractContextManager[None]: ...


class Connection:
    """One client, from hello to the end."""

    def __init__(self, door: Threshold, accepted: socket.socket) -> None:
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
