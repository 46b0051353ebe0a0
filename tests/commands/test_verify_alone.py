"""A receipt in the hands of somebody who has nothing of ours but the program: no registry, no network, no extras.

Ten random rows of real Price Paid Data, in an environment that holds the wheel and its core dependencies and in which
opening any socket fails.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from registry.errors import Unproven
from registry.ledger import receipt as receipts
from registry.ledger.policy import Policy
from registry.ledger.receipt import Receipt
from tests.town import Town

ROOT = Path(__file__).parents[2]
REAL = ROOT / "../shared/data/ppd-1995-complete-head/pp-complete.csv"
SEED = 1995
SOCKETS_OFF = """
import sys

def _no_network(event, arguments):
    if event.startswith("socket."):
        raise OSError(f"the network is off: {event}")

sys.addaudithook(_no_network)
"""
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a policy and ten receipts of random rows, and no registry in reach."""
    folder, away = tmp_path_factory.mktemp("registry"), tmp_path_factory.mktemp("citizen")
    source = REAL if REAL.exists() else ROOT / "fixtures" / "sales.csv"
    rows = shutil.copy(source, folder / "rows.csv")
    town = Town(folder).staff()
    report = town.desk("loader").loads.load(Path(rows))
    assert report.recorded == report.rows == (10_298 if REAL.exists() else 4_000)
    again = town.desk("loader").loads.load(Path(rows))
    assert (again.recorded, again.already) == (0, report.rows)
    assert report.first is not None
    assert report.last is not None
    print(f"seed {SEED}")
    for position in random.Random(SEED).sample(range(report.first, report.last + 1), 10):
        _, raw = town.office.public().receipts.take(str(position))
        (away / f"{position}.tlog-proof").write_bytes(raw)
    (away / "land.policy").write_bytes(town.office.policy_text())
    town.close()
    return away


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`muniment` in an environment of the wheel and its core dependencies alone, sockets off."""
    place = tmp_path_factory.mktemp("alone")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    source = place / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("registry", "tui", "graphql"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    (wheel,) = place.glob("*.whl")
    pins = re.findall(r"^([a-z0-9-]+==[^ ;]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    (place / "pins.txt").write_text("\n".join(pins))
    venv.create(place / "venv", with_pip=True)
    pip = [str(place / "venv/bin/python"), "-m", "pip", "--disable-pip-version-check", "-q", "install"]
    subprocess.run([*pip, "-c", str(place / "pins.txt"), str(wheel)], check=True)
    (packages,) = (place / "venv/lib").glob("python*/site-packages")
    (packages / "sitecustomize.py").write_text(SOCKETS_OFF)
    return place / "venv/bin/muniment"


def _verify(alone: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    return subprocess.run([str(alone), "verify", *words], cwd=folder, env=clean, capture_output=True, text=True)


def test_ten_receipts_of_real_rows_verify_without_registry_network_or_extras(alone: Path, taken: Path) -> None:
    found = sorted(taken.glob("*.tlog-proof"))
    assert len(found) == 10
    for path in found:
        done = _verify(alone, taken, path.name, "--policy", "land.policy")
        assert done.returncode == 0, done.stderr
        assert f"proven     included at {path.stem} in" in done.stdout
        assert "covered by load" in done.stdout
        assert "valid" not in done.stdout.lower()


def test_a_changed_fact_is_refused_in_one_sentence(alone: Path, taken: Path) -> None:
    path = min(taken.glob("*.tlog-proof"))
    found = Receipt.parse(path.read_bytes())
    assert found.extra is not None
    changed = re.sub(rb'"price":([0-9]+)', lambda match: b'"price":%d' % (int(match[1]) + 1), found.extra, count=1)
    assert changed != found.extra
    forged = taken / "forged"
    forged.write_bytes(Receipt(found.index, found.path, found.checkpoint, changed).to_bytes())
    done = _verify(alone, taken, forged.name, "--policy", "land.policy")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("muniment: ")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_any_changed_byte_of_a_receipt_or_policy_is_refused(taken: Path) -> None:
    """400 random bits of receipts and policy; of the policy's file only bytes that mean nothing may differ."""
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    policy = (taken / "land.policy").read_bytes()
    paths = sorted(taken.glob("*.tlog-proof"))
    for _ in range(300):
        raw = bytearray(rng.choice(paths).read_bytes())
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        with pytest.raises(Unproven):
            receipts.verify(bytes(raw), policy)
    raw_receipt = paths[0].read_bytes()
    meant = Policy.parse(policy)
    for _ in range(100):
        changed = bytearray(policy)
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        try:
            same = Policy.parse(bytes(changed)) == meant
        except Unproven:
            continue
        if not same:
            with pytest.raises(Unproven):
                receipts.verify(raw_receipt, bytes(changed))
