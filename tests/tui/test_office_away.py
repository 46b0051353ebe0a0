"""The office goes away under a clerk: a state, and no crash. What stands stays, nothing is lost, nothing is recorded
twice, and the desk comes back with its office."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.door import frames
from registry.door.frames import Line, Message, Signed
from tests.door.behind import DoorTown
from tests.town import Town
from tests.tui.bench import Bench, copy_of, drafts_of, drive
from tui import wording
from tui.app import Workbench
from tui.screens.filing import Filing
from tui.screens.record import Record


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = DoorTown(tmp_path_factory.mktemp("staffed"))
    town.staff().lodge()
    town.close()
    return town


@pytest.fixture
def town(staffed: Town, tmp_path: Path) -> Iterator[DoorTown]:
    town = copy_of(staffed, tmp_path / "town")
    assert isinstance(town, DoorTown)
    yield town
    town.close()


@pytest.fixture
def deed(tmp_path: Path) -> Path:
    path = tmp_path / "deed.pdf"
    path.write_bytes(b"%PDF a deed")
    return path


def size_of(town: Town) -> int:
    return town.office.store.head().size


def go_away(town: DoorTown) -> None:
    """In order, as on SIGTERM; the clerks' own ends stay as they are."""
    town.door.close()
    town.office.close()


def answers_lost(monkeypatch: pytest.MonkeyPatch, *, handed_over: bool) -> None:
    """The next signature over an act is the last that crosses: just handed over, or not quite."""
    send = Line.send

    def sent(self: Line, message: Message) -> None:
        if isinstance(message, Signed):
            if handed_over:
                send(self, message)
            self.close()
            raise frames.Gone("cut")
        send(self, message)

    monkeypatch.setattr(Line, "send", sent)


async def lodging(bench: Bench, deed: Path) -> None:
    bench.app.go("lodge")
    await bench.settle()
    await bench.type(f"{deed}\nch\n30 11 2026\ndep\ntitle = NEW77\tdonor = Amara Okafor")


def test_pages_stay_asking_says_a_sentence_and_the_desk_comes_back(town: DoorTown) -> None:
    async def steps(bench: Bench) -> None:
        await bench.type("/K871204\n\n")
        assert isinstance(bench.app.screen, Record)
        go_away(town)
        await bench.until(lambda: bool(bench.app.away))
        assert "M0910 the office is closing: nothing recorded" in bench.said, bench.said
        await bench.settle()
        assert wording.OFFICE_AWAY in bench.page
        assert "K871204" in bench.page
        await bench.press("f5")
        assert "office is" in bench.said
        assert "K871204" in bench.page
        await bench.press("f3", "f3")  # other screens have it in the bar too
        assert wording.OFFICE_AWAY in bench.page
        town.open()
        await bench.until(lambda: not bench.app.away)
        assert "M0911" in "".join(map(str, bench.app.said))
        await bench.press("f5")
        assert wording.OFFICE_AWAY not in bench.page
        assert "sealed, no witnesses" in bench.page

    drive(town, "reader", steps, size=(100, 30))


def test_keys_typed_ahead_are_dropped_when_the_office_goes(town: DoorTown, deed: Path) -> None:
    async def steps(bench: Bench) -> None:
        await lodging(bench, deed)
        bench.app.pump.hold()
        bench.send("zzz")
        go_away(town)
        await bench.until(lambda: bool(bench.app.away))
        await bench.settle()
        assert "M0403 Keys typed ahead were dropped: 3." in [str(one) for one in bench.app.said]
        screen = bench.app.screen
        assert isinstance(screen, Filing)
        assert "zzz" not in "".join(screen.form.values.values())
        town.open()

    drive(town, "intake-clerk", steps)


