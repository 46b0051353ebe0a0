"""A verifier stays light: it loads no database, no screen and no web, and can be read in an afternoon."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = set("peewee playhouse apsw sqlite3 psycopg textual strawberry starlette uvicorn typer rich".split())
VERIFYING = ("merkle", "tiles", "note", "checkpoint", "cosignature", "policy", "receipt")


def test_importing_the_verifier_loads_nothing_heavy() -> None:
    code = "import sys, registry.ledger.receipt; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "registry.ledger.receipt" in loaded
    assert HEAVY.isdisjoint(name.partition(".")[0] for name in loaded)
    rooms = {name.split(".")[1] for name in loaded if name.startswith("registry.")}
    assert rooms == {"errors", "ledger", "records"}


def test_the_verifying_part_stays_within_a_thousand_lines() -> None:
    counts = {name: len((ROOT / "registry/ledger" / f"{name}.py").read_text().splitlines()) for name in VERIFYING}
    assert sum(counts.values()) <= 1_000, counts
