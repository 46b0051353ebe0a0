"""From the first officer to a document taken out again: what each command answers, in words and in JSON."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.commands.conftest import FIXTURES, Place, Run, enrol, found

RECORDED = {"position", "subject", "number", "at", "kind", "rule"}
LOADED = ["file", "rows", "recorded", "already", "changed", "withdrawn", "rejected", "flagged"]
LOADED += ["first", "last", "seconds", "rows_per_second"]
SUM = ("recorded", "already", "changed", "withdrawn", "rejected")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A registry to record in: an administrator, a clerk who may open the office, a registrar who may."""
    place = found(tmp_path_factory.mktemp("house"))
    enrol(place, "c.clerk", "intake-clerk", "--may-open")
    enrol(place, "l.loader", "loader", "--may-open", "--until", "2199-12-31")
    enrol(place, "g.registrar", "registrar", "--may-open")
    (place.folder / "deed.txt").write_bytes(b"THIS DEED OF GIFT\n")
    for name in ("sales.csv", "adds.csv", "changes.csv", "rejects.csv", "muniments.jsonl", "muniments-changes.jsonl"):
        shutil.copy(FIXTURES / name, place.folder)
    shutil.copytree(FIXTURES / "bodies", place.folder / "bodies")
    return place


def test_founding_answers_with_what_it_made(tmp_path: Path) -> None:
    place = Place(tmp_path)
    told = place.program("init", "--origin", "registry.example/x", "--json", officer="f.first").done().json()
    assert told.keys() == {"registry", "signer", "origin", "department", "officer", "size", "root"}
    assert (told["origin"], told["officer"], told["size"]) == ("registry.example/x", "f.first", 4)
    assert place.registry.stat().st_mode & 0o077 == 0
    assert place.signer.stat().st_mode & 0o077 == 0


def test_a_trial_registry_says_so_in_its_origin(tmp_path: Path, ask: Run) -> None:
    place = Place(tmp_path, {"MUNIMENT_PASSPHRASE_FILE": str(Place(tmp_path).phrase("founder"))})
    told = ask(place, "init").done().out
    assert "Founded trial.example/muniment" in told
    assert "This is a trial" in told
    assert ask(place, "status", "--json").json()["origin"] == "trial.example/muniment"


def test_a_document_is_lodged_revised_withdrawn_and_opened(house: Place, ask: Run, tmp_path: Path) -> None:
    house_deed = house.folder / "deed.txt"
    lodged = ask(
        house, "lodge", house_deed, "--kind", "deed", "--detail", "title=A", "--json", officer="c.clerk"
    ).done()
    assert lodged.json().keys() == RECORDED
    assert (lodged.json()["number"], lodged.json()["kind"]) == (1, "LODGED")
    subject = lodged.json()["subject"]
    (tmp_path / "second.txt").write_bytes(b"SECOND")
    revised = ask(house, "revise", subject, tmp_path / "second.txt", "--version", "1", officer="c.clerk").done()
    assert re.fullmatch(rf"Revised {subject} with second\.txt \(position \d+, number 2\)\.\n", revised.out)
    stale = ask(house, "revise", subject, house_deed, "--version", "1", officer="c.clerk")
    assert stale.code == 1
    assert "you looked at 1; look again" in stale.err
    opened = ask(house, "open", subject, "-o", tmp_path / "out.txt", "--json", officer="c.clerk").done().json()
    assert (tmp_path / "out.txt").read_bytes() == b"SECOND"
    assert (tmp_path / "out.txt").stat().st_mode & 0o777 == 0o600
    assert (opened["lodged_as"], opened["bytes"]) == ("second.txt", 6)
    first = ask(house, "open", subject, "-o", tmp_path / "one.txt", "--version", "1", officer="c.clerk").done()
    assert "lodged as deed.txt" in first.out
    assert (tmp_path / "one.txt").read_bytes() == house_deed.read_bytes()
    assert ask(house, "open", subject, "-o", tmp_path / "none", "--version", "9", officer="c.clerk").code == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.txt", "out.txt", "second.txt"], "nothing half"
    withdrawn = ask(house, "withdraw", subject, "--reason", "a mistake", officer="g.registrar").done()
    assert withdrawn.out.startswith(f"Withdrew {subject} (position ")
    again = ask(house, "withdraw", subject, "--reason", "once more", officer="g.registrar")
    assert again.code == 1
    kinds = [one["kind"] for one in ask(house, "history", subject, "--json", officer="g.registrar").json()]
    assert kinds == ["LODGED", "REVISED", "WITHDRAWN", "WITHDRAWN"]


