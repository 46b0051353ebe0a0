"""The signer's folder: who may open the office, what its files give away, and what happens when they are changed."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.errors import Busy, LedgerHalted, Malformed, Misuse, RegistryError
from registry.ledger.ports import MarkedHead
from registry.ledger.signature import Ed25519Signer, MLDSA44Signer
from registry.storage.officer_keys import OfficerKeys
from registry.storage.signer import OfficeKeys, Signer, check_apart
from registry.vault.exchange import exchange_public
from registry.vault.passphrase import Cost

ORIGIN = "registry.example/land"
ANNA, BEN, CARL = (bytes([n]) * 32 for n in (1, 2, 3))
CHEAP = Cost(lanes=1, memory_kib=8, passes=1)
NOW = 1_763_798_400


@pytest.fixture
def founded(tmp_path: Path) -> tuple[Signer, OfficeKeys]:
    (tmp_path / "data").mkdir()
    may_open = {"officer/1": exchange_public(ANNA)}
    return Signer.found(tmp_path / "data.signer", tmp_path / "data", ORIGIN, may_open)


def reopened(signer: Signer) -> Signer:
    return Signer(signer.folder, signer.folder.with_name("data"))


def test_the_founder_opens_the_office_again(founded: tuple[Signer, OfficeKeys]) -> None:
    signer, keys = founded
    assert reopened(signer).unlock("officer/1", ANNA) == keys
    assert len({keys.log_seed, keys.log_mldsa_seed, keys.wrapping_key, keys.unlock_key}) == 4


def test_the_public_keys_need_no_passphrase(founded: tuple[Signer, OfficeKeys]) -> None:
    signer, keys = founded
    first, second = signer.log_keys()
    assert (first.name, second.name) == (ORIGIN, ORIGIN)
    assert first.public == Ed25519Signer(keys.log_seed).public
    assert second.public == MLDSA44Signer(keys.log_mldsa_seed).public


def test_a_folder_with_public_keys_alone_reads_and_opens_nothing(founded: tuple[Signer, OfficeKeys]) -> None:
    signer, _ = founded
    (signer.folder / "office.keys").unlink()
    with pytest.raises(Misuse, match="no signer here"):
        reopened(signer)
    gateways = Signer(signer.folder, signer.folder.with_name("data"), public=True)
    assert gateways.log_keys() == signer.log_keys()
    assert gateways.who_may_open() == ()


def test_no_secret_stands_in_the_folder_or_in_a_printed_object(founded: tuple[Signer, OfficeKeys]) -> None:
    signer, keys = founded
    signer.officers.keep("anna", ANNA, "a phrase", officer="officer/1", origin=ORIGIN, cost=CHEAP)
    stored = b"".join(path.read_bytes() for path in signer.folder.rglob("*") if path.is_file())
    for secret in (keys.log_seed, keys.log_mldsa_seed, keys.wrapping_key, keys.unlock_key, ANNA):
        assert secret not in stored
    assert repr(keys) == "OfficeKeys()"
    assert ANNA.hex() not in repr(signer.officers.open("anna", "a phrase", NOW))


def test_the_folder_and_its_files_are_ours_alone(founded: tuple[Signer, OfficeKeys]) -> None:
    signer, _ = founded
    signer.officers.keep("anna", ANNA, "a phrase", officer="officer/1", origin=ORIGIN, cost=CHEAP)
    for path in [signer.folder, *signer.folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    signer.folder.chmod(0o750)
    with pytest.raises(Misuse, match="chmod 700"):
        reopened(signer)
    signer.folder.chmod(0o700)
    (signer.folder / "office.keys").chmod(0o640)
    with pytest.raises(Misuse, match="chmod 600"):
        signer.who_may_open()


def test_an_officer_who_was_handed_nothing_is_told_who_can(founded: tuple[Signer, OfficeKeys]) -> None:
    signer, keys = founded
    signer.hand_over(keys, "officer/4", exchange_public(CARL))
    with pytest.raises(Busy, match=r"officer/2 may not\. These can: officer/1, officer/4"):
        signer.unlock("officer/2", BEN)


def test_a_handed_over_office_opens_for_both(founded: tuple[Signer, OfficeKeys]) -> None:
    signer, keys = founded
    for _ in range(2):
        signer.hand_over(keys, "officer/2", exchange_public(BEN))
    assert signer.who_may_open() == ("officer/1", "officer/2")
    assert signer.unlock("officer/2", BEN) == signer.unlock("officer/1", ANNA) == keys


def test_nobody_opens_with_another_officers_envelope(founded: tuple[Signer, OfficeKeys]) -> None:
    """Ben's key, and the founder's envelope written under Ben's name."""
    signer, keys = founded
    signer.hand_over(keys, "officer/2", exchange_public(BEN))
    path = signer.folder / "office.keys"
    with pytest.raises(Misuse, match="does not open with this key"):
        signer.unlock("officer/1", BEN)
    path.write_bytes(path.read_bytes().replace(b"officer/1", b"officer/0"))
    with pytest.raises(Misuse, match="does not open with this key"):
        signer.unlock("officer/0", ANNA)


