"""The folder graphql/ is never a package: graphql-core's import name is `graphql`, and Python looks where it starts.

With an `__init__.py` in ours, `import strawberry` fails in the repository root ("specified_rules"); with a test or a
conftest in it, pytest's importlib mode makes `graphql` our namespace and `graphql_sync` is gone. A folder without
either is only a namespace candidate, and loses to site-packages.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROBE = "import graphql, strawberry, gateway; print(graphql.__file__, graphql.graphql_sync.__name__, gateway.__file__)"


def faults(root: Path) -> list[str]:
    """What stands in `graphql/` that may not; empty when all is well."""
    folder = root / "graphql"
    found = {child for child in folder.iterdir() if child.name not in ("gateway", "__pycache__")}
    found |= {path for path in folder.rglob("*.py") if path.name.startswith(("test_", "conftest"))}
    return sorted(str(path.relative_to(root)) for path in found)


def start_python_in(root: Path) -> subprocess.CompletedProcess[str]:
    """`python -c` puts its working folder first on the path, as `python -m` does: exactly the trap."""
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.append({str(ROOT / 'graphql')!r}); {PROBE}"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_folder_holds_the_gateway_and_nothing_else() -> None:
    assert faults(ROOT) == []


def test_strawberry_and_gateway_import_from_the_repository_root() -> None:
    done = start_python_in(ROOT)
    assert done.returncode == 0, done.stderr
    core, sync, gateway = done.stdout.split()
    assert "site-packages" in core
    assert sync == "graphql_sync"
    assert Path(gateway) == ROOT / "graphql" / "gateway" / "__init__.py"


def test_a_planted_init_file_is_seen_and_does_break_strawberry(tmp_path: Path) -> None:
    folder = tmp_path / "graphql"
    (folder / "gateway").mkdir(parents=True)
    assert faults(tmp_path) == []
    assert start_python_in(tmp_path).returncode == 0
    (folder / "__init__.py").touch()
    assert faults(tmp_path) == ["graphql/__init__.py"]
    done = start_python_in(tmp_path)
    assert done.returncode != 0, "the trap no longer snaps: the guard and the odd layout could go"
    assert "graphql" in done.stderr


def test_planted_tests_are_seen(tmp_path: Path) -> None:
    gateway = tmp_path / "graphql" / "gateway"
    gateway.mkdir(parents=True)
    (tmp_path / "graphql" / "conftest.py").touch()
    (gateway / "test_app.py").touch()
    (tmp_path / "graphql" / "schemas").mkdir()
    assert faults(tmp_path) == ["graphql/conftest.py", "graphql/gateway/test_app.py", "graphql/schemas"]
