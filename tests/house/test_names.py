"""Names tell what is in them: no room, file or class that draws everything to it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TREES = ("registry", "tui", "graphql", "tests", "fixtures", "bench")
STRAY = frozenset(
    "base bases common core data generic handler handlers helper helpers info item items lib manager managers misc "
    "process processor shared tool tools util utility utils".split()
)
STRAY_CLASS = re.compile(
    r"^\s*class (\w*(?:Manager|Helper|Helpers|Utils?|Handler|Processor|Mixin|Base|Info))\b", re.MULTILINE
)
RELAY = {"PageInfo"}  # the name that Relay's connection specification gives it


def stray_names(root: Path) -> Iterator[str]:
    for tree in TREES:
        for path in sorted((root / tree).rglob("*")):
            if "__pycache__" in path.parts or not (path.is_dir() or path.suffix == ".py"):
                continue
            if path.stem.lower().lstrip("_") in STRAY:
                yield str(path.relative_to(root))
            if path.suffix == ".py":
                found = set(STRAY_CLASS.findall(path.read_text())) - RELAY
                yield from (f"{path.relative_to(root)}: {name}" for name in sorted(found))


def test_no_name_draws_everything_to_it() -> None:
    assert list(stray_names(ROOT)) == []


@pytest.mark.parametrize(
    "planted", ["registry/utils.py", "registry/desk/helpers.py", "tui/common/x.py", "tests/base.py"]
)
def test_a_planted_room_is_seen(planted: str, tmp_path: Path) -> None:
    (tmp_path / planted).parent.mkdir(parents=True)
    (tmp_path / planted).write_text('"""Planted."""\n')
    assert list(stray_names(tmp_path))


def test_a_planted_manager_is_seen(tmp_path: Path) -> None:
    (tmp_path / "registry").mkdir()
    (tmp_path / "registry" / "keys.py").write_text("class KeyManager:\n    pass\n")
    assert list(stray_names(tmp_path)) == ["registry/keys.py: KeyManager"]


def test_tests_are_no_packages() -> None:
    """With importlib mode an `__init__.py` under tests/ changes what a test file is called, and two files collide."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_the_repository_holds_no_registry_and_no_cache() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout, so there is nothing to ask about what is committed")
    unwanted = re.compile(r"(^|/)(muniment-data|demo-data|__pycache__|\.venv)|\.(db|db-wal|pyc|key)$")
    assert [name for name in listed.stdout.splitlines() if unwanted.search(name)] == []
