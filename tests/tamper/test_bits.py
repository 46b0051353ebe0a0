"""One bit changed anywhere in the ledger's tables: each found by the audit, and told where."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from registry.errors import LedgerHalted
from registry.ledger.audit.fault import Audit, Fault
from tests.honest import Person, audit, office_audit
from tests.simulator import Operator

COLUMNS: dict[str, Sequence[str]] = {
    "head": ("id", "size", "root", "edge"),
    "tail": ("start", "body"),
    "bundle": ("n", "body"),
    "tile": ("level", "n", "body"),
    "request": ("key", "position", "digest"),
    "subject": ("digest", "reference", "position", "number", "leaf", "state"),
    "run": ("first", "count", "body"),
    "standing": ("holder", "what", "value", "position", "until", "ended"),
    "load": ("position", "file_digest", "state", "body"),
    "checkpoint": ("size", "note", "cosigned"),
}
"""Every column of every table but `head.epoch`, which says who may write and is evidence of nothing."""

CLOSED = "state = 'FINISHED'"  # of a load that is open the entries do not say how many rows were known, or flagged


@dataclass(frozen=True)
class Bit:
    """One bit, and what the audit must say of it: position, subject and words of the sentence, `|` between them."""

    name: str
    table: str
    column: str
    where: str
    bit: int
    position: int | None
    subject: str | None
    says: str


BODY_BIT = 8 * 100 + 1
BITS = (
    Bit("an_entry_in_a_bundle", "bundle", "body", "n = 1", BODY_BIT, 256, "sale/", "changed|tile/0/001|agree"),
    Bit("an_entry_in_a_tail", "tail", "body", "start = 610", BODY_BIT, 610, "muniment/", "changed|head's edge"),
    Bit("a_length_in_a_bundle", "bundle", "body", "n = 1", 12, 256, "sale/", "length|the tree"),
    Bit("a_tile_of_level_0", "tile", "body", "n = 1", 8 * 32 * 7, 263, None, "tile/0/001|level above agrees with"),
    Bit("the_heads_root", "head", "root", "1", 9, None, None, "head says root|checkpoint of size 649 agrees"),
    Bit("the_heads_edge", "head", "edge", "1", 8 * 32 * 5, 517, None, "head's edge|root agrees with the entries"),
    Bit("the_heads_size", "head", "size", "1", 3, None, None, "head cannot be read"),
    Bit("a_checkpoints_text", "checkpoint", "note", "size = 600", 8 * 25, None, None, "size 600|cosigned verifies"),
    Bit("a_cosigned_copy", "checkpoint", "cosigned", "size = 17", 8 * 400, None, None, "size 17|signed verifies"),
    Bit("a_subjects_state", "subject", "state", "position = 617", 70, 617, "muniment/", "state|entries give"),
    Bit("a_subjects_leaf", "subject", "leaf", "position = 617", 70, 617, "muniment/", "leaf hash|tree agrees"),
    Bit("a_subjects_number", "subject", "number", "position = 617", 1, 617, "muniment/", "number|entry at position"),
    Bit("the_end_of_a_role", "standing", "until", "until > 0 AND holder = 'officer/2'", 40, 6, "officer/2", "until"),
    Bit("a_role", "standing", "value", "what = 'role' AND position = 6", 1, 6, "officer/2", "no entry supports"),
    Bit("a_runs_id", "run", "body", "first = 43", 8 * 500, None, None, "run at position 43|another id"),
    Bit("a_loads_counts", "load", "state", "position = 42", 3, 42, "load/42", "differs from the entries|columns"),
    Bit("a_requests_digest", "request", "digest", "position = 20", 3, 20, "muniment/", "request row|digest"),
    Bit("a_requests_key", "request", "key", "position = 20", 3, 20, "muniment/", "request row|another key"),
)  # fmt: skip


def found(faults: Sequence[Fault], change: Bit) -> bool:
    """Whether a fault says what it must."""
    return any(
        (change.position is None or fault.position == change.position)
        and (change.subject is None or (fault.subject or "").startswith(change.subject))
        and all(words in fault.what for words in change.says.split("|"))
        for fault in faults
    )


@pytest.mark.parametrize("change", BITS, ids=lambda change: change.name)
def test_one_changed_bit_is_named_with_position_subject_and_the_copy_that_agrees(
    change: Bit, operator: Operator
) -> None:
    operator.flip(change.table, change.column, change.where, change.bit)
    audited = office_audit(operator.folder)
    assert found(audited.faults, change), audited.faults
    assert len(audited.faults) <= 3, "one bit is told in a few words"


def test_nothing_is_wrong_with_a_copy_that_nobody_touched(operator: Operator) -> None:
    audited = office_audit(operator.folder)
    assert (audited.ok, audited.faults) == (True, ())


@pytest.mark.slow
def test_any_single_bit_in_any_table_is_found(
    honest_day: tuple[Path, dict[str, Person]], tmp_path: Path, subtests: pytest.Subtests
) -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    for number in range(220):
        folder = tmp_path / "copy"
        shutil.copytree(honest_day[0], folder)
        operator = Operator(folder)
        told = flip_any(operator, chance)
        operator.close()
        with subtests.test(number=number, told=told):
            assert not office_audit(folder).ok, f"seed {seed}: {told}"
        shutil.rmtree(folder)


def flip_any(operator: Operator, chance: random.Random) -> str:
    """A bit of any value of any table; returns where. A change that a unique key refuses is tried elsewhere."""
    while True:
        table = chance.choice(list(COLUMNS))
        column = chance.choice(COLUMNS[table])
        only = f" AND {CLOSED}" if table == "load" else ""
        rows = operator.sql(f"SELECT rowid FROM {table} WHERE length({column}) > 0{only}")
        row, bit = chance.choice(rows)[0], chance.randrange(1 << 30)
        try:
            operator.flip(table, column, f"rowid = {row}", bit)
        except operator.refused:
            continue
        return f"{table}.{column} of row {row}, bit {bit}"


@pytest.mark.slow
def test_a_bit_of_the_file_itself_is_a_fault_or_halts_and_never_another_exception(
    honest_day: tuple[Path, dict[str, Person]], tmp_path: Path
) -> None:
    """Below the tables: pages, indices, headers of SQLite. What lies in no row and no index harms nobody."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    shutil.copytree(honest_day[0], tmp_path / "copy")
    file = tmp_path / "copy" / "ledger.db"
    sound = file.read_bytes()
    named = 0
    for _ in range(60):
        raw = bytearray(sound)
        raw[chance.randrange(100, len(raw))] ^= 1 << chance.randrange(8)
        file.write_bytes(raw)
        try:
            named += not office_audit(tmp_path / "copy").ok
        except LedgerHalted:
            named += 1
    assert named > 30, f"seed {seed}"


