"""The status screen, driven through Textual's pilot at both sizes that the design names."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Static

from registry.desk.status import Status
from registry.errors import Busy, LedgerHalted, RegistryError
from tui.app import Workbench

SIZES = [(80, 24), (100, 30)]


@dataclass
class Registry:
    """What the workbench is started with: answers or raises as told, and counts who asked, on which thread."""

    answer: Status | RegistryError
    asked: int = 0
    threads: set[int] = field(default_factory=set)

    def status(self) -> Status:
        self.asked += 1
        self.threads.add(threading.get_ident())
        if isinstance(self.answer, RegistryError):
            raise self.answer
        return self.answer


def drive(
    status: Callable[[], Status],
    steps: Callable[[Workbench, Pilot[None]], Coroutine[Any, Any, None]],
    size: tuple[int, int],
) -> None:
    async def run() -> None:
        app = Workbench(status)
        async with app.run_test(size=size) as pilot:
            await settled(app, pilot)
            await steps(app, pilot)

    asyncio.run(run())


async def settled(app: Workbench, pilot: Pilot[None]) -> None:
    """Until the worker has answered and its message was handled."""
    await app.workers.wait_for_complete()
    await pilot.pause()


def rows(app: Workbench) -> list[str]:
    """What stands on the screen, row by row, as a clerk reads it."""
    return ["".join(segment.text for segment in strip).rstrip() for strip in app.screen._compositor.render_strips()]


def text(app: Workbench, name: str) -> str:
    return str(app.screen.query_one(f"#{name}", Static).content)


STATUS = Status(
    origin="registry.example/land",
    size=1_204_913,
    root="gRVgA0BBDDbGKn/x2XQPxDzTdvUPzS7DzAk0Tjn8j0Y=",
    engine="sqlite 3.54.1",
    not_yet_searchable=41_200,
    sealed=1_204_913,
    state="sealed, no witnesses appointed",
    departments=2,
    officers=4,
    open_loads=0,
)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_everything_fits_and_nothing_is_cut(size: tuple[int, int]) -> None:
    async def steps(app: Workbench, pilot: Pilot[None]) -> None:
        shown = rows(app)
        assert len(shown) == size[1]
        assert max(len(row) for row in shown) <= size[0]
        page = "\n".join(shown)
        for words in (
            "MUNIMENT  registry.example/land",
            "● 1 204 913",
            "Origin            registry.example/land",
            "Size              1 204 913",
            f"Root              {STATUS.root}",
            "State             sealed, no witnesses appointed",
            "Engine            sqlite 3.54.1",
            "A search finds    all but 41 200 recorded and not searchable yet",
            "M0401 Read at size 1 204 913. F5 reads again.",
        ):
            assert words in page, page
        assert "A proof is a receipt" in " ".join(page.split())
        assert shown[-1].strip() == "F5 Refresh  Ctrl+Q Quit"

    drive(Registry(STATUS).status, steps, size)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_f5_reads_again(size: tuple[int, int]) -> None:
    registry = Registry(STATUS)

    async def steps(app: Workbench, pilot: Pilot[None]) -> None:
        assert registry.asked == 1
        registry.answer = replace(STATUS, size=1_204_914, root="b" * 44, not_yet_searchable=0)
        await pilot.press("f5")
        await settled(app, pilot)
        assert registry.asked == 2
        assert text(app, "size") == "1 204 914"
        assert text(app, "bar-size") == "● 1 204 914"
        assert text(app, "searchable") == "everything recorded"

    drive(registry.status, steps, size)


def test_ctrl_q_quits() -> None:
    async def steps(app: Workbench, pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+q")
        assert not app.is_running
        assert app.return_code == 0

    drive(Registry(STATUS).status, steps, SIZES[0])


def test_the_registry_is_never_asked_on_the_event_loop() -> None:
    registry = Registry(STATUS)

    async def steps(app: Workbench, pilot: Pilot[None]) -> None:
        assert threading.get_ident() not in registry.threads

    drive(registry.status, steps, SIZES[0])


def test_a_registry_that_cannot_be_read_says_why_and_the_older_figures_are_called_older() -> None:
    registry = Registry(Busy("The disk of the registry is full."))

    async def steps(app: Workbench, pilot: Pilot[None]) -> None:
        assert text(app, "message") == "M0402 The disk of the registry is full. F5 tries again."
        assert text(app, "size") == "–"
        registry.answer = STATUS
        await pilot.press("f5")
        await settled(app, pilot)
        registry.answer = LedgerHalted("Head and tree disagree at size 9.")
        await pilot.press("f5")
        await settled(app, pilot)
        assert text(app, "size") == "1 204 913"
        expected = "M0402 Head and tree disagree at size 9. What stands above was read before. F5 tries again."
        assert text(app, "message") == expected
        assert app.screen.query_one("#message").has_class("refused")

    drive(registry.status, steps, SIZES[0])


HOSTILE = "a\x1b]52;c;cm0gLXJmIH4=\x07b\u202egpj[red]x[/red][@click=app.quit]quit[/]\x9b2J[/nosuch]"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_hostile_text_neither_commands_the_terminal_nor_is_read_as_markup(size: tuple[int, int]) -> None:
    registry = Registry(replace(STATUS, origin=HOSTILE, root=HOSTILE, engine=HOSTILE, state=HOSTILE))

    async def steps(app: Workbench, pilot: Pilot[None]) -> None:
        page = "".join(rows(app))
        assert not {character for character in page if ord(character) < 32 or 0x7F <= ord(character) <= 0x9F}
        assert "\u202e" not in page
        assert "[red]x[/red]" in text(app, "engine")
        registry.answer = Busy(HOSTILE)
        await pilot.press("f5")
        await settled(app, pilot)
        page = "".join(rows(app))
        assert not {character for character in page if ord(character) < 32 or 0x7F <= ord(character) <= 0x9F}
        assert "[@click=app.quit]" in text(app, "message")

    drive(registry.status, steps, size)
