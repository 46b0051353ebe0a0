"""Revocation holds from its position: in the middle of a load, at desks that are open, and at the office's door."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry.desk.loads import LoadProgress
from registry.errors import LedgerHalted, Misuse, NotPermitted
from registry.office import Office
from registry.records.acts import Kind
from registry.records.loads import LoadState
from registry.records.roles import Role
from tests.acts.examination import examined
from tests.town import CHEAP, DAY, ORIGIN, START, Town, seed_of

FIXTURES = Path(__file__).parents[2] / "fixtures"
ROWS = 4_000


@pytest.fixture
def town(staffed: Town, tmp_path: Path) -> Iterator[Town]:
    """Whatever is revoked, the audit finds nothing wrong."""
    found = staffed.copied(tmp_path)
    yield found
    assert examined(found).faults == ()
    found.close()


def after_the_first_batch(act: Callable[[], object]) -> Callable[[LoadProgress], None]:
    """Something that happens once, in the middle of a load."""
    done: list[object] = []

    def told(progress: LoadProgress) -> None:
        if not done:
            done.append(act())

    return told


def sales(tmp_path: Path) -> Path:
    """The committed sales, in a folder where rejects can be written."""
    return Path(shutil.copy(FIXTURES / "sales.csv", tmp_path / "sales.csv"))


def test_a_loader_revoked_in_mid_load_is_stopped_at_the_next_batch(town: Town, tmp_path: Path) -> None:
    """What was recorded stays, the load stays open; another loader's load of the file records what is missing."""
    path = sales(tmp_path)
    revoke = after_the_first_batch(lambda: town.desk("founder").officers.revoke("loader", "left in the middle"))
    with pytest.raises(NotPermitted, match=r"officer/4 was revoked: load/\d+ stops at row 501") as caught:
        town.desk("loader").loads.load(path, told=revoke)
    assert caught.value.rule == "key-revoked"
    (left,) = town.office.store.loads()
    assert (left.state, left.counts.recorded, left.next_row, left.closed) == (LoadState.OPEN, 500, 501, None)

    town.enrol("second-loader", Role.LOADER)
    report = town.desk("second-loader").loads.load(path)
    assert (report.rows, report.already, report.recorded) == (ROWS, 500, ROWS - 500)
    assert [load.state for load in town.office.store.loads()] == [LoadState.OPEN, LoadState.FINISHED]
    assert town.desk("second-loader").loads.load(path).recorded == 0


def test_a_loader_whose_role_ends_in_mid_load_goes_on_once_he_is_appointed_again(town: Town, tmp_path: Path) -> None:
    town.enrol("stand-in", Role.LOADER, until=START + DAY)
    path = sales(tmp_path)

    def expire() -> None:
        town.clock.now = START + DAY

    with pytest.raises(NotPermitted, match=r"is no longer loader \(the appointment has ended\) in HMLR; officer/4 can"):
        town.desk("stand-in").loads.load(path, told=after_the_first_batch(expire))
    (left,) = town.office.store.loads()
    town.desk("founder").officers.appoint("stand-in", Role.LOADER)
    report = town.desk("stand-in").loads.load(path)
    assert (report.load, report.rows, report.recorded) == (f"load/{left.position}", ROWS, ROWS)


def test_a_load_that_was_begun_is_its_loaders_to_go_on_with(town: Town, tmp_path: Path) -> None:
    """As long as he may: two loaders at one file would each close half of it."""
    town.enrol("second-loader", Role.LOADER)
    path, stop = sales(tmp_path), iter([False, True, True, True])
    town.desk("loader").loads.load(path, stopped=lambda: next(stop))
    with pytest.raises(NotPermitted, match=r"was begun by officer/4.*, who has to go on with it"):
        town.desk("second-loader").loads.load(path)
    assert town.desk("loader").loads.load(path).recorded == ROWS


# ---- the office's door ----


def test_a_revoked_officers_key_no_longer_opens_the_office(town: Town) -> None:
    """The unlock key is changed for all who remain, so that an envelope of before opens nothing that lies there now."""
    keys = town.office.signer.officers
    registrar = town.references["registrar"]
    keys.keep("m.lowe", seed_of("registrar"), "correct horse", officer=registrar, origin=ORIGIN, cost=CHEAP)
    town.desk("founder").officers.hand_unlock("registrar")
    assert town.office.signer.who_may_open() == ("officer/1", registrar)

    def opened() -> Office:
        return Office.open(town.settings, officer="m.lowe", passphrase="correct horse", clock=town.clock)

    town.close()
    opened().close()
    town.open()
    town.desk("founder").officers.revoke("registrar", "left")
    assert town.office.signer.who_may_open() == ("officer/1",)
    before = (town.settings.signer / "office.keys").read_bytes()
    assert registrar.encode() not in before
    town.close()
    with pytest.raises(NotPermitted, match=r"officer/1.* can open it"):
        opened()
    town.open()


def test_an_old_envelope_put_back_does_not_open_what_was_sealed_anew(town: Town) -> None:
    """His envelope of before, pasted into the file of now, holds an unlock key that is none any more."""
    keys, registrar = town.office.signer.officers, town.references["registrar"]
    keys.keep("m.lowe", seed_of("registrar"), "correct horse", officer=registrar, origin=ORIGIN, cost=CHEAP)
    town.desk("founder").officers.hand_unlock("registrar")
    path = town.settings.signer / "office.keys"
    old = path.read_text()
    town.desk("founder").officers.revoke("registrar", "left")
    town.close()
    start = old.index(f'"{registrar}":"')
    envelope = old[start : old.index('"', start + len(registrar) + 4) + 1]
    now = path.read_text()
    path.write_text(now.replace('},"origin"', f',{envelope}}},"origin"'))
    with pytest.raises(LedgerHalted, match=r"office\.keys: the office's keys do not open"):
        Office.open(town.settings, officer="m.lowe", passphrase="correct horse", clock=town.clock)
    path.write_text(now)
    town.open()


def test_the_unlock_key_waits_for_the_second_word_too(town: Town) -> None:
    """Neither handing over nor taking away happens before it is in force."""
    beth, registrar = town.enrol("beth", Role.ADMINISTRATOR), town.references["registrar"]
    handed = town.desk("founder").officers.hand_unlock("registrar")
    assert town.office.signer.who_may_open() == ("officer/1",)
    town.desk("beth").officers.confirm(handed.position)
    assert town.office.signer.who_may_open() == ("officer/1", registrar)
    revoked = town.desk("founder").officers.revoke("registrar", "left")
    assert town.office.signer.who_may_open() == ("officer/1", registrar)
    town.desk("beth").officers.confirm(revoked.position)
    assert town.office.signer.who_may_open() == ("officer/1",)
    assert beth not in town.office.signer.who_may_open()


def test_a_wrong_passphrase_is_told_like_a_damaged_file(town: Town) -> None:
    town.close()
    with pytest.raises(Misuse, match="passphrase"):
        Office.open(town.settings, officer="founder", passphrase="not it", clock=town.clock)
    town.open()
    assert town.office.services.act(0).intent.kind is Kind.FOUNDED  # type: ignore[union-attr]