def test_a_revoked_officer_may_not_open_any_more_and_the_rest_still_do(founded: tuple[Signer, OfficeKeys]) -> None:
    signer, keys = founded
    signer.hand_over(keys, "officer/2", exchange_public(BEN))
    fresh = signer.rotate(keys, {"officer/2": exchange_public(BEN)})
    assert fresh.unlock_key != keys.unlock_key
    assert fresh.log_seed == keys.log_seed
    assert signer.unlock("officer/2", BEN) == fresh
    with pytest.raises(Busy, match="officer/1 may not"):
        signer.unlock("officer/1", ANNA)
    with pytest.raises(Busy, match="changed meanwhile"):
        signer.hand_over(keys, "officer/1", exchange_public(ANNA))
    with pytest.raises(Misuse, match="somebody must"):
        signer.rotate(fresh, {})


def test_what_is_no_exchange_key_is_handed_nothing(founded: tuple[Signer, OfficeKeys]) -> None:
    signer, keys = founded
    with pytest.raises(Malformed, match="exchange key"):
        signer.hand_over(keys, "officer/2", bytes(32))
    assert signer.who_may_open() == ("officer/1",)


def test_each_changed_byte_of_the_office_file_is_refused(founded: tuple[Signer, OfficeKeys]) -> None:
    signer, keys = founded
    path = signer.folder / "office.keys"
    stored = path.read_bytes()
    for place in range(0, len(stored), 3):
        changed = bytearray(stored)
        changed[place] ^= 0x01
        path.write_bytes(changed)
        with pytest.raises(RegistryError):
            signer.unlock("officer/1", ANNA)
    path.write_bytes(stored)
    assert signer.unlock("officer/1", ANNA) == keys


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"no keys\n", b"a\nb\n"])
def test_a_damaged_file_of_public_keys_is_told(founded: tuple[Signer, OfficeKeys], content: bytes) -> None:
    signer, _ = founded
    (signer.folder / "log.pub").write_bytes(content)
    with pytest.raises(Misuse, match=r"log\.pub"):
        signer.log_keys()


def test_public_keys_of_another_log_are_found_when_the_office_opens(
    founded: tuple[Signer, OfficeKeys], tmp_path: Path
) -> None:
    signer, _ = founded
    other, _ = Signer.found(tmp_path / "other.signer", tmp_path / "other", ORIGIN, {"officer/1": exchange_public(ANNA)})
    (signer.folder / "log.pub").write_bytes((other.folder / "log.pub").read_bytes())
    with pytest.raises(LedgerHalted, match=r"log\.pub"):
        signer.unlock("officer/1", ANNA)


def test_keys_are_never_overwritten_by_a_second_founding(founded: tuple[Signer, OfficeKeys]) -> None:
    signer, keys = founded
    with pytest.raises(Misuse, match="never overwritten"):
        Signer.found(signer.folder, signer.folder.with_name("data"), ORIGIN, {"officer/1": exchange_public(BEN)})
    assert signer.unlock("officer/1", ANNA) == keys


def test_a_founding_broken_off_before_its_last_file_is_done_again(founded: tuple[Signer, OfficeKeys]) -> None:
    signer, _ = founded
    (signer.folder / "office.keys").unlink()
    with pytest.raises(Misuse, match="no signer here"):
        reopened(signer)
    again, keys = Signer.found(
        signer.folder, signer.folder.with_name("data"), ORIGIN, {"officer/1": exchange_public(ANNA)}
    )
    assert again.unlock("officer/1", ANNA) == keys


