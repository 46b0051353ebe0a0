"""The vault on a real file: sealed, opened, checked without a key, and every change behind its back found and named."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from registry.errors import Busy, Misuse, NotHeld, RegistryError, Unproven
from registry.records.encoding import canonical, decode_canonical
from registry.records.envelope import Sealed
from registry.storage.vault import open_vault
from registry.vault.keys import WrappingKey
from registry.vault.vault import Vault
from tests.vault.conftest import Room

DEED = "muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10"
WITHHELD = b'["_26bc4LT-ac6q2KI6cBW5es","family_name","M\xc3\xb6bius"]'
BODY = os.urandom(4 * 65_536 + 1_000)


def sealed_deed(room: Room, body: bytes = BODY, withheld: bytes = WITHHELD) -> Sealed:
    return room.vault.seal(DEED, 1, body=io.BytesIO(body), size=len(body), withheld=withheld)


class Zeros(io.BytesIO):
    """A source of `size` bytes that holds none of them."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.left = size

    def read(self, size: int | None = -1, /) -> bytes:
        given = min(size or 0, self.left)
        self.left -= given
        return bytes(given)


def test_a_deed_and_its_withheld_details_come_back(room: Room) -> None:
    sealed = sealed_deed(room)
    assert room.body(sealed.id) == BODY
    assert room.vault.withheld(sealed.id) == WITHHELD
    assert room.vault.check(sealed, DEED, 1) == []
    assert list(room.vault.ids()) == [sealed.id]


def test_either_part_may_be_absent(room: Room) -> None:
    details_only = room.vault.seal(DEED, 2, withheld=WITHHELD)
    body_only = room.vault.seal(DEED, 3, body=io.BytesIO(b"x"), size=1)
    assert (details_only.body, details_only.size, body_only.withheld) == (UNSET, 0, UNSET)
    assert room.vault.withheld(body_only.id) == b""
    with pytest.raises(NotHeld, match="has no body"):
        room.body(details_only.id)
    assert room.vault.check(details_only, DEED, 2) == room.vault.check(body_only, DEED, 3) == []


def test_what_the_entry_says_is_canonical_json(room: Room) -> None:
    sealed = sealed_deed(room)
    assert decode_canonical(canonical(sealed), Sealed) == sealed


def test_equal_deeds_give_different_envelopes(room: Room) -> None:
    one, two = sealed_deed(room), sealed_deed(room)
    assert not {one.id, one.body, one.key, one.withheld} & {two.id, two.body, two.key, two.withheld}


def test_neither_body_nor_details_stand_in_the_files(room: Room) -> None:
    sealed_deed(room, body=b"the seller's name is Moebius " * 5_000)
    stored = b"".join(path.read_bytes() for path in room.folder.iterdir())
    assert b"Moebius" not in stored
    assert b"family_name" not in stored


def test_checking_needs_no_key_and_opening_does(room: Room) -> None:
    sealed = sealed_deed(room)
    auditor = Vault(open_vault(room.folder / "vault.db", read_only=True), None)
    assert auditor.check(sealed, DEED, 1) == []
    with pytest.raises(Misuse, match="checking only"):
        auditor.withheld(sealed.id)


def test_another_office_cannot_open_it(room: Room) -> None:
    sealed = sealed_deed(room)
    with pytest.raises(Unproven, match="another office's key"):
        Vault(room.store, WrappingKey(bytes(32))).withheld(sealed.id)


def test_an_unknown_envelope_is_not_held(room: Room) -> None:
    with pytest.raises(NotHeld, match="no envelope"):
        room.body("../../x")
    unknown = Sealed(id="0" * 32, key=sealed_deed(room).key)
    assert room.vault.check(unknown, DEED, 1) == ["missing"]


