"""Signing in, the day, searching, reading a record with its proof, and taking receipts, on a real registry."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from registry.desk.receipts import check
from registry.errors import Busy, Misuse, ProofFailed
from registry.records.muniment import Visibility
from tests.town import CHEAP, DAY, ORIGIN, Town, seed_of
from tests.tui.bench import SIZES, Bench, copy_of, drive
from tui.__main__ import Entrance
from tui.app import Workbench
from tui.proof import Proof, Seal, prove
from tui.screens.home import Home
from tui.screens.lock import Lock
from tui.screens.record import Record
from tui.screens.search import Search
from tui.seat import Entered
from tui.widgets.lazy_table import PAGE, LazyTable

SALES = Path(__file__).parents[2] / "fixtures" / "sales.csv"
SIZE_NAMES = [f"{columns}x{rows}" for columns, rows in SIZES]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = Town(tmp_path_factory.mktemp("loaded")).staff()
    town.lodge()
    town.lodge(details={"title": "OWN77"}, visibility=Visibility.OWN)
    town.desk("loader").loads.load(SALES)
    town.close()
    return town


@pytest.fixture
def town(loaded: Town, tmp_path: Path) -> Iterator[Town]:
    town = copy_of(loaded, tmp_path / "town")
    yield town
    town.close()


def at_sign_in(town: Town, steps: list[str], *, name: str = "") -> tuple[list[str], Workbench]:
    """What was said after typing these texts at the sign-in, with real passphrases."""

    town.close()
    door = Entrance(town.settings, town.clock)

    async def run() -> tuple[list[str], Workbench]:
        app = Workbench(door.sign_in, town.clock, name=name, idle_s=0)
        async with app.run_test(size=SIZES[0]) as pilot:
            bench = Bench(app, pilot, town)
            await bench.settle()
            for text in steps:
                await bench.type(text)
        return [str(one) for one in app.said], app

    try:
        return asyncio.run(run())
    finally:
        door.close()
        town.clock.now += DAY  # past every wait
        town.open()


def current(bench: Bench) -> object:
    """The screen that stands now."""
    return bench.app.screen


def record_of(bench: Bench) -> Record:
    """The record that stands now."""
    screen = bench.app.screen
    assert isinstance(screen, Record)
    return screen


# ---- signing in ----


def test_name_and_passphrase_in_one_burst_open_the_day(town: Town) -> None:
    said, app = at_sign_in(town, ["founder\nfounder's\n"])
    assert said[-1] == "M0102 Signed in as founder."
    assert app.seat is not None
    assert app.seat.roles == "administrator"
    assert app.current_mode == "home"


def test_a_wrong_passphrase_is_told_and_what_was_typed_ahead_is_dropped(town: Town) -> None:
    said, app = at_sign_in(town, ["founder\nwrong\nand more\n"])
    assert "M0403" in "".join(said)
    assert said[-1].startswith("M0104")
    assert app.seat is None


def test_after_five_wrong_passphrases_the_wait_is_told(town: Town) -> None:
    said, _ = at_sign_in(town, ["founder\nwrong\n", *["wrong\n"] * 5])
    assert "Wait 30 s" in said[-1]


def test_whoever_sits_down_hears_of_wrong_passphrases_tried_meanwhile(town: Town) -> None:
    said, _ = at_sign_in(town, ["founder\nwrong\n", "founder's\n"])
    assert said[-1] == "M0103 Wrong passphrases tried on your key since it was last opened: 1."


def test_an_unknown_name_is_refused_in_words(town: Town) -> None:
    said, _ = at_sign_in(town, ["nobody\nsecret\n"])
    assert said[-1].startswith("M0104")


# ---- the day ----


@pytest.mark.parametrize("size", SIZES, ids=SIZE_NAMES)
def test_the_day_shows_acts_loads_and_the_ledger_and_nothing_is_cut(town: Town, size: tuple[int, int]) -> None:
    async def steps(bench: Bench) -> None:
        assert len(bench.rows) == size[1]
        assert max(map(len, bench.rows)) <= size[0]
        for words in ("sealed, no witnesses appointed", "sales.csv finished 4 000 rows", "lodged", "load closed"):
            assert words in bench.page, bench.rows
        assert "F5 Refresh" in bench.rows[-1]

    drive(town, "intake-clerk", steps, size=size)


def test_what_others_may_not_know_is_not_on_their_day(town: Town) -> None:
    async def steps(bench: Bench) -> None:
        lodged = [row for row in bench.rows if "lodged" in row]
        assert len(lodged) == 1

    drive(town, "police-reader", steps)


# ---- searching ----


@pytest.mark.parametrize("size", SIZES, ids=SIZE_NAMES)
def test_a_search_shows_rows_says_that_it_proves_nothing_and_opens_one(town: Town, size: tuple[int, int]) -> None:
    async def steps(bench: Bench) -> None:
        await bench.type("/mothwing road\n")
        assert "1 MOTHWING ROAD, BREXELWICK" in bench.page
        assert "A search, not a proof" in bench.page
        assert "PROVEN" not in bench.page
        assert "SEALED" not in bench.page
        await bench.press("down", "enter")
        assert isinstance(current(bench), Record)
        assert "✓ SEALED, no witnesses appointed" in bench.page
        assert "recomputed here" in bench.page
        first = record_of(bench).reference
        await bench.press("f8")
        assert record_of(bench).reference != first
        await bench.press("f7")
        assert record_of(bench).reference == first
        await bench.press("f3")
        assert isinstance(current(bench), Search)

    drive(town, "reader", steps, size=size)


def test_enter_typed_ahead_of_the_rows_opens_the_first_when_it_comes(town: Town) -> None:
    async def steps(bench: Bench) -> None:
        await bench.type("/mothwing\n\n")
        assert isinstance(current(bench), Record)

    drive(town, "reader", steps)


def test_pages_come_by_key_until_the_end_and_each_row_once(town: Town) -> None:
    async def steps(bench: Bench) -> None:
        await bench.type("/road\n")
        table = bench.app.screen.query_one(LazyTable)
        assert (table.count, table.complete) == (PAGE, False)
        for _ in range(60):
            await bench.press("end")
            if table.complete:
                break
        assert table.complete
        total = len(await asyncio.to_thread(bench.app.desk.lookups.find, "road", limit=1_000))
        assert table.count == total
        assert bench.said == f"M0202 Found: {total}."
        opened = set()
        for row in range(total):
            table.cursor_row = row
            if not table.current:
                await bench.settle()
            opened.add(table.current)
        assert len(opened) == total

    drive(town, "reader", steps)


def test_nothing_found_is_said(town: Town) -> None:
    async def steps(bench: Bench) -> None:
        await bench.type("/xyzzyplugh\n")
        assert bench.said.startswith("M0203")
        await bench.press("down", "enter")
        assert isinstance(current(bench), Search)

    drive(town, "reader", steps)


# ---- a record ----


def test_f9_lists_what_was_recomputed_and_shows_the_receipt(town: Town) -> None:
    async def steps(bench: Bench) -> None:
        await bench.type("/K871204\n\n")
        await bench.press("f9")
        assert "number 1: entry → root" in bench.page
        assert "c2sp.org/tlog-proof@v1" in bench.page

    drive(town, "reader", steps, size=SIZES[1])


def test_a_record_of_ones_own_department_is_checked_only_when_asked_since_that_is_a_reading(town: Town) -> None:
    own = town.desk("intake-clerk").lookups.find("OWN77")
    assert not own  # its details are not searched before a reading of it stands
    subject = next(
        view.subject
        for view in town.desk("intake-clerk").day.newest()
        if view.kind == "LODGED" and view.subject.startswith("muniment/")
    )

    async def steps(bench: Bench) -> None:
        bench.app.push_screen(Record(subject))
        await bench.settle()
        assert "? NOT CHECKED" in bench.page
        assert "intake-clerk HMLR · position" in bench.page  # by name, where he may be told
        size = town.office.store.head().size
        await bench.press("f9")
        assert town.office.store.head().size == size + 1
        assert "SEALED" in bench.page

    drive(town, "reader", steps)


def test_a_receipt_and_a_page_are_saved_and_never_over_another_file(town: Town, tmp_path: Path) -> None:
    receipt, page = tmp_path / "a.tlog-proof", tmp_path / "a.txt"

    async def steps(bench: Bench) -> None:
        await bench.type("/K871204\n\n")
        for key, path in (("e", receipt), ("k", page)):
            await bench.press(key)
            await bench.press("end", "ctrl+u")
            await bench.type(f"{path}\n")
            assert str(path) in bench.said.replace("\n", "")
        await bench.press("e")
        await bench.press("end", "ctrl+u")
        await bench.type(f"{receipt}\n")
        assert "there is something of" in bench.page
        assert receipt.stat().st_size > 1_000

    drive(town, "reader", steps, size=SIZES[1])
    desk = town.desk("reader")
    assert check(receipt.read_bytes(), desk.receipts.policy()).entry is not None
    lines = page.read_text().split("\n")
    assert max(map(len, lines)) <= 76
    assert len(lines) <= 61


def test_a_record_that_is_not_held_is_told_as_one_that_is_not_yours(town: Town) -> None:
    async def steps(bench: Bench) -> None:
        bench.app.push_screen(Record("muniment/00000000-0000-4000-8000-000000000000"))
        await bench.settle()
        assert "is not held here, or is not yours to know of" in bench.page
        assert "? NOT CHECKED" in bench.page
        await bench.press("e")
        assert bench.said.startswith("M0901")

    drive(town, "reader", steps)


def test_the_kept_screen_shows_nothing_of_the_record_before(town: Town) -> None:
    """Its screen is made once; opened again, over a desk that does not answer yet, it is empty and unchecked."""

    async def steps(bench: Bench) -> None:
        await bench.type("/K871204\n\n")
        kept = record_of(bench)
        assert "SEALED" in bench.page
        await bench.press("tab", "f3")
        lookups, answers = bench.app.desk.lookups, threading.Event()
        show = lookups.show

        def late(reference: str) -> object:
            answers.wait(10)
            return show(reference)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lookups, "show", late)
            await bench.type("/mothwing\n")
            bench.send_key("enter")
            await bench.until(lambda: current(bench) is kept)
            await bench.pilot.pause()
            assert "K871204" not in bench.page
            assert "? NOT CHECKED" in bench.page
            assert "SEALED" not in bench.page
            answers.set()
            await bench.settle()
        assert "MOTHWING ROAD" in bench.page
        assert "SEALED" in bench.page
        assert kept.focused is kept.query_one("#details")

    drive(town, "reader", steps)


def test_a_proof_that_comes_late_is_not_shown_over_another_record(town: Town) -> None:
    async def steps(bench: Bench) -> None:
        await bench.type("/road\n\n")
        record = record_of(bench)
        await bench.settle()
        found = record._read
        assert found is not None
        proof = Proof.unchecked()
        await bench.press("f8")
        seal = bench.page
        record._proven(found, proof, asked=True)  # of the one before, which F8 left
        await bench.settle()
        assert bench.page == seal

    drive(town, "reader", steps)


def test_a_record_lies_open_in_two_homes_at_once(town: Town) -> None:
    async def steps(bench: Bench) -> None:
        await bench.type("/K871204\n\n")
        first = record_of(bench)
        await bench.type("gh")
        await bench.press("enter")
        second = record_of(bench)
        assert second is not first
        assert second.reference != first.reference
        await bench.type("gs")
        assert record_of(bench) is first
        assert "K871204" in bench.page
        await bench.press("f3")
        assert isinstance(current(bench), Search)

    drive(town, "reader", steps)


# ---- the proof ----


def test_what_is_shown_otherwise_than_recorded_breaks_the_seal(town: Town) -> None:
    desk = town.desk("reader")
    subject = desk.lookups.find("mothwing")[0].subject
    history = desk.lookups.history(subject)
    good = prove(desk, history, "public")
    assert good.seal is Seal.SEALED
    for changed in (
        replace(history[0], details={**history[0].details, "price": 1}),
        replace(history[0], recorded_at=history[0].recorded_at + 1),
        replace(history[0], number=2),
    ):
        broken = prove(desk, (changed,), "public")
        assert broken.seal is Seal.BROKEN
        assert "shown is not that of the proven entry" in broken.more


def test_a_receipt_that_does_not_hold_breaks_the_seal(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = town.desk("reader")
    history = desk.lookups.history(desk.lookups.find("mothwing")[0].subject)
    take = desk.receipts.take

    def forged(what: str) -> tuple[int, bytes]:
        position, receipt = take(what)
        return position, receipt.replace(f"index {position}".encode(), f"index {position - 1}".encode())

    monkeypatch.setattr(desk.receipts, "take", forged)
    with pytest.raises(ProofFailed):
        check(forged(str(history[0].position))[1], desk.receipts.policy())
    assert prove(desk, history, "public").seal is Seal.BROKEN


# ---- the lock ----


def test_the_lock_blanks_the_desk_and_only_the_passphrase_opens_it(town: Town) -> None:
    async def run() -> None:
        app = Workbench(lambda who, phrase: Entered(town.office.desk(who, phrase)), town.clock, idle_s=0)
        async with app.run_test(size=SIZES[0]) as pilot:
            bench = Bench(app, pilot, town)
            await bench.settle()
            await bench.type("founder\nfounder's\n")
            await bench.press("ctrl+l")
            assert isinstance(app.screen, Lock)
            assert app.seat is None
            assert "muniment/" not in bench.page
            await bench.press("f3", "ctrl+p", "escape", "f1")
            assert isinstance(app.screen, Lock)
            await bench.type("wrong\n")
            assert isinstance(app.screen, Lock)
            await bench.type("founder's\n")
            assert isinstance(app.screen, Home)
            assert app.seat is not None

    asyncio.run(run())


def test_a_desk_left_alone_locks_itself(town: Town) -> None:
    async def run() -> None:
        app = Workbench(lambda who, phrase: Entered(town.office.desk(who, phrase)), town.clock, idle_s=0.4)
        async with app.run_test(size=SIZES[0]) as pilot:
            bench = Bench(app, pilot, town)
            await bench.settle()
            await bench.type("founder\nfounder's\n")
            async with asyncio.timeout(10):
                while not isinstance(app.screen, Lock):
                    await pilot.pause(0.05)

    asyncio.run(run())


# ---- commands and help ----


def test_the_palette_lists_what_is_allowed_and_says_why_the_rest_is_not(town: Town) -> None:
    async def steps(bench: Bench) -> None:
        await bench.press("ctrl+p")
        assert "Commands" in bench.page
        await bench.type("lodge")
        assert "you may not lodge a muniment" in bench.page
        await bench.press("escape", "ctrl+p")
        await bench.type("search the register\n")
        assert isinstance(current(bench), Search)

    drive(town, "reader", steps, size=SIZES[1])


def test_f1_explains_the_last_message_and_the_keys(town: Town) -> None:
    async def steps(bench: Bench) -> None:
        await bench.press("f1")
        assert "The last message" in bench.page
        assert "Keys here" in bench.page
        await bench.press("escape", "g")
        assert "Search the register" in bench.page
        await bench.press("s")
        assert isinstance(current(bench), Search)

    drive(town, "reader", steps, size=SIZES[1])


def test_whoever_may_not_open_the_office_reads_and_is_told_who_can(town: Town) -> None:
    town.office.signer.officers.keep(
        "reader", seed_of("reader"), "reader's", officer=town.references["reader"], origin=ORIGIN, cost=CHEAP
    )
    said, app = at_sign_in(town, ["reader\nreader's\n"])
    assert said[-1] == (
        "M0110 Reading only: nobody has opened the office here, so nothing can be recorded; officer/1 can open it"
    )
    assert app.seat is not None
    assert app.seat.entered.enrol is None


def test_while_somebody_else_records_the_desk_reads(town: Town) -> None:
    town.close()
    door, second = Entrance(town.settings, town.clock), Entrance(town.settings, town.clock)
    try:
        assert door.sign_in("founder", "founder's").desk.day.reads_only() == ""
        assert "nothing can be recorded" in second.sign_in("founder", "founder's").desk.day.reads_only()
    finally:
        second.close()
        door.close()
        town.open()


def test_a_locked_desk_counts_wrong_passphrases_and_makes_wait_though_the_right_one_comes_next(town: Town) -> None:
    town.close()
    door = Entrance(town.settings, town.clock)
    try:
        door.sign_in("founder", "founder's")
        for _ in range(5):
            with pytest.raises(Misuse):
                door.sign_in("founder", "wrong")
        with pytest.raises(Busy, match="Wait"):
            door.sign_in("founder", "founder's")
        town.clock.now += 60_000
        assert door.sign_in("founder", "founder's").desk.wrong_passphrases == 5
    finally:
        door.close()
        town.open()
