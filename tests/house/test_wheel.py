"""What is built: three packages, nothing else at the top, and entry points that are there."""

from __future__ import annotations

import configparser
import importlib
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What the verifier of receipts may do without; a third party installs the core alone.
HEAVY = (
    "apsw",
    "peewee",
    "playhouse",
    "sqlite3",
    "textual",
    "strawberry",
    "starlette",
    "uvicorn",
    "typer",
    "rich",
    "psycopg",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of a copy, so that nothing is left in the tree and nothing uncommitted in other folders gets in."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("registry", "tui", "graphql"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)], cwd=source, check=True
    )
    (only,) = built.glob("*.whl")
    return only


def test_the_wheel_holds_three_packages_and_no_folder_graphql(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        top = {name.partition("/")[0] for name in archive.namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == {"registry", "tui", "gateway"}


def test_every_source_file_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = set()
    for base, package in ((ROOT, "registry"), (ROOT, "tui"), (ROOT / "graphql", "gateway")):
        files = [path for path in (base / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        expected |= {path.relative_to(base).as_posix() for path in files}
    assert packed == expected
    assert "tui/workbench.tcss" in packed


def test_every_entry_point_can_be_called(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (listed,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        points = configparser.ConfigParser()
        points.read_string(archive.read(listed).decode())
    assert set(points["muniment.commands"]) == {"workbench", "gateway"}
    for place in (*points["console_scripts"].values(), *points["muniment.commands"].values()):
        module, _, name = place.partition(":")
        assert callable(getattr(importlib.import_module(module), name))


def loaded_by(statement: str) -> set[str]:
    """The names of the top modules in `sys.modules` after the statement, in a fresh interpreter."""
    probe = f"import sys; sys.path[:0] = ['.', 'graphql']; {statement}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("module", ["registry", "registry.records", "registry.ledger", "registry.ledger.receipt"])
def test_a_verifier_stays_light(module: str) -> None:
    assert loaded_by(f"import {module}") & set(HEAVY) == set()


def test_the_command_line_loads_neither_workbench_nor_gateway() -> None:
    assert (
        loaded_by("import registry.commands") & {"textual", "strawberry", "starlette", "uvicorn", "tui", "gateway"}
        == set()
    )


def test_the_gateway_loads_no_workbench_and_the_workbench_no_gateway() -> None:
    assert loaded_by("import gateway.__main__") & {"textual", "tui"} == set()
    assert loaded_by("import tui.__main__") & {"starlette", "strawberry", "gateway"} == set()


def test_the_version_stands_in_one_place() -> None:
    stated = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert stated
    assert re.search(rf"^## {re.escape(stated[1])}\b", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
