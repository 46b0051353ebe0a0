"""Three workbenches, a gateway that is asked without pause and one bulk load after another on one office, which is
killed and opened again in the middle. For half a minute in `make test`, for ten in `make soak`.

No act waits more than a second while the office is there (three in the short run, beside which other tests run);
whoever was told "recorded" finds it recorded once; the audit finds nothing; and everyone goes on after the office came
back.
"""

from __future__ import annotations

import json
import random
import re
import signal
import statistics
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from registry.commands.keyfiles import make_pair, read_public
from registry.office import Office
from registry.records.acts import Act, Kind, decode_entry
from registry.records.muniment import MunimentKind, Visibility
from registry.records.roles import Role
from registry.settings import Settings
from tests.door.crowd import PHRASE, Clerk, program
from tests.door.makers import Makers
from tests.town import CHEAP, document

CLERKS = ("ada", "ben", "cyd")
AWAY_S = 3.0
EXPECTED = {"200", "401", "UNAUTHENTICATED", "token 200", "token 401", "token 503", "checkpoint 200"}


def peopled(folder: Path) -> tuple[Settings, str]:
    """A registry with everybody in it, closed; and the reference of a muniment that the client asks for."""
    settings = Settings(folder / "data", folder / "data.signer")
    (folder / "phrase").touch(mode=0o600)
    (folder / "phrase").write_text(PHRASE)
    with Office.found(
        settings,
        origin="registry.example/land",
        department="HMLR",
        department_name="Land Registry",
        officer="opener",
        passphrase=PHRASE,
        cost=CHEAP,
    ) as office:
        founder = office.desk("opener", PHRASE)
        lodged = founder.muniments.lodge(document(), MunimentKind.DEED, visibility=Visibility.DEPARTMENTS)
        founder.officers.add_department("POL", "Police")
        founder.keys.add("POL", "EdDSA", read_public(make_pair(folder / "police")))
        year = 365 * 86_400_000
        for name in CLERKS:
            office.enrol(founder, name, "HMLR", PHRASE, role=Role.INTAKE_CLERK, until=_now() + year, may_open=False)
        office.enrol(founder, "loader", "HMLR", PHRASE, role=Role.LOADER, until=_now() + year, may_open=False)
        office.enrol(founder, "gateway", "HMLR", PHRASE, role=Role.READER, until=_now() + year, may_open=False)
    return settings, lodged.subject


def _now() -> int:
    return time.time_ns() // 1_000_000


def opened(folder: Path) -> subprocess.Popen[str]:
    """`muniment office`, open."""
    process = program(folder, "office", who="opener")
    assert process.stdout is not None
    assert "open at" in process.stdout.readline(), (folder / "office.log").read_text()
    return process


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("seconds", "longest_s"),
    [pytest.param(30.0, 3.0, marks=pytest.mark.slow), pytest.param(600.0, 1.0, marks=pytest.mark.soak)],
    ids=["half a minute", "ten minutes"],
)
def test_everybody_goes_on_and_nothing_is_lost(tmp_path: Path, seconds: float, longest_s: float) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    settings, reference = peopled(tmp_path)
    stop = threading.Event()
    office = opened(tmp_path)
    gateway = program(tmp_path, "gateway", "--port", "0", who="gateway")
    assert gateway.stdout is not None
    address = re.search(r"http://127\.0\.0\.1:\d+", gateway.stdout.readline())
    assert address, (tmp_path / "gateway.log").read_text()
    clerks = [Clerk(tmp_path, name, stop) for name in CLERKS]
    makers = Makers(tmp_path, address[0], reference, seed)
    try:
        for clerk in clerks:
            clerk.start()
        stop.wait(seconds / 2)
        before, made_before = [len(clerk.told.done) for clerk in clerks], makers.far()
        office.send_signal(signal.SIGKILL)
        office.communicate()
        stop.wait(AWAY_S)
        office = opened(tmp_path)
        stop.wait(seconds / 2)
        stop.set()
        for clerk in clerks:
            clerk.join(180)
            assert not clerk.is_alive(), f"{clerk.name} did not leave"
    finally:
        stop.set()
        made = makers.end()
        for process in (gateway, office):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
    told = [clerk.told for clerk in clerks]
    waits = sorted(wait for one in told for wait in one.waits_s)
    print(
        f"{len(waits)} acts: p50 {statistics.median(waits):.3f} s, longest {waits[-1]:.3f} s; {made.rows:,} rows, "
        f"{made.outages} outages of loads; client {made.codes}"
    )
    faults = [*(fault for one in told for fault in one.faults), *made.faults]
    assert not faults, faults
    assert waits[-1] <= longest_s
    assert all(one.outages for one in told) or made.outages, "nobody noticed that the office was killed"
    for clerk, done in zip(clerks, before, strict=True):
        assert len(clerk.told.done) > done > 0, f"{clerk.name} did not go on"
    assert made.codes["200"] > made_before.codes["200"] > 0
    assert set(made.codes) <= EXPECTED
    with Office.reading(settings) as registry:
        recorded, rows = Counter[str](), 0
        for _, raw in enumerate(registry.services.log.entries(0, registry.store.head().size)):
            entry = decode_entry(raw)
            if not isinstance(entry, Act):
                rows += 1
            elif entry.intent.kind is Kind.LODGED:
                recorded[json.loads(bytes(entry.intent.details)).get("facts", {}).get("title", "")] += 1
        del recorded[""]
        assert recorded == Counter(title for one in told for title in one.done)
        assert rows == made.rows
        audited = registry.audit()
    assert audited.ok, audited.faults
