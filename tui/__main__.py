"""The command `muniment workbench`. Found through the entry-point group `muniment.commands`, never imported.

Where an office is open (`muniment office`), signing in goes through its door. Else it opens the office in-line, where
the officer may open it and nobody else holds it; else the desk reads only, and one sentence says who can open it.
Leaving closes the office that was opened here, which seals what was recorded.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry.errors import Busy, Misuse, RegistryError
from registry.records.text import safe
from registry.settings import Settings, read_settings

if TYPE_CHECKING:
    from registry.desk.desk import Desk
    from registry.door.client import RemoteDesk
    from registry.office import Office
    from registry.records.roles import Role
    from tui.drafts import Drafts
    from tui.handed import Answer, Audited, Clock
    from tui.seat import Entered

REGISTRY_HELP = "The registry's folder; else MUNIMENT_REGISTRY, else ./muniment-data."
SIGNER_HELP = "The signer's folder; else MUNIMENT_SIGNER, else <registry>.signer."
OFFICER_HELP = "The name that stands in the sign-in; else MUNIMENT_OFFICER."

LEAVES = (signal.SIGTERM, signal.SIGHUP)
SMALLEST = (60, 16)  # columns, rows: below it words would be cut off


def command(
    registry: Annotated[Path | None, typer.Option(metavar="PATH", help=REGISTRY_HELP)] = None,
    signer: Annotated[Path | None, typer.Option(metavar="PATH", help=SIGNER_HELP)] = None,
    officer: Annotated[str | None, typer.Option(metavar="NAME", help=OFFICER_HELP)] = None,
) -> None:
    """Open the clerks' terminal.

    Sign in with name and passphrase; then search, read records with their
    history and proofs, take receipts, lodge, revise, load, appoint and audit,
    as far as the role allows. F1 explains, Ctrl+P lists all commands, Ctrl+Q
    signs out and leaves.

    Where an office is open ('muniment office'), several people work at once:
    you sign in through its door. Else whoever may open the office does so by
    signing in, and for everybody else the desk reads only, and says so. Wants
    a terminal of at least 60 columns and 16 rows.

    Example:
        muniment workbench
        muniment workbench --registry /srv/land --officer j.patel
    Exit codes: 0, 2, 3, 4
    See also: office, status, gateway
    """
    _check_terminal()
    # Here and not above: Textual takes a quarter of a second to import, and --help must not wait for it.
    from registry.office import Office
    from registry.office.office import now_ms

    os.environ.setdefault("TEXTUAL_FPS", "240")  # what is drawn waits for the next frame: 4 ms instead of 17
    from tui import garbage
    from tui.app import Workbench

    settings = read_settings(os.environ, registry=registry, signer=signer, officer=officer)
    Office.reading(settings).close()  # a mistyped path is told in the shell, not on a screen
    door = Entrance(settings, now_ms)
    bench = Workbench(door.sign_in, now_ms, name=settings.officer or "")
    for number in LEAVES:  # to the very end: a second one must not cut off what the first has waited for
        signal.signal(number, lambda *_: bench.leave())
    garbage.begin()
    try:
        bench.run()  # returns once every thread has answered: an act on its way is never cancelled
    finally:
        door.close()
        _tell(bench.submits.left())


class Entrance:
    """Opens the registry for whoever signs in, and keeps it open until the workbench is left. Safe from any thread.

    Where an office is open elsewhere it is knocked at; else the office is opened here, where the officer may open it;
    else the registry is only read.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._lock = threading.Lock()
        self._office: Office | None = None  # open here
        self._elsewhere: RemoteDesk | None = None

    def sign_in(self, name: str, passphrase: str) -> Entered:
        """The officer's desk. Raises Misuse (no such name, wrong passphrase), Busy (a wait runs), NotPermitted."""
        with self._lock:
            if self._office is None or self._office.sequencer is None:
                found = self._through_the_door(name, passphrase)
                if found is not None:
                    self._close()  # of one that only read
                    return found
            if self._office is None:
                self._office = self._open(name, passphrase)
                return self._entered(self._office, self._office.desk(name, passphrase))
            # A locked desk: the key file itself, so that wrong passphrases count and make wait here too.
            opened = self._office.signer.officers.open(name, passphrase, self._clock() // 1_000)
            desk = self._office.desk_of(opened.officer, opened.seed)
            desk.wrong_passphrases = opened.failed_before
            return self._entered(self._office, desk)

    def _through_the_door(self, name: str, passphrase: str) -> Entered | None:
        """The desk in an office that another process holds open; None where none is. Nobody holds a place at the door
        while Argon2id is asked."""
        from registry.door.client import knock
        from registry.office import Office, enrol, open_key
        from tui.seat import Entered

        before = knock(self._settings.registry)
        if before is None:
            return None
        before.close()
        opened = open_key(self._settings, name, passphrase, self._clock() // 1_000)
        office = knock(self._settings.registry)
        if office is None:
            raise Busy("the office has just closed; sign in again")
        try:
            desk = office.desk_of(opened.officer, opened.seed, opened.origin)
        except RegistryError:
            office.close()
            raise
        desk.wrong_passphrases = opened.failed_before
        self._elsewhere = desk

        def audit(told: Callable[[int, int], None]) -> Audited:
            with Office.reading(self._settings) as beside:
                return beside.audit(told=told)

        made = partial(enrol, self._settings, office.origin, desk)
        return Entered(desk, made, audit, _drafts(desk, office.origin), desk)

    def _open(self, name: str, passphrase: str) -> Office:
        from registry.office import Office

        office = Office.reading(self._settings, clock=self._clock)
        try:
            if office.signer.officers.header(name).officer not in office.signer.who_may_open():
                office.desk(name, passphrase)
                return office
        except RegistryError:
            office.close()
            raise
        office.close()
        try:
            return Office.open(self._settings, officer=name, passphrase=passphrase, clock=self._clock)
        except Busy:
            office = Office.reading(self._settings, clock=self._clock)
            try:
                office.desk(name, passphrase)  # busy again where it is the passphrase that has to wait
            except RegistryError:
                office.close()
                raise
            return office

    @staticmethod
    def _entered(office: Office, desk: Desk) -> Entered:
        from tui.seat import Entered

        def enrol(
            name: str, department: str, passphrase: str, *, role: Role | None, until: int | None, may_open: bool
        ) -> tuple[Answer, ...]:
            return office.enrol(desk, name, department, passphrase, role=role, until=until, may_open=may_open)

        def audit(told: Callable[[int, int], None]) -> Audited:
            return office.audit(told=told)

        made = None if desk.day.reads_only() else enrol
        return Entered(desk, made, audit, _drafts(desk, office.origin))

    def close(self) -> None:
        """Close what is open; an office that records seals first."""
        with self._lock:
            self._close()
            if self._elsewhere is not None:
                self._elsewhere.leave()

    def _close(self) -> None:
        """What is open here."""
        if self._office is not None:
            self._office.close()
            self._office = None


def _drafts(desk: Desk, origin: str) -> Drafts:
    from tui.drafts import Drafts, folder_of, key_of

    return Drafts(folder_of(os.environ), origin, desk.officer, desk.derive(key_of))


def _tell(outcomes: Iterable[str]) -> None:
    """Print them; to nobody where the terminal is gone."""
    try:
        for outcome in outcomes:
            typer.echo(outcome)
        sys.stdout.flush()
        sys.stderr.flush()  # what was drawn last
    except OSError:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        os.close(nowhere)


def _check_terminal() -> None:
    """Raises Misuse where no screen can be drawn."""
    instead = "'muniment status' says how the registry stands in plain text"
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM", "dumb") == "dumb":
        raise Misuse(f"the workbench wants a terminal, and this is none; {instead}")
    columns, rows = shutil.get_terminal_size()
    if columns < SMALLEST[0] or rows < SMALLEST[1]:
        wanted = f"{SMALLEST[0]} columns and {SMALLEST[1]} rows"
        raise Misuse(f"the workbench wants {wanted}, and this terminal has {columns} and {rows}; {instead}")


if __name__ == "__main__":
    try:
        typer.run(command)
    except RegistryError as error:
        sys.exit(safe(str(error)))
