"""Bulk loads at the workbench: recognised, tried, looked at by reason, loaded, stopped, on a real registry."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.records.loads import LoadState
from tests.town import Town
from tests.tui.bench import SIZES, Bench, copy_of, drive
from tests.tui.halting import Halting, many
from tui import loading, progress
from tui.app import Workbench
from tui.screens.confirmation import Confirmation
from tui.screens.load import LoadScreen
from tui.wording import counted

SIZE_NAMES = [f"{columns}x{rows}" for columns, rows in SIZES]
FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town(tmp_path_factory.mktemp("staffed")).staff()
    town.close()
    return town


@pytest.fixture
def town(staffed: Town, tmp_path: Path) -> Iterator[Town]:
    town = copy_of(staffed, tmp_path / "town")
    yield town
    town.close()


def fixture(tmp_path: Path, name: str) -> Path:
    return Path(shutil.copy(FIXTURES / name, tmp_path / name))


def size_of(town: Town) -> int:
    return town.office.store.head().size


def text(bench: Bench, name: str) -> str:
    return str(bench.app.screen.query_one(f"#{name}").render())


async def go_there(bench: Bench, path: Path) -> None:
    bench.app.go("load")
    await bench.settle()
    await bench.type(f"{path}")


@pytest.mark.parametrize("size", SIZES, ids=SIZE_NAMES)
def test_a_file_is_recognised_tried_and_loaded_after_its_phrase(
    town: Town, tmp_path: Path, size: tuple[int, int]
) -> None:
    path, before = fixture(tmp_path, "adds.csv"), size_of(town)

    async def steps(bench: Bench) -> None:
        await go_there(bench, path)
        assert "price-paid" in bench.echo("file").lower().replace(" ", "-"), bench.echo("file")
        await bench.press("ctrl+s")
        assert "M0503" in bench.said
        await bench.press("ctrl+t")
        assert "M0501 Tried:" in bench.said, bench.said
        assert "would add" in text(bench, "summary")
        assert size_of(town) == before
        await bench.press("ctrl+s")
        assert isinstance(bench.app.screen, Confirmation)
        assert "Type LOAD " in bench.page
        await bench.type("load it\n")
        assert isinstance(bench.app.screen, Confirmation)
        assert "✗ that is not LOAD" in bench.page
        for _ in "load it":
            await bench.press("backspace")
        await bench.type(bench.app.screen._phrase + "\n")
        assert "M0506 load/" in bench.said, bench.said
        assert "100 %" in text(bench, "run")

    drive(town, "loader", steps, size=size)
    (load,) = town.office.store.loads()
    assert load.state is LoadState.FINISHED
    assert size_of(town) == before + 2 + load.counts.recorded


@pytest.mark.parametrize("size", SIZES, ids=SIZE_NAMES)
def test_rejects_are_shown_by_reason_and_enter_shows_their_rows(
    town: Town, tmp_path: Path, size: tuple[int, int]
) -> None:
    path = fixture(tmp_path, "rejects.csv")

    async def steps(bench: Bench) -> None:
        await go_there(bench, path)
        await bench.press("ctrl+t")
        assert "reject" in text(bench, "summary")
        assert "Reason" in bench.page
        await bench.press("enter")
        assert "Rejected rows" in bench.page
        assert "line " in bench.page
        bench.check_clean()
        await bench.press("escape")

    drive(town, "loader", steps, size=size)


def test_loading_again_says_that_there_is_nothing_new(town: Town, tmp_path: Path) -> None:
    path = fixture(tmp_path, "adds.csv")
    town.desk("loader").loads.load(path)
    before = size_of(town)

    async def steps(bench: Bench) -> None:
        await go_there(bench, path)
        await bench.press("ctrl+t")
        assert "M0502" in bench.said
        await bench.press("ctrl+s")
        assert "M0502" in bench.said

    drive(town, "loader", steps)
    assert size_of(town) == before


def test_a_file_that_changed_since_it_was_tried_is_tried_again(town: Town, tmp_path: Path) -> None:
    path, before = fixture(tmp_path, "adds.csv"), size_of(town)

    async def steps(bench: Bench) -> None:
        await go_there(bench, path)
        await bench.press("ctrl+t")
        path.write_bytes(path.read_bytes() + path.read_bytes())
        await bench.press("ctrl+s")
        assert "M0503" in bench.said

    drive(town, "loader", steps)
    assert size_of(town) == before


def test_a_load_that_is_stopped_stays_open_and_goes_on_with_the_same_file(town: Town, tmp_path: Path) -> None:
    path, halting = many(tmp_path), Halting()
    town.reopen(halting)

    async def loading_it(bench: Bench) -> None:
        await go_there(bench, path)
        await bench.press("ctrl+t")
        await bench.press("ctrl+s")
        bench.send("LOAD 30000\n")
        await halting.wait()
        bench.send_key("ctrl+s")  # one at a time
        bench.send_key("f12")
        await bench.until(lambda: "M0508" in bench.said)
        halting.may_go_on.set()
        await bench.settle()
        assert "M0507" in bench.said, bench.said

    drive(town, "loader", loading_it)
    (load,) = town.office.store.loads()
    assert load.state is LoadState.OPEN
    assert 0 < load.counts.rows < 30_000
    report = town.desk("loader").loads.load(path)
    assert report.rows == 30_000


def test_leaving_stops_a_load_and_tells_what_became_of_it(town: Town, tmp_path: Path) -> None:
    path, halting = many(tmp_path), Halting()
    town.reopen(halting)
    apps: list[Workbench] = []

    async def steps(bench: Bench) -> None:
        apps.append(bench.app)
        await go_there(bench, path)
        await bench.press("ctrl+t")
        await bench.press("ctrl+s")
        bench.send("LOAD 30000\n")
        await halting.wait()
        bench.app.exit()
        screen = bench.app.screen
        assert isinstance(screen, LoadScreen)
        threading.Thread(target=halting.go_on_after, args=(screen._stop,)).start()  # set when it is taken down

    drive(town, "loader", steps)
    (load,) = town.office.store.loads()
    (told,) = apps[0].submits.left()
    assert told.startswith(f"load/{load.position} of many.csv stopped, and still open")
    assert f"{counted(load.counts.rows)} rows" in told


def test_hostile_rows_and_file_names_are_drawn_and_never_obeyed(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "x\x1b[2J\u202e[red].csv"
    path.write_text('"a\x1b]52;c;cm0=\x07","\x9b2J","[@click=app.quit]"\n')

    async def steps(bench: Bench) -> None:
        bench.app.go("load")
        await bench.settle()
        bench.app.screen.form.put({"file": str(path), "form": "sales\x1b[2J"})  # type: ignore[attr-defined]
        await bench.press("ctrl+t")
        bench.check_clean()
        bench.app.screen.form.put({"form": "sales"})  # type: ignore[attr-defined]
        await bench.press("ctrl+t")
        bench.check_clean()
        await bench.press("enter")
        bench.check_clean()

    drive(town, "loader", steps)


def test_reasons_that_differ_in_values_only_are_one() -> None:
    class Row:
        def __init__(self, line: int, reason: str) -> None:
            self.line, self.column, self.reason = line, None, reason

    rows = [Row(4, "found '31/02', expected a day"), Row(2, "row has 12 fields"), Row(9, "found 'x', expected a day")]
    reasons = loading.by_reason(rows)
    assert [(one.words, len(one.rows)) for one in reasons] == [
        ("found '31/02', expected a day", 2),
        ("row has 12 fields", 1),
    ]


def test_progress_tells_share_rate_and_time_left() -> None:
    assert (
        progress.line(92_400, 1.0, "rows", 0.25)
        == f"{'▓' * 6}{'░' * 18}  25 %   92 400 rows   92 400 a second   3 s left"
    )
    assert progress.line(5, 0.1, "rows") == "5 rows"
    assert [progress.span(seconds) for seconds in (3.6, 150, 7_500)] == ["4 s", "3 min", "2 h 05 min"]
