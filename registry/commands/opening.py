"""How a command gets at the registry: open to record, signed in to look things up, or with no name at all.

Everything that is asked for (a passphrase, a file) is asked for before the office is opened: while one command holds
it, no other can record. Nothing of the office is imported before it is wanted, so that `verify` stays light.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry.commands.asked import Asked
from registry.commands.interruption import Interruption, finishing
from registry.commands.output import counted, note
from registry.commands.passphrases import passphrase
from registry.errors import Busy, Misuse

if TYPE_CHECKING:
    from registry.desk.desk import Desk, PublicDesk
    from registry.office import Office


@dataclass(frozen=True, slots=True)
class Recording:
    """An office that this command holds open, the officer's desk in it, and whether somebody asked to stop."""

    office: Office
    desk: Desk
    stopped: Interruption


@contextmanager
def recording(asked: Asked, *, adopting: bool = False) -> Iterator[Recording]:
    """Open the office as the named officer. Raises Misuse, Busy (who holds it), NotPermitted (who may open it)."""
    from registry.office import Office

    name = asked.officer()
    if not asked.settings.registry.is_dir():  # told before a passphrase is asked for
        raise Misuse(
            f"{asked.settings.registry}: no registry here; check --registry, or found one with 'muniment init'"
        )
    secret = passphrase(asked.settings, name)
    office = Office.open(asked.settings, officer=name, passphrase=secret, adopting=adopting)
    with finishing() as stopped, office:
        yield Recording(office, _told(office.desk(name, secret)), stopped)


@contextmanager
def signed_in(asked: Asked, *, reads: bool = False) -> Iterator[tuple[Office, Desk]]:
    """The named officer's desk, to look things up at.

    `reads`: what is looked at may have to be recorded as a reading, so the office is opened if the officer may open it
    and nobody else holds it. Whoever may not still sees what needs no record.
    """
    from registry.office import Office

    name = asked.officer()
    with Office.reading(asked.settings) as office:
        opens = reads and office.signer.officers.header(name).officer in office.signer.who_may_open()
        secret = passphrase(asked.settings, name)
        if not opens:
            yield office, _told(office.desk(name, secret))
            return
    try:
        held = Office.open(asked.settings, officer=name, passphrase=secret)
    except Busy as error:
        with Office.reading(asked.settings) as office:
            desk = office.desk(name, secret)  # busy again where it is the passphrase that has to wait
            note(f"note: {error}; looking without recording")
            yield office, desk
        return
    with finishing(), held:
        yield held, _told(held.desk(name, secret))


@contextmanager
def looking(asked: Asked, *, reads: bool = False) -> Iterator[tuple[Office, PublicDesk]]:
    """A desk to look things up at: the named officer's, or the public's where nobody was named."""
    if asked.settings.officer is not None:
        with signed_in(asked, reads=reads) as found:
            yield found
    else:
        with watching(asked) as office:
            yield office, office.public()


@contextmanager
def watching(asked: Asked) -> Iterator[Office]:
    """The registry as anyone may read it: no name, no passphrase, no lock."""
    from registry.office import Office

    with Office.reading(asked.settings) as office:
        yield office


def _told(desk: Desk) -> Desk:
    """The desk; whoever sits down at it hears of wrong passphrases that were tried on his key meanwhile."""
    if desk.wrong_passphrases:
        note(f"note: {counted(desk.wrong_passphrases, 'wrong passphrase')} tried on this key since it was last opened")
    return desk
