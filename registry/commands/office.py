"""The office: hold a registry open for several people, and let them in through its door."""

from __future__ import annotations

import signal

from registry.commands import output
from registry.commands.asked import Asked, command
from registry.commands.interruption import SIGNALS
from registry.commands.manual import counter
from registry.commands.passphrases import passphrase

app = counter()


@command(app, "office", json=False)
def office(asked: Asked) -> None:
    """Hold the office open for several people.

    Opens the registry and serves it at its door, a Unix socket named "door" in
    the registry's folder, until it is told to stop (Ctrl-C, SIGTERM). While it
    is open every command of every officer goes through the door, also of those
    who could not open the office themselves; each signs in with the own key,
    which stays in his process. What reads beside it (status, audit, policy,
    checkpoint, export-log, and lookups without a name) goes on as ever.

    The door's mode is 0660, so who may knock is decided by the user and group
    of the registry's folder, and by its mode. An officer who has no right to
    the signer's folder keeps the own key in officers/NAME.key of another one,
    and names that with --signer.

    When it stops it lets nobody in any more, finishes what was begun, tells
    its clients, seals, and leaves the registry closed in order.

    Example:
        muniment office --officer a.clerk
        muniment office --registry /srv/land --officer a.clerk
    Prints:
        Where it listens, and on standard error that it stops.
    Exit codes: 0, 1, 2, 3, 4
    See also: status, lodge, load
    """
    from registry.door.server import Door
    from registry.office import Office

    name = asked.officer()
    secret = passphrase(asked.settings, name)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # from here on they are waited for, and never lost
    try:
        with Office.open(asked.settings, officer=name, passphrase=secret) as opened, Door(opened) as door:
            output.say(f"{opened.origin}: open at {door.path}. Ctrl-C closes it.")
            signal.sigwait(SIGNALS)
            output.note("Closing; what was begun is finished first.")
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    output.say(f"{opened.origin}: closed.")
