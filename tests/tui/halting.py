"""A load that waits in its middle, so that a key comes there on any machine."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from tests.tui.bench import PATIENCE_S


class Halting:
    """A milestone that holds a load after its first batch until it may go on."""

    def __init__(self) -> None:
        self.reached, self.may_go_on = threading.Event(), threading.Event()

    def __call__(self, milestone: str) -> None:
        if milestone == "batch recorded":
            self.reached.set()
            assert self.may_go_on.wait(PATIENCE_S)

    async def wait(self) -> None:
        """Until the load stands there."""
        assert await asyncio.to_thread(self.reached.wait, PATIENCE_S)

    def go_on_after(self, event: threading.Event) -> None:
        """Let it go on once the event is set."""
        event.wait(PATIENCE_S)
        self.may_go_on.set()


def many(tmp_path: Path) -> Path:
    """Sales enough to be still loading when a key comes."""
    path = tmp_path / "many.csv"
    row = (
        '"{{{id}}}","100000","1995-12-21 00:00","AB1 2CD","D","N","F","1","","A ROAD","","WYE","ASHFORD","KENT","A","A"'
    )
    lines = [row.format(id=f"5BBE9CB3-6332-4EB0-9CD3-{number:012X}") for number in range(30_000)]
    path.write_text("\n".join(lines) + "\n")
    return path
