"""The storage is full: nothing is recorded, the officer is told so, reading goes on; recording, once there is room.

No file of the child may grow beyond a size (RLIMIT_FSIZE), which SQLite meets as it meets a full disk: in the midst of
a write, of a commit, or of copying the write-ahead log.
"""

from __future__ import annotations

import json

import pytest

from tests.crashes.aftermath import faults, lost
from tests.crashes.nursery import Copies
from tests.crashes.scripts import SALES

FULL = "storage is full, nothing recorded"
KIB = 1024


@pytest.mark.parametrize("script", ["lodge_until_full", "appoint_until_full"])
@pytest.mark.parametrize("beyond", [4 * KIB, 300 * KIB])
def test_acts_are_refused_while_it_is_full_and_go_on_afterwards(script: str, beyond: int, broken: Copies) -> None:
    registry = broken()
    largest = max(path.stat().st_size for path in registry.settings.registry.iterdir())
    ended = registry.run(script, file_bytes=largest + beyond)
    assert not ended.error, ended.sentence
    *recorded, busy, looked, last = ended.answers
    assert FULL in busy["busy"]
    assert looked["size"] == 23 + len(recorded), "something was recorded that the officer was told was not"
    assert last["position"] == looked["size"]
    with registry.open() as office:
        assert list(lost(office, (*recorded, last))) == []
        assert list(faults(office)) == []


@pytest.mark.parametrize("kib", [40, 120, 200, 400, 800])
def test_a_load_stops_while_it_is_full_and_goes_on_afterwards(kib: int, broken: Copies) -> None:
    registry = broken()
    expected = json.loads((registry.folder / f"{SALES}.expected.json").read_text())
    ended = registry.run("load_sales", file_bytes=kib * KIB)
    assert ended.error == "Busy"
    assert "storage is full" in ended.sentence
    with registry.open() as office:
        assert list(faults(office)) == []
    again = registry.run("load_sales")
    assert again.answers[-1]["report"] == expected
    with registry.open() as office:
        assert list(faults(office)) == []


def test_a_full_catalogue_takes_no_answer_back(broken: Copies) -> None:
    """The ledger has committed: the act is recorded and is answered so, though it is searchable only later."""
    registry = broken()
    with registry.open() as office:
        assert office.sequencer is not None
        catalogue = office.catalogue._database

        def fill() -> None:  # an errand runs in the writer's thread, and the limit is its connection's alone
            (pages,) = catalogue.execute_sql("PRAGMA page_count").fetchone()
            assert catalogue.execute_sql(f"PRAGMA max_page_count={pages}").fetchone() == (pages,)

        office.sequencer.errand(fill)
        desk = office.desk("founder", "founder's")
        recorded = [desk.officers.add_department(f"D{n}", "A department " + "x" * 180) for n in range(60)]
        assert [one.position for one in recorded] == list(range(23, 83))
    with registry.open() as office:
        assert list(faults(office)) == []
