"""Shredding reaches the bytes: neither wrapped key nor commitment is left in any file of the vault."""

from __future__ import annotations

import io
import random
from pathlib import Path

import peewee
import pytest

from registry.errors import Busy, NotHeld, Shredded
from registry.storage.sqlite import open_database
from registry.storage.vault import open_vault
from tests.vault.conftest import Room

DEED = "muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10"


def in_files(folder: Path, *needles: bytes) -> list[bytes]:
    stored = b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
    return [needle for needle in needles if needle in stored]


def key_of(room: Room, envelope_id: str) -> tuple[bytes, bytes]:
    ((wrapped, commitment),) = room.sql("SELECT wrapped, commitment FROM envelope WHERE envelope = ?", envelope_id)
    assert isinstance(wrapped, bytes)
    assert isinstance(commitment, bytes)
    return wrapped, commitment


def test_a_shredded_key_is_nowhere_in_the_files(room: Room) -> None:
    sealed = room.vault.seal(DEED, 1, body=io.BytesIO(b"deed"), size=4, withheld=b"name")
    key = key_of(room, sealed.id)
    assert in_files(room.folder, *key) == list(key)
    room.vault.shred(sealed.id)
    assert in_files(room.folder, *key) == []
    with pytest.raises(Shredded, match="proofs still hold"):
        room.body(sealed.id)
    with pytest.raises(Shredded):
        room.vault.withheld(sealed.id)
    assert room.vault.check(sealed, DEED, 1) == ["shredded"]
    assert list(room.vault.ids()) == [sealed.id]
    room.vault.shred(sealed.id)


def test_shredding_among_many_leaves_no_copy_that_sqlite_made_when_it_moved_rows(room: Room) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    kept: dict[str, tuple[bytes, bytes]] = {}
    gone: list[bytes] = []
    for _ in range(6):
        with room.vault.batch():
            for _ in range(60):
                size = chance.choice([1, 300, 5_000, 70_000])
                withheld = chance.randbytes(chance.choice([0, 40, 900, 6_000]))
                sealed = room.vault.seal(DEED, 1, body=io.BytesIO(bytes(size)), size=size, withheld=withheld)
                kept[sealed.id] = key_of(room, sealed.id)
        for envelope_id in chance.sample(sorted(kept), 25):
            gone += kept.pop(envelope_id)
            if chance.random() < 0.5:
                room.vault.discard(envelope_id)
            else:
                room.vault.shred(envelope_id)
    gone += kept[last := sorted(kept)[0]]
    room.vault.shred(last)
    assert in_files(room.folder, *gone) == []


def test_without_secure_delete_the_search_does_find_the_key(tmp_path: Path) -> None:
    """The control: a search that finds nothing anywhere would prove nothing."""
    database = open_database(tmp_path / "plain.db", create=True)
    database.execute_sql("CREATE TABLE t (wrapped BLOB) STRICT")
    database.execute_sql("INSERT INTO t VALUES (?)", (b"the wrapped key, forty bytes, more or less",))
    database.execute_sql("DELETE FROM t")
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert in_files(tmp_path, b"the wrapped key, forty bytes, more or less")


def test_a_reader_holds_shredding_up_and_calling_again_finishes_it(room: Room) -> None:
    sealed = room.vault.seal(DEED, 1, body=io.BytesIO(b"deed"), size=4)
    key = key_of(room, sealed.id)
    room.store.database.connection().set_busy_timeout(0)
    reader: peewee.Database = open_vault(room.folder / "vault.db", read_only=True).database
    with reader.atomic():
        reader.execute_sql("SELECT count(*) FROM envelope").fetchall()
        with pytest.raises(Busy, match="reader"):
            room.vault.shred(sealed.id)
        with pytest.raises(Shredded):
            room.body(sealed.id)
    room.vault.shred(sealed.id)
    assert in_files(room.folder, *key) == []


def test_an_unknown_envelope_cannot_be_shredded(room: Room) -> None:
    with pytest.raises(NotHeld):
        room.vault.shred("0" * 32)


def test_a_discarded_envelope_is_as_if_it_had_never_been(room: Room) -> None:
    sealed = room.vault.seal(DEED, 1, body=io.BytesIO(b"deed"), size=4, withheld=b"name")
    room.vault.discard(sealed.id)
    assert list(room.vault.ids()) == []
    assert room.vault.check(sealed, DEED, 1) == ["missing"]
    with pytest.raises(NotHeld):
        room.body(sealed.id)