def test_a_refusal_is_told_where_it_was_recorded(house: Place, ask: Run) -> None:
    before = ask(house, "status", "--json").json()["size"]
    refused = ask(house, "lodge", house.folder / "deed.txt", "--kind", "DEED", officer="g.registrar")
    assert (refused.code, refused.out) == (1, "")
    assert "you may not lodge a muniment" in refused.err
    assert "c.clerk" in refused.err
    assert ask(house, "status", "--json").json()["size"] == before + 1


@pytest.mark.parametrize(
    ("name", "form"), [("sales.csv", "sales"), ("rejects.csv", "sales"), ("muniments.jsonl", "muniments")]
)
def test_a_load_reports_what_is_expected_of_the_fixture(name: str, form: str, house: Place, ask: Run) -> None:
    expected = json.loads((FIXTURES / f"{name}.expected.json").read_text())
    file = house.folder / name
    told = ask(house, "load", file, "--as", form, "--json", officer="l.loader").done().json()
    assert list(told)[: len(LOADED)] == LOADED
    assert {one: told[one] for one in expected} == expected
    assert told["rows"] == sum(told[one] for one in SUM)
    assert (told["finished"], told["dry_run"], told["known_before"]) == (True, False, False)
    again = ask(house, "load", file, "--as", form, "--json", officer="l.loader").done().json()
    assert (again["recorded"], again["already"], again["known_before"]) == (0, expected["rows"], True)
    assert ask(house, "load", file, "--as", form, officer="l.loader").out.startswith(f"{name}: 0 new, ")
    rejects = file.with_name(f"{name}.rejects.csv")
    assert rejects.exists() == bool(expected["rejected"])
    if expected["rejected"]:
        assert told["rejects"] == str(rejects)
        assert rejects.read_text(errors="replace").startswith("line,column,reason,original\n")


@pytest.mark.parametrize("name", ["mangled.csv", "fifteen.csv", "differing.csv"])
def test_a_dry_run_says_what_a_load_would_do_and_records_nothing(name: str, house: Place, ask: Run) -> None:
    expected = json.loads((FIXTURES / f"{name}.expected.json").read_text())
    before = ask(house, "status", "--json").json()["size"]
    told = ask(house, "load", FIXTURES / name, "--dry-run", "--json", officer="l.loader").done().json()
    assert {one: told[one] for one in expected} == expected
    assert (told["dry_run"], told["first"], told["last"]) == (True, None, None)
    assert ask(house, "status", "--json").json()["size"] == before
    assert (
        f"{expected['recorded']:,} would be recorded"
        in ask(house, "load", FIXTURES / name, "--dry-run", officer="l.loader").out
    )


def test_several_files_are_loaded_in_order_with_a_document_each(house: Place, ask: Run) -> None:
    files = [house.folder / name for name in ("adds.csv", "changes.csv")]
    told = ask(house, "load", *files, "--json", officer="l.loader").done().documents()
    assert [one["file"] for one in told] == ["adds.csv", "changes.csv"]
    assert [one["recorded"] + one["changed"] for one in told] == [60, 18]


def test_one_wrong_file_among_several_and_none_is_loaded(house: Place, ask: Run) -> None:
    before = ask(house, "status", "--json").json()["size"]
    assert ask(house, "load", FIXTURES / "again.csv", house.folder / "deed.txt", officer="l.loader").code == 2
    assert ask(house, "status", "--json").json()["size"] == before


def test_what_a_dry_run_rejects_is_shown_with_line_and_reason(house: Place, ask: Run) -> None:
    told = ask(house, "load", house.folder / "rejects.csv", "--dry-run", officer="l.loader").done().out.splitlines()
    assert "line 7, column 14: quote not closed" in (line.strip() for line in told)
    assert told[1].startswith("  Nothing was recorded; read as price-paid/official")
    assert told[-1] == "  … and 12 more"
    reasons = ask(house, "load", house.folder / "rejects.csv", "--dry-run", "--json", officer="l.loader").json()[
        "reasons"
    ]
    assert len(reasons) == 32
    assert reasons[3] == {"line": 7, "column": 14, "reason": "quote not closed"}


