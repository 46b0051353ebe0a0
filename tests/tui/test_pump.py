"""Keys typed ahead: none is lost across screens, none is kept that could sign something by mistake."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input

from registry.errors import Refused
from tests.town import Town
from tests.tui.bench import Bench, copy_of, drive
from tui.pump import KeyPump
from tui.screens.home import Home
from tui.screens.record import Record
from tui.screens.search import Search


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town(tmp_path_factory.mktemp("pumped")).staff()
    for number in range(3):
        town.lodge(details={"title": f"K87120{number}"})
    town.close()
    return town


@pytest.fixture
def town(loaded: Town, tmp_path: Path) -> Iterator[Town]:
    town = copy_of(loaded, tmp_path / "town")
    yield town
    town.close()


async def rest(pump: KeyPump) -> None:
    """Until nothing is on its way."""
    await asyncio.sleep(0)
    while not pump.idle:
        await asyncio.sleep(0)


def current(bench: Bench) -> object:
    """The screen that stands now."""
    return bench.app.screen


def test_a_burst_across_screens_lands_where_it_was_meant_for(town: Town) -> None:
    async def steps(bench: Bench) -> None:
        for _ in range(6):
            bench.send("gs/")
            bench.send_key("ctrl+u")
            bench.send("K871201\n\n")  # search, the list, the record
            bench.send_key("f3")  # the list
            bench.send("/")  # the box
            bench.send_key("end")
            bench.send_key("ctrl+u")
            bench.send("K871202\n\n")
            await bench.settle()
            assert isinstance(current(bench), Record)
            assert "K871202" in bench.page
            bench.send_key("f3")
            bench.send("gh")
            await bench.settle()
            assert isinstance(current(bench), Home)

    drive(town, "reader", steps, size=(100, 30))


def test_a_burst_of_300_characters_arrives_whole_in_the_box_of_a_screen_just_called(town: Town) -> None:
    text = "".join(chr(97 + number % 26) for number in range(300))

    async def steps(bench: Bench) -> None:
        bench.send("/")
        bench.send(text)
        await bench.settle()
        assert bench.app.screen.query_one("#query", Input).value == text

    drive(town, "reader", steps)


def test_what_is_typed_after_opening_a_record_waits_for_it(town: Town, tmp_path: Path) -> None:
    async def steps(bench: Bench) -> None:
        bench.send("/K871201\n\ne")  # its receipt, before it can have been read
        bench.send_key("end")
        bench.send_key("ctrl+u")
        bench.send(f"{tmp_path / 'a.tlog-proof'}\n")
        await bench.settle()
        assert bench.said.startswith("M0302")

    drive(town, "reader", steps)
    assert (tmp_path / "a.tlog-proof").exists()


def test_keys_meant_for_what_is_not_allowed_are_dropped_and_go_nowhere_else(town: Town) -> None:
    async def steps(bench: Bench) -> None:
        bench.send("gl/tmp/secret\n")  # who may not lodge has typed a path
        await bench.settle()
        assert isinstance(current(bench), Home)
        assert bench.said.startswith("M0901 you may not lodge a muniment")
        assert "M0403" in [said.number for said in bench.app.said]

    drive(town, "reader", steps)


def test_while_an_act_is_recorded_keys_wait_and_a_refusal_drops_them(town: Town) -> None:
    async def steps(bench: Bench) -> None:
        screen = bench.app.screen
        assert isinstance(screen, Home)
        told: list[str] = []

        def refuse() -> None:
            raise Refused("the rules say no")

        screen.wait_for(refuse, lambda _: told.append("recorded"), screen._tell)
        bench.send("gs")
        await bench.settle()
        assert current(bench) is screen
        assert "M0403 Keys typed ahead were dropped: 2." in [str(one) for one in bench.app.said]
        assert bench.said == "M0402 the rules say no"
        screen.wait_for(lambda: 1, lambda _: told.append("recorded"), screen._tell)
        bench.send("gs")
        await bench.settle()
        assert told == ["recorded"]
        assert isinstance(current(bench), Search)

    drive(town, "reader", steps)


def test_what_passes_always_passes_a_pump_that_is_held() -> None:
    async def run() -> list[str]:
        seen: list[str] = []

        async def forward(event: events.Key | events.Paste) -> None:
            assert isinstance(event, events.Key)
            seen.append(event.key)

        async def settled() -> None:
            return None

        pump = KeyPump(forward, settled)
        task = asyncio.create_task(pump.run())
        pump.hold()
        for key in ("a", "f12", "b"):
            pump.put(events.Key(key, None))
        await rest(pump)
        assert tuple(seen) == ("f12",)
        pump.release()
        await rest(pump)
        task.cancel()
        return seen

    assert asyncio.run(run()) == ["f12", "a", "b"]


def test_a_fault_of_the_workbench_itself_is_told_and_does_not_end_it(town: Town) -> None:
    async def steps(bench: Bench) -> None:
        screen = bench.app.screen
        assert isinstance(screen, Home)

        def broken() -> None:
            raise KeyError("a mistake of ours")

        screen.ask(broken, lambda _: None)
        await bench.settle()
        assert bench.said.startswith("M0902 The workbench itself failed: KeyError")
        await bench.press("f5")
        assert bench.app.is_running

    drive(town, "reader", steps)
