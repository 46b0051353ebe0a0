"""The audit at the workbench: progress, stop, and faults explained, on a real registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry.ledger.audit.fault import Audit, Fault
from tests.town import Town
from tests.tui.bench import SIZES, Bench, copy_of, drive

SIZE_NAMES = [f"{columns}x{rows}" for columns, rows in SIZES]
HOSTILE = "was \x1b]52;c;cm0=\x07\x9b2J\u202e[@click=app.quit]x[/no]"


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town(tmp_path_factory.mktemp("staffed")).staff()
    town.lodge()
    town.close()
    return town


@pytest.fixture
def town(staffed: Town, tmp_path: Path) -> Iterator[Town]:
    town = copy_of(staffed, tmp_path / "town")
    yield town
    town.close()


@pytest.mark.parametrize("size", SIZES, ids=SIZE_NAMES)
def test_a_whole_registry_is_found_without_fault(town: Town, size: tuple[int, int]) -> None:
    def audit(told: Callable[[int, int], None]) -> Audit:
        return town.office.audit(told=told)

    async def steps(bench: Bench) -> None:
        bench.app.go("audit")
        await bench.press("v")
        assert f"M0701 No fault found in {town.office.store.head().size} entries." in bench.said
        assert "✓ no fault" in bench.page
        assert "100 %" in bench.page
        await bench.press("enter")
        assert "there is no fault to explain" in bench.said

    drive(town, "auditor", steps, size=size, audit=audit)


@pytest.mark.parametrize("size", SIZES, ids=SIZE_NAMES)
def test_faults_are_listed_and_explained_and_hostile_ones_never_obeyed(town: Town, size: tuple[int, int]) -> None:
    faults = (
        Fault(1_204, "muniment/x", "the entry at 1204 does not hash to its leaf in the tree"),
        Fault(None, None, HOSTILE),
        Fault(7, HOSTILE, "something else"),
    )
    found = Audit(False, 1_300, "cm9vdA==", {"entries": 1_300, "faults": 3}, faults, (HOSTILE,))

    async def steps(bench: Bench) -> None:
        bench.app.go("audit")
        await bench.press("v")
        assert "M0702 3 faults found in 1 300 entries." in bench.said
        assert "✗ FAULTS" in bench.page
        bench.check_clean()
        await bench.press("enter")
        assert "What it means: The bytes of this entry are not those that the tree was built over: it was" in bench.page
        assert "Stop recording." in bench.page
        for _ in range(2):
            await bench.press("escape", "down", "enter")
            bench.check_clean()
        assert "does not agree with itself at this place" in bench.page

    drive(town, "auditor", steps, size=size, audit=lambda told: found)


def test_f12_stops_it_and_says_that_the_rest_is_not_checked(town: Town) -> None:
    began: list[int] = []

    def audit(told: Callable[[int, int], None]) -> Audit:
        for done in range(10_000_000):
            began.append(done)
            told(done, 10_000_000)
        raise AssertionError("it was not stopped")

    async def steps(bench: Bench) -> None:
        bench.app.go("audit")
        await bench.settle()
        bench.send_key("v")
        while not began:
            await bench.pilot.pause()
        bench.send_key("f12")
        await bench.settle()
        assert "M0703 Stopped." in bench.said

    drive(town, "auditor", steps, audit=audit)
