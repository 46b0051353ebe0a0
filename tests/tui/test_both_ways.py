"""One flow of each kind, with the office in-line and behind its door: no screen can tell which."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from registry.errors import Away
from registry.office import enrol
from registry.settings import Settings
from tests.door.behind import DoorTown
from tests.town import DAY, Town
from tests.tui.bench import Bench, copy_of, drafts_of, drive
from tests.tui.halting import Halting, many
from tui.__main__ import Entrance
from tui.app import Workbench
from tui.screens.lock import Lock
from tui.screens.record import Record

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[Town, DoorTown], ids=["in-line", "through the door"])
def staffed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Town:
    town: Town = request.param(tmp_path_factory.mktemp("staffed"))
    town.staff().lodge()
    town.close()
    return town


@pytest.fixture
def town(staffed: Town, tmp_path: Path) -> Iterator[Town]:
    town = copy_of(staffed, tmp_path / "town")
    yield town
    town.close()


def test_a_record_is_found_read_proven_and_its_receipt_saved(town: Town, tmp_path: Path) -> None:
    receipt, page = tmp_path / "a.tlog-proof", tmp_path / "a.txt"

    async def steps(bench: Bench) -> None:
        assert "lodged" in bench.page, bench.page
        await bench.type("/K871204\n\n")
        assert isinstance(bench.app.screen, Record)
        assert "✓ SEALED" in bench.page
        await bench.press("f9")
        assert "number 1: entry → root" in bench.page
        await bench.press("f3")
        for key, path in (("e", receipt), ("k", page)):
            await bench.press(key)
            await bench.press("end", "ctrl+u")
            await bench.type(f"{path}\n")
        assert "M0303" in bench.said

    drive(town, "reader", steps, size=(100, 30))
    assert receipt.read_text().startswith("c2sp.org/tlog-proof@v1")
    assert len(page.read_text().split("\n")) <= 61


def test_a_deed_is_lodged_and_revised(town: Town, tmp_path: Path) -> None:
    deed = tmp_path / "deed.pdf"
    deed.write_bytes(b"%PDF a deed" * 100_000)
    before = town.office.store.head().size
    drafts = drafts_of(town, "intake-clerk", tmp_path / "drafts")

    async def steps(bench: Bench) -> None:
        bench.app.go("lodge")
        await bench.settle()
        await bench.type(f"{deed}\nch\n30 11 2026\ndep\ntitle = NEW77\tdonor = Amara Okafor")
        await bench.press("ctrl+s")
        assert bench.said.startswith("M0411 Recorded at"), bench.said
        await bench.press("f3")
        await bench.type("/NEW77\n\n")
        await bench.press("f6")
        await bench.type(f"{deed}\ntitle = NEW78")
        await bench.press("ctrl+s")
        assert "M0423" in bench.said, bench.said

    drive(town, "intake-clerk", steps, drafts=drafts)
    assert town.office.store.head().size == before + 2


def test_a_load_goes_on_while_its_clerk_searches(town: Town, tmp_path: Path) -> None:
    path, halting = many(tmp_path), Halting()
    town.reopen(halting)

    async def steps(bench: Bench) -> None:
        bench.app.go("load")
        await bench.settle()
        await bench.type(f"{path}")
        await bench.press("ctrl+t")
        await bench.press("ctrl+s")
        bench.send("LOAD 30000\n")
        await halting.wait()
        bench.app.go("search")
        bench.send("/K871204\n\n")
        await bench.until(lambda: isinstance(bench.app.screen, Record) and "SEALED" in bench.page)
        halting.may_go_on.set()
        await bench.settle()
        assert "M0506" in "".join(map(str, bench.app.said))

    drive(town, "loader", steps)


def test_an_officer_is_enrolled_with_a_key_file_and_appointed(town: Town) -> None:
    desk = town.desk("founder")
    made = partial(enrol, town.settings, town.office.origin, desk)

    async def steps(bench: Bench) -> None:
        bench.app.go("officers")
        await bench.settle()
        await bench.press("f6")
        await bench.type("j.patel\npol\nread\n\nno\nlong enough\nlong enough")
        await bench.press("ctrl+s")
        assert "M0600" in bench.said, bench.said
        await bench.press("home", *["down"] * 8, "a")
        await bench.type("aud")
        await bench.press("ctrl+s")
        assert "M0601" in bench.said, bench.said

    drive(town, "founder", steps, enrol=made)
    assert (town.settings.signer / "officers" / "j.patel.key").exists()


def test_a_desk_is_locked_and_opened_again(town: Town) -> None:
    """By the workbench's own entrance, which finds the door where there is one and opens the office where there is
    none."""
    through = isinstance(town, DoorTown)
    if not through:
        town.close()
    entrance = Entrance(Settings(town.settings.registry, town.settings.signer), town.clock)

    async def run() -> None:
        app = Workbench(entrance.sign_in, town.clock, idle_s=0)
        async with app.run_test(size=(80, 24)) as pilot:
            bench = Bench(app, pilot, town)
            await bench.settle()
            await bench.type("founder\nfounder's\n")
            assert app.seat is not None
            assert (app.seat.entered.presence is not None) == through
            assert not app.seat.reads_only
            desk = app.seat.desk
            await bench.press("ctrl+l")
            assert isinstance(app.screen, Lock)
            if through:
                with pytest.raises(Away, match="was left"):
                    await asyncio.to_thread(desk.status)
            await bench.type("wrong\n")
            assert bench.said.startswith("M0104")
            await bench.type("founder's\n")
            assert bench.said.startswith("M0112")
            await bench.press("f5")
            assert "lodged" in bench.page

    try:
        asyncio.run(run())
    finally:
        entrance.close()
        if not through:
            town.clock.now += DAY
            town.open()
