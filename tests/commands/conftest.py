"""The command line as a user meets it: the program in a process of its own, or its `run` in ours where many are wanted.

`land` is one registry for all tests that only read or that are refused; who records something of his own founds his own
with `found`. Signing in costs a fifth of a second (Argon2id), a process a third: both are spared where they can be.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from registry.commands import run

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"
START = "from registry.commands import main; main()"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command line came to."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The one JSON document of the output."""
        return json.loads(self.out)

    def documents(self) -> list[Any]:
        """One JSON document a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    def done(self) -> Answer:
        """Itself, if the command was done."""
        assert self.code == 0, self
        return self


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with a registry in it, and the passphrases of its officers in files."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def registry(self) -> Path:
        return self.folder / "muniment-data"

    @property
    def signer(self) -> Path:
        return self.folder / "muniment-data.signer"

    def phrase(self, officer: str) -> Path:
        """The file with the officer's passphrase."""
        path = self.folder / f"{officer}.phrase"
        if not path.exists():
            path.write_text(f"the phrase of {officer}\n")
            path.chmod(0o600)
        return path

    def variables(self, officer: str | None) -> dict[str, str]:
        """The environment in which the officer (None: nobody) gives commands here."""
        found = {name: value for name, value in os.environ.items() if not name.startswith("MUNIMENT_")}
        found |= {"MUNIMENT_REGISTRY": str(self.registry), "COLUMNS": "80"} | self.environment
        if officer is not None:
            found |= {"MUNIMENT_OFFICER": officer, "MUNIMENT_PASSPHRASE_FILE": str(self.phrase(officer))}
        return found

    def program(self, *arguments: str | Path, officer: str | None = None, start: str = START) -> Answer:
        """The program in a process of its own, in this folder. Warnings are errors there too."""
        found = self.variables(officer)
        found["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "graphql")])
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", start, *map(str, arguments)],
            cwd=self.folder,
            env=found,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


Run = Callable[..., Answer]


def asked_here(place: Place, *arguments: str | Path, officer: str | None = None) -> Answer:
    """One command line in this process: the same `run` that the program calls, without its imports."""
    before = dict(os.environ)
    out, err = io.StringIO(), io.StringIO()
    try:
        os.environ.clear()
        os.environ.update(place.variables(officer))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([str(one) for one in arguments])
    finally:
        os.environ.clear()
        os.environ.update(before)
    return Answer(code, out.getvalue(), err.getvalue())


@pytest.fixture
def ask() -> Run:
    """`ask(place, *arguments, officer=None)`: one command line in this process."""
    return asked_here


def found(folder: Path) -> Place:
    """A registry founded by a.admin of HMLR, with a clerk, a loader and a reader of HMLR, and one of POLICE."""
    folder.mkdir(exist_ok=True)
    place = Place(folder)
    department = ("--department", "HMLR", "--department-name", "HM Land Registry")
    asked_here(place, "init", "--origin", "registry.example/land", *department, officer="a.admin").done()
    return place


def enrol(place: Place, name: str, role: str, *more: str, department: str = "HMLR") -> None:
    """Enrol and appoint, by a.admin."""
    arguments = ("officer", "enrol", name, "--department", department, "--role", role, *more)
    asked_here(place, *arguments, "--new-passphrase-file", place.phrase(name), officer="a.admin").done()


@pytest.fixture(scope="session")
def land(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Two departments, four officers, 60 sales, a public deed of two versions and one that only its department sees."""
    place = found(tmp_path_factory.mktemp("land"))
    enrol(place, "c.clerk", "intake-clerk", "--may-open")
    enrol(place, "l.loader", "loader", "--may-open")
    asked_here(place, "department", "add", "POLICE", "Police of Eastlea", officer="a.admin").done()
    enrol(place, "r.reader", "reader", department="POLICE")
    shutil.copy(FIXTURES / "adds.csv", place.folder)
    asked_here(place, "load", place.folder / "adds.csv", officer="l.loader").done()
    deed, second = place.folder / "deed.txt", place.folder / "deed-2.txt"
    deed.write_text("THIS DEED OF GIFT\n")
    second.write_text("THIS DEED OF GIFT, CORRECTED\n")
    lodged = ("lodge", deed, "--kind", "DEED", "--detail", "title=Deed of gift", "--json")
    public = asked_here(place, *lodged, "--visibility", "public", officer="c.clerk").done().json()["subject"]
    asked_here(place, "revise", public, second, "--detail", "title=Deed of gift, corrected", officer="c.clerk").done()
    own = asked_here(place, *lodged, "--withheld", "donor=A. Example", officer="c.clerk").done().json()["subject"]
    (place.folder / "subjects.json").write_text(json.dumps({"public": public, "own": own}))
    asked_here(place, "policy", "-o", place.folder / "land.policy").done()
    return place


@pytest.fixture(scope="session")
def subjects(land: Place) -> dict[str, str]:
    """References of the registry `land`: `public` and `own`."""
    found: dict[str, str] = json.loads((land.folder / "subjects.json").read_text())
    return found
