"""What a crash left is mended when the office opens next. The mending can be killed too, and destroys nothing else."""

from __future__ import annotations

import shutil
from collections import Counter

import pytest

from registry.errors import Busy, Misuse, NotPermitted, RegistryError
from registry.records.muniment import MunimentKind
from registry.storage.lock import NAME
from registry.storage.sqlite import open_database
from tests.crashes.aftermath import envelopes, faults
from tests.crashes.nursery import Broken, Copies
from tests.crashes.scripts import DEPUTY, document
from tests.town import seed_of

MENDED = (
    "catalogue caught up",
    "mark moved",
    "checkpoint signed",
    "checkpoint stored",
    "body swept",
    "key file swept",
    "unlock key changed",
)
FOUNDED = (
    "signer founded",
    "key file written",
    "mark moved",
    "body sealed",
    "ledger committed",
    "catalogue projected",
    "checkpoint signed",
    "checkpoint stored",
)


def wrecked(broken: Copies) -> Broken:
    registry = broken()
    assert registry.run("wreck", stop=("ledger committed", 1)).killed
    return registry


def test_everything_that_a_crash_left_is_mended_in_order(broken: Copies) -> None:
    """Projecting and sealing go side by side; nothing is destroyed and nobody's keys are changed before both."""
    registry = wrecked(broken)
    ended = registry.run("reopen")
    assert not ended.error, ended.sentence
    assert set(ended.steps) == set(MENDED)
    assert [step for step in ended.steps if step in MENDED[1:4]] == list(MENDED[1:4])
    assert ended.steps[-3:] == MENDED[-3:]
    with registry.open() as office:
        assert list(faults(office)) == []
        assert "stray" not in office.signer.officers.names()


@pytest.mark.parametrize("step", MENDED)
def test_the_mending_is_killed_and_mended(step: str, broken: Copies) -> None:
    registry = wrecked(broken)
    assert registry.run("reopen", stop=(step, 1)).killed
    with registry.open() as office:
        assert list(faults(office)) == []


def test_an_officer_dismissed_just_before_the_crash_opens_nothing(broken: Copies) -> None:
    registry = wrecked(broken)
    with pytest.raises(NotPermitted, match="may not open the office any more; officer/1 can open it"):
        registry.open(DEPUTY)
    assert (registry.folder / "data" / NAME).stat().st_size > 0, "what was left to mend is forgotten"
    with registry.open() as office:
        assert list(faults(office)) == []


def test_no_body_is_swept_on_the_catalogues_word(broken: Copies) -> None:
    """Whoever can write the catalogue could else have every body destroyed by the next opening after a crash."""
    registry = wrecked(broken)
    catalogue = open_database(registry.folder / "data" / "catalogue.db")
    catalogue.execute_sql("DELETE FROM envelope")
    catalogue.close()
    with registry.open() as office:
        assert Counter(office.vault.ids()) == envelopes(office)
        found = [fault.what for fault in office.audit().faults]
        assert found
        assert all("envelope" in what for what in found), found


def test_an_office_closed_in_order_is_not_swept(broken: Copies) -> None:
    """Sweeping reads every envelope: an ordinary opening does not pay for it."""
    registry = broken()
    registry.run("lodge")
    ended = registry.run("reopen")
    assert ended.answers
    assert not ended.steps
    assert (registry.folder / "data" / NAME).stat().st_size == 0


@pytest.mark.parametrize("step", FOUNDED)
def test_a_founding_that_was_killed_is_whole_or_founded_again(step: str, broken: Copies) -> None:
    registry = broken()
    for folder in (registry.settings.registry, registry.settings.signer):
        shutil.rmtree(folder)
    assert registry.run("found", stop=(step, 1)).killed
    if FOUNDED.index(step) < FOUNDED.index("ledger committed"):
        with pytest.raises(Misuse):
            registry.open()
        for folder in (registry.settings.registry, registry.settings.signer):
            shutil.rmtree(folder, ignore_errors=True)
        assert registry.run("found").answers == ({"size": 4},)
    with registry.open() as office:
        assert list(faults(office)) == []


def test_a_half_founded_registry_says_what_to_do(broken: Copies) -> None:
    registry = broken()
    for folder in (registry.settings.registry, registry.settings.signer):
        shutil.rmtree(folder)
    registry.run("found", stop=("mark moved", 1))
    with pytest.raises(RegistryError, match="its founding was broken off before anything was recorded; remove it and"):
        registry.open()


def test_a_body_whose_act_was_never_recorded_is_swept_by_the_next_opening(broken: Copies) -> None:
    """No crash: the ledger had no room, so the office closed in order with a body that nobody names."""
    registry = broken()
    with registry.open() as office:
        assert office.sequencer is not None
        ledger = office.store._database

        def fill() -> None:  # in the writer's thread, whose connection alone is limited
            (pages,) = ledger.execute_sql("PRAGMA page_count").fetchone()
            ledger.execute_sql(f"PRAGMA max_page_count={pages}").fetchall()

        office.sequencer.errand(fill)
        desk = office.desk_of(registry.references["intake-clerk"], seed_of("intake-clerk"))

        def lodge_on() -> None:
            for number in range(60):
                desk.muniments.lodge(document(number, 5_000), MunimentKind.DEED)

        with pytest.raises(Busy, match="storage is full, nothing recorded"):
            lodge_on()
    with registry.open() as office:
        assert list(faults(office)) == []
