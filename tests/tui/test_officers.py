"""Officers and roles at the workbench: list, enrol, appoint, revoke, confirm, on a real registry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.errors import Busy
from registry.records.acts import Kind, RulesAdopted
from registry.records.roles import TABLE, Role
from registry.sequencer import Recorded
from tests.town import Town
from tests.tui.bench import SIZES, Bench, copy_of, drive
from tui.screens.confirmation import Confirmation

SIZE_NAMES = [f"{columns}x{rows}" for columns, rows in SIZES]


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


async def go_there(bench: Bench, officer: str = "") -> None:
    """The list, with the cursor on that officer."""
    bench.app.go("officers")
    await bench.settle()
    if officer:
        await bench.press("home")
        for _ in range(int(bench.town.references[officer].partition("/")[2]) - 1):
            await bench.press("down")


@pytest.mark.parametrize("size", SIZES, ids=SIZE_NAMES)
def test_the_list_shows_references_roles_and_end_dates(town: Town, size: tuple[int, int]) -> None:
    town.desk("founder").officers.revoke(town.references["loader"], "left")

    async def steps(bench: Bench) -> None:
        await go_there(bench)
        assert "officer/3" in bench.page
        assert "intake-clerk (until 22 Nov 2026)" in bench.page
        assert "✗ revoked at" in bench.page

    drive(town, "founder", steps, size=size)


@pytest.mark.parametrize("size", SIZES, ids=SIZE_NAMES)
def test_an_officer_is_enrolled_with_a_key_file_and_a_role(town: Town, size: tuple[int, int]) -> None:
    def enrol(
        name: str, department: str, passphrase: str, *, role: Role | None, until: int | None, may_open: bool
    ) -> tuple[Recorded, ...]:
        desk = town.desk("founder")
        return town.office.enrol(desk, name, department, passphrase, role=role, until=until, may_open=may_open)

    async def steps(bench: Bench) -> None:
        await go_there(bench)
        await bench.press("f6")
        await bench.type("J.Patel\npol\nread\n1 1 2020\n\nshort\nshirt")
        assert bench.echo("name").startswith("✗ 'J.Patel' is not a sign-in name")
        assert bench.echo("department") == "Police"
        assert bench.echo("until") == "✗ this day has passed already; name one from today on"
        assert bench.echo("again") == "✗ is not the same"
        assert "shirt" not in bench.page
        await bench.press("ctrl+s")
        assert "M0412 4 to put right; the keyboard is in Name." in bench.said
        for _ in "J.Patel":
            await bench.press("delete", "backspace")
        await bench.type("j.patel\n\n\n")
        for _ in "1 1 2020":
            await bench.press("delete", "backspace")
        await bench.type("31 12 2026\n\n-enough for it\n")
        for _ in "shirt":
            await bench.press("delete", "backspace")
        await bench.type("short-enough for it")
        assert bench.echo("again") == "the same"
        await bench.press("ctrl+s")
        assert "is enrolled as officer/9, reader" in bench.said

    drive(town, "founder", steps, size=size, enrol=enrol)


def test_without_an_open_office_enrolling_says_why_not(town: Town) -> None:
    async def steps(bench: Bench) -> None:
        await go_there(bench)
        await bench.press("f6")
        assert "the office is not open at this desk" in bench.said

    drive(town, "founder", steps)


@pytest.mark.parametrize("size", SIZES, ids=SIZE_NAMES)
def test_an_officer_is_appointed_until_a_day(town: Town, size: tuple[int, int]) -> None:
    async def steps(bench: Bench) -> None:
        await go_there(bench, "reader")
        await bench.press("a")
        await bench.type("regi\n31 12 2026\n")
        assert bench.echo("role") == "registrar · withdraws, reads withheld material"
        assert bench.echo("until") == "to the end of 31 Dec 2026"
        await bench.press("ctrl+s")
        assert f"{town.references['reader']} is registrar until 31 Dec 2026." in bench.said
        assert "registrar (until 31 Dec 2026)" in bench.page

    drive(town, "founder", steps, size=size)


def test_an_administrator_who_could_not_open_the_office_is_not_made(town: Town) -> None:
    async def steps(bench: Bench) -> None:
        await go_there(bench, "reader")
        await bench.press("a")
        await bench.type("admin\n\n")
        assert bench.echo("role") == "✗ an administrator has to be able to open the office: say yes below"
        await bench.type("yes")
        assert bench.echo("role") == "administrator · officers, roles, departments"

    drive(town, "founder", steps)


def test_where_the_disk_is_full_after_the_hand_over_it_is_said_and_not_handed_over_twice(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = town.office.store.head().size

    def full(*given: object) -> Recorded:
        raise Busy("storage is full, nothing recorded")

    async def steps(bench: Bench) -> None:
        await go_there(bench, "reader")
        await bench.press("a")
        await bench.type("admin\n\nyes")
        with monkeypatch.context() as patched:
            patched.setattr(bench.app.desk.officers, "appoint", full)
            await bench.press("ctrl+s")
        assert bench.said.startswith(f"M0605 The unlock key was handed over at {before}; the appointment"), bench.said
        await bench.press("ctrl+s")
        assert "M0601" in bench.said

    drive(town, "founder", steps)
    assert town.office.store.head().size == before + 2


@pytest.mark.parametrize("size", SIZES, ids=SIZE_NAMES)
def test_a_revocation_wants_a_reason_and_a_yes_and_a_buffered_enter_is_none(town: Town, size: tuple[int, int]) -> None:
    reader = town.references["reader"]

    async def steps(bench: Bench) -> None:
        await go_there(bench, "reader")
        await bench.press("x")
        await bench.type("has left")
        await bench.press("ctrl+s")
        assert isinstance(bench.app.screen, Confirmation)
        await bench.press("enter")
        assert not bench.said.startswith("M0602")
        await bench.press("ctrl+s", "down", "enter")
        assert f"key and roles of {reader} end here" in bench.said
        assert "✗ revoked at" in bench.page

    drive(town, "founder", steps, size=size)
    standing = town.office.services.standing().officer(reader)
    assert standing is not None
    assert standing.revoked is not None


def test_with_two_administrators_an_act_waits_and_the_other_confirms_it(town: Town) -> None:
    founder = town.desk("founder").officers
    founder.hand_unlock(town.references["registrar"])
    founder.appoint(town.references["registrar"], Role.ADMINISTRATOR)

    async def appointing(bench: Bench) -> None:
        await go_there(bench, "reader")
        await bench.press("a")
        await bench.type("audi\n")
        await bench.press("ctrl+s")
        assert "it waits for a second administrator" in bench.said
        assert "… waits for a second administrator:" in bench.page

    async def confirming(bench: Bench) -> None:
        await go_there(bench, "reader")
        await bench.press("c", "enter")
        assert "M0604" not in bench.said
        await bench.press("c", "down", "enter")
        assert f"APPOINTED on {town.references['reader']}" in bench.said

    drive(town, "founder", appointing)
    drive(town, "registrar", confirming)
    roles = town.office.services.standing().roles(town.references["reader"], town.clock())
    assert {row.value for row in roles} == {"reader", "auditor"}


@pytest.mark.parametrize("size", SIZES, ids=SIZE_NAMES)
def test_the_table_of_roles_is_shown_whole(town: Town, size: tuple[int, int]) -> None:
    async def steps(bench: Bench) -> None:
        await go_there(bench)
        await bench.press("r")
        assert "lodge a muniment" in bench.page
        for head in ("Fnd", "Adm", "Reg", "Int", "Loa", "Rea", "Aud", "Aud auditor"):
            assert head in bench.page

    drive(town, "founder", steps, size=size)


def test_the_table_of_roles_is_the_one_in_force_and_not_the_programs(town: Town) -> None:
    stricter = {**TABLE, "loader": {**TABLE["loader"], "load.run": "never"}}
    adopted = RulesAdopted(table=stricter, version=2)
    town.desk("founder").officers._session.act(Kind.RULES_ADOPTED, adopted, "registry")

    async def steps(bench: Bench) -> None:
        await go_there(bench)
        await bench.press("r")
        row = next(row for row in bench.rows if "load historical records" in row)
        assert row.split()[-7:] == ["own", "–", "–", "–", "–", "–", "–"]

    drive(town, "founder", steps)


@pytest.mark.parametrize("size", SIZES, ids=SIZE_NAMES)
def test_hostile_names_and_reasons_are_drawn_and_never_obeyed(town: Town, size: tuple[int, int]) -> None:
    hostile = "P\x1b]52;c;cm0=\x07\x9b2J\u202ex[red][@click=app.quit]q[/no]"
    town.desk("founder").officers.add_department("EVIL", hostile)
    town.enrol("evil", Role.READER, "EVIL")

    async def steps(bench: Bench) -> None:
        await go_there(bench)
        bench.check_clean()
        await bench.press("f6")
        await bench.type("j.patel\nevil\n")
        assert "P␛]52;c;cm0=␇<9B>2J<RLO>x[red]" in bench.echo("department")
        await bench.press("shift+tab", "f4")
        bench.check_clean()
        await bench.press("escape", "f3")
        bench.check_clean()

    drive(town, "founder", steps, size=size, enrol=lambda *given, **named: ())
