"""A desk's connections to the office: one verb at a time on each, as many as are wanted at once.

A load or a large body keeps its connection for minutes; whoever asks meanwhile takes another, and where none is free
knocks again and signs in again. So nothing that records waits for something that reads, and no screen knows of it.

An office that went away is noticed here: a connection that lies idle can be looked at without asking anything. The
next question knocks again, so a desk comes back by itself as soon as its office does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from registry.door.frames import Closing, Failed, FromOffice, Gone, Line, Message, Part, Piece, failure, raise_again
from registry.errors import Away, RegistryError

MOST_READING = 4
"""Questions of one desk at a time; further ones wait. What records is not counted."""
LAST_WAIT_S = 60.0
MOST = 8
"""All of them; the office bounds the desks of one officer anyway."""
GONE = "the office is away: nothing recorded; it is knocked at again when something is asked"
AWAY = "the office went away before it answered: nothing recorded by this; ask again when it is back"
LEFT = "this desk was left; sign in to the office again"

Reply = Callable[[FromOffice], Message]


class Conversation:
    """Asking and being asked, until the answer is there. After anything unforeseen the connection is not used again."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.lost = ""

    def send(self, message: Message) -> None:
        """Send, or raise Away where the office is not there: nothing was asked then."""
        try:
            self._line.send(message)
        except Gone as error:
            # It may have said that it closes before it went.
            self.close(GONE)
            raise Away(GONE) from error

    def until(self, wanted: type[msgspec.Struct], reply: Reply) -> Any:
        """The message of the wanted kind. Raises the office's error, Away where it went away."""
        try:
            while True:
                message = self._line.heard_by_client()
                if isinstance(message, wanted):
                    return message
                if isinstance(message, Failed):
                    raise_again(message)
                if isinstance(message, Closing):
                    self.close(message.sentence)
                    raise Away(message.sentence)
                self._replied(message, reply)
        except Gone as error:
            self.close(AWAY)
            raise Away(AWAY) from error
        except RegistryError:
            raise
        except BaseException:
            self.close("the office was left in mid-sentence")
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

    def stands(self) -> bool:
        """Whether it can be asked on: an office speaks unasked only to say that it closes."""
        if not self.lost and self._line.speaks():
            try:
                message = self._line.heard_by_client(0)
            except (Gone, RegistryError):
                message = None
            self.close(message.sentence if isinstance(message, Closing) else GONE)
        return not self.lost

    def cut(self) -> None:
        """Whoever waits for an answer on it gets Away. From any thread."""
        self._line.cut()

    def close(self, why: str) -> None:
        """Not used again. Safe twice."""
        self.lost = self.lost or why
        self._line.close()


class Lines:
    """The connections of one desk. Safe from any thread."""

    def __init__(self, first: Conversation, again: Callable[[], Conversation]) -> None:
        """`again` knocks and signs in; it raises Away where no office is."""
        self._again = again
        self._changed = threading.Condition()
        self._free = [first]
        self._out = self._reading = 0
        self._used: dict[Conversation, bool] = {}  # whether what it is used for records
        self._cutting: threading.Timer | None = None
        self._said = ""  # what the office said when it closed
        self._left = False

    @contextmanager
    def one(self, *, records: bool) -> Iterator[Conversation]:
        """A connection for one verb. Raises Away, and what signing in again raises."""
        line = self._take(records)
        with self._changed:
            self._used[line] = records
        try:
            yield line
        finally:
            self._put_back(line, records)

    def _take(self, records: bool) -> Conversation:
        with self._changed:
            self._changed.wait_for(
                lambda: self._left or (self._out < MOST and (records or self._reading < MOST_READING))
            )
            if self._left:
                raise Away(LEFT)
            line = self._standing()
            self._count(1, records)
        if line is not None:
            return line
        try:
            line = self._again()
        except RegistryError as error:
            with self._changed:
                self._count(-1, records)
                said = self._said
            if said and type(error) is Away:
                raise Away(said) from error
            raise
        with self._changed:
            self._said = ""
        return line

    def _standing(self) -> Conversation | None:
        """A free one that still stands; those that do not are let go."""
        while self._free:
            line = self._free.pop()
            if line.stands():
                return line
            self._said = line.lost
        return None

    def _put_back(self, line: Conversation, records: bool) -> None:
        with self._changed:
            self._count(-1, records)
            self._used.pop(line, None)
            if self._cutting is not None and not self._used:
                self._cutting.cancel()
            if self._left:
                line.close(LEFT)
            elif not line.lost:
                self._free.append(line)

    def _count(self, by: int, records: bool) -> None:
        self._out += by
        self._reading += 0 if records else by
        self._changed.notify_all()

    def is_away(self) -> bool:
        """Whether none of them reaches the office, as far as can be told without asking or waiting."""
        with self._changed:
            line = self._standing()
            if line is not None:
                self._free.append(line)
            return line is None and not self._out

    def leave(self, *, at_once: bool = False) -> None:
        """Close them; those in use once they are done. `at_once`: those that only read are cut now, those that record
        after a minute, for an office that stands still may never answer: what it had signed is Unsettled then. Safe
        twice."""
        with self._changed:
            self._left = True
            for line in self._free:
                line.close(LEFT)
            self._free.clear()
            if at_once:
                self._cut(recording=False)
                if self._used and self._cutting is None:
                    self._cutting = threading.Timer(LAST_WAIT_S, self._cut, kwargs={"recording": True})
                    self._cutting.daemon = True
                    self._cutting.start()
            self._changed.notify_all()

    def _cut(self, *, recording: bool) -> None:
        with self._changed:
            for line, records in self._used.items():
                if recording or not records:
                    line.cut()
