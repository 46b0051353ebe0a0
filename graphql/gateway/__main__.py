"""The command `muniment gateway`. Found through the entry-point group `muniment.commands`, never imported.

With an officer of its own it opens the office in-line: departments sign in, ask, and their readings are recorded.
Without one it holds neither a key nor a lock: it publishes the ledger beside whoever records, and for each /readyz
opens the registry for reading, asks its status and closes it again.
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

    from registry.desk.status import Status

MOST_CONNECTIONS = 500
OFFICER_HELP = "The gateway's own officer, who signs its answers; else MUNIMENT_OFFICER."
REGISTRY_HELP = "The registry's folder; else MUNIMENT_REGISTRY, else ./muniment-data."
PORT_HELP = "The port to listen on; 0 takes a free one and says which."
SIGNER_HELP = "The signer's folder; else MUNIMENT_SIGNER, else <registry>.signer."


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

    It signs its answers as an officer of its own, who is a reader and may
    open the office. Without an officer it answers no department, wants no
    passphrase, and may run while somebody records.

    It listens on this machine alone, unless --host names another address.

    Example:
        muniment gateway --officer gateway
        muniment gateway --host 127.0.0.1 --port 8080 --registry /srv/land
    Prints:
        The address that it listens on. What keeps it from being ready, and
        why a department was not let in, goes to standard error.
    Exit codes: 0, 1, 2, 3, 4
    See also: department key add, token, status
    """
    # Here and not above: --help must not wait for a web server to be imported.
    import uvicorn

    from gateway.connections import Impatient

    settings = read_settings(os.environ, registry=registry, signer=signer, officer=officer)
    with contextlib.ExitStack() as held:
        app = _answering(settings, held) if settings.officer is not None else _publishing(settings, held)
        listening = held.enter_context(_listen(host, port))
        address = f"[{host}]" if ":" in host else host
        typer.echo(
            f"The gateway listens on http://{address}:{listening.getsockname()[1]} "
            f"({'/graphql, /checkpoint' if settings.officer is not None else '/checkpoint'}, /readyz); Ctrl+C ends it."
        )
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


def _answering(settings: Settings, held: contextlib.ExitStack) -> Starlette:
    """The office, open in-line as the gateway's own officer, and what serves departments from it."""
    from gateway.answers import Answering
    from gateway.app import Service, build
    from gateway.credentials import Credentials
    from gateway.operation import House
    from gateway.schema import build_schema
    from registry.commands.passphrases import passphrase
    from registry.office import Office, now_ms

    assert settings.officer is not None
    schema = build_schema()
    secret = passphrase(settings, settings.officer)
    office = held.enter_context(Office.open(settings, officer=settings.officer, passphrase=secret))
    house = House.of(office.desk(settings.officer, secret))
    credentials = Credentials(f"https://{office.origin}", office.admission().admit, time.time)
    return build(office.public().status, office.public, Service(Answering(schema, house, now_ms), credentials))


def _publishing(settings: Settings, held: contextlib.ExitStack) -> Starlette:
    """The ledger, published beside whoever records."""
    from gateway.app import build
    from registry.office import Office

    def status() -> Status:
        with Office.reading(settings) as office:
            return office.public().status()

    with contextlib.suppress(Busy, LedgerHalted):  # these pass or must be watched: /readyz tells them
        status()
    return build(status, held.enter_context(Office.reading(settings)).public)


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
