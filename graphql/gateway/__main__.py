"""The command `muniment gateway`. Found through the entry-point group `muniment.commands`, never imported.

With an officer of its own it answers departments, by one of two ways and the same code:

    beside    another process holds the office open (`muniment office`), or is to: this one reads the registry, proves
              and publishes by itself, and asks at the door, signed in as its officer, for what only an office can do
    in-line   nobody has the office open and the officer may open it: this process does, with all its keys

Without an officer it publishes the ledger beside whoever records, and answers no department. Where it only reads it
holds no lock, and for each /readyz opens the registry anew, asks its status and closes it again.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry.errors import Busy, LedgerHalted, Misuse, RegistryError
from registry.records.text import safe
from registry.settings import Settings, read_settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from gateway.app import Service
    from registry.desk.admission import Admission
    from registry.desk.desk import Desk
    from registry.desk.status import Status
    from registry.office import OpenedKey

MOST_CONNECTIONS = 500
OFFICER_HELP = "The gateway's own officer, who signs its answers; else MUNIMENT_OFFICER."
REGISTRY_HELP = "The registry's folder; else MUNIMENT_REGISTRY, else ./muniment-data."
PORT_HELP = "The port to listen on; 0 takes a free one and says which."
SIGNER_HELP = "The signer's folder; else MUNIMENT_SIGNER, else <registry>.signer."

BESIDE = "It stands beside the office and asks at its door for what only the office can do."
WAITING = (
    "It stands beside the office, which nobody has opened yet: until 'muniment office' does, nobody signs in and "
    "nothing withheld is read."
)
IN_LINE = (
    "It holds the office open itself, every key of the registry with it: for this machine alone. To face a network, "
    "hold the office open with 'muniment office' and start the gateway beside it."
)
PUBLISHING = "It publishes the ledger and answers no department: name its officer with --officer."


def command(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65_535, help=PORT_HELP)] = 8080,
    registry: Annotated[Path | None, typer.Option(metavar="PATH", help=REGISTRY_HELP)] = None,
    signer: Annotated[Path | None, typer.Option(metavar="PATH", help=SIGNER_HELP)] = None,
    officer: Annotated[str | None, typer.Option(metavar="NAME", help=OFFICER_HELP)] = None,
) -> None:
    """Serve other departments over HTTP.

    Answers departments at /graphql, for tokens that /oauth/token gives for
    their word; docs/departments.md shows how. Publishes the ledger at
    /checkpoint, /tile/ and /policy, and says at /livez that it runs and at
    /readyz how the registry stands. Ctrl+C ends it.

    It signs its answers as an officer of its own, who is a reader. Where the
    office is open ("muniment office") it stands beside it: it looks up and
    proves by itself, and asks at the office's door to let departments in, to
    open what is withheld and to record who read it. It then holds no key but
    its officer's. While the office is away it goes on looking up, and tells
    departments to ask again for the rest. Facing a network, run it so.

    Where nobody has the office open and the officer may open it (enrolled
    with --may-open), the gateway opens it in its own process, all keys of the
    registry with it: for one machine. It says at start which way it runs.

    Without an officer it answers no department and wants no passphrase.

    It listens on this machine alone, unless --host names another address.

    Example:
        muniment gateway --officer gateway
        muniment gateway --host 127.0.0.1 --port 8080 --registry /srv/land
    Prints:
        The address that it listens on, and which way it runs. What keeps it
        from being ready, and why a department was not let in, goes to
        standard error.
    Exit codes: 0, 1, 2, 3, 4
    See also: office, department key add, token, status
    """
    # Here and not above: --help must not wait for a web server to be imported.
    import uvicorn

    from gateway.connections import Impatient

    settings = read_settings(os.environ, registry=registry, signer=signer, officer=officer)
    with contextlib.ExitStack() as held:
        app, way = _answering(settings, held) if settings.officer is not None else _publishing(settings, held)
        listening = held.enter_context(_listen(host, port))
        address = f"[{host}]" if ":" in host else host
        typer.echo(
            f"The gateway listens on http://{address}:{listening.getsockname()[1]} "
            f"({'/graphql, /checkpoint' if settings.officer is not None else '/checkpoint'}, /readyz); Ctrl+C ends it."
        )
        typer.echo(way)
        # No access log: who asks is not written down here.
        # No headers of a proxy are believed: they would let a stranger choose the address that is counted.
        config = uvicorn.Config(
            app,
            http=Impatient,
            ws="none",
            lifespan="off",
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
        )
        with contextlib.suppress(KeyboardInterrupt):  # Ctrl+C is how it is meant to end: requests are answered first
            uvicorn.Server(config).run(sockets=[listening])


def _answering(settings: Settings, held: contextlib.ExitStack) -> tuple[Starlette, str]:
    """What serves departments as the gateway's own officer, and which way."""
    from registry.commands.passphrases import passphrase
    from registry.door.client import knock
    from registry.office import Office, open_key

    assert settings.officer is not None
    with Office.reading(settings) as seen:
        able = seen.services.standing().may_open()
    secret = passphrase(settings, settings.officer)
    opened = open_key(settings, settings.officer, secret, time.time_ns() // 1_000_000_000)
    there = knock(settings.registry)
    if there is not None:
        with there:  # whatever is wrong with its officer is told now, and not to the first department
            there.sign_in(opened.officer, opened.sign, opened.origin)
        return _beside(settings, opened, held), BESIDE
    if opened.officer in able:
        return _in_line(settings, secret, held), IN_LINE
    return _beside(settings, opened, held), WAITING


def _beside(settings: Settings, opened: OpenedKey, held: contextlib.ExitStack) -> Starlette:
    """The registry, read here, and the office's door for the rest."""
    from gateway.app import build
    from registry.door.desks import Desks
    from registry.office import Office

    office = held.enter_context(Office.reading(settings))
    desks = held.enter_context(Desks(settings.registry, opened.officer, opened.sign, opened.origin))
    desk = office.desk_of(opened.officer, opened.seed)
    service = _service(office.origin, desk, office.admission(desks.departments))
    return build(lambda: _status(settings), office.public, service, there=desks.there)


def _in_line(settings: Settings, secret: str, held: contextlib.ExitStack) -> Starlette:
    """The office, open in this process."""
    from gateway.app import build
    from registry.office import Office

    assert settings.officer is not None
    office = held.enter_context(Office.open(settings, officer=settings.officer, passphrase=secret))
    desk = office.desk(settings.officer, secret)
    service = _service(office.origin, desk, office.admission(desk.departments))
    return build(office.public().status, office.public, service)


def _service(origin: str, desk: Desk, admission: Admission) -> Service:
    """What departments sign in with and are answered by, at the desk of the gateway's own officer."""
    from gateway.answers import Answering
    from gateway.app import Service
    from gateway.credentials import Credentials
    from gateway.operation import House
    from gateway.schema import build_schema
    from registry.office import now_ms

    answering = Answering(build_schema(), House.of(desk), now_ms)
    return Service(answering, Credentials(f"https://{origin}", admission.admit, time.time))


def _publishing(settings: Settings, held: contextlib.ExitStack) -> tuple[Starlette, str]:
    """The ledger, published beside whoever records."""
    from gateway.app import build
    from registry.office import Office

    with contextlib.suppress(Busy, LedgerHalted):  # these pass or must be watched: /readyz tells them
        _status(settings)
    public = held.enter_context(Office.reading(settings)).public
    return build(lambda: _status(settings), public), PUBLISHING


def _status(settings: Settings) -> Status:
    from registry.office import Office

    with Office.reading(settings) as office:
        return office.public().status()


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises Misuse, so that a port in use is one sentence."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        why = error.strerror or str(error)
        raise Misuse(
            f"{safe(host)}:{port} cannot be listened on ({why}); choose another with --host or --port"
        ) from error


if __name__ == "__main__":
    try:
        typer.run(command)
    except RegistryError as error:
        sys.exit(safe(str(error)))