# What an administrator of the database may try: (table, what he sets or None to delete, where, what is then named).
CHANGES: dict[str, tuple[str, str | None, str, str]] = {
    "the body": ("chunk", "body = zeroblob(65552)", "n = 2", "body chunk 3 of 5"),
    "the last chunk": ("chunk", None, "n = 4", "body chunk 5 of 5"),
    "a middle chunk": ("chunk", None, "n = 1", "body chunk 2 of 5"),
    "all chunks": ("chunk", None, "n >= 0", "body chunk 1 of 5"),
    "a chunk's digest": ("chunk", "digest = zeroblob(32)", "n = 0", "body chunk 1 of 5"),
    "the wrapped key": ("envelope", "wrapped = zeroblob(40)", "1", "wrapped key"),
    "the commitment": ("envelope", "commitment = zeroblob(32)", "1", "wrapped key"),
    "the withheld details": ("withheld", "body = zeroblob(60)", "1", "withheld details"),
    "the withheld details, removed": ("withheld", None, "1", "withheld details"),
    "the owner": ("envelope", "reference = 'muniment/other'", "1", "reference"),
    "the version": ("envelope", "version = 2", "1", "version"),
    "the size": ("envelope", "size = size - 1", "1", "size"),
    "the state": ("envelope", "state = 'X'", "1", "shredded"),
    "the row": ("envelope", None, "1", "missing"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_behind_the_office_is_found_without_a_key(room: Room, change: str) -> None:
    sealed = sealed_deed(room)
    table, assignment, where, named = CHANGES[change]
    room.sql(f"UPDATE {table} SET {assignment} WHERE {where}" if assignment else f"DELETE FROM {table} WHERE {where}")
    assert Vault(room.store, None).check(sealed, DEED, 1) == [named]


def test_a_state_that_is_none_is_found(room: Room) -> None:
    sealed = sealed_deed(room)
    room.sql("UPDATE envelope SET state = 'Z'")
    (fault,) = room.vault.check(sealed, DEED, 1)
    assert "is not one we wrote" in fault


def test_a_reordered_body_whose_digests_moved_along_is_found(room: Room) -> None:
    sealed = sealed_deed(room)
    room.sql("UPDATE chunk SET n = -n WHERE n IN (1, 2)")
    room.sql("UPDATE chunk SET n = 3 + n WHERE n < 0")
    assert room.vault.check(sealed, DEED, 1) == ["body"]
    with pytest.raises(Unproven, match="body chunk 2 of 5"):
        room.body(sealed.id)


def test_envelopes_that_changed_places_do_not_open_and_are_named(room: Room) -> None:
    """Everything of two envelopes swapped but their ids: each would open under its own, genuine key."""
    one, two = sealed_deed(room), sealed_deed(room, body=b"forged", withheld=b"forged")
    for table in ("envelope", "chunk", "withheld"):
        for old, new in ((one.id, "x"), (two.id, one.id), ("x", two.id)):
            room.sql(f"UPDATE {table} SET envelope = ? WHERE envelope = ?", new, old)
    assert room.vault.check(one, DEED, 1) == ["wrapped key", "withheld details", "size", "body chunk 2 of 5"]
    with pytest.raises(Unproven, match="body chunk 1"):
        room.body(one.id)
    with pytest.raises(Unproven, match="withheld details do not open"):
        room.vault.withheld(one.id)


def test_the_commitment_is_compared_before_anything_is_decrypted(room: Room) -> None:
    sealed = sealed_deed(room)
    room.sql("UPDATE envelope SET commitment = zeroblob(32)")
    sink = io.BytesIO()
    with pytest.raises(Unproven, match="commitment"):
        room.vault.open(sealed.id, sink)
    assert sink.getvalue() == b""


def test_a_changed_body_releases_only_what_was_verified(room: Room) -> None:
    sealed = sealed_deed(room)
    room.sql("UPDATE chunk SET body = zeroblob(65552) WHERE n = 3")
    sink = io.BytesIO()
    with pytest.raises(Unproven, match="body chunk 4 of 5"):
        room.vault.open(sealed.id, sink)
    assert sink.getvalue() == BODY[: 3 * 65_536]


def test_a_single_bit_flipped_anywhere_in_the_file_is_found_or_harms_nothing(room: Room) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    body = chance.randbytes(3 * 65_536)
    sealed = sealed_deed(room, body=body)
    room.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    room.store.close()
    stored = (room.folder / "vault.db").read_bytes()
    found = 0
    for _ in range(200):
        changed = bytearray(stored)
        changed[chance.randrange(len(stored))] ^= 1 << chance.randrange(8)
        found += look_at(room, bytes(changed), sealed, body)
    assert found > 150  # the rest are unused bytes of pages


def look_at(room: Room, stored: bytes, sealed: Sealed, body: bytes) -> bool:
    path = room.folder / "changed.db"
    for old in room.folder.glob("changed.db*"):
        old.unlink()
    path.write_bytes(stored)
    try:
        store = open_vault(path)
    except RegistryError:
        return True
    vault = Vault(store, WrappingKey(room.secret))
    faults = vault.check(sealed, DEED, 1)
    sink = io.BytesIO()
    if not faults:
        vault.open(sealed.id, sink)
        assert sink.getvalue() == body
        assert vault.withheld(sealed.id) == WITHHELD
    store.close()
    return bool(faults)


@pytest.mark.parametrize("announced", [len(BODY) - 1, len(BODY) + 1, 0])
def test_a_body_of_another_length_leaves_nothing(room: Room, announced: int) -> None:
    with pytest.raises(Misuse):
        room.vault.seal(DEED, 1, body=io.BytesIO(BODY), size=announced)
    assert list(room.vault.ids()) == []


def test_a_large_body_cut_short_leaves_nothing(room: Room) -> None:
    """After the first transaction of 16 MiB was committed."""
    with pytest.raises(Misuse, match="cut short"):
        room.vault.seal(DEED, 1, body=Zeros(20_000_000), size=40_000_000)
    assert list(room.vault.ids()) == []
    assert room.sql("SELECT count(*) FROM chunk") == [(0,)]


def test_memory_stays_bounded_for_a_body_of_200_megabytes(room: Room) -> None:
    size = 200_000_000

    class Sink(io.BytesIO):
        taken = 0

        def write(self, part: Any, /) -> int:
            self.taken += len(part)
            return len(part)

    sink = Sink()
    tracemalloc.start()
    try:
        sealed = room.vault.seal(DEED, 1, body=Zeros(size), size=size)
        assert room.vault.check(sealed, DEED, 1) == []
        room.vault.open(sealed.id, sink)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sink.taken == size
    assert peak < 48 * 1024 * 1024


def child(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    start = (
        "import io, os, sys; from pathlib import Path\n"
        "from registry.storage.vault import open_vault\n"
        "from registry.vault.keys import WrappingKey\n"
        "from registry.vault.vault import Vault\n"
        f"vault = Vault(open_vault(Path({str(folder)!r}) / 'vault.db'), WrappingKey(bytes(32)))\n"
    )
    return subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, check=False)


def test_a_process_killed_while_sealing_leaves_what_can_be_swept(room: Room) -> None:
    run = child(
        room.folder,
        "class Dying(io.BytesIO):\n"
        "    left = 300\n"
        "    def read(self, size=-1):\n"
        "        self.left -= 1\n"
        "        if not self.left: os._exit(9)\n"
        "        return bytes(size)\n"
        "vault.seal('muniment/x', 1, body=Dying(), size=40_000_000)\n",
    )
    assert run.returncode == 9, run.stderr
    (left,) = room.vault.ids()
    with pytest.raises(NotHeld):
        room.body(left)
    room.vault.discard(left)
    assert list(room.vault.ids()) == []
    room.vault.discard(left)


def test_what_was_sealed_outlives_the_process(room: Room) -> None:
    run = child(
        room.folder,
        "sealed = vault.seal('muniment/x', 1, body=io.BytesIO(b'deed'), size=4)\n"
        "print(sealed.id, flush=True); os._exit(9)\n",
    )
    assert run.returncode == 9, run.stderr
    sink = io.BytesIO()
    Vault(room.store, WrappingKey(bytes(32))).open(run.stdout.strip(), sink)
    assert sink.getvalue() == b"deed"


def test_a_batch_is_kept_whole(room: Room) -> None:
    with room.vault.batch():
        many = [room.vault.seal(DEED, n, body=io.BytesIO(b"deed"), size=4) for n in range(50)]
    assert [sealed.id for sealed in many] == list(room.vault.ids())
    assert all(room.vault.check(sealed, DEED, n) == [] for n, sealed in enumerate(many))


def test_an_interrupted_batch_leaves_nothing(room: Room) -> None:
    def interrupted() -> None:
        with room.vault.batch():
            sealed_deed(room)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(room.vault.ids()) == []
    sealed_deed(room)


def test_a_row_refused_in_a_batch_does_not_spoil_the_others(room: Room) -> None:
    with room.vault.batch():
        one = sealed_deed(room)
        with pytest.raises(Misuse):
            room.vault.seal(DEED, 1, body=io.BytesIO(b""), size=0)
        two = sealed_deed(room)
    assert list(room.vault.ids()) == [one.id, two.id]


def test_a_batch_on_a_full_disk_counts_for_nothing_even_if_the_error_is_swallowed(room: Room) -> None:
    sealed_deed(room)
    (pages,) = room.sql("PRAGMA page_count")[0]
    room.sql(f"PRAGMA max_page_count={pages}")

    def load() -> None:
        with room.vault.batch():
            for _ in range(3):
                with pytest.raises(Busy, match="storage is full"):
                    sealed_deed(room)

    with pytest.raises(Busy, match="none counts"):
        load()
    room.sql("PRAGMA max_page_count=1000000")
    assert len(list(room.vault.ids())) == 1
    sealed_deed(room)


def test_a_full_disk_recorded_nothing_and_opening_goes_on(room: Room) -> None:
    sealed = sealed_deed(room)
    (pages,) = room.sql("PRAGMA page_count")[0]
    room.sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(Busy, match="storage is full, nothing recorded"):
        sealed_deed(room)
    assert room.body(sealed.id) == BODY
    assert list(room.vault.ids()) == [sealed.id]


def test_a_batch_of_large_bodies_commits_in_between(room: Room) -> None:
    with room.vault.batch():
        for _ in range(3):
            room.vault.seal(DEED, 1, body=Zeros(9_000_000), size=9_000_000)
        other = open_vault(room.folder / "vault.db", read_only=True)
        assert len(list(other.ids())) == 2
    assert len(list(room.vault.ids())) == 3
