"""Which ids are known: a no is certain, a yes is looked up, whether or not the filter is filled yet."""

from __future__ import annotations

from random import Random

import pytest

from registry.ledger.known import Known, Run, pack_run

MANY = 150_000  # more than are filtered at once


def run_of(first: int, digests: list[int]) -> Run:
    return Run(first, pack_run(first, ((digest, first + at) for at, digest in enumerate(digests))))


@pytest.mark.parametrize("count", [10, MANY])
def test_every_id_is_found_before_the_filter_is_filled_and_after(count: int) -> None:
    rng = Random(7)
    digests = [rng.randrange(-(1 << 63), 1 << 63) for _ in range(count)]
    others = [rng.randrange(-(1 << 63), 1 << 63) for _ in range(10)]
    strangers = [rng.randrange(-(1 << 63), 1 << 63) for _ in range(1_000)]
    known = Known([run_of(0, digests)], others[:5])
    known.note(others[5:])
    added = [rng.randrange(-(1 << 63), 1 << 63) for _ in range(10)]
    known.add(run_of(count, added))
    for _ in range(2):  # the first round asks more than 64 times
        assert [known.positions(digest) for digest in (*digests[:50], *added)] == [
            *([at] for at in range(min(50, count))),
            *([count + at] for at in range(10)),
        ]
        assert all(map(known.perhaps, others))
        assert [known.positions(digest) for digest in strangers] == [[]] * len(strangers)
    assert sum(map(known.perhaps, strangers)) < 20


def test_a_filter_over_many_ids_waits_for_the_65th_question() -> None:
    known = Known([run_of(0, list(range(MANY)))])
    assert [known.perhaps(-1) for _ in range(65)] == [*[True] * 64, False]
    assert Known([run_of(0, [1])]).perhaps(-1) is False
