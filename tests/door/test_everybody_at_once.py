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

from fixtures.expected import Expected
from fixtures.generate import lines
from fixtures.sales import Sales
from fixtures.volumes import LATER
from registry.commands.keyfiles import make_pair, read_public
from registry.office import Office
from registry.records.acts import Act, Kind, decode_entry
from registry.records.muniment import MunimentKind, Visibility
from registry.records.roles import Role
from registry.settings import Settings
from tests.door.crowd import PHRASE, Clerk, Client, Loader, program
from tests.town import CHEAP, document

CLERKS = ("ada", "ben", "cyd")
ROWS = 50_000
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


class Files:
    """Files of sales that nobody has, each from the seed and its number."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._seed, self.written = folder, seed, 0

    def __call__(self, number: int) -> Path:
        path = self._folder / f"sales-{number}.csv"
        rng = random.Random(f"{self._seed} {number}")
        with path.open("wb") as file:
            file.writelines(lines(Sales(rng, LATER, ROWS), rng, ROWS, {}, Expected()))
        self.written += ROWS
        return path


def assertion(folder: Path, url: str) -> str:
    """A fresh one of the police's."""
    with program(
        folder, "token", "--client", "POL", "--key", "police.pem", "--url", url, "--assertion", who="opener"
    ) as signing:
        return signing.communicate()[0].strip()


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
    files = Files(tmp_path, seed)
    clerks = [Clerk(tmp_path, name, stop) for name in CLERKS]
    client = Client(address[0], lambda: assertion(tmp_path, address[0]), reference, stop)
    loader = Loader(tmp_path, files, stop)
    everybody: list[threading.Thread] = [*clerks, client, loader]
    try:
        for one in everybody:
            one.start()
        stop.wait(seconds / 2)
        before = [len(clerk.told.done) for clerk in clerks], Counter(client.codes)
        office.send_signal(signal.SIGKILL)
        office.communicate()
        stop.wait(AWAY_S)
        office = opened(tmp_path)
        stop.wait(seconds / 2)
        stop.set()
        for one in everybody:
            one.join(180)
            assert not one.is_alive(), f"{one.name} did not leave"
    finally:
        stop.set()
        for process in (gateway, office):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
    told = [clerk.told for clerk in clerks]
    waits = sorted(wait for one in told for wait in one.waits_s)
    print(
        f"{len(waits)} acts: p50 {statistics.median(waits):.3f} s, longest {waits[-1]:.3f} s; {files.written:,} rows, "
        f"{loader.outages} outages of loads; client {dict(client.codes)}"
    )
    faults = [*(fault for one in told for fault in one.faults), *client.faults, *loader.faults]
    assert not faults, faults
    assert waits[-1] <= longest_s
    assert all(one.outages for one in told) or loader.outages, "nobody noticed that the office was killed"
    for clerk, done in zip(clerks, before[0], strict=True):
        assert len(clerk.told.done) > done > 0, f"{clerk.name} did not go on"
    assert client.codes["200"] > before[1]["200"] > 0
    assert set(client.codes) <= EXPECTED
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
        assert rows == files.written
        audited = registry.audit()
    assert audited.ok, audited.faults
