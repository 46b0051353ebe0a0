"""How a command gets at the registry: open to record, signed in to look things up, or with no name at all.

Where an office is open (`muniment office`), whatever an officer does goes through its door, whether or not he could
open it himself; else the command opens it for as long as it lasts. Everything that is asked for (a passphrase, a file)
is asked for before: while one command holds the office, no other can record. Nothing of the office is imported before
it is wanted, so that `verify` stays light.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry.commands.asked import Asked
from registry.commands.interruption import Interruption, finishing
from registry.commands.output import counted, note
from registry.commands.passphrases import passphrase
from registry.errors import Busy, Misuse, NotPermitted
from registry.settings import Settings

if TYPE_CHECKING:
    from registry.desk.desk import Desk, PublicDesk
    from registry.door.client import RemoteOffice
    from registry.office import Office
    from registry.sequencer import Recorded

DOOR = "door"
"""The socket in the registry's folder; where there is none, nothing of the door is imported."""


@dataclass(frozen=True, slots=True)
class Recording:
    """The officer's desk, in-line or through the door, and whether somebody asked to stop."""

    settings: Settings
    origin: str
    desk: Desk
    stopped: Interruption

    def enrol(self, name: str, department: str, secret: str, *, may_open: bool) -> tuple[Recorded, ...]:
        """Make a new officer's key file here, and record what is asked of it."""
        from registry.office import enrol

        return enrol(self.settings, self.origin, self.desk, name, department, secret, may_open=may_open)


@dataclass(frozen=True, slots=True)
class Alone:
    """An office that this command holds open by itself, and the officer's desk in it."""

    office: Office
    desk: Desk


@contextmanager
def recording(asked: Asked) -> Iterator[Recording]:
    """Record as the named officer. Raises Misuse, Busy (who holds the office, or who can open it), NotPermitted."""
    from registry.office import NOBODY_OPENED, Office

    name = _named(asked)
    with _through_the_door(asked, name) as found:
        if found is not None:
            office, desk = found
            with finishing() as stopped:
                yield Recording(asked.settings, office.origin, desk, stopped)
            return
    secret = passphrase(asked.settings, name)
    try:
        opened = Office.open(asked.settings, officer=name, passphrase=secret)
    except NotPermitted as error:
        if error.rule != NOBODY_OPENED:
            raise
        raise Busy(str(error)) from error  # no rule forbids the act itself: it can be tried again
    with finishing() as stopped, opened:
        yield Recording(asked.settings, opened.origin, _told(opened.desk(name, secret)), stopped)


@contextmanager
def alone(asked: Asked, *, adopting: bool = False) -> Iterator[Alone]:
    """Open the office for what is done to the registry itself. Raises Busy where somebody else has it open."""
    from registry.office import Office

    name = _named(asked)
    secret = passphrase(asked.settings, name)
    opened = Office.open(asked.settings, officer=name, passphrase=secret, adopting=adopting)
    with finishing(), opened:
        yield Alone(opened, opened.desk(name, secret))


@contextmanager
def signed_in(asked: Asked, *, reads: bool = False) -> Iterator[Desk]:
    """The named officer's desk, to look things up at.

    `reads`: what is looked at may have to be recorded as a reading, so where no office is open it is opened, if the
    officer may open it and nobody else holds it. Whoever may not still sees what needs no record.
    """
    from registry.office import Office

    name = _named(asked)
    with _through_the_door(asked, name) as found:
        if found is not None:
            with finishing():
                yield found[1]
            return
    with Office.reading(asked.settings) as office:
        opens = reads and office.signer.officers.header(name).officer in office.signer.who_may_open()
        secret = passphrase(asked.settings, name)
        if not opens:
            yield _told(office.desk(name, secret))
            return
    try:
        held = Office.open(asked.settings, officer=name, passphrase=secret)
    except Busy as error:
        with Office.reading(asked.settings) as office:
            desk = office.desk(name, secret)  # busy again where it is the passphrase that has to wait
            note(f"note: {error}; looking without recording")
            yield desk
        return
    with finishing(), held:
        yield _told(held.desk(name, secret))


@contextmanager
def looking(asked: Asked, *, reads: bool = False) -> Iterator[PublicDesk]:
    """A desk to look things up at: the named officer's, or the public's where nobody was named."""
    if asked.settings.officer is not None:
        with signed_in(asked, reads=reads) as desk:
            yield desk
    else:
        with watching(asked) as office:
            yield office.public()


@contextmanager
def watching(asked: Asked) -> Iterator[Office]:
    """The registry as anyone may read it: no name, no passphrase, no lock."""
    from registry.office import Office

    with Office.reading(asked.settings) as office:
        yield office


def _named(asked: Asked) -> str:
    """Who asks, where there is a registry: told before a passphrase is asked for."""
    name = asked.officer()
    if not asked.settings.registry.is_dir():
        raise Misuse(
            f"{asked.settings.registry}: no registry here; check --registry, or found one with 'muniment init'"
        )
    return name


@contextmanager
def _through_the_door(asked: Asked, name: str) -> Iterator[tuple[RemoteOffice, Desk] | None]:
    """The officer's desk in the office that is open elsewhere; None where none is.

    The passphrase is asked for between two knocks: nobody holds a place at the door while he types.
    """
    settings = asked.settings
    if not (settings.registry / DOOR).is_socket():
        yield None
        return
    from registry.door.client import knock
    from registry.office import open_key

    before = knock(settings.registry)
    if before is None:
        yield None
        return
    before.close()
    opened = open_key(settings, name, passphrase(settings, name), time.time_ns() // 1_000_000_000)
    office = knock(settings.registry)
    if office is None:
        raise Busy("the office has just closed: nothing recorded, try again")
    with office:
        desk = office.desk_of(opened.officer, opened.seed, opened.origin)
        desk.wrong_passphrases = opened.failed_before
        yield office, _told(desk)


def _told(desk: Desk) -> Desk:
    """The desk; whoever sits down at it hears of wrong passphrases that were tried on his key meanwhile."""
    if desk.wrong_passphrases:
        note(f"note: {counted(desk.wrong_passphrases, 'wrong passphrase')} tried on this key since it was last opened")
    return desk
