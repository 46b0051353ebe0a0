"""The counter for loads: every committed fixture against what a correct load of it reports, tried, loaded and loaded
again; and the published files where they are at hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.generate import main as generate
from registry.desk.loads import MUNIMENTS, SALES, LoadProgress, LoadReport
from registry.errors import Busy, Misuse, NotPermitted
from registry.records.acts import Row, decode_entry
from registry.records.roles import Role
from tests.acts.examination import examined
from tests.town import Town

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"
DATA = ROOT.parent / "shared" / "data"

IN_ORDER = ("sales.csv", "adds.csv", "changes.csv", "deletes.csv", "again.csv")
ALONE = ("differing.csv", "fifteen.csv", "mangled.csv", "empty-postcodes.csv", "rejects.csv")
OURS = ("muniments.jsonl", "muniments-changes.jsonl")
COUNTS = ("rows", "recorded", "already", "changed", "withdrawn", "rejected", "flagged")


@pytest.fixture
def town(staffed: Town, tmp_path: Path) -> Iterator[Town]:
    """Whatever is loaded, the audit finds nothing wrong."""
    found = staffed.copied(tmp_path)
    yield found
    assert examined(found).faults == ()
    found.close()


def copied(town: Town, name: str) -> Path:
    """The fixture where rejects can be written beside it, its bodies with it."""
    folder = town.settings.registry.parent / "incoming"
    if not folder.exists():
        shutil.copytree(FIXTURES / "bodies", folder / "bodies")
    return Path(shutil.copy(FIXTURES / name, folder / name))


def form_of(name: str) -> str:
    """How the file is to be read."""
    return MUNIMENTS if name.endswith(".jsonl") else SALES


def counts(report: LoadReport) -> dict[str, int]:
    """The seven counts."""
    return {name: getattr(report, name) for name in COUNTS}


def expected(name: str) -> dict[str, int]:
    """What the generator, which knows what it wrote, says beside the file."""
    found: dict[str, int] = json.loads((FIXTURES / f"{name}.expected.json").read_text())
    assert found["rows"] == sum(found[part] for part in COUNTS[1:-1])
    return found


def check_load(town: Town, name: str) -> LoadReport:
    """Tried, loaded, loaded again: the trial tells the truth, and the second time nothing is new."""
    path, loads = copied(town, name), town.desk("loader").loads
    before = town.office.store.head().size
    tried, rejects = loads.dry_run(path, form_of(name))
    assert counts(tried) == expected(name)
    assert len(rejects) == expected(name)["rejected"]
    assert town.office.store.head().size == before
    loaded = loads.load(path, form_of(name))
    assert counts(loaded) == expected(name)
    rows = loaded.recorded + loaded.changed + loaded.withdrawn
    assert town.office.store.head().size == before + rows + 2
    assert (loaded.first, loaded.last) == ((before + 1, before + rows) if rows else (None, None))
    again = loads.load(path, form_of(name))
    assert (again.rows, again.already, again.recorded, again.known_before) == (loaded.rows, loaded.rows, 0, True)
    assert town.office.store.head().size == before + rows + 2
    return loaded


def test_the_five_files_of_a_year_load_in_their_order(town: Town) -> None:
    for name in IN_ORDER:
        check_load(town, name)


@pytest.mark.parametrize("name", ALONE)
def test_each_other_fixture_loads_as_it_says(town: Town, name: str) -> None:
    check_load(town, name)


def test_the_order_of_those_that_stand_alone_does_not_matter(town: Town) -> None:
    for name in (*reversed(ALONE), *IN_ORDER):
        check_load(town, name)


def test_our_own_format_loads_with_its_bodies(town: Town) -> None:
    for name in OURS:
        check_load(town, name)


def test_the_committed_set_has_nothing_that_is_not_loaded_here() -> None:
    held = {path.name.removesuffix(".expected.json") for path in FIXTURES.glob("*.expected.json")}
    assert held == {*IN_ORDER, *ALONE, *OURS}


def test_the_rows_of_one_load_in_another_file_are_already_there(town: Town) -> None:
    """Another digest, so another load: known by their ids and facts, row by row."""
    loads = town.desk("loader").loads
    loads.load(copied(town, "adds.csv"))
    changed = copied(town, "adds.csv").with_name("adds-again.csv")
    changed.write_bytes((FIXTURES / "adds.csv").read_bytes() + b"\r\n")
    report = loads.load(changed)
    assert (report.rows, report.already, report.recorded, report.first) == (60, 60, 0, None)


def test_rejects_stand_in_a_file_that_can_be_mended_and_loaded(town: Town) -> None:
    path = copied(town, "rejects.csv")
    report = town.desk("loader").loads.load(path)
    kept = Path(report.rejects)
    assert kept == path.with_name("rejects.csv.rejects.csv")
    assert kept.read_bytes().count(b"\n") >= report.rejected


def test_where_nothing_is_rejected_no_file_is_left(town: Town) -> None:
    path = copied(town, "fifteen.csv")
    report = town.desk("loader").loads.load(path)
    assert (report.rejects, list(path.parent.glob("*.rejects.csv"))) == ("", [])


def test_a_file_that_cannot_be_read_is_told_so(town: Town, tmp_path: Path) -> None:
    loads, before = town.desk("loader").loads, town.office.store.head().size
    for name, raw in (("empty.csv", b""), ("picture.csv", b"\x89PNG\r\n\x1a\n" * 9), ("words.csv", b"dear sir\n")):
        path = tmp_path / name
        path.write_bytes(raw)
        for ask in (loads.load, loads.dry_run, loads.recognise):
            with pytest.raises(Misuse, match=name):
                ask(path)
    with pytest.raises(Misuse, match="cannot be read"):
        loads.load(tmp_path / "absent.csv")
    assert town.office.store.head().size == before


def test_a_file_that_changes_while_it_is_loaded_is_stopped(town: Town) -> None:
    """What was recorded stays; the load is closed as STOPPED, and the file as it is now is another file."""
    path = copied(town, "sales.csv")

    def change(progress: LoadProgress) -> None:
        if progress.counts.rows <= 500:
            with path.open("ab") as stream:
                stream.write(b"\r\n")

    with pytest.raises(Misuse, match=r"changed while it was loaded; load/\d+ was stopped after 4000 rows"):
        town.desk("loader").loads.load(path, told=change)
    (load,) = town.office.store.loads()
    assert (load.state, load.counts.recorded) == ("STOPPED", 4_000)


def test_progress_rises_to_the_whole_and_counts_every_row(town: Town) -> None:
    shares: list[float] = []
    rows: list[int] = []

    def told(progress: LoadProgress) -> None:
        shares.append(progress.share)
        rows.append(progress.counts.rows)

    town.desk("loader").loads.load(copied(town, "sales.csv"), told=told)
    assert shares == sorted(shares)
    assert (shares[-1], rows[-1]) == (1.0, 4_000)
    assert len(rows) > 1


def test_a_trial_tells_how_far_it_is_from_its_first_reading_on_and_can_be_ended_there(
    town: Town, tmp_path: Path
) -> None:
    generate(["--rows", "4000", "--out", str(tmp_path)])
    path, loads = tmp_path / "sales.csv", town.desk("loader").loads
    told: list[LoadProgress] = []
    loads.dry_run(path, told=told.append)
    shares = [one.share for one in told]
    assert shares == sorted(shares)
    assert (told[0].counts.rows, told[-1].counts.rows, shares[-1]) == (0, 4_000, 1.0)
    assert 0 < shares[0] < 0.5

    def stop(progress: LoadProgress) -> None:
        raise Busy("stopped")

    with pytest.raises(Busy, match="stopped"):
        loads.dry_run(path, told=stop)


def test_what_another_department_holds_its_own_loader_alone_changes(town: Town) -> None:
    """The same facts are already there; a change or a withdrawal is rejected, and told whose the sale is."""
    town.desk("loader").loads.load(copied(town, "adds.csv"))
    town.enrol("police-loader", Role.LOADER, "POL")
    theirs = town.desk("police-loader").loads
    same = copied(town, "adds.csv").with_name("same.csv")
    same.write_bytes((FIXTURES / "adds.csv").read_bytes() + b"\r\n")
    assert (theirs.load(same).already, theirs.load(same).rejected) == (60, 0)
    changes = copied(town, "changes.csv")
    tried, rejects = theirs.dry_run(changes)
    report = theirs.load(changes)
    assert counts(tried) == counts(report)
    assert (report.changed, report.rejected) == (8, 10)
    assert {reject.reason.split(" is held by ")[1] for reject in rejects} == {"HMLR: only its loader adds to it"}


def test_a_trial_wants_the_right_to_load(town: Town) -> None:
    with pytest.raises(NotPermitted, match="you may not load historical records: officer/5 is reader"):
        town.desk("reader").loads.dry_run(copied(town, "adds.csv"))


# ---- the published files ----


def published(*parts: str) -> Path:
    """The file, or a loud skip where the folder is not at hand."""
    path = DATA.joinpath(*parts)
    if not path.is_file():
        pytest.skip(
            f"{path.name}: the published data are not at hand (../shared/data); the fixtures were loaded instead"
        )
    return path


def test_the_head_of_the_complete_file_loads_whole_and_again_records_nothing(town: Town, tmp_path: Path) -> None:
    path, loads = published("ppd-1995-complete-head", "pp-complete.csv"), town.desk("loader").loads
    assert counts(loads.dry_run(path)[0]) == {**dict.fromkeys(COUNTS, 0), "rows": 10_298, "recorded": 10_298}
    report = loads.load(path, rejects=tmp_path / "rejects.csv")
    assert (report.recorded, report.rejected, report.dialect) == (10_298, 0, "price-paid/official")
    again = loads.load(path, rejects=tmp_path / "rejects.csv")
    assert (again.recorded, again.already) == (0, 10_298)
    longer = tmp_path / "longer.csv"
    longer.write_bytes(path.read_bytes() + b"\n")
    assert counts(loads.load(longer)) == {**dict.fromkeys(COUNTS, 0), "rows": 10_298, "already": 10_298}


@pytest.mark.parametrize(
    ("name", "kind", "number"),
    [("adds-head.csv", "recorded", 9), ("changes-middle.csv", "changed", 14), ("deletes-tail.csv", "withdrawn", 17)],
)
def test_the_monthly_files_are_additions_changes_and_withdrawals(
    town: Town, tmp_path: Path, name: str, kind: str, number: int
) -> None:
    """None of their ids was loaded before, so each change and withdrawal is flagged."""
    path, loads = published("ppd-monthly-2026-adds-changes-deletes", name), town.desk("loader").loads
    flagged = 0 if kind == "recorded" else number
    report = {**dict.fromkeys(COUNTS, 0), "rows": number, kind: number, "flagged": flagged}
    assert counts(loads.dry_run(path)[0]) == report
    assert counts(loads.load(path, rejects=tmp_path / "rejects.csv")) == report
    assert loads.load(path, rejects=tmp_path / "rejects.csv").recorded == 0
    entries = map(decode_entry, town.office.log.entries(0, town.office.store.head().size))
    op = {"recorded": "A", "changed": "C", "withdrawn": "D"}[kind]
    assert [one.op for one in entries if isinstance(one, Row)] == [op] * number