def test_officers_come_act_and_go(tmp_path: Path, ask: Run) -> None:
    place = found(tmp_path)
    (tmp_path / "deed.txt").write_text("x")
    by_itself = [*"officer enrol b.admin --department HMLR --role administrator --new-passphrase-file".split()]
    by_itself.append(str(place.phrase("b.admin")))
    locked_out = ask(place, *by_itself, officer="a.admin")
    assert locked_out.code == 2
    assert "could never give the second word" in locked_out.err
    enrolled = ask(place, *by_itself, "--may-open", officer="a.admin").done().out.splitlines()
    assert [line.split(" (position")[0] for line in enrolled if "(position" in line] == [
        "Enrolled b.admin of HMLR as officer/2",
        "Handed the unlock key over to b.admin",
        "Appointed b.admin to administrator",
    ]
    assert "There is one administrator, so one was enough; the entry says so." in enrolled
    # From now on there are two, and each act on officers waits for the other's word.
    waiting = ask(
        place, "officer", "enrol", "c.clerk", "--department", "HMLR", "--new-passphrase-file", place.phrase("c.clerk"),
        "--json", officer="a.admin",
    ).done().json()  # fmt: skip
    assert waiting["rule"] == "awaits-second-administrator"
    own_word = ask(place, "officer", "confirm", waiting["position"], officer="a.admin")
    assert own_word.code == 1
    assert "another administrator's word" in own_word.err
    confirmed = ask(place, "officer", "confirm", waiting["position"], officer="b.admin").done()
    assert f"Confirmed OFFICER_ENROLLED at position {waiting['position']:,}" in confirmed.out
    appointed = ask(
        place, "officer", "appoint", "c.clerk", "intake-clerk", "--until", "2100-01-31", "--json", officer="b.admin"
    )
    position = appointed.done().json()["position"]
    assert ask(place, "officer", "confirm", position, officer="a.admin").code == 0
    assert ask(place, "officer", "appoint", "c.clerk", "administrator", officer="a.admin").code == 2
    assert "intake-clerk (until 2100-01-31)" in ask(place, "officer", "list", officer="a.admin").done().out
    # Without the unlock key a clerk looks, and is told who can open.
    refused = ask(place, "lodge", tmp_path / "deed.txt", "--kind", "DEED", officer="c.clerk")
    assert refused.code in (1, 4)
    assert "can open it" in refused.err
    assert ask(place, "find", "deed", officer="c.clerk").code == 0
    # A new passphrase; the old one opens no more.
    (tmp_path / "new.phrase").write_text("a new phrase\n")
    (tmp_path / "new.phrase").chmod(0o600)
    changed = ask(place, "officer", "passphrase", "--new-passphrase-file", tmp_path / "new.phrase", officer="c.clerk")
    assert changed.done().out == "The passphrase of c.clerk is changed.\n"
    assert ask(place, "find", "deed", officer="c.clerk").code == 2
    place.phrase("c.clerk").write_text("a new phrase\n")
    assert ask(place, "find", "deed", officer="c.clerk").code == 0
    revoked = ask(place, "officer", "revoke", "c.clerk", "--reason", "left", "--json", officer="a.admin").done().json()
    assert ask(place, "officer", "confirm", revoked["position"], officer="b.admin").code == 0
    gone = ask(place, "find", "deed", officer="c.clerk")
    assert gone.code == 1
    assert "revoked at position" in gone.err


def test_a_lost_mark_is_adopted_by_an_act_with_a_reason(tmp_path: Path, ask: Run) -> None:
    place = found(tmp_path)
    for path in place.signer.glob("mark.db*"):
        path.unlink()
    (tmp_path / "deed.txt").write_text("x")
    halted = ask(place, "lodge", tmp_path / "deed.txt", "--kind", "DEED", officer="a.admin")
    assert halted.code == 3
    adopted = ask(place, "checkpoint", "--adopt", "--reason", "the disk died", officer="a.admin").done()
    assert adopted.out.startswith("Adopted a new mark (position ")
    assert ask(place, "lodge", tmp_path / "deed.txt", "--kind", "DEED", officer="a.admin").code == 0


def test_an_older_copy_of_the_registry_refuses_to_record(tmp_path: Path, ask: Run) -> None:
    place = found(tmp_path)
    shutil.copytree(place.registry, tmp_path / "copy")
    ask(place, "department", "add", "POLICE", "Police", officer="a.admin").done()
    shutil.rmtree(place.registry)
    shutil.move(tmp_path / "copy", place.registry)
    answer = ask(place, "department", "add", "POLICE", "Police", officer="a.admin")
    assert answer.code == 3
    assert re.search(r"ends at .*4.*signed", answer.err)
    assert ask(place, "status").code == 0, "reading goes on"
