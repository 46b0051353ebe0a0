"""The mark never goes back, never sideways, and is durable before anything is signed."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from registry.errors import LedgerHalted, Misuse
from registry.ledger.ports import Mark, MarkedHead
from registry.storage.mark import MarkFile

ORIGIN = "registry.example/land"
TEN = MarkedHead(ORIGIN, 10, b"\x0a" * 32, 1_000)


@pytest.fixture
def mark(tmp_path: Path) -> MarkFile:
    mark = MarkFile(tmp_path / "mark.db", create=True)
    mark.move(None, TEN)
    return mark


def test_it_keeps_the_ledgers_contract(mark: MarkFile) -> None:
    port: Mark = mark
    assert port.read(ORIGIN) == TEN
    assert port.read("registry.example/sea") is None


@pytest.mark.parametrize("change", [{"size": 11, "root": b"\x0b" * 32}, {"size": 11, "at": 2_000}, {"at": 2_000}, {}])
def test_it_goes_forward_and_may_stand(mark: MarkFile, change: dict[str, Any]) -> None:
    new = dataclasses.replace(TEN, **change)
    mark.move(TEN, new)
    assert mark.read(ORIGIN) == new


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"size": 9}, "ends at size 9 .* but this signer signed size 10"),
        ({"size": 0}, "older copy"),
        ({"root": b"\x0b" * 32}, "another history"),
        ({"size": 11, "at": 999}, "999 ms is before the last mark's 1000 ms"),
    ],
)
def test_a_rolled_back_or_forked_copy_is_refused(mark: MarkFile, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LedgerHalted, match=sentence):
        mark.move(TEN, dataclasses.replace(TEN, **change))
    assert mark.read(ORIGIN) == TEN


@pytest.mark.parametrize("old", [None, dataclasses.replace(TEN, size=9), dataclasses.replace(TEN, at=999)])
def test_a_mark_that_another_process_moved_is_not_moved(mark: MarkFile, old: MarkedHead | None) -> None:
    with pytest.raises(LedgerHalted, match="another process signs"):
        mark.move(old, dataclasses.replace(TEN, size=20))
    assert mark.read(ORIGIN) == TEN


def test_of_many_at_once_one_moves_it(mark: MarkFile) -> None:
    moved: list[int] = []
    refused: list[int] = []

    def move(size: int) -> None:
        try:
            mark.move(TEN, dataclasses.replace(TEN, size=size))
            moved.append(size)
        except LedgerHalted:
            refused.append(size)
        mark.close()

    threads = [threading.Thread(target=move, args=(size,)) for size in range(20, 28)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(moved) == 1
    assert len(refused) == 7
    found = mark.read(ORIGIN)
    assert found is not None
    assert found.size == moved[0]


def test_a_mark_is_adopted_only_where_none_is(mark: MarkFile, tmp_path: Path) -> None:
    with pytest.raises(LedgerHalted, match="not replaced"):
        mark.adopt(dataclasses.replace(TEN, size=5))
    lost = MarkFile(tmp_path / "new.db", create=True)
    lost.adopt(TEN)
    assert lost.read(ORIGIN) == TEN


def test_the_marks_of_two_origins_do_not_mix(mark: MarkFile) -> None:
    sea = MarkedHead("registry.example/sea", 1, b"\x01" * 32, 1)
    mark.move(None, sea)
    assert (mark.read(ORIGIN), mark.read(sea.origin)) == (TEN, sea)


def test_a_moved_mark_outlives_its_process(mark: MarkFile, tmp_path: Path) -> None:
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os; from pathlib import Path; from registry.storage.mark import MarkFile, MarkedHead\n"
            f"mark = MarkFile(Path({str(tmp_path / 'mark.db')!r}))\n"
            f"mark.move(mark.read({ORIGIN!r}), MarkedHead({ORIGIN!r}, 11, bytes(32), 1000)); os._exit(9)",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 9, run.stderr
    assert mark.read(ORIGIN) == MarkedHead(ORIGIN, 11, bytes(32), 1_000)


def test_others_read_it_beside_the_office(mark: MarkFile, tmp_path: Path) -> None:
    assert MarkFile(tmp_path / "mark.db", read_only=True).read(ORIGIN) == TEN
    with pytest.raises(Misuse, match="no database here"):
        MarkFile(tmp_path / "lost.db", read_only=True)
