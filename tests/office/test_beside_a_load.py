"""An officer at work beside a running load: nobody waits for more than a batch, and what he lodged is there at once."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from time import perf_counter

import pytest

from registry.office.beside import Turnstile
from tests.town import Town

ROOT = Path(__file__).parents[2]
ROWS = 60_000


def test_whoever_asks_to_be_first_waits_for_one_and_not_for_a_queue() -> None:
    stile, order = Turnstile(), list[str]()
    inside, leave, asked = threading.Event(), threading.Event(), threading.Event()

    def loader() -> None:
        for n in range(3):
            with stile.after():
                order.append(f"chunk {n}")
                inside.set()
                leave.wait()

    def officer() -> None:
        asked.set()
        with stile.first():
            order.append("act")

    threads = [threading.Thread(target=loader)]
    threads[0].start()
    inside.wait()
    threads.append(threading.Thread(target=officer))
    threads[1].start()
    asked.wait()
    while not stile.awaited():  # the officer stands at the stile, the first chunk is still inside
        threading.Event().wait(0.001)
    leave.set()
    for thread in threads:
        thread.join()
    assert order == ["chunk 0", "act", "chunk 1", "chunk 2"]


@pytest.mark.slow
def test_a_clerk_beside_a_load_waits_less_than_a_second_and_finds_what_he_lodged(tmp_path: Path) -> None:
    """The bound is a second on a machine that runs other tests as well; on a quiet one the longest was 0.25 s."""
    generate = [
        sys.executable,
        "fixtures/generate.py",
        "--rows",
        str(ROWS),
        "--seed",
        "7",
        "--out",
        str(tmp_path / "bulk"),
    ]
    subprocess.run(generate, cwd=ROOT, env={"PYTHONPATH": "."}, check=True, capture_output=True)
    town = Town(tmp_path).staff()
    loader = threading.Thread(target=lambda: town.desk("loader").loads.load(tmp_path / "bulk" / "sales.csv"))
    loader.start()
    clerk = town.desk("intake-clerk")
    waits = []
    while loader.is_alive():
        began = perf_counter()
        recorded = town.lodge()
        waits.append(perf_counter() - began)
        assert clerk.lookups.show(recorded.subject).position == recorded.position
    loader.join()
    assert town.office.audit().ok
    town.close()
    print(f"{len(waits)} acts, the longest took {max(waits):.3f} s")
    assert len(waits) > 5
    assert max(waits) < 1.0
