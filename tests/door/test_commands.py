"""`muniment office` in a process of its own, and the commands of several officers through its door."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.door.client import knock
from tests.commands.conftest import FIXTURES, ROOT, START, Place, asked_here, enrol, found

SLOW_LOAD = """
import registry.desk.loads as loads
from registry.loading.loader import Loader
batches = Loader._batches
def slowly(self, source, report):
    import time
    def told(counts):
        report(counts)
        time.sleep(0.05)
    return batches(self, source, told)
Loader._batches = slowly
"""


class Office:
    """`muniment office` by a.admin, in a process of its own."""

    def __init__(self, place: Place, before: str = "") -> None:
        self.place = place
        variables = place.variables("a.admin") | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "graphql")])}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", before + START, "office"],
            cwd=place.folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Ask it to stop; its exit code, and what more it said."""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """HMLR with a clerk, a loader and a reader; none of them may open the office."""
    made = found(tmp_path_factory.mktemp("served"))
    enrol(made, "c.clerk", "intake-clerk")
    enrol(made, "l.loader", "loader")
    enrol(made, "r.reader", "reader")
    (made.folder / "deed.txt").write_text("THIS DEED\n")
    return made


@pytest.fixture
def office(place: Place) -> Iterator[Office]:
    """Open; closed afterwards, if it is not already."""
    opened = Office(place)
    yield opened
    if opened.process.poll() is None:
        opened.stop()
    for stream in (opened.process.stdout, opened.process.stderr):
        if stream is not None:
            stream.close()


def test_it_says_where_it_listens_and_closes_in_order(office: Office) -> None:
    assert office.said == f"registry.example/land: open at {office.place.registry / 'door'}. Ctrl-C closes it.\n"
    code, out, err = office.stop(signal.SIGINT)
    assert (code, out, err) == (0, "registry.example/land: closed.\n", "Closing; what was begun is finished first.\n")
    assert not (office.place.registry / "door").exists()
    assert (office.place.registry / "office.lock").stat().st_size == 0


def test_a_clerk_who_could_not_open_it_lodges_shows_and_opens(office: Office, tmp_path: Path) -> None:
    place = office.place
    lodged = asked_here(place, "lodge", place.folder / "deed.txt", "--kind", "DEED", "--json", officer="c.clerk")
    subject = lodged.done().json()["subject"]
    assert asked_here(place, "show", subject, officer="c.clerk").done().out
    body = tmp_path / "back.txt"
    asked_here(place, "open", subject, "-o", body, officer="r.reader").done()
    assert body.read_text() == "THIS DEED\n"
    history = asked_here(place, "history", subject, officer="c.clerk").done().out
    assert "(c.clerk) of HMLR" in history
    assert "numbers run on, and every link agrees with the tree" in history
    receipt = tmp_path / "deed.tlog-proof"
    asked_here(place, "receipt", subject, "-o", receipt, "--with-disclosures", officer="c.clerk").done()
    asked_here(place, "revise", subject, place.folder / "deed.txt", officer="c.clerk").done()
    asked_here(place, "find", "deed", officer="c.clerk").done()


def test_an_administrator_enrols_appoints_and_lists_through_it(office: Office) -> None:
    place = office.place
    asked_here(place, "department", "add", "COURT", "County Court", officer="a.admin").done()
    enrol(place, "n.newcomer", "intake-clerk", department="COURT")
    listed = asked_here(place, "officer", "list", officer="a.admin").done().out
    assert "n.newcomer" in listed
    refused = asked_here(place, "officer", "appoint", "c.clerk", "auditor", officer="n.newcomer")
    assert refused.code == 1
    assert "you may not appoint officers" in refused.err
    asked_here(place, "officer", "appoint", "n.newcomer", "reader", officer="a.admin").done()
    asked_here(place, "officer", "revoke", "n.newcomer", "--reason", "left", officer="a.admin").done()
    assert asked_here(place, "find", "deed", officer="n.newcomer").code == 1


def test_a_loader_loads_through_it_and_sees_loads(office: Office, tmp_path: Path) -> None:
    place = office.place
    path = tmp_path / "adds.csv"
    path.write_bytes((FIXTURES / "adds.csv").read_bytes())
    tried = asked_here(place, "load", "--dry-run", path, "--json", officer="l.loader").done().json()
    loaded = asked_here(place, "load", path, "--json", officer="l.loader").done().json()
    assert loaded["recorded"] == tried["recorded"] > 0
    assert loaded["finished"]
    again = asked_here(place, "load", path, officer="l.loader").done()
    assert "0 new" in again.out
    assert "adds.csv" in asked_here(place, "loads", officer="l.loader").done().out


