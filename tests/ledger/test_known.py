"""Which ids are known: a no is certain, a yes is looked up."""

from __future__ import annotations

import threading
from random import Random

import pytest

from registry.ledger.known import Known, Run, pack_run

MANY = 150_000  # more than the smallest filter holds


def run_of(first: int, digests: list[int]) -> Run:
    return Run(first, pack_run(first, ((digest, first + at) for at, digest in enumerate(digests))))


@pytest.mark.parametrize("before", [False, True], ids=["filled at last", "filled in part before more came"])
@pytest.mark.parametrize("count", [10, MANY])
def test_every_id_is_found(count: int, before: bool) -> None:
    rng = Random(7)
    digests = [rng.randrange(-(1 << 63), 1 << 63) for _ in range(count)]
    others = [rng.randrange(-(1 << 63), 1 << 63) for _ in range(10)]
    strangers = [rng.randrange(-(1 << 63), 1 << 63) for _ in range(1_000)]
    known = Known([run_of(at, digests[at : at + 1_000]) for at in range(0, count, 1_000)], others[:5])
    known.note(others[5:])
    if before:
        assert known.fill(5)  # the first run, and others are left
    assert all(map(known.perhaps, (*digests, *others, *strangers)))  # nothing is certain yet
    added = [rng.randrange(-(1 << 63), 1 << 63) for _ in range(10)]
    known.add(run_of(count, added))
    known.fill()
    assert [known.positions(digest) for digest in (*digests[:50], *added)] == [
        *([at] for at in range(min(50, count))),
        *([count + at] for at in range(10)),
    ]
    assert all(map(known.perhaps, others))
    assert [known.positions(digest) for digest in strangers] == [[]] * len(strangers)
    assert sum(map(known.perhaps, strangers)) < 20


def test_whoever_asks_while_the_filter_grows_is_never_told_a_wrong_no() -> None:
    """A filter that a reader had filled lacked what the writer added meanwhile: a load's history was cut in two."""
    known = Known([run_of(0, list(range(MANY)))], range(MANY, 2 * MANY))
    known.fill()
    wrong: list[int] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            wrong.extend(digest for digest in range(0, 2 * MANY, 997) if not known.perhaps(digest))

    asking = threading.Thread(target=ask)
    asking.start()
    for first in range(2 * MANY, 6 * MANY, 10_000):
        known.note(range(first, first + 10_000))
    done.set()
    asking.join()
    assert wrong == []
    assert all(known.perhaps(digest) for digest in range(6 * MANY))
