"""Receipts, checkpoints, audit, rebuild, export: what is proven, what was not asked, and what fails in a sentence."""

from __future__ import annotations

import base64
import re
import sqlite3
from pathlib import Path

import pytest

from tests.commands.conftest import FIXTURES, Place, Run, found

HEAVY = "peewee playhouse apsw sqlite3 textual strawberry starlette uvicorn registry.office registry.desk".split()


@pytest.fixture(scope="module")
def receipts(land: Place, subjects: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the receipts `sale`, `deed`, `own` (with disclosures), and the policy."""
    folder = tmp_path_factory.mktemp("receipts")
    (folder / "land.policy").write_bytes((land.folder / "land.policy").read_bytes())
    sale = land.program("find", "MOTHWING", "--limit", "1", "--json").done().json()[0]["subject"]
    land.program("receipt", sale, "-o", folder / "sale.tlog-proof").done()
    land.program("receipt", subjects["public"], "-o", folder / "deed.tlog-proof").done()
    disclosed = ("receipt", subjects["own"], "-o", folder / "own.tlog-proof", "--with-disclosures")
    land.program(*disclosed, officer="c.clerk").done()
    return folder


def test_a_receipt_of_a_sale_says_what_is_proven_and_what_was_not_asked(land: Place, receipts: Path, ask: Run) -> None:
    told = ask(land, "verify", receipts / "sale.tlog-proof", "--policy", receipts / "land.policy").done().out
    lines = told.splitlines()
    assert re.fullmatch(r"proven     included at \d+ in \d+", lines[0])
    assert re.fullmatch(r"proven     signed by officer/3, enrolled at \d+", lines[1])
    assert re.fullmatch(r"proven     covered by load \d+", lines[2])
    assert lines[3] == "not asked  content fits"
    assert "SALE_RECORD on sale/" in told
    assert 'says neither "not revoked since" nor' in told
    assert re.search(r"\bvalid\b", told) is None


def test_the_content_is_compared_when_it_is_given(land: Place, receipts: Path, ask: Run) -> None:
    deed = ("verify", receipts / "deed.tlog-proof", "--policy", receipts / "land.policy", "--content")
    assert "proven     content fits" in ask(land, *deed, land.folder / "deed-2.txt").done().out
    refused = ask(land, *deed, land.folder / "deed.txt")
    assert (refused.code, refused.out) == (1, "")
    assert "the content does not fit" in refused.err


def test_findings_in_json(land: Place, receipts: Path, ask: Run) -> None:
    verify = ("verify", receipts / "own.tlog-proof", "--policy", receipts / "land.policy", "--json")
    told = ask(land, *verify, "--content", land.folder / "deed.txt").done().json()
    assert [one["proven"] for one in told["findings"]] == [True, True, False, True]
    assert told["disclosed"]["donor"] == "A. Example"
    assert told["kind"] == "LODGED"
    assert len(base64.b64decode(told["root"])) == 32


def test_verifying_wants_no_registry_and_loads_no_database(receipts: Path, tmp_path: Path) -> None:
    start = (
        "import sys; from registry.commands import run; code = run(sys.argv[1:]); "
        f"print(*[one for one in {HEAVY!r} if one in sys.modules], 'end'); sys.exit(code)"
    )
    nowhere = Place(tmp_path)
    verify = ("verify", receipts / "sale.tlog-proof", "--policy", receipts / "land.policy")
    answer = nowhere.program(*verify, start=start).done()
    assert answer.out.splitlines()[-1] == "end"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["sale.tlog-proof", "land.policy"])
def test_any_changed_line_is_refused_in_one_sentence(
    name: str, land: Place, receipts: Path, tmp_path: Path, ask: Run
) -> None:
    """One letter changed in each line of the receipt, and in each key of the policy."""
    whole = (receipts / name).read_bytes().split(b"\n")
    for number, line in enumerate(whole):
        if len(line) < 8:
            continue
        at = len(line) // 2
        changed = line[:at] + (b"A" if line[at : at + 1] != b"A" else b"B") + line[at + 1 :]
        (tmp_path / name).write_bytes(b"\n".join([*whole[:number], changed, *whole[number + 1 :]]))
        other = "land.policy" if name == "sale.tlog-proof" else "sale.tlog-proof"
        paths = {name: tmp_path / name, other: receipts / other}
        answer = ask(land, "verify", paths["sale.tlog-proof"], "--policy", paths["land.policy"])
        assert (answer.code, answer.out) == (1, ""), line
        assert re.fullmatch(r"muniment: [^\n]+\n", answer.err), line


def test_a_receipt_of_another_registry_is_refused(receipts: Path, tmp_path: Path, ask: Run) -> None:
    other = found(tmp_path)
    other.program("policy", "-o", "other.policy").done()
    answer = ask(other, "verify", receipts / "sale.tlog-proof", "--policy", tmp_path / "other.policy")
    assert answer.code == 1
    assert "no signature by a key that is trusted" in answer.err


def test_a_receipt_by_position_is_that_of_its_subject(
    land: Place, subjects: dict[str, str], receipts: Path, ask: Run
) -> None:
    position = ask(land, "show", subjects["public"], "--json").done().json()["position"]
    told = ask(land, "receipt", position, "-o", receipts / "by-position.tlog-proof", "--json").done().json()
    assert told["position"] == position
    assert ask(land, "verify", receipts / "by-position.tlog-proof", "--policy", receipts / "land.policy").code == 0


def test_disclosures_are_laid_open_to_a_signed_in_officer_only(
    land: Place, subjects: dict[str, str], receipts: Path, ask: Run
) -> None:
    refused = ask(land, "receipt", subjects["public"], "-o", receipts / "not-mine", "--with-disclosures")
    assert refused.code == 2
    assert "who asks?" in refused.err
    assert not (receipts / "not-mine").exists()


def test_checkpoints_are_printed_as_linked_blocks(land: Place, ask: Run) -> None:
    blocks = ask(land, "checkpoint", "--list").done().out.splitlines()
    assert re.fullmatch(r"№ 1 · 0–4 · root [0-9a-f]{8}… · the first ✓", blocks[0])
    for number, block in enumerate(blocks[1:], 2):
        shape = rf"№ {number} · [\d,]+–[\d,]+ · root [0-9a-f]{{8}}… · extends № {number - 1} ✓ \d+ hash(es)?"
        assert re.fullmatch(shape, block), block
    told = ask(land, "checkpoint", "--list", "--json").done().json()
    assert [one["previous"] for one in told] == [0, *(one["size"] for one in told[:-1])]
    assert all(one["extends"] and one["signatures"] == 2 for one in told)


def test_the_newest_checkpoint_is_printed_byte_for_byte(land: Place, ask: Run) -> None:
    note = ask(land, "checkpoint").done().out
    told = ask(land, "checkpoint", "--json").done().json()
    assert told["note"] == note
    origin, size, root = note.split("\n")[:3]
    assert (origin, size, root) == (told["origin"], str(told["size"]), told["root"])
    assert note.count("\n— registry.example/land ") == 2


def test_the_audit_of_a_sound_registry_finds_nothing(land: Place, ask: Run) -> None:
    told = ask(land, "audit", "--json").done().json()
    assert told["ok"] is True
    assert told["faults"] == []
    assert told.keys() >= {"ok", "size", "root", "checked", "faults"}
    assert told["size"] == ask(land, "status", "--json").done().json()["size"]
    assert "No fault found" in ask(land, "audit", "--ledger-only").done().out


def test_the_audit_is_held_against_an_older_checkpoint(land: Place, receipts: Path, tmp_path: Path, ask: Run) -> None:
    (tmp_path / "old.checkpoint").write_text(ask(land, "checkpoint").done().out)
    assert ask(land, "audit", "--against", tmp_path / "old.checkpoint").code == 0
    assert ask(land, "audit", "--against", receipts / "sale.tlog-proof").code == 0
    other = found(tmp_path / "other")
    answer = ask(other, "audit", "--against", tmp_path / "old.checkpoint")
    assert answer.code == 1


def test_one_changed_byte_is_named_with_its_position(tmp_path: Path, ask: Run) -> None:
    place = found(tmp_path)
    database = sqlite3.connect(place.registry / "ledger.db")
    (start, body) = database.execute("SELECT start, body FROM tail").fetchone()
    at = bytes(body).index(b"HM Land")
    database.execute("UPDATE tail SET body = ?", [bytes(body)[:at] + b"X" + bytes(body)[at + 1 :]])
    database.commit()
    database.close()
    answer = ask(place, "audit", "--json")
    assert answer.code == 1
    fault = answer.json()["faults"][0]
    assert (fault["position"], fault["subject"]) == (2, "department/HMLR")
    assert answer.err.startswith("muniment: the audit found ")
    assert "FAULT  position 2 · department/HMLR · " in ask(place, "audit").out
    assert start == 0


def test_the_catalogue_is_compared_and_built_again(tmp_path: Path, ask: Run) -> None:
    place = found(tmp_path)
    place.program("load", FIXTURES / "fifteen.csv", "--rejects", tmp_path / "r.csv", officer="a.admin").done()
    size = ask(place, "status", "--json").done().json()["size"]
    assert ask(place, "rebuild", "--check", "--json").done().json() == {"ok": True, "entries": size, "differences": []}
    database = sqlite3.connect(place.registry / "catalogue.db")
    database.execute("UPDATE record SET custodian = 'POLICE' WHERE position = 7")
    database.commit()
    database.close()
    answer = ask(place, "rebuild", "--check", "--json")
    assert answer.code == 1
    assert [one["position"] for one in answer.json()["differences"]] == [7]
    assert "DIFFERS  position 7: " in ask(place, "rebuild", "--check").out
    assert ask(place, "rebuild", "--json", officer="a.admin").done().json()["entries"] == size
    assert ask(place, "rebuild", "--check").done().out.startswith("The catalogue is equal to the ledger")


def test_the_log_is_exported_and_exported_again(land: Place, tmp_path: Path, ask: Run) -> None:
    folder = tmp_path / "log"
    told = ask(land, "export-log", folder, "--json").done().json()
    assert (folder / "checkpoint").read_text() == ask(land, "checkpoint").done().out
    assert told["origin"] == "registry.example/land"
    assert (folder / "tile" / "entries").is_dir()
    assert ask(land, "export-log", folder).code == 0
    (folder / "checkpoint").unlink()
    tile = next(path for path in (folder / "tile" / "0").rglob("*") if path.is_file())
    tile.write_bytes(b"x" + tile.read_bytes()[1:])
    refused = ask(land, "export-log", folder)
    assert refused.code == 2
    assert str(tile) in refused.err
