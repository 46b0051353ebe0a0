"""Children that act on a registry and are killed in the midst of it.

One process imports everything once and forks a child for each job: 10 ms instead of 400. It has no thread and no open
registry, so forking it is safe. What a child was *answered* it writes to `told.jsonl` beside the registry, after the
answer and with one write each; a kill takes nothing of that back.

    {"step":"ledger committed"}                    a durable step was done
    {"answer":{"position":21,"number":1,…}}        the officer was answered
    {"error":"Busy","sentence":"…"}                the script ended with an error of the registry
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from registry.desk.desk import Desk
from registry.errors import RegistryError
from registry.office import Office
from registry.settings import Settings
from tests.town import DAY, START, Clock, seed_of

ROOT = Path(__file__).parents[2]
TOLD, TRACE = "told.jsonl", "trace.txt"


class Job(msgspec.Struct, frozen=True):
    """`stop` kills the child at the n-th time that it is told of a durable step; `kill_after_s` at that moment.

    From `begin` on no file grows beyond `file_bytes`: a full disk, for this process alone.
    """

    script: str
    folder: str
    references: dict[str, str]
    stop: tuple[str, int] | None = None
    kill_after_s: float | None = None
    seed: int = 0
    file_bytes: int | None = None


class Ended(msgspec.Struct, frozen=True):
    """How a child ended (`killed` by us, or by itself) and what it had been told by then."""

    killed: bool
    steps: tuple[str, ...]
    answers: tuple[dict[str, Any], ...]
    error: str
    sentence: str


class Stage:
    """What a script is given: the registry's two folders, the officers, and whom to tell of answers."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.folder = Path(job.folder)
        self.settings = Settings(self.folder / "data", self.folder / "data.signer")
        self.clock = Clock(START + DAY)
        self._told = os.open(self.folder / TOLD, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._seen: Counter[str] = Counter()
        self._counting = False
        self._turn = threading.Lock()

    def begin(self) -> None:
        """From here on durable steps count, and the storage is as small as the job says."""
        self._counting = True
        if self.job.file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.job.file_bytes, resource.RLIM_INFINITY))

    def make_room(self) -> None:
        """The storage is as large as ever."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def milestone(self, name: str) -> None:
        """Told of a durable step, by whichever thread did it."""
        if not self._counting:
            return
        with self._turn:
            self._seen[name] += 1
            self._tell({"step": name})
            if self.job.stop == (name, self._seen[name]):
                os.kill(os.getpid(), signal.SIGKILL)

    def answer(self, **facts: Any) -> None:
        """The officer has his answer."""
        self._tell({"answer": facts})

    def error(self, error: RegistryError) -> None:
        """The script ended with it."""
        self._tell({"error": type(error).__name__, "sentence": str(error)})

    def _tell(self, line: dict[str, Any]) -> None:
        os.write(self._told, json.dumps(line).encode() + b"\n")

    def open(self, officer: str = "founder", *, adopting: bool = False) -> Office:
        """The office, opened by that officer."""
        return Office.open(
            self.settings,
            officer=officer,
            passphrase=f"{officer}'s",
            milestone=self.milestone,
            clock=self.clock,
            adopting=adopting,
        )

    def desk(self, office: Office, name: str) -> Desk:
        """That officer's desk; the founder opened the office."""
        if name == "founder":
            return office.desk("founder", "founder's")
        return office.desk_of(self.job.references[name], seed_of(name))


Script = Callable[[Stage], None]
"""What an officer does, from opening the office to closing it."""


class Nursery:
    """Forks a child for each job, one at a time, and waits for its end."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.crashes.forks"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "graphql")))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._jobs, self._ends = self._process.stdin, self._process.stdout
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, at: TracebackType | None
    ) -> None:
        self._jobs.close()
        self._ends.close()
        self._process.wait()

    def run(self, job: Job) -> Ended:
        """Run it to its end. A script that failed in its own right fails the test with its traceback."""
        folder = Path(job.folder)
        (folder / TOLD).write_bytes(b"")  # a child killed at once has told nothing
        self._jobs.write(msgspec.json.encode(job) + b"\n")
        self._jobs.flush()
        line = self._ends.readline()
        if not line:
            raise RuntimeError(f"the nursery has died (status {self._process.wait()})")
        status = int(line)
        if status not in (0, -signal.SIGKILL):
            trace = (folder / TRACE).read_text() if (folder / TRACE).exists() else "(no traceback)"
            raise AssertionError(f"{job.script}: the child ended with status {status}\n{trace}")
        told = [json.loads(one) for one in (folder / TOLD).read_bytes().splitlines()]
        last = told[-1] if told else {}
        return Ended(
            killed=status == -signal.SIGKILL,
            steps=tuple(one["step"] for one in told if "step" in one),
            answers=tuple(one["answer"] for one in told if "answer" in one),
            error=last.get("error", ""),
            sentence=last.get("sentence", ""),
        )


@dataclass(frozen=True)
class Broken:
    """One registry, its folders in `folder`."""

    folder: Path
    references: dict[str, str]
    nursery: Nursery

    @property
    def settings(self) -> Settings:
        return Settings(self.folder / "data", self.folder / "data.signer")

    def run(
        self,
        script: str,
        *,
        stop: tuple[str, int] | None = None,
        kill_after_s: float | None = None,
        seed: int = 1,
        file_bytes: int | None = None,
    ) -> Ended:
        """Let a child run the script."""
        return self.nursery.run(Job(script, str(self.folder), self.references, stop, kill_after_s, seed, file_bytes))

    def open(self, officer: str = "founder", *, adopting: bool = False) -> Office:
        """Open it here, a day after the children."""
        return Office.open(
            self.settings, officer=officer, passphrase=f"{officer}'s", clock=Clock(START + 2 * DAY), adopting=adopting
        )


Copies = Callable[[], Broken]
"""Makes a fresh copy of a sound registry."""
