"""A ledger of 70,000 loaded sales, exported: programs that we did not write read the folder and come to our bytes.

The judges stand in tests/judges.lock. Where one is not installed its tests skip; `make test` installs them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fixtures.generate import main as generate
from registry.errors import Misuse, NotHeld
from registry.ledger import merkle
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.cosignature import verify
from registry.ledger.export import export
from registry.ledger.merkle import leaf_hash, verify_inclusion
from registry.ledger.note import Note
from registry.office import Office
from registry.storage.ledger import SCHEMA, LedgerStore
from registry.storage.sqlite import migrate, open_database
from tests.town import Town

SALES = 70_200
SEED = 70
pytestmark = pytest.mark.slow
INSTALL = "pip install --ignore-requires-python --no-deps --require-hashes -r tests/judges.lock"


def judge(name: str) -> Any:
    """The module of a judge, or a skip that says how to get it."""
    return pytest.importorskip(name, reason=f"the judge {name} is not installed: {INSTALL}")


@dataclass(frozen=True)
class Exported:
    """The folder, its files by path, and the office that it came from."""

    folder: Path
    files: dict[str, bytes]
    office: Office
    checkpoint: Checkpoint
    entries: tuple[bytes, ...]


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    place = tmp_path_factory.mktemp("export")
    generate(["--rows", str(SALES), "--seed", str(SEED), "--out", str(place / "source"), "--defects", "typical"])
    town = Town(place).staff()
    try:
        report = town.desk("loader").loads.load(place / "source" / "sales.csv")
        expected = json.loads((place / "source" / "sales.csv.expected.json").read_text())
        assert {name: getattr(report, name) for name in expected} == expected
        town.lodge()
        town.office.services.seal()
        size = export(town.office.store, town.office.store, place / "out")
        files = files_in(place / "out")
        checkpoint, _ = verify(Note.parse(files["checkpoint"]), town.office.keys)
        entries = tuple(town.office.log.entries(0, size))
        yield Exported(place / "out", files, town.office, checkpoint, entries)
    finally:
        town.close()


def test_the_folder_holds_the_whole_ledger_under_a_checkpoint_of_both_keys(exported: Exported) -> None:
    checkpoint, signed = verify(Note.parse(exported.files["checkpoint"]), exported.office.keys)
    head = exported.office.store.head()
    assert (checkpoint.size, checkpoint.root) == (head.size, head.root)
    assert checkpoint.size > 70_000
    assert signed == list(exported.office.keys)


def test_aics_tlog_writes_the_same_files_byte_for_byte(exported: Exported) -> None:
    aics = judge("aics_tlog")
    store = aics.MemoryTileStore()
    writer = aics.IncrementalTileWriter(store)
    writer.append(exported.entries)
    assert writer.root() == exported.checkpoint.root
    assert {path: body for path, body in exported.files.items() if path != "checkpoint"} == store.tiles


def test_aics_tlog_audits_every_tile_and_bundle_of_the_folder(exported: Exported) -> None:
    aics = judge("aics_tlog")
    reader = aics.FileSystemTileReader(exported.folder)
    report = aics.audit_tiles(reader, exported.checkpoint.size, exported.checkpoint.root)
    assert report.tiles + report.bundles + 1 == len(exported.files)
    assert aics.MerkleTree(exported.entries).root() == exported.checkpoint.root


def test_tlog_scales_reads_the_folder_and_proves_entries_of_it(exported: Exported) -> None:
    backend, reading = judge("tlog_scales.backend"), judge("tlog_scales.reader")
    signing = judge("tlog_scales.signing")
    reader = reading.TilesReader(backend.LocalBackend(exported.folder))
    theirs = reader.get_checkpoint()
    keys = signing.VkeySet(*(signing.Vkey.from_string(str(one)) for one in exported.office.keys))
    assert len(keys.verify(theirs.signatures, theirs)) == 2
    assert reader.calculate_root_hash() == exported.checkpoint.root
    chance = random.Random(SEED)
    for position in (0, theirs.size - 1, *(chance.randrange(theirs.size) for _ in range(50))):
        entry = reader.get_entry(position)
        assert entry == exported.entries[position]
        path = tuple(reader.get_inclusion_proof(position, theirs.size).node_hashes)
        assert path == exported.office.log.inclusion(position, theirs.size)
        verify_inclusion(leaf_hash(entry), position, theirs.size, path, exported.checkpoint.root)


def test_pymerkle_comes_to_the_same_root(exported: Exported) -> None:
    tree = judge("pymerkle").InmemoryTree(algorithm="sha256")
    tree.append_entries(exported.entries)
    assert tree.get_root() == exported.checkpoint.root


def test_every_older_checkpoint_is_a_prefix_of_what_was_exported(exported: Exported) -> None:
    sizes = exported.office.store.sizes()
    assert len(sizes) > 1
    for size in sizes:
        sealed = exported.office.store.at(size)
        assert sealed is not None
        older, _ = verify(Note.parse(sealed.note), exported.office.keys)
        path = exported.office.log.consistency(size, exported.checkpoint.size)
        merkle.verify_consistency(size, exported.checkpoint.size, older.root, exported.checkpoint.root, path)


def test_a_second_export_adds_what_came_since_and_touches_nothing_else(tmp_path: Path) -> None:
    town = Town(tmp_path)
    try:
        store, folder = town.office.store, tmp_path / "out"
        first = export(store, store, folder)
        before = files_in(folder)
        assert export(store, store, folder) == first
        assert files_in(folder) == before
        town.desk("founder").officers.add_department("POL", "Police")
        town.office.services.seal()
        assert export(store, store, folder) == first + 1
        after = files_in(folder)
        assert {path for path in before if after[path] != before[path]} == {"checkpoint"}
    finally:
        town.close()


def test_a_folder_with_other_bytes_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    town = Town(tmp_path)
    try:
        store, folder = town.office.store, tmp_path / "out"
        export(store, store, folder)
        tile = next(path for path in folder.rglob("*") if path.is_file() and path.parent.name.endswith(".p"))
        foreign = bytes([tile.read_bytes()[0] ^ 1]) + tile.read_bytes()[1:]
        tile.write_bytes(foreign)
        with pytest.raises(Misuse, match="holds other bytes than the ledger"):
            export(store, store, folder)
        assert tile.read_bytes() == foreign
    finally:
        town.close()


def test_nothing_is_exported_before_the_first_checkpoint(tmp_path: Path) -> None:
    database = open_database(tmp_path / "ledger.db", create=True)
    try:
        migrate(database, SCHEMA)
        store = LedgerStore(database)
        with pytest.raises(NotHeld, match="nothing is sealed yet"):
            export(store, store, tmp_path / "out")
        assert not (tmp_path / "out").exists()
    finally:
        database.close()
