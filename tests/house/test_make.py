"""The commands that the README promises, as make itself would run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def quiet() -> dict[str, str]:
    """The environment without what a surrounding make would hand down."""
    return {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}


def dry_run(*targets: str) -> str:
    if shutil.which("make") is None:
        pytest.skip("make is not installed here, so its plan cannot be asked for")
    return subprocess.run(
        ["make", "--dry-run", "--always-make", *targets],
        cwd=ROOT,
        env=quiet(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def makefile_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("target", ["check", "test"])
def test_a_run_formats_lints_types_and_keeps_the_contracts(target: str) -> None:
    plan = dry_run(target)
    for tool in ("ruff check .", "ruff format --check .", "bin/mypy", "bin/lint-imports", "-m pytest"):
        assert tool in plan, f"make {target} does not run {tool}"


@pytest.mark.parametrize("target", ["demo", "test"])
def test_everything_is_installed_with_hashes(target: str) -> None:
    installs = re.findall(r"-m pip .*install (.*)", dry_run(target))
    assert installs
    for options in installs:
        assert "--require-hashes" in options or "--no-deps --no-build-isolation -e ." in options


def test_make_alone_lists_every_target() -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed here")
    listed = subprocess.run(["make"], cwd=ROOT, env=quiet(), capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make (\w+)", listed, re.MULTILINE)) == makefile_targets()
    assert {"demo", "test", "check", "soak", "fixtures"} <= makefile_targets()


def test_ci_runs_the_command_of_the_readme_and_can_be_started() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().rstrip().splitlines()[-1] == "exec make test"
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


def stand_in(path: Path, version_is_good: bool) -> Path:
    """A python3 as some machines have it: too old, or good but without the venv package."""
    path.write_text(f'#!/bin/sh\ncase "$2" in *version_info*) exit {0 if version_is_good else 1};; *) exit 1;; esac\n')
    path.chmod(0o755)
    return path


def make_venv(folder: Path, *pythons: Path | str) -> subprocess.CompletedProcess[str]:
    if shutil.which("make") is None:
        pytest.skip("make is not installed here")
    settings = [f"VENV={folder}", f"PYTHON={' '.join(str(python) for python in pythons)}"]
    return subprocess.run(
        ["make", *settings, f"{folder}/bin/python"], cwd=ROOT, env=quiet(), capture_output=True, text=True, check=False
    )


def test_an_old_python_is_refused_in_one_sentence(tmp_path: Path) -> None:
    done = make_venv(tmp_path / "venv", stand_in(tmp_path / "old", version_is_good=False), tmp_path / "none-at-all")
    assert done.returncode != 0
    assert done.stderr.splitlines()[0].startswith("Muniment wants Python 3.11 or newer, and none was found")
    assert not (tmp_path / "venv").exists()


def test_a_python_without_its_venv_package_says_what_to_install(tmp_path: Path) -> None:
    done = make_venv(tmp_path / "venv", stand_in(tmp_path / "bare", version_is_good=True))
    assert done.returncode != 0
    assert "apt install python3-venv" in done.stderr.splitlines()[0]
    assert not (tmp_path / "venv").exists()


@pytest.mark.slow
def test_the_first_python_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    done = make_venv(tmp_path / "venv", stand_in(tmp_path / "old", version_is_good=False), sys.executable)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "venv" / "bin" / "pip").exists()
