"""The commands that the README promises, as make itself would run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def dry_run(*targets: str) -> str:
    if shutil.which("make") is None:
        pytest.skip("make is not installed here, so its plan cannot be asked for")
    environment = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    return subprocess.run(
        ["make", "--dry-run", "--always-make", *targets],
        cwd=ROOT,
        env=environment,
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
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make (\w+)", listed, re.MULTILINE)) == makefile_targets()
    assert {"demo", "test", "check", "soak", "fixtures"} <= makefile_targets()


def test_ci_runs_the_command_of_the_readme_and_can_be_started() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().rstrip().splitlines()[-1] == "exec make test"
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
