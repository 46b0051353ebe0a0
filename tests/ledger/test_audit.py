"""The audit of a ledger: what it looks at, at every size, with whatever is at hand, and what it says of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET

from registry.errors import BadSignature, Unproven
from registry.ledger.audit.claims import claim
from registry.ledger.audit.entries import frames, loaded
from registry.ledger.audit.evidence import Shelved
from registry.ledger.audit.fault import Fault, Findings
from registry.ledger.audit.walk import walk
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.cosignature import Signer
from registry.ledger.issuance import Included, issue
from registry.ledger.merkle import leaf_hash
from registry.ledger.note import ED25519, ED25519_COSIGNATURE, Note
from registry.ledger.tiles import frame
from registry.records.acts import Row, decode_entry
from registry.records.encoding import canonical, to_base64
from registry.storage import sqlite
from registry.storage.ledger import LedgerStore
from tests.day import a_day
from tests.honest import KEYS, ORIGIN, START_MS, Registry, audit, office_audit
from tests.simulator import Operator


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("day")
    a_day(folder).close()
    return folder


@pytest.fixture
def operator(day: Path, tmp_path: Path) -> Iterator[Operator]:
    shutil.copytree(day, tmp_path / "copy")
    operator = Operator(tmp_path / "copy")
    yield operator
    operator.close()


# ---- everything is looked at ----


def test_an_honest_ledger_has_no_fault_and_every_entry_was_looked_at(day: Path) -> None:
    audited = audit(day)
    assert (audited.ok, audited.size, audited.faults) == (True, 649, ())
    checked = audited.checked
    assert checked["acts"] + checked["rows"] == checked["entries"] == 649
    assert checked["signatures"] == checked["acts"]
    assert checked["links"] == sum(b'"previous":' in raw for raw in Operator(day).entries())
    assert (checked["checkpoints"], checked["tiles"], checked["loads closed"]) == (5, 2, 2)
    assert audited.notes == ("load/640 is open: 7 rows recorded, no LOAD_CLOSED yet",)


def test_a_mirror_with_plain_shelves_comes_to_the_same(day: Path) -> None:
    database = sqlite.open_database(day / "ledger.db", read_only=True)
    store = LedgerStore(database)
    assert walk(Shelved(store), store, origin=ORIGIN, keys=KEYS) == audit(day)
    database.close()


def test_progress_rises_to_the_end_and_faults_are_told_as_they_are_found(operator: Operator) -> None:
    operator.flip("tile", "body", "n = 1", 9)
    steps: list[tuple[int, int]] = []
    told: list[Fault] = []
    audited = audit(operator.folder, progress=lambda done, total: steps.append((done, total)), tell=told.append)
    assert steps == sorted(steps)
    assert steps[-1] == (649, 649)
    assert tuple(told) == audited.faults


@pytest.mark.parametrize("size", [4, 5, 255, 256, 257, 511, 512, 513, 1_024])
def test_ledgers_of_every_shape_are_audited_whole(tmp_path: Path, size: int) -> None:
    registry = Registry(tmp_path, create=True)
    founder = registry.found()
    if size > 4:
        registry.load_rows(registry.open_load(founder), registry.sales(size - 5), 100)
    registry.seal()
    root = registry.store.head().root
    registry.close()
    audited = office_audit(tmp_path)
    assert (audited.ok, audited.size, audited.root) == (True, size, to_base64(root)), audited.faults


def test_an_empty_ledger_is_sound(tmp_path: Path) -> None:
    Registry(tmp_path, create=True).close()
    audited = audit(tmp_path)
    assert (audited.ok, audited.size) == (True, 0)


def test_what_is_not_sealed_yet_is_a_note(tmp_path: Path) -> None:
    registry = Registry(tmp_path, create=True)
    founder = registry.found()
    registry.seal()
    registry.lodge(founder)
    registry.close()
    audited = audit(tmp_path)
    assert audited.ok
    assert audited.notes == ("1 entries from position 4 on are recorded, not sealed yet",)


def test_without_its_head_a_ledger_is_audited_from_the_entries(operator: Operator, day: Path) -> None:
    operator.sql("DELETE FROM head")
    audited = audit(operator.folder)
    (fault,) = audited.faults
    assert "the head cannot be read" in fault.what
    assert audited.root == audit(day).root


def test_a_thousand_faults_are_kept_and_all_are_counted() -> None:
    told: list[Fault] = []
    findings = Findings(told.append)
    for position in range(1_200):
        findings.fault("wrong", position)
    audited = findings.result(1_200, "")
    assert (audited.ok, len(audited.faults), len(told), audited.checked["faults"]) == (False, 1_000, 1_000, 1_200)


# ---- checkpoints ----


def test_a_checkpoint_wants_every_key_of_the_log(day: Path) -> None:
    stranger = Signer(ORIGIN, ED25519, b"\x55" * 32).vkey
    faults = audit(day, keys=(*KEYS, stranger)).faults
    assert len(faults) == 5
    assert all("lacks the log's signature by" in fault.what for fault in faults)


def test_a_witness_who_is_known_is_checked_and_one_who_is_not_is_counted(operator: Operator) -> None:
    witness = Signer("police.example/w1", ED25519_COSIGNATURE, b"\x11" * 32)
    ((raw,),) = operator.sql("SELECT note FROM checkpoint WHERE size = 600")
    note = Note.parse(raw)
    cosigned = Note(note.text, (*note.lines, witness.sign(Checkpoint.parse(note.text), START_MS // 1_000)))
    operator.sql("UPDATE checkpoint SET cosigned = ? WHERE size = 600", cosigned.to_bytes())
    assert audit(operator.folder, witnesses=[witness.vkey]).checked["cosignatures"] == 1
    assert audit(operator.folder).checked["cosignatures by unknown keys"] == 1
    operator.flip("checkpoint", "cosigned", "size = 600", 8 * (len(cosigned.to_bytes()) - 20))
    (fault,) = audit(operator.folder, witnesses=[witness.vkey]).faults
    assert "police.example/w1" in fault.what
    assert "The copy as signed verifies" in fault.what


def test_a_checkpoint_or_a_receipt_that_somebody_kept_is_a_claim(day: Path, operator: Operator) -> None:
    ((raw,),) = operator.sql("SELECT note FROM checkpoint WHERE size = 600")
    entry = operator.entries()[600]
    receipt = issue(Included(600, entry, ()), raw)  # as a claim only its checkpoint counts
    held = claim(raw, "what the archive kept", ORIGIN, KEYS)
    assert held == claim(receipt, "what the archive kept", ORIGIN, KEYS)
    assert held.size == 600
    assert audit(day, claims=[held]).ok
    operator.rewrite(500, lambda one: one.replace(b"EASTLEA", b"WESTLEA"))
    faults = audit(operator.folder, claims=[held]).faults
    assert any("what the archive kept says root" in fault.what for fault in faults)


def test_a_claim_that_the_log_did_not_sign_holds_nothing_against_it(operator: Operator) -> None:
    ((raw,),) = operator.sql("SELECT note FROM checkpoint WHERE size = 600")
    with pytest.raises(BadSignature):
        claim(raw.replace(b"\n600\n", b"\n601\n"), "forged.txt", ORIGIN, KEYS)
    note = Note.parse(raw)
    with pytest.raises(Unproven, match="not every key"):
        claim(Note(note.text, note.lines[:1]).to_bytes(), "half.txt", ORIGIN, KEYS)


# ---- the form of entries ----


def test_an_entry_that_is_not_canonical_is_named(operator: Operator) -> None:
    entries = operator.entries()
    entries[300] = entries[300].replace(b'"load":', b'"load": ')
    entries[648] = entries[648].replace(b'"number":1', b'"number":1,"number":1')
    operator.publish(entries)
    found = {fault.position: fault.what for fault in audit(operator.folder).faults}
    assert "not in canonical form" in found[300]
    assert "not in canonical form" in found[648]


def test_rows_are_read_many_at_a_time_only_where_each_alone_is_canonical(day: Path) -> None:
    rows = Operator(day).entries()[300:310]
    found = loaded(rows)
    assert found is not None
    assert found.fresh
    cut = rows[0].index(b',"load"')
    assert loaded([rows[0][:cut], rows[0][cut + 1 :], *rows[1:]]) is None, "one row in two entries"
    assert loaded([rows[0] + b"\n" + rows[1], *rows[2:]]) is None, "two rows in one entry"
    assert loaded([rows[0][:cut] + b"\n" + rows[0][cut:], *rows[1:]]) is None, "a line feed inside"
    assert loaded([rows[0].replace(b'"op":"A"', b'"op":"B"'), *rows[1:]]) is None
    assert loaded([rows[0].replace(b"sale/", b"sale/-"), *rows[1:]]) is None
    first = decode_entry(rows[0])
    assert isinstance(first, Row)
    name = first.subject
    for wrong in (name.lower(), name.replace("-", "A", 1), "sale/" + "-" * 36, name[:-1] + "é", name + "0"):
        assert loaded([canonical(msgspec.structs.replace(first, subject=wrong)), *rows[1:]]) is None, wrong


def test_a_changed_length_is_told_by_the_leaf_that_fits() -> None:
    entries = [b"deposit 1", b"deposit 2", b"", b"deposit 4"]
    leaves = [leaf_hash(entry) for entry in entries]
    raw = bytearray(frame(entries))
    assert frames(bytes(raw), 4, None) == (entries, [])
    raw[12] ^= 4
    assert frames(bytes(raw), 4, leaves) == (entries, [1])
    raw[12] ^= 3
    assert frames(bytes(raw), 4, leaves) == (entries[:1], []), "what two bits have changed is not guessed"


def test_previous_is_unset_or_linked(day: Path) -> None:
    firsts = [raw for raw in Operator(day).entries() if decode_entry(raw).previous is UNSET]
    assert len(firsts) + audit(day).checked["links"] == 649
