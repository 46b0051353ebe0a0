"""The import contracts of pyproject.toml hold, and each of them bites.

Every case copies the house, makes one bad edit and runs the linter as `make check` does: it must fail, and name
the contracts that the edit breaks. A contract that no edit here breaks is itself a failure.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SURFACES = "Surfaces stand on the registry, never on each other"
UPWARDS = "Inside the registry nobody imports upwards"
ENGINE = "Only the office names an engine"
AT_THE_DESK = "Surfaces meet the registry at the desk"
COMMANDS = "Only entry points ask for passphrases as commands do"
ENTRY_POINTS = "Only entry points open the office"
SETTINGS = "Settings are read where the office is opened"
PURE = "Records and arithmetic are pure"
TABLES = "Tables stay in catalogue and storage"
CIRCLES = "No circles"


@dataclass(frozen=True, slots=True)
class Breach:
    """One bad edit: text added to the end of a file, which is made if it is not there."""

    sentence: str
    breaks: frozenset[str]
    edits: tuple[tuple[str, str], ...]


def breach(sentence: str, path: str, text: str, *breaks: str) -> Breach:
    return Breach(sentence, frozenset(breaks), ((path, text),))


BREACHES = (
    breach("a screen asks the gateway", "tui/screens/planted.py", "import gateway.app", SURFACES),
    breach("the gateway borrows a screen", "graphql/gateway/planted.py", "import tui.app", SURFACES),
    breach("the desk calls the workbench back", "registry/desk/planted.py", "import tui.app", SURFACES),
    breach("a utils.py strays in", "registry/utils.py", '"""A room that nobody planned."""', UPWARDS),
    breach("a rule asks the ledger", "registry/records/planted.py", "import registry.ledger.merkle", UPWARDS),
    breach(
        "the catalogue leans on storage", "registry/catalogue/planted.py", "import registry.storage", UPWARDS, ENGINE
    ),
    breach("the vault looks into the ledger", "registry/vault/planted.py", "import registry.ledger.merkle", UPWARDS),
    breach(
        "the loader calls the office", "registry/loading/planted.py", "import registry.office", UPWARDS, ENTRY_POINTS
    ),
    breach("the office leans on its door", "registry/office/planted.py", "import registry.door", UPWARDS, ENTRY_POINTS),
    breach("a screen knocks at the door itself", "tui/screens/planted.py", "import registry.door.client", ENTRY_POINTS),
    breach("a command opens an engine", "registry/commands/planted.py", "import registry.storage", ENGINE),
    breach("a counter opens an engine", "registry/desk/planted.py", "import registry.storage", ENGINE),
    breach("a screen imports the loader", "tui/screens/planted.py", "import registry.loading", AT_THE_DESK),
    breach(
        "a resolver checks a proof itself", "graphql/gateway/planted.py", "import registry.ledger.merkle", AT_THE_DESK
    ),
    breach("the workbench borrows a command", "tui/planted.py", "import registry.commands", COMMANDS),
    breach("a screen opens the office", "tui/screens/planted.py", "import registry.office", ENTRY_POINTS),
    breach("a counter reads the settings", "registry/desk/planted.py", "import registry.settings", SETTINGS),
    breach("a rule looks at the clock", "registry/records/planted.py", "import time", PURE),
    breach("a rule rolls dice", "registry/records/planted.py", "import secrets", PURE),
    breach("a receipt opens a file", "registry/ledger/receipt.py", "import os", PURE),
    breach("the tree starts a thread", "registry/ledger/merkle.py", "import threading", PURE),
    breach("a desk imports apsw", "registry/desk/planted.py", "import apsw", TABLES),
    breach("a screen runs SQL", "tui/screens/planted.py", "import sqlite3", TABLES),
    breach("a key is kept in a table", "registry/vault/planted.py", "import peewee", TABLES),
    Breach(
        "two records lean on each other",
        frozenset({CIRCLES}),
        (
            ("registry/records/planted_one.py", "import registry.records.planted_two"),
            ("registry/records/planted_two.py", "import registry.records.planted_one"),
        ),
    ),
    Breach(
        "two counters lean on each other, for types only",
        frozenset({CIRCLES}),
        (
            ("registry/desk/planted_one.py", "import registry.desk.planted_two"),
            (
                "registry/desk/planted_two.py",
                "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import registry.desk.planted_one",
            ),
        ),
    ),
)


def lint(root: Path) -> tuple[int, dict[str, bool]]:
    """Run the contracts in `root`: exit code, and for each contract whether it was kept."""
    environment = os.environ | {
        "PYTHONPATH": f"{root}{os.pathsep}{root / 'graphql'}",
        "COLUMNS": "200",
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    outcome = {name: word == "KEPT" for name, word in re.findall(r"^(.+?) (KEPT|BROKEN)", done.stdout, re.MULTILINE)}
    assert outcome, done.stdout + done.stderr
    return done.returncode, outcome


def contract_names() -> set[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return {contract["name"] for contract in contracts}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of what the contracts look at."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for room in ("registry", "tui", "graphql/gateway"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_every_contract_is_kept() -> None:
    code, outcome = lint(ROOT)
    assert [name for name, kept in outcome.items() if not kept] == []
    assert set(outcome) == contract_names()
    assert code == 0


def test_every_contract_has_a_breach_below() -> None:
    assert {name for case in BREACHES for name in case.breaks} == contract_names()


@pytest.mark.slow
@pytest.mark.parametrize("case", BREACHES, ids=lambda case: case.sentence.replace(" ", "_"))
def test_a_planted_breach_is_caught(case: Breach, house: Path) -> None:
    for path, text in case.edits:
        with (house / path).open("a") as file:
            file.write(f"\n{text}\n")
    code, outcome = lint(house)
    assert code != 0
    broken = {name for name, kept in outcome.items() if not kept}
    assert case.breaks <= broken
    assert broken - case.breaks <= {CIRCLES}, "an upward import also closes a circle where something leads down again"