@pytest.mark.parametrize(
    ("registry", "signer"),
    [
        ("data", "data"),
        ("data", "data/signer"),
        ("signer/data", "signer"),
        ("data", "elsewhere/../data/x"),
        ("data", "link"),
    ],
)
def test_signer_and_registry_never_lie_in_one_another(tmp_path: Path, registry: str, signer: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    with pytest.raises(Misuse, match="neither inside the other"):
        check_apart(tmp_path / registry, tmp_path / signer)


def test_two_folders_beside_each_other_are_apart(tmp_path: Path) -> None:
    check_apart(tmp_path / "muniment-data", tmp_path / "muniment-data.signer")


def test_a_lost_mark_is_not_made_again_by_itself(founded: tuple[Signer, OfficeKeys]) -> None:
    signer, _ = founded
    assert signer.mark().read(ORIGIN) is None
    for path in signer.folder.glob("mark.db*"):
        path.unlink()
    for read_only in (False, True):
        with pytest.raises(LedgerHalted, match="checkpoint --adopt"):
            signer.mark(read_only=read_only)
    signer.restore_mark_file().adopt(MarkedHead(ORIGIN, 3, bytes(32), 1))
    assert signer.mark(read_only=True).read(ORIGIN) == MarkedHead(ORIGIN, 3, bytes(32), 1)


# Officers' key files.


@pytest.fixture
def officers(founded: tuple[Signer, OfficeKeys]) -> OfficerKeys:
    signer, _ = founded
    signer.officers.keep("anna", ANNA, "a phrase", officer="officer/1", origin=ORIGIN, cost=CHEAP)
    return signer.officers


def test_an_officer_opens_his_key(officers: OfficerKeys) -> None:
    opened = officers.open("anna", "a phrase", NOW)
    assert (opened.seed, opened.officer, opened.origin, opened.failed_before) == (ANNA, "officer/1", ORIGIN, 0)
    assert officers.names() == ("anna",)
    assert officers.header("anna").officer == "officer/1"


def test_a_borrowed_key_file_without_its_passphrase_opens_nothing(officers: OfficerKeys) -> None:
    with pytest.raises(Misuse, match="passphrase is wrong, or the file was changed"):
        officers.open("anna", "a guess", NOW)


def test_after_five_wrong_passphrases_the_right_one_waits_too(officers: OfficerKeys) -> None:
    for tried in range(5):
        with pytest.raises(Misuse, match="Wait 30 s" if tried == 4 else "passphrase is wrong"):
            officers.open("anna", "a guess", NOW)
    with pytest.raises(Busy, match=r"5 wrong passphrases\. Wait 30 s"):
        officers.open("anna", "a phrase", NOW)
    with pytest.raises(Busy, match="Wait 1 s"):
        officers.open("anna", "a phrase", NOW + 29)
    with pytest.raises(Misuse, match=r"so far: 6\. Wait 60 s"):
        officers.open("anna", "a guess", NOW + 30)
    with pytest.raises(Busy, match="Wait 60 s"):  # a clock set back neither helps nor locks for ever
        officers.open("anna", "a phrase", NOW - 1_000_000)
    assert officers.open("anna", "a phrase", NOW + 90).failed_before == 6
    assert officers.open("anna", "a phrase", NOW + 90).failed_before == 0


def test_the_wait_ends_at_a_day(officers: OfficerKeys) -> None:
    now = NOW
    for _ in range(40):
        with pytest.raises(Misuse, match="passphrase is wrong"):
            officers.open("anna", "a guess", now)
        now += 86_400
    assert officers.open("anna", "a phrase", now).failed_before == 40


def test_a_spoilt_count_does_not_open_the_way(officers: OfficerKeys, tmp_path: Path) -> None:
    count = tmp_path / "data.signer" / "officers" / "anna.attempts"
    count.write_bytes(b'{"failed":-1')
    count.chmod(0o600)
    with pytest.raises(Misuse, match="so far: 6"):
        officers.open("anna", "a guess", NOW)


def test_a_passphrase_is_changed_in_one_step(officers: OfficerKeys) -> None:
    officers.change_passphrase("anna", "a phrase", "another", NOW, CHEAP)
    assert officers.open("anna", "another", NOW).seed == ANNA
    with pytest.raises(Misuse, match="empty passphrase"):
        officers.change_passphrase("anna", "another", "", NOW, CHEAP)
    assert officers.open("anna", "another", NOW).seed == ANNA


def test_a_key_file_is_never_overwritten(officers: OfficerKeys) -> None:
    with pytest.raises(Misuse, match="key of this name"):
        officers.keep("anna", BEN, "a phrase", officer="officer/2", origin=ORIGIN, cost=CHEAP)
    assert officers.open("anna", "a phrase", NOW).seed == ANNA


@pytest.mark.parametrize("name", ["../x", "", ".hidden", "A", "a/b", "a\0", "a" * 65, "é", "a\n", "-x"])
def test_a_name_that_is_no_file_name_is_refused(officers: OfficerKeys, name: str) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: officers.header(name),
        lambda: officers.open(name, "a phrase", NOW),
        lambda: officers.keep(name, BEN, "a phrase", officer="officer/2", origin=ORIGIN, cost=CHEAP),
    ]
    for attempt in attempts:
        with pytest.raises(Misuse, match="not a name for a key file"):
            attempt()


def test_a_key_whose_enrolment_was_refused_is_taken_away(officers: OfficerKeys) -> None:
    officers.remove("anna")
    assert officers.names() == ()
    officers.keep("anna", BEN, "a phrase", officer="officer/2", origin=ORIGIN, cost=CHEAP)


def test_an_unknown_officer_is_told(officers: OfficerKeys) -> None:
    with pytest.raises(Misuse, match=r"ben\.key: not there"):
        officers.open("ben", "a phrase", NOW)


def test_a_key_file_that_others_can_read_is_refused(officers: OfficerKeys, tmp_path: Path) -> None:
    (tmp_path / "data.signer" / "officers" / "anna.key").chmod(0o644)
    with pytest.raises(Misuse, match=r"mode 0644.*chmod 600"):
        officers.open("anna", "a phrase", NOW)
