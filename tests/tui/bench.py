"""A workbench on a real town's registry, driven by Textual's pilot: for tests of the writing screens."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Static

from registry.desk.desk import Desk
from registry.door.client import RemoteDesk
from tests.town import Town
from tui.app import Workbench
from tui.drafts import Drafts, key_of
from tui.seat import Entered, seat_at

SIZES = [(80, 24), (100, 30)]
PATIENCE_S = 20.0
Steps = Callable[["Bench"], Coroutine[Any, Any, None]]
CONTROLS = {*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)}


class Bench:
    """The application, its pilot and the town behind it."""

    def __init__(self, app: Workbench, pilot: Pilot[None], town: Town) -> None:
        self.app, self.pilot, self.town = app, pilot, town

    async def settle(self) -> None:
        """Until no worker runs, no key waits and every message was handled."""
        quiet = 0
        for _ in range(2_000):
            await self.pilot.pause()
            busy = not self.app.pump.idle or any(not worker.is_finished for worker in self.app.workers)
            quiet = 0 if busy else quiet + 1
            if quiet == 2:
                return
            if busy:
                await asyncio.sleep(0.005)  # a thread of the registry's works: nothing here can be waited for
        raise AssertionError("the workbench does not come to rest")

    async def until(self, holds: Callable[[], bool]) -> None:
        """Until it holds; keys and threads go on meanwhile."""
        end = asyncio.get_running_loop().time() + PATIENCE_S
        while not holds():
            assert asyncio.get_running_loop().time() < end, f"not within {PATIENCE_S} s; {self.said}"
            await asyncio.sleep(0.005)

    async def press(self, *keys: str) -> None:
        """Press the keys and wait for what they bring about."""
        await self.pilot.press(*keys)
        await self.settle()

    async def type(self, text: str) -> None:
        """Type a text in one burst, and wait for what it brings about."""
        self.send(text)
        await self.settle()

    def send(self, text: str) -> None:
        """A text in one burst, as a card reader sends it; a line feed is Enter, a tab Tab."""
        names = {"\n": "enter", "\t": "tab"}
        for letter in text:
            key = names.get(letter) or _character_to_key(letter)
            self.app.post_message(events.Key(key, None if letter in names else letter))

    def send_key(self, key: str) -> None:
        """One key, without waiting."""
        self.app.post_message(events.Key(key, None))

    @property
    def rows(self) -> list[str]:
        """What stands on the screen, row by row."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    @property
    def page(self) -> str:
        """The same in one piece: runs of blanks as one, without the edges that divide wrapped words."""
        return " ".join("\n".join(self.rows).replace("▌", " ").split())

    @property
    def said(self) -> str:
        """The newest message."""
        return str(self.app.last_said)

    def echo(self, field: str) -> str:
        """What stands beside the field of a form."""
        return str(self.app.screen.query_one(f"#echo-{field}", Static).content)

    def check_clean(self) -> None:
        """Nothing that a terminal would obey leaves the screen: every row as it is sent, without its colours."""
        console = Console(color_system=None, force_terminal=True)
        sent = "".join(strip.render(console) for strip in self.app.screen._compositor.render_strips())
        plain = re.sub(r"\x1b\[[0-9;]*m", "", sent)
        assert not {f"{ord(letter):04X}" for letter in plain if ord(letter) in CONTROLS}


class OffTheLoop:
    """A desk, or a counter of one, that fails where it is asked on the event loop: one slow answer there would freeze
    every key."""

    def __init__(self, asked: object) -> None:
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._asked, name)
        guarded = found if isinstance(found, (str, int)) else OffTheLoop(found)
        if not callable(found):
            setattr(self, name, guarded)  # the same counter each time: a test may put something in its place
        return guarded

    def __call__(self, *given: Any, **named: Any) -> Any:
        assert asyncio._get_running_loop() is None, f"{self._asked} was asked on the event loop"
        assert callable(self._asked)
        return self._asked(*given, **named)


def drive(
    town: Town,
    officer: str,
    steps: Steps,
    *,
    size: tuple[int, int] = SIZES[0],
    drafts: Drafts | None = None,
    **entered: Any,
) -> None:
    """Sign the officer in and take the steps."""

    async def run() -> None:
        sat_at = town.desk(officer)
        desk = cast(Desk, OffTheLoop(sat_at))
        presence = sat_at if isinstance(sat_at, RemoteDesk) else None
        entered_as = Entered(desk, drafts=drafts, presence=presence, **entered)
        seat = await asyncio.to_thread(seat_at, officer, entered_as)

        def nobody(name: str, passphrase: str) -> Entered:
            raise AssertionError("nobody signs in here by passphrase")

        app = Workbench(nobody, town.clock, idle_s=0)
        async with app.run_test(size=size) as pilot:
            bench = Bench(app, pilot, town)
            await bench.settle()
            app.sit(seat)
            await bench.settle()
            await steps(bench)
            if app.is_running and not app._exit:
                await bench.settle()

    asyncio.run(run())


def drafts_of(town: Town, officer: str, folder: Path) -> Drafts:
    """That officer's drafts in a folder of the test's."""
    return Drafts(folder, "registry.example/land", town.references[officer], key_of(town.sign(officer), "x"))


def copy_of(town: Town, folder: Path) -> Town:
    """A copy of a closed town, in a folder that is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return town.copied(folder)
