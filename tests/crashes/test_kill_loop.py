"""kill -9 at any moment, over and over, on one registry: what was answered is there, and nothing is half there."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from typing import Any

import pytest

from fixtures.generate import main as generate
from registry.records.acts import Row, decode_entry
from tests.crashes.aftermath import faults, lost
from tests.crashes.nursery import Copies
from tests.crashes.scripts import SALES

SHORTEST_S, LONGEST_S = 0.05, 0.5
SOAK = pytest.mark.soak
pytestmark = pytest.mark.slow


def chance() -> random.Random:
    """Fresh each time, and printed: a failure names the moments of its kills."""
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    return random.Random(seed)


@pytest.mark.parametrize("kills", [10, pytest.param(80, marks=SOAK)])
def test_lodging_is_killed_at_any_moment(kills: int, broken: Copies) -> None:
    registry, rng = broken(), chance()
    answers: list[dict[str, Any]] = []
    for _ in range(kills):
        ended = registry.run(
            "lodge_on_and_on", kill_after_s=rng.uniform(SHORTEST_S, LONGEST_S), seed=rng.randrange(2**32)
        )
        assert ended.killed, ended.sentence
        answers += ended.answers
        with registry.open() as office:
            assert list(lost(office, ended.answers)) == []
            assert list(faults(office)) == []
    print(f"{len(answers)} deeds lodged over {kills} kills")
    with registry.open() as office:
        assert list(lost(office, tuple(answers))) == []
    assert answers


@pytest.mark.parametrize(("kills", "rows"), [(10, 20_000), pytest.param(60, 150_000, marks=SOAK)])
def test_a_load_is_killed_at_any_moment_and_goes_on(kills: int, rows: int, broken: Copies) -> None:
    """After the last kill it runs to its end: its totals are those of a load that was never interrupted."""
    registry, rng = broken(), chance()
    defects = "already=0.01,changed=0.01,withdrawn=0.01,rejected=0.01,mangled=0.01"
    generate(["--rows", str(rows), "--seed", "3", "--out", str(registry.folder), "--defects", defects])
    expected = json.loads((registry.folder / f"{SALES}.expected.json").read_text())
    killed = 0
    answered = 0
    report: dict[str, int] = {}
    while not report:
        wait = rng.uniform(SHORTEST_S, LONGEST_S) if killed < kills else None
        ended = registry.run("load_sales", kill_after_s=wait)
        assert not ended.error, ended.sentence
        killed += ended.killed
        answered = max([answered, *(answer["rows"] for answer in ended.answers if "rows" in answer)])
        report = next((answer["report"] for answer in ended.answers if "report" in answer), {})
        with registry.open() as office:
            assert sum(load.next_row - 1 for load in office.store.loads()) >= answered
            assert list(faults(office)) == []
    print(f"{killed} kills during one load of {rows} rows")
    assert killed
    with registry.open() as office:
        (load,) = office.store.loads()
        entries = [decode_entry(raw) for raw in office.log.entries(0, office.store.head().size)]
        times = Counter(entry.row for entry in entries if isinstance(entry, Row))
        assert set(times.values()) == {1}
        assert len(times) == expected["recorded"] + expected["changed"] + expected["withdrawn"]
        assert {name: getattr(load.counts, name) for name in expected} == expected
    rejects = (registry.folder / f"{SALES}.rejects.csv").read_bytes()
    assert rejects.count(b'\n"') == expected["rejected"]
    third = registry.run("load_sales").answers[-1]["report"]
    assert (third["recorded"], third["already"]) == (0, rows)
