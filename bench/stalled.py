"""The workbench at an office that takes two seconds to answer a search: for `bench.workbench`, in a terminal.

PYTHONPATH=.:graphql python -m bench.stalled --registry PATH --signer PATH --officer NAME
"""

from __future__ import annotations

import time
from typing import Any

import typer

from registry.desk.lookups import Lookups
from tui.__main__ import command

STALL_S = 2.0


def main() -> None:
    """The command `workbench`, with a desk that stalls."""
    find = Lookups.find

    def stalls(desk: Lookups, text: str, **options: Any) -> Any:
        time.sleep(STALL_S)
        return find(desk, text, **options)

    Lookups.find = stalls  # type: ignore[method-assign, assignment]
    typer.run(command)


if __name__ == "__main__":
    main()