def test_muniments_with_their_bodies_are_loaded_through_it(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "muniments.jsonl"
    path.write_bytes((FIXTURES / "muniments.jsonl").read_bytes())
    (tmp_path / "bodies").mkdir()
    for body in (FIXTURES / "bodies").iterdir():
        (tmp_path / "bodies" / body.name).write_bytes(body.read_bytes())
    loaded = asked_here(office.place, "load", "--as", "muniments", path, "--json", officer="l.loader").done().json()
    expected = json.loads((FIXTURES / "muniments.jsonl.expected.json").read_text())
    assert {name: loaded[name] for name in expected} == expected


def test_what_reads_beside_it_goes_on(office: Office) -> None:
    for line in (("status",), ("audit",), ("policy", "-o", "beside.policy"), ("checkpoint",), ("department", "list")):
        asked_here(office.place, *(str(office.place.folder / one) if "." in one else one for one in line)).done()


def test_a_second_office_is_told_who_has_it(office: Office) -> None:
    second = asked_here(office.place, "office", officer="a.admin")
    assert second.code == 4
    assert f"held open by a.admin (process {office.process.pid}, since " in second.err
    assert asked_here(office.place, "rebuild", officer="a.admin").code == 4
    asked_here(office.place, "find", "deed", officer="c.clerk").done()


def test_who_may_not_open_it_does_not_hold_it(place: Place) -> None:
    answer = asked_here(place, "office", officer="c.clerk")
    assert answer.code == 1
    assert "does not hold its unlock key" in answer.err


def test_a_wrong_passphrase_is_told_at_the_door_too(office: Office) -> None:
    phrase = office.place.phrase("r.reader")
    right = phrase.read_text()
    phrase.write_text("not the phrase\n")
    answer = asked_here(office.place, "find", "deed", officer="r.reader")
    phrase.write_text(right)
    assert answer.code == 2
    assert "passphrase" in answer.err


def test_a_killed_office_is_told_and_everyone_goes_on_when_it_is_back(place: Place) -> None:
    opened = Office(place)
    asked_here(place, "lodge", place.folder / "deed.txt", "--kind", "DEED", officer="c.clerk").done()
    opened.process.kill()
    opened.process.communicate(timeout=30)
    assert (place.registry / "door").exists()
    assert knock(place.registry) is None
    told = asked_here(place, "lodge", place.folder / "deed.txt", "--kind", "DEED", officer="c.clerk")
    assert told.code == 4  # and whoever tries again later does right
    assert "nobody has opened the office" in told.err
    again = Office(place)
    try:
        asked_here(place, "lodge", place.folder / "deed.txt", "--kind", "DEED", officer="c.clerk").done()
        asked_here(place, "audit").done()
    finally:
        assert again.stop()[0] == 0


@pytest.mark.parametrize("who", ["client", "office"])
def test_a_load_through_the_door_stops_in_order_and_goes_on(place: Place, tmp_path: Path, who: str) -> None:
    """Ctrl-C of the loader, or the office closing under him: what was recorded stays, the same command goes on."""
    from fixtures.generate import main as generate

    generate(["--rows", "20000", "--seed", "7" if who == "client" else "8", "--out", str(tmp_path)])
    path = tmp_path / "sales.csv"
    opened = Office(place, SLOW_LOAD)
    variables = place.variables("l.loader") | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "graphql")])}
    loader = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", START, "load", str(path)],
        cwd=place.folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    size, end = 0, time.monotonic() + 30
    while time.monotonic() < end:
        size, before = asked_here(place, "status", "--json").done().json()["size"], size
        if before and size > before:
            break
    (loader if who == "client" else opened.process).send_signal(signal.SIGINT)
    _, err = loader.communicate(timeout=30)
    assert loader.returncode == 4, err
    assert "stopped after" in err
    assert "give the same command again to go on" in err
    assert "Traceback" not in err
    if who == "office":
        _, err = opened.process.communicate(timeout=30)
        assert opened.process.returncode == 0, err
        opened = Office(place)
    done = asked_here(place, "load", path, "--json", officer="l.loader").done().json()
    assert done["finished"]
    assert done["rows"] == 20_000
    assert opened.stop()[0] == 0
    asked_here(place, "audit").done()
