"""The command `muniment gateway`. Found through the entry-point group `muniment.commands`, never imported.

For each /readyz it opens the registry for reading, asks its status and closes it again, so it holds neither a key nor a
lock, and whoever records is not in its way.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry.errors import Busy, LedgerHalted, Misuse, RegistryError
from registry.records.text import safe
from registry.settings import read_settings

if TYPE_CHECKING:
    from registry.desk.status import Status

REGISTRY_HELP = "The registry's folder; else MUNIMENT_REGISTRY, else ./muniment-data."
PORT_HELP = "The port to listen on; 0 takes a free one and says which."
SIGNER_HELP = "The signer's folder; else MUNIMENT_SIGNER, else <registry>.signer."


def command(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65_535, help=PORT_HELP)] = 8080,
    registry: Annotated[Path | None, typer.Option(metavar="PATH", help=REGISTRY_HELP)] = None,
    signer: Annotated[Path | None, typer.Option(metavar="PATH", help=SIGNER_HELP)] = None,
) -> None:
    """Serve other departments over HTTP.

    Answers /livez (the process runs) and /readyz (the registry can be read:
    origin, size, root, how far sealing and searching are), until Ctrl+C ends
    it. Wants no passphrase, and may run while somebody records.

    It listens on this machine alone, unless --host names another address.

    Example:
        muniment gateway
        muniment gateway --host 127.0.0.1 --port 8080 --registry /srv/land
    Prints:
        The address that it listens on. What keeps it from being ready goes
        to standard error.
    Exit codes: 0, 2
    See also: status, workbench
    """
    # Here and not above: --help must not wait for a web server to be imported.
    import uvicorn

    from gateway.app import build
    from registry.office import Office

    settings = read_settings(os.environ, registry=registry, signer=signer)

    def status() -> Status:
        with Office.reading(settings) as office:
            return office.public().status()

    with contextlib.suppress(Busy, LedgerHalted):  # these pass or must be watched: /readyz tells them
        status()
    with _listen(host, port) as listening:
        address = f"[{host}]" if ":" in host else host
        typer.echo(
            f"The gateway listens on http://{address}:{listening.getsockname()[1]} (/livez, /readyz); Ctrl+C ends it."
        )
        # No access log: who asks is not written down here.
        config = uvicorn.Config(
            build(status), http="httptools", lifespan="off", access_log=False, log_level="warning", server_header=False
        )
        with contextlib.suppress(KeyboardInterrupt):  # Ctrl+C is how it is meant to end: requests are answered first
            uvicorn.Server(config).run(sockets=[listening])


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
