"""Lodging, revising and withdrawing at the workbench, on a real registry."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.records.muniment import Status
from tests.town import Town, document
from tests.tui.bench import SIZES, Bench, copy_of, drafts_of, drive
from tui.app import Workbench
from tui.drafts import Draft
from tui.screens.confirmation import Confirmation
from tui.screens.filing import Filing
from tui.screens.record import Record
from tui.screens.revise import ReviseScreen
from tui.screens.withdraw import WithdrawScreen
from tui.widgets.entries import Form

SIZE_NAMES = [f"{columns}x{rows}" for columns, rows in SIZES]
HOSTILE = "a\x1b]52;c;cm0=\x07b\u202egpj[red]x[/red][@click=app.quit]q[/]\x9b2J[/no]"


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


@pytest.fixture
def deed(tmp_path: Path) -> Path:
    path = tmp_path / "deed.pdf"
    path.write_bytes(b"%PDF a deed")
    return path


def filled(deed: Path, title: str = "K871204") -> str:
    return f"{deed}\nch\n30 11 2026\ndep\ntitle = {title}\nplace = Wye\tdonor = Amara Okafor"


def form_of(bench: Bench) -> Form:
    screen = bench.app.screen
    assert isinstance(screen, Filing)
    return screen.form


def size_of(town: Town) -> int:
    return town.office.store.head().size


@pytest.mark.parametrize("size", SIZES, ids=SIZE_NAMES)
def test_a_deed_is_lodged_and_the_form_is_ready_for_the_next(town: Town, deed: Path, size: tuple[int, int]) -> None:
    before = size_of(town)

    async def steps(bench: Bench) -> None:
        bench.app.go("lodge")
        await bench.settle()
        await bench.type(filled(deed))
        assert bench.echo("file") == "deed.pdf, 11 bytes"
        assert bench.echo("kind") == "CHARGE · Charge, mortgage"
        assert bench.echo("dated") == "30 Nov 2026"
        assert bench.echo("visible") == "departments · every enrolled officer"
        assert bench.echo("details") == "2 in clear, for ever"
        assert bench.echo("withheld") == "1 as salted digests"
        assert all(label in bench.page for label in ("File", "Kind", "Dated", "Visible to", "Details", "Withheld"))
        await bench.press("ctrl+s")
        assert bench.said.startswith(f"M0411 Recorded at {before}: muniment/"), bench.said
        assert not any(form_of(bench).values.values())
        assert form_of(bench).current == "file"

    drive(town, "intake-clerk", steps, size=size)
    assert size_of(town) == before + 1
    desk = town.desk("intake-clerk")
    found = desk.lookups.find("K871204")[0]
    view = desk.lookups.history(found.subject)[0]
    assert view.details == {
        "kind": "CHARGE",
        "occurred": "2026-11-30",
        "place": "Wye",
        "title": "K871204",
        "version": 1,
        "visibility": "departments",
    }
    assert view.withheld == 4  # donor, and what tells of the body: content, file_name, media_type


@pytest.mark.parametrize("size", SIZES, ids=SIZE_NAMES)
def test_a_field_at_fault_says_so_keeps_the_keyboard_and_nothing_is_recorded(
    town: Town, deed: Path, size: tuple[int, int]
) -> None:
    before = size_of(town)

    async def steps(bench: Bench) -> None:
        bench.app.go("lodge")
        await bench.settle()
        await bench.type(f"{deed}\nch\n31 11 2026")
        assert bench.echo("dated") == "✗ November has 30 days" or "✗" not in bench.echo("dated")
        await bench.type("\n")
        assert bench.echo("dated") == "✗ November has 30 days"
        await bench.press("ctrl+s")
        assert "M0412 1 to put right; the keyboard is in Dated." in bench.said
        assert form_of(bench).current == "dated"
        assert form_of(bench).values["file"] == str(deed)

    drive(town, "intake-clerk", steps, size=size)
    assert size_of(town) == before


def test_a_burst_across_lodge_next_lodge_lands_in_the_right_fields(town: Town, deed: Path) -> None:
    before = size_of(town)

    async def steps(bench: Bench) -> None:
        bench.app.go("lodge")
        await bench.settle()
        for title in ("FIRST", "SECOND"):
            bench.send(filled(deed, title))
            bench.send_key("ctrl+s")
            bench.send_key("f6")
        bench.send("next")
        await bench.settle()
        assert form_of(bench).values["file"] == "next"

    drive(town, "intake-clerk", steps)
    assert size_of(town) == before + 2
    desk = town.desk("intake-clerk")
    for title in ("FIRST", "SECOND"):
        (found,) = desk.lookups.find(title)
        assert found.details["title"] == title
        assert found.details["place"] == "Wye"


def test_keys_typed_ahead_of_a_fault_are_dropped_and_never_sign(town: Town, deed: Path) -> None:
    before = size_of(town)

    async def steps(bench: Bench) -> None:
        bench.app.go("lodge")
        await bench.settle()
        bench.send(f"{deed}\nch\n31 11 2026\n")
        bench.send_key("ctrl+s")
        bench.send("30 11 2026\n")
        bench.send_key("ctrl+s")
        await bench.settle()
        assert form_of(bench).values["dated"] == "31 11 2026"
        assert "M0403" in {said.number for said in bench.app.said}

    drive(town, "intake-clerk", steps)
    assert size_of(town) == before


def test_submitting_twice_in_a_row_records_once(town: Town, deed: Path) -> None:
    before = size_of(town)

    async def steps(bench: Bench) -> None:
        bench.app.go("lodge")
        await bench.settle()
        bench.send(filled(deed))
        bench.send_key("ctrl+s")
        bench.send_key("ctrl+s")
        await bench.settle()

    drive(town, "intake-clerk", steps)
    assert size_of(town) == before + 1


def test_ctrl_d_brings_back_what_the_previous_record_had_and_ctrl_z_takes_it_away(town: Town, deed: Path) -> None:
    async def steps(bench: Bench) -> None:
        bench.app.go("lodge")
        await bench.settle()
        await bench.press("ctrl+d")
        assert "M0416" in bench.said
        await bench.type(filled(deed))
        await bench.press("ctrl+s")
        await bench.press("ctrl+d")
        assert form_of(bench).values["file"] == str(deed)
        await bench.type("\n\n\n\n")
        await bench.press("ctrl+d")
        assert form_of(bench).values["details"] == "title = K871204\nplace = Wye"
        await bench.press("ctrl+z")
        assert form_of(bench).values["details"] == ""
        assert form_of(bench).values["file"] == str(deed)
        await bench.press("ctrl+z", "ctrl+z")
        assert "M0417" in bench.said

    drive(town, "intake-clerk", steps)


def test_f4_offers_the_codes_with_their_meanings_and_the_folder_for_a_file(town: Town, deed: Path) -> None:
    async def steps(bench: Bench) -> None:
        bench.app.go("lodge")
        await bench.settle()
        await bench.type(f"{deed.parent}")
        await bench.press("f4")
        assert "deed.pdf 11 bytes" in bench.page
        await bench.press("end", "enter")
        assert form_of(bench).values["file"] == str(deed)
        await bench.type("\n")
        await bench.press("f4")
        assert "Order of a court" in bench.page
        await bench.type("court\n")
        assert form_of(bench).values["kind"] == "COURT_ORDER"
        assert form_of(bench).current == "kind"
        await bench.press("f4", "escape")
        assert form_of(bench).values["kind"] == "COURT_ORDER"

    drive(town, "intake-clerk", steps)


def test_discarding_asks_first_and_no_is_first(town: Town, tmp_path: Path, deed: Path) -> None:
    drafts = drafts_of(town, "intake-clerk", tmp_path / "drafts")

    async def steps(bench: Bench) -> None:
        bench.app.go("lodge")
        await bench.settle()
        await bench.type(f"{deed}\nch")
        await bench.press("f12", "enter")
        assert form_of(bench).values["kind"] == "ch"
        await bench.press("f6")
        assert "M0420" in bench.said
        await bench.press("f12", "down", "enter")
        assert not any(form_of(bench).values.values())
        assert "M0418" in bench.said

    drive(town, "intake-clerk", steps, drafts=drafts)
    drafts.settle()
    assert drafts_of(town, "intake-clerk", tmp_path / "drafts").restore() == ()


def test_a_draft_is_restored_at_the_next_sign_in_and_gone_once_filed(town: Town, tmp_path: Path, deed: Path) -> None:
    async def typing(bench: Bench) -> None:
        bench.app.go("lodge")
        await bench.settle()
        await bench.type(filled(deed))

    async def going_on(bench: Bench) -> None:
        bench.app.go("lodge")
        await bench.settle()
        assert "M0413" in bench.said
        assert form_of(bench).values["withheld"] == "donor = Amara Okafor"
        await bench.press("ctrl+s")
        assert "M0411" in bench.said

    folder = tmp_path / "drafts"
    drive(town, "intake-clerk", typing, drafts=drafts_of(town, "intake-clerk", folder))
    again = drafts_of(town, "intake-clerk", folder)
    again.restore()
    drive(town, "intake-clerk", going_on, drafts=again)
    again.settle()
    assert drafts_of(town, "intake-clerk", folder).restore() == ()


def test_a_draft_whose_answer_was_lost_is_not_recorded_twice(town: Town, tmp_path: Path, deed: Path) -> None:
    subject = town.lodge().subject
    drafts = drafts_of(town, "intake-clerk", tmp_path / "drafts")
    drafts.keep(Draft("lodge", subject, {"file": str(deed), "kind": "DEED"}))
    before = size_of(town)

    async def steps(bench: Bench) -> None:
        bench.app.go("lodge")
        await bench.settle()
        assert f"M0414 This draft was recorded before: {subject}." in bench.said
        assert not any(form_of(bench).values.values())

    drive(town, "intake-clerk", steps, drafts=drafts)
    assert size_of(town) == before


@pytest.mark.parametrize("size", SIZES, ids=SIZE_NAMES)
def test_a_muniment_is_revised(town: Town, deed: Path, size: tuple[int, int]) -> None:
    subject = town.lodge().subject

    async def steps(bench: Bench) -> None:
        bench.app.push_screen(ReviseScreen(subject))
        await bench.settle()
        assert subject in bench.page
        assert "This will be version 2" in bench.page
        await bench.type(f"{deed}\ntitle = corrected\t")
        await bench.press("ctrl+s")
        assert "M0423 Recorded at" in bench.said
        assert not isinstance(bench.app.screen, ReviseScreen)

    drive(town, "intake-clerk", steps, size=size)
    assert town.desk("intake-clerk").lookups.show(subject).details["title"] == "corrected"


def test_where_somebody_revised_meanwhile_nothing_is_recorded_and_the_typing_stands(town: Town, deed: Path) -> None:
    subject = town.lodge().subject

    async def steps(bench: Bench) -> None:
        bench.app.push_screen(ReviseScreen(subject))
        await bench.settle()
        town.desk("intake-clerk").muniments.revise(subject, document("newer"))
        await bench.type(f"{deed}\ntitle = mine")
        await bench.press("ctrl+s")
        assert "is at version 2, you looked at 1" in bench.said
        assert form_of(bench).values["details"] == "title = mine"

    drive(town, "intake-clerk", steps)
    assert town.desk("intake-clerk").lookups.state(subject).version == 2


@pytest.mark.parametrize("size", SIZES, ids=SIZE_NAMES)
def test_a_muniment_is_withdrawn_after_a_reason_and_a_yes(town: Town, size: tuple[int, int]) -> None:
    subject = town.lodge().subject

    async def steps(bench: Bench) -> None:
        bench.app.push_screen(WithdrawScreen(subject))
        await bench.settle()
        await bench.press("ctrl+s")
        assert "M0412" in bench.said
        bench.send("lodged in error")
        bench.send_key("ctrl+s")
        bench.send("\n\n")  # a buffered Enter must never sign
        await bench.settle()
        assert town.desk("registrar").lookups.state(subject).status is Status.CURRENT
        if not isinstance(bench.app.screen, Confirmation):
            await bench.press("ctrl+s")
        await bench.press("down", "enter")
        assert "is withdrawn" in bench.said

    drive(town, "registrar", steps, size=size)
    assert town.desk("registrar").lookups.state(subject).status is Status.WITHDRAWN


@pytest.mark.parametrize("size", SIZES, ids=SIZE_NAMES)
def test_hostile_text_is_drawn_and_never_obeyed(town: Town, tmp_path: Path, size: tuple[int, int]) -> None:
    folder = tmp_path / HOSTILE.replace("/", "_")
    folder.mkdir()
    (folder / "x\x1b[2J\u202e.pdf").write_text("x")
    subject = town.lodge(details={"title": HOSTILE}).subject

    async def steps(bench: Bench) -> None:
        bench.app.go("lodge")
        await bench.settle()
        form_of(bench).put({"file": str(folder), "kind": HOSTILE, "dated": HOSTILE, "visible": HOSTILE})
        form_of(bench).put({"details": HOSTILE, "withheld": f"a = {HOSTILE}"})
        await bench.press("ctrl+s")
        bench.check_clean()
        await bench.press("f1")
        bench.check_clean()
        await bench.press("escape", "shift+tab", "shift+tab")
        bench.app.screen.set_focus(form_of(bench).field("file"))
        await bench.press("f4")
        assert "x␛[2J<RLO>.pdf" in bench.page
        bench.check_clean()
        await bench.press("escape")
        bench.app.push_screen(ReviseScreen(subject))
        await bench.settle()
        bench.check_clean()

    drive(town, "intake-clerk", steps, size=size)


def test_from_the_record_it_is_revised_and_withdrawn_and_the_answer_stays_in_sight(town: Town, deed: Path) -> None:
    subject = town.lodge().subject

    async def revising(bench: Bench) -> None:
        bench.app.push_screen(Record(subject))
        await bench.settle()
        await bench.press("f6")
        await bench.type(f"{deed}\ntitle = corrected")
        await bench.press("ctrl+s")
        assert isinstance(bench.app.screen, Record)
        assert "M0423 Recorded at" in bench.said
        assert "corrected" in bench.page
        await bench.press("x")
        assert "M0901" in bench.said

    async def withdrawing(bench: Bench) -> None:
        bench.app.push_screen(Record(subject))
        await bench.settle()
        await bench.press("x")
        await bench.type("lodged in error")
        await bench.press("ctrl+s", "down", "enter")
        assert "M0421 Recorded at" in bench.said
        await bench.press("x")
        assert "is withdrawn" in bench.said

    drive(town, "intake-clerk", revising)
    drive(town, "registrar", withdrawing)


def test_leaving_in_the_middle_of_a_submit_loses_neither_the_act_nor_its_answer(
    town: Town, tmp_path: Path, deed: Path
) -> None:
    before, folder = size_of(town), tmp_path / "drafts"
    drafts = drafts_of(town, "intake-clerk", folder)
    apps: list[Workbench] = []

    async def steps(bench: Bench) -> None:
        apps.append(bench.app)
        bench.app.go("lodge")
        await bench.settle()
        bench.send(filled(deed))
        bench.send_key("ctrl+s")
        bench.send_key("ctrl+q")
        while bench.app.is_running and not bench.app._exit:
            await asyncio.sleep(0.001)

    drive(town, "intake-clerk", steps, drafts=drafts)
    drafts.settle()
    assert size_of(town) == before + 1
    assert apps[0].submits.left() in ((), (f"recorded at {before}: {newest(town)}",))
    assert drafts_of(town, "intake-clerk", folder).restore() == ()


def newest(town: Town) -> str:
    return town.desk("intake-clerk").lookups.find("K871204")[0].subject


def test_a_revision_whose_answer_was_lost_is_not_recorded_on_top_of_itself(
    town: Town, tmp_path: Path, deed: Path
) -> None:
    subject = town.lodge().subject
    town.desk("intake-clerk").muniments.revise(subject, document("recorded, and then the power went"))
    drafts = drafts_of(town, "intake-clerk", tmp_path / "drafts")
    drafts.keep(Draft(f"revise {subject}", subject, {"file": str(deed), "version seen": "1"}))
    before = size_of(town)

    async def steps(bench: Bench) -> None:
        bench.app.push_screen(ReviseScreen(subject))
        await bench.settle()
        assert "M0422 This draft was begun on version 1; version 2 stands now." in bench.said
        await bench.press("ctrl+s")
        assert "you looked at 1" in bench.said

    drive(town, "intake-clerk", steps, drafts=drafts)
    assert size_of(town) == before
