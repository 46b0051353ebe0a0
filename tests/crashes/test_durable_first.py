"""What the operating system was asked, as strace saw it: each step is synced to disk before anybody hears of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.crashes.nursery import ROOT, TOLD, Copies, Job

# 47 fdatasync(9</…/data/ledger.db-wal>) = 0
# 47 write(3</…/told.jsonl>, "{\"step\": \"ledger committed\"}\n", 29) = 29
_SYNC = re.compile(r"\b(?:fsync|fdatasync)\(\d+<[^>]*/([^/>]+)>\) += 0")
_TOLD = re.compile(rf'\bwrite\(\d+<[^>]*/{re.escape(TOLD)}>, "{{\\"(step|answer)\\": (?:\\"([a-z ]+)\\")?')
_UNFINISHED = re.compile(r"^(\d+) +(.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$")


def traced(job: Job, trace: Path) -> list[str]:
    """`sync ledger.db-wal`, `step ledger committed`, `answer`, in the order in which they were done."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed: the order of fsync and answer is not watched")
    command = [strace, "-f", "-y", "-s", "100", "-e", "trace=fsync,fdatasync,write", "-o", str(trace)]
    run = subprocess.run(
        [*command, sys.executable, "-m", "tests.crashes.forks"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "graphql")))},
        input=msgspec.json.encode(job) + b"\n",
        capture_output=True,
        check=False,
    )
    if b"Operation not permitted" in run.stderr:
        pytest.skip("strace may not trace here (ptrace is forbidden): the order of fsync and answer is not watched")
    assert run.stdout == b"0\n", run.stderr.decode()
    return list(_events(trace.read_text(errors="replace").splitlines()))


def _events(lines: list[str]) -> Iterator[str]:
    """A call counts when it has returned: an interrupted line is put together again at its end."""
    begun: dict[str, str] = {}
    for line in lines:
        if part := _UNFINISHED.match(line):
            begun[part[1]] = part[2]
            continue
        if part := _RESUMED.match(line):
            line = f"{part[1]} {begun.pop(part[1])}{part[2]}"
        if sync := _SYNC.search(line):
            yield f"sync {sync[1]}"
        elif told := _TOLD.search(line):
            yield f"step {told[2]}" if told[1] == "step" else "answer"


def test_each_step_is_on_disk_before_the_next_and_before_the_answer(broken: Copies, tmp_path: Path) -> None:
    registry = broken()
    seen = traced(Job("revise", str(registry.folder), registry.references), tmp_path / "trace")

    def between(one: str, other: str) -> list[str]:
        return seen[seen.index(one) if one else 0 : seen.index(other)]

    assert "sync vault.db-wal" in between("", "step body sealed")
    assert "sync ledger.db-wal" in between("step body sealed", "step ledger committed")
    assert seen.index("step ledger committed") < seen.index("answer")
    assert "sync mark.db-wal" in between("step ledger committed", "step mark moved")
    assert "sync ledger.db-wal" in between("step checkpoint signed", "step checkpoint stored")


def test_a_trace_without_a_sync_would_be_seen() -> None:
    """The control: the same reading of a trace in which one sync failed and another was still under way."""
    lines = [
        "7 fdatasync(9</r/data/ledger.db-wal>) = -1 EIO (Input/output error)",
        "7 fdatasync(9</r/data/vault.db-wal> <unfinished ...>",
        r'8 write(3</r/told.jsonl>, "{\"step\": \"ledger committed\"}\n", 29) = 29',
        "7 <... fdatasync resumed>)        = 0",
        r'8 write(3</r/told.jsonl>, "{\"answer\": {\"position\": 23}}\n", 29) = 29',
    ]
    assert list(_events(lines)) == ["step ledger committed", "sync vault.db-wal", "answer"]
