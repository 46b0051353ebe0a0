"""The command `muniment workbench`. Found through the entry-point group `muniment.commands`, never imported.

It hands the application one function that opens the registry for reading, asks its status and closes it again: no key,
no lock, no connection is held while the screen stands, and what is shown is what a new reader would see.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry.errors import Misuse, RegistryError
from registry.records.text import safe
from registry.settings import read_settings

if TYPE_CHECKING:
    from registry.desk.status import Status

REGISTRY_HELP = "The registry's folder; else MUNIMENT_REGISTRY, else ./muniment-data."
SIGNER_HELP = "The signer's folder; else MUNIMENT_SIGNER, else <registry>.signer."

SMALLEST = (60, 16)  # columns, rows: below it words would be cut off


def command(
    registry: Annotated[Path | None, typer.Option(metavar="PATH", help=REGISTRY_HELP)] = None,
    signer: Annotated[Path | None, typer.Option(metavar="PATH", help=SIGNER_HELP)] = None,
) -> None:
    """Open the clerks' terminal.

    Shows how the registry stands: origin, size, root, how far sealing and
    searching are. F5 reads it again, Ctrl+Q leaves. Wants no passphrase, and
    may be open while somebody records.

    Wants a terminal of at least 60 columns and 16 rows.

    Example:
        muniment workbench
        muniment workbench --registry /srv/land
    Exit codes: 0, 2, 3, 4
    See also: status, gateway
    """
    _check_terminal()
    # Here and not above: Textual takes a quarter of a second to import, and --help must not wait for it.
    from registry.office import Office
    from tui.app import Workbench

    settings = read_settings(os.environ, registry=registry, signer=signer)

    def status() -> Status:
        with Office.reading(settings) as office:
            return office.public().status()

    status()  # a mistyped path is told in the shell, not on a screen
    Workbench(status).run()


def _check_terminal() -> None:
    """Raises Misuse where no screen can be drawn."""
    instead = "'muniment status' says the same in plain text"
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
