"""`muniment gateway` as a process of its own, beside a registry that was founded for it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from registry.office import Office
from registry.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("gateway")
    settings = Settings(folder / "registry", folder / "keys")
    office = Office.found(
        settings,
        origin="registry.example/land",
        department="HMLR",
        department_name="Land Registry",
        officer="m.okoye",
        passphrase="correct horse battery staple",
    )
    office.close()
    return settings


def start(*options: str) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "graphql")])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MUNIMENT_")}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "gateway", *options],
        env=environment | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(settings: Settings) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = start("--port", "0", "--registry", str(settings.registry), "--signer", str(settings.signer))
    with process:
        try:
            assert process.stdout
            said = process.stdout.readline()
            address = re.match(r"The gateway listens on (http://127\.0\.0\.1:\d+) ", said)
            assert address, said + process.communicate(timeout=20)[1]
            yield address[1], process
        finally:
            if process.poll() is None:
                process.kill()


def test_it_serves_health_beside_an_open_office_and_ends_when_interrupted(founded: Settings) -> None:
    with running(founded) as (address, process), httpx2.Client(base_url=address, trust_env=False) as client:
        assert client.get("/livez").json() == {"alive": True}
        first = client.get("/readyz")
        assert first.status_code == 200, first.text
        assert first.json()["origin"] == "registry.example/land"
        assert first.json()["state"] == "ready"
        size = first.json()["size"]
        assert first.json()["sealed"] == size == 4
        with Office.open(founded, officer="m.okoye", passphrase="correct horse battery staple") as office:
            desk = office.desk("m.okoye", "correct horse battery staple")
            desk.officers.add_department("ARCH", "The Archive")
            assert client.get("/readyz").json()["size"] == size + 1
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, ""), out


def test_a_registry_that_goes_away_is_503_and_comes_back(founded: Settings) -> None:
    ledger = founded.registry / "ledger.db"
    aside = ledger.with_name("elsewhere.db")
    with running(founded) as (address, _), httpx2.Client(base_url=address, trust_env=False) as client:
        ledger.rename(aside)
        try:
            answer = client.get("/readyz")
            assert (answer.status_code, answer.json()) == (503, {"state": "away"})
            assert client.get("/livez").status_code == 200
        finally:
            aside.rename(ledger)
        assert client.get("/readyz").status_code == 200


def test_without_a_registry_it_does_not_start(tmp_path: Path) -> None:
    process = start("--port", "0", "--registry", str(tmp_path / "nowhere"))
    out, err = process.communicate(timeout=20)
    assert process.returncode != 0
    assert "no registry here" in err
    assert "Traceback" not in err
    assert "listens" not in out


def test_a_port_in_use_is_one_sentence(founded: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = start("--port", port, "--registry", str(founded.registry), "--signer", str(founded.signer))
        _, err = process.communicate(timeout=20)
    assert process.returncode != 0
    assert f"127.0.0.1:{port} cannot be listened on" in err
    assert "Traceback" not in err
