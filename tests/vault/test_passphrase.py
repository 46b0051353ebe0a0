"""Key files: opened by their passphrase alone, and never asking their reader for a terabyte."""

from __future__ import annotations

import json
from typing import Any

import pytest

from registry.errors import Misuse
from registry.vault.passphrase import STRONG, Cost, KeyFile, read, seal, unseal

CHEAP = Cost(lanes=1, memory_kib=8, passes=1)
SEED = bytes(range(32))
PHRASE = "the long way to Königsberg"


def key_file(cost: Cost = CHEAP) -> KeyFile:
    return seal(SEED, PHRASE, officer="officer/3", origin="registry.example/land", public=bytes(32), cost=cost)


def test_a_seed_comes_back_with_its_passphrase() -> None:
    file = read(key_file().to_bytes(), "anna.key")
    assert unseal(file, PHRASE, "anna.key") == SEED
    assert (file.officer, file.origin) == ("officer/3", "registry.example/land")


def test_the_default_cost_is_the_strong_one_and_opens() -> None:
    file = seal(SEED, PHRASE, officer="officer/3", origin="registry.example/land", public=bytes(32))
    assert file.cost == STRONG == Cost(lanes=4, memory_kib=64 * 1024, passes=3)
    assert unseal(file, PHRASE, "anna.key") == SEED


def test_a_passphrase_typed_on_another_keyboard_is_the_same() -> None:
    """Composed on one system, decomposed on another."""
    assert unseal(key_file(), PHRASE.replace("ö", "o\u0308"), "anna.key") == SEED


def test_two_files_of_one_seed_share_nothing() -> None:
    one, two = key_file(), key_file()
    assert one.sealed != two.sealed
    assert one.salt != two.salt


def changed(**members: Any) -> bytes:
    known = json.loads(key_file().to_bytes())
    for name, value in members.items():
        if name in known["cost"]:
            known["cost"][name] = value
        else:
            known[name] = value
    return json.dumps(known, sort_keys=True, separators=(",", ":")).encode()


def test_a_wrong_passphrase_and_a_changed_file_give_one_sentence() -> None:
    told = set()
    for raw, phrase in (
        (changed(), "another phrase"),
        (changed(officer="officer/1"), PHRASE),
        (changed(origin="registry.example/sea"), PHRASE),
        (changed(public="//8" + "A" * 40 + "="), PHRASE),
        (changed(salt="A" * 22 + "=="), PHRASE),
        (changed(nonce="A" * 16), PHRASE),
        (changed(passes=2), PHRASE),
        (changed(memory_kib=16), PHRASE),
        (changed(sealed="A" * 64), PHRASE),
    ):
        with pytest.raises(Misuse) as caught:
            unseal(read(raw, "anna.key"), phrase, "anna.key")
        told.add(str(caught.value))
    assert told == {"anna.key: the passphrase is wrong, or the file was changed. Try again, or restore the file."}


@pytest.mark.parametrize(
    "asked",
    [
        {"memory_kib": 1 << 30},
        {"memory_kib": 1_048_577},
        {"memory_kib": 7},
        {"memory_kib": -1},
        {"passes": 10**9},
        {"passes": 11},
        {"passes": 0},
        {"lanes": 17},
        {"lanes": 0},
    ],
)
def test_a_file_that_asks_for_too_much_is_refused_before_any_of_it_is_done(asked: dict[str, int]) -> None:
    with pytest.raises(Misuse, match="parameters out of range"):
        read(changed(**asked), "anna.key")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"-----BEGIN PRIVATE KEY-----",
        b"[" * 10_000,
        changed(v=2),
        changed(passes="3"),
        changed(extra=1),
        changed(nonce="A"),
        changed(salt="A" * 16),
        changed(sealed="AAAA"),
        changed(officer="\x00"),
        changed() + b" ",
        b"x" * 10_000,
    ],
)
def test_what_is_no_key_file_is_told_so(raw: bytes) -> None:
    with pytest.raises(Misuse, match=r"anna\.key"):
        unseal(read(raw, "anna.key"), PHRASE, "anna.key")


def test_an_empty_passphrase_protects_nothing() -> None:
    with pytest.raises(Misuse, match="empty passphrase"):
        seal(SEED, "", officer="officer/3", origin="registry.example/land", public=bytes(32), cost=CHEAP)
    with pytest.raises(Misuse, match="half a character"):
        unseal(key_file(), "\ud800", "anna.key")