def test_what_is_filed_while_the_office_is_away_is_kept_and_filed_when_it_is_back(
    town: DoorTown, deed: Path, tmp_path: Path
) -> None:
    before, drafts = size_of(town), drafts_of(town, "intake-clerk", tmp_path / "drafts")

    async def steps(bench: Bench) -> None:
        await lodging(bench, deed)
        go_away(town)
        await bench.press("ctrl+s")
        assert "nothing recorded" in "".join(map(str, bench.app.said[-2:]))
        drafts.settle()
        assert drafts.get("lodge") is not None
        town.open()
        await bench.until(lambda: not bench.app.away)
        await bench.press("ctrl+s")
        assert "M0411 Recorded at" in bench.said, bench.said

    drive(town, "intake-clerk", steps, drafts=drafts)
    drafts.settle()
    assert size_of(town) == before + 1
    assert drafts_of(town, "intake-clerk", tmp_path / "drafts").restore() == ()


@pytest.mark.parametrize("handed_over", [True, False])
def test_an_act_whose_answer_was_lost_is_looked_up_and_recorded_once(
    town: DoorTown, deed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, handed_over: bool
) -> None:
    before, drafts = size_of(town), drafts_of(town, "intake-clerk", tmp_path / "drafts")
    apps: list[Workbench] = []

    async def steps(bench: Bench) -> None:
        apps.append(bench.app)
        await lodging(bench, deed)
        with monkeypatch.context() as patched:
            answers_lost(patched, handed_over=handed_over)
            bench.send_key("ctrl+s")
            await bench.until(lambda: "M0912" in "".join(map(str, bench.app.said)))
            go_away(town)
            bench.send_key("ctrl+s")  # nothing is filed on top of what is not known
        town.open()
        await bench.until(lambda: not bench.app.away and not bench.app._unsettled)
        await bench.settle()
        if handed_over:
            assert f"M0411 Recorded at {before}:" in bench.said, bench.said
        else:
            assert bench.said == f"M0402 {wording.NOT_FOUND}"
            screen = bench.app.screen
            assert isinstance(screen, Filing)
            assert screen.form.values["file"] == str(deed)
            await bench.press("ctrl+s")
            assert f"M0411 Recorded at {before}:" in bench.said, bench.said

    drive(town, "intake-clerk", steps, drafts=drafts)
    assert size_of(town) == before + 1
    drafts.settle()
    assert drafts_of(town, "intake-clerk", tmp_path / "drafts").restore() == ()
    assert apps[0].submits.left() == ()


def test_leaving_while_it_is_unknown_tells_so_in_the_shell(
    town: DoorTown, deed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apps: list[Workbench] = []

    async def steps(bench: Bench) -> None:
        apps.append(bench.app)
        await lodging(bench, deed)
        answers_lost(monkeypatch, handed_over=True)
        bench.send_key("ctrl+s")
        await bench.until(lambda: "M0912" in "".join(map(str, bench.app.said)))
        go_away(town)
        bench.app.exit()

    drive(town, "intake-clerk", steps)
    monkeypatch.undo()
    town.open()
    (told,) = apps[0].submits.left()
    assert told.startswith("unknown: the office went away before it answered")


def test_a_load_that_its_office_left_goes_on_with_the_same_file(town: DoorTown, tmp_path: Path) -> None:
    path = Path(__file__).parents[2] / "fixtures" / "adds.csv"
    copied = tmp_path / "adds.csv"
    copied.write_bytes(path.read_bytes())

    async def steps(bench: Bench) -> None:
        bench.app.go("load")
        await bench.settle()
        await bench.type(f"{copied}")
        await bench.press("ctrl+t")
        go_away(town)
        await bench.press("ctrl+s")
        await bench.type("LOAD 60\n")
        assert "office" in "".join(map(str, bench.app.said[-2:]))
        town.open()
        await bench.until(lambda: not bench.app.away)
        await bench.press("ctrl+s")
        await bench.type("LOAD 60\n")
        assert "M0506" in bench.said, bench.said

    drive(town, "loader", steps)
