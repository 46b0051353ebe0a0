"""One registry, one writer: the second is told who has it, and what a crash left is never taken for a closed office."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from registry.errors import Busy, LedgerHalted
from registry.storage.lock import NAME, OfficeLock
from tests.crashes.aftermath import faults, lost
from tests.crashes.nursery import Copies


def test_a_second_process_is_told_who_holds_the_registry(broken: Copies) -> None:
    registry = broken()
    with registry.open() as office:
        size = office.store.head().size
        second = registry.run("lodge")
        assert second.error == "Busy"
        assert f"held open by founder (process {os.getpid()}, since " in second.sentence
        assert "nothing recorded" in second.sentence
        assert not second.answers
        assert not second.steps
        assert office.store.head().size == size
    assert registry.run("revise").answers


def test_readers_read_beside_the_writer(broken: Copies) -> None:
    registry = broken()
    with registry.open() as office:
        beside = registry.run("look")
        assert not beside.error, beside.sentence
        assert beside.answers == ({"size": office.store.head().size},)


def test_two_offices_whose_lock_file_was_removed_never_fork(broken: Copies) -> None:
    """Two processes record by turns; head and mark, by compare and swap, keep them apart."""
    registry = broken()
    answers: list[dict[str, Any]] = []
    first = registry.open()
    try:
        for turn in range(3):
            (registry.folder / "data" / NAME).unlink()
            second = registry.run("revise", seed=turn)
            answers += second.answers
            desk = first.desk("founder", "founder's")
            try:
                act = desk.officers.add_department(f"D{turn}", "Another department")
            except (Busy, LedgerHalted):
                break
            answers.append(
                {"position": act.position, "subject": act.subject, "number": act.number, "kind": act.kind.value}
            )
        first.close()
    except LedgerHalted:
        pass  # one of the two found the mark moved by the other, and stopped: that is what it is for
    assert answers
    with registry.open() as office:
        assert list(lost(office, tuple(answers))) == []
        assert list(faults(office)) == []


def test_a_lock_let_go_in_order_leaves_nothing_to_mend(tmp_path: Path) -> None:
    OfficeLock.take(tmp_path, "j.patel").release()
    lock = OfficeLock.take(tmp_path, "j.patel")
    assert not lock.left_open
    lock.abandon()
    lock = OfficeLock.take(tmp_path, "m.osei")
    assert lock.left_open
    with pytest.raises(Busy, match=r"held open by m\.osei \(process "):
        OfficeLock.take(tmp_path, "j.patel")
    lock.release()
    lock.release()
    assert not OfficeLock.take(tmp_path, "j.patel").left_open