# ---- a large ledger: tiles of level 1 ----


def test_a_changed_bit_in_a_tile_of_level_1_is_found(large_operator: Operator) -> None:
    large_operator.flip("tile", "body", "level = 1 AND n = 0", 8 * 32 * 12 + 1)
    (fault,) = audit(large_operator.folder).faults
    assert fault.position == 12 * 256
    assert "tile/1/000 differs from the entries in hash 12" in fault.what
    assert "the level above agrees with the entries" in fault.what


def test_entries_changed_together_with_their_tile_are_found_by_the_level_above(large_operator: Operator) -> None:
    entries = large_operator.entries()
    entries[3_000] = entries[3_000].replace(b"EASTLEA", b"WESTLEA")
    keep = (
        large_operator.sql("SELECT body FROM tile WHERE level = 1"),
        large_operator.sql("SELECT root, edge FROM head"),
    )
    large_operator.publish(entries, sign=False)
    large_operator.sql("UPDATE tile SET body = ? WHERE level = 1", keep[0][0][0])
    large_operator.sql("UPDATE head SET root = ?, edge = ?", *keep[1][0])
    (fault,) = (fault for fault in audit(large_operator.folder).faults if "tile/1/000" in fault.what)
    assert fault.position == 11 * 256
    assert "changed together with their tiles" in fault.what


@pytest.mark.parametrize(("table", "where", "says"), [
    ("tile", "level = 0 AND n = 5", "tile/0/005 is missing"),
    ("tile", "level = 1", "tile/1/000 is missing"),
    ("bundle", "n = 200", "bundle 200 is missing"),
])  # fmt: skip
def test_what_is_taken_away_is_missed(large_operator: Operator, table: str, where: str, says: str) -> None:
    large_operator.sql(f"DELETE FROM {table} WHERE {where}")
    assert any(says in fault.what for fault in audit(large_operator.folder).faults)


@pytest.mark.parametrize(("table", "values", "says"), [
    ("tile", (0, 273, bytes(8_192)), "a full tile 273 of level 0 is kept"),
    ("tile", (2, 0, bytes(8_192)), "a full tile 0 of level 2 is kept"),
    ("bundle", (273, b"\0\0" * 256), "bundle 273 is kept"),
])  # fmt: skip
def test_what_should_not_be_there_is_named(
    large_operator: Operator, table: str, values: tuple[object, ...], says: str
) -> None:
    large_operator.sql(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", *values)
    audited = audit(large_operator.folder)
    assert [fault.what for fault in audited.faults if says in fault.what]


def test_a_large_ledger_is_audited_whole(large_day: Path) -> None:
    audited: Audit = office_audit(large_day)
    assert audited.ok, audited.faults
    assert (audited.size, audited.checked["rows"], audited.checked["ids in runs"]) == (70_010, 70_000, 70_000)
