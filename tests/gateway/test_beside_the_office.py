"""A gateway beside `muniment office`, both in processes of their own: what it does without the office and what through
its door; an office that dies, stalls and comes back; a gateway that lies."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from registry.errors import BadSignature, Malformed, NotHeld, NotPermitted, RegistryError
from registry.office import Office
from registry.records.acts import Reading, details_of
from registry.records.disclosure import reveal, unpack
from tests.gateway.beside import ROOT, Beside, Identity, peopled, readings, until
from tests.gateway.clients import assertion, claims, key_of, public, signed
from tests.gateway.served import Served, codes
from tests.town import Town, document

CLEAR = "query($r:String!){muniment(by:{reference:$r}){status currentVersion{details{name value}}}}"
DETAILS = "query($r:String!){muniment(by:{reference:$r}){versions{edges{node{details(withheld:true){name value}}}}}}"
STRANGER = Identity(65_534, 65_533, "phrase of the gateway")
PROVED = "query($r:String!){muniment(by:{reference:$r}){__typename reference evidence{position entry state}}}"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return peopled(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def both(place: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Beside, Served]]:
    beside = Beside(place, tmp_path_factory.mktemp("gateway"))
    try:
        beside.open_office()
        gate = beside.serve()
        with gate.http:
            yield beside, gate
    finally:
        beside.close()


def told(answer: httpx2.Response) -> list[dict[str, str]]:
    """Each version's details by name, of an answer to DETAILS."""
    assert not codes(answer), answer.text
    versions = answer.json()["data"]["muniment"]["versions"]["edges"]
    return [{one["name"]: one["value"] for one in each["node"]["details"]} for each in versions]


def size(beside: Beside) -> int:
    with Office.reading(beside.town.settings) as office:
        return office.store.head().size


# ---- as it is meant to be ----


def test_it_says_which_way_it_runs_and_holds_no_key_but_its_own(both: tuple[Beside, Served]) -> None:
    beside, gate = both
    assert beside.gateway is not None
    assert "It stands beside the office and asks at its door" in beside.gateway.said
    kept = sorted(str(path.relative_to(beside.signer)) for path in beside.signer.rglob("*") if path.is_file())
    assert kept == ["log.pub", "officers/gateway.key"]
    assert gate.http.get("/readyz").json()["office"] == "open"


def test_a_department_signs_in_looks_up_and_gets_proofs(both: tuple[Beside, Served]) -> None:
    beside, gate = both
    deed = beside.lodge("intake-clerk")
    token = beside.token(gate)

    def sealed() -> bool:
        answer = gate.ask(PROVED, {"r": deed}, token=token)
        assert not codes(answer), answer.text
        return bool(answer.json()["data"]["muniment"]["evidence"]["state"] == "SEALED")

    until(sealed)  # an act of a moment ago is told as recorded, and never as a fault
    assert gate.ask(CLEAR, {"r": deed}, token=token).json()["data"]["muniment"]["status"] == "CURRENT"
    assert gate.ask(CLEAR, {"r": deed}).status_code == 401
    lag = gate.ask("{ledger{catalogueLag checkpoint{size}}}", token=token).json()["data"]["ledger"]
    assert (lag["catalogueLag"], lag["checkpoint"]["size"]) == (0, size(beside))


def test_looking_up_asks_nothing_of_the_office(both: tuple[Beside, Served]) -> None:
    beside, gate = both
    deed, token = beside.lodge(), beside.token(gate)
    assert beside.office is not None
    beside.office.tell(signal.SIGSTOP)
    try:
        for _ in range(20):
            assert gate.ask(CLEAR, {"r": deed}, token=token).status_code == 200
    finally:
        beside.office.tell(signal.SIGCONT)


def test_what_is_withheld_is_one_reading_recorded_under_the_departments_word(both: tuple[Beside, Served]) -> None:
    beside, gate = both
    deed = beside.lodge()
    beside.desk("police-clerk").muniments.revise(deed, document("second"), withheld={"proprietor": "Bea Okafor"})
    before = size(beside)
    answer = gate.ask(DETAILS, {"r": deed}, token=beside.token(gate, purpose="fraud 118"))
    assert [each["proprietor"] for each in told(answer)] == ['"Amara Okafor"', '"Bea Okafor"']
    assert size(beside) == before + 1
    with Office.reading(beside.town.settings) as office:
        act = office.services.act(before)
        assert act is not None
        details = details_of(act.intent)
    assert isinstance(details, Reading)
    assert (act.subject, details.purpose) == ("department/POL", "fraud 118")


def test_what_another_department_keeps_stays_shut_and_is_no_reading(both: tuple[Beside, Served]) -> None:
    beside, gate = both
    deed = beside.lodge("intake-clerk")
    before = size(beside)
    assert told(gate.ask(DETAILS, {"r": deed}, token=beside.token(gate)))[0].get("proprietor") is None
    assert size(beside) == before


def test_forged_and_used_assertions_open_nothing(both: tuple[Beside, Served]) -> None:
    beside, gate = both
    once = beside.assertion()
    assert gate.sign_in(once).status_code == 200
    for wrong in (once, beside.assertion("POL", "land"), beside.assertion(exp=1), once[:-3] + "AAA", "x.y.z"):
        answer = gate.sign_in(wrong)
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_a_revoked_key_is_refused_from_the_next_question_on(both: tuple[Beside, Served]) -> None:
    beside, gate = both
    added = public(key_of("short-lived"))
    desk = beside.desk("founder")
    kid = desk.keys.add("POL", "EdDSA", added)
    token = beside.token(gate, "POL", "short-lived")
    deed = beside.lodge()
    assert gate.ask(CLEAR, {"r": deed}, token=token).status_code == 200
    desk.keys.revoke("POL", desk.keys.list("POL")[-1].kid, "lost on a train")
    assert gate.ask(CLEAR, {"r": deed}, token=token).status_code == 401
    assert gate.sign_in(beside.assertion("POL", "short-lived")).status_code == 401
    assert kid.subject == "department/POL"


# ---- a gateway that lies ----


def test_a_gateway_makes_up_no_department(both: tuple[Beside, Served]) -> None:
    """Whoever holds the gateway's key, and every byte that it ever got, is at the door as its officer."""
    beside, _ = both
    liar, mine = beside.desk("gateway"), beside.lodge("intake-clerk")
    with Office.reading(beside.town.settings) as office:
        position = office.catalogue.history(mine)[0]
    before = size(beside)
    police, land = beside.assertion(), beside.assertion("HMLR", "land")
    long_ago = {"iat": claims()["iat"] - 4_000, "exp": claims()["exp"] - 4_000}
    refused: dict[str, type[RegistryError]] = {
        "": Malformed,
        signed(key_of("a stranger"), claims("HMLR")): NotPermitted,
        signed(key_of("police"), claims("HMLR")): NotPermitted,
        land[: land.rindex(".")] + police[police.rindex(".") :]: BadSignature,
        beside.assertion("HMLR", "land", **long_ago): NotPermitted,
        beside.assertion("HMLR", "land", aud="https://registry.example/sea"): Malformed,
    }
    for word, kind in refused.items():
        for ask in (
            lambda word=word: liar.departments.admit(word),
            lambda word=word: liar.departments.read(word, (position,)),
        ):
            with pytest.raises(kind):
                ask()
    assert liar.departments.read(police, (position,)) == ((),)  # the police may not read it, whoever asks for them
    with pytest.raises(NotPermitted, match="purpose"):
        liar.departments.read(beside.assertion("HMLR", "land", purpose=None), (position,))
    with pytest.raises(NotHeld):
        liar.departments.read(land, (), (mine,))  # to look at it is nobody's reading
    assert size(beside) == before
    assert liar.departments.read(land, (position,)) != ((),)
    assert size(beside) == before + 1  # with a department's word in hand it reads, and that is recorded


def test_the_gateways_officer_can_do_what_a_reader_can_and_no_more(both: tuple[Beside, Served]) -> None:
    beside, _ = both
    desk = beside.desk("gateway")
    with pytest.raises(NotPermitted):
        desk.officers.add_department("X", "X")
    with pytest.raises(NotPermitted):
        desk.keys.add("POL", "EdDSA", public(key_of("third")))


# ---- an office that stalls, dies and comes back ----


def test_a_stalled_office_holds_up_nobody_who_looks_up(both: tuple[Beside, Served]) -> None:
    beside, gate = both
    deed, token, later = beside.lodge(), beside.token(gate), beside.assertion()
    assert beside.office is not None
    beside.office.tell(signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert gate.sign_in(later).status_code == 503
        answer = gate.ask(DETAILS, {"r": deed}, token=token)
        assert (answer.status_code, codes(answer)) == (503, ["UNAVAILABLE"])
        assert "Okafor" not in answer.text
        assert time.monotonic() - began < 10
        assert gate.http.get("/livez").status_code == 200
    finally:
        beside.office.tell(signal.SIGCONT)
    until(lambda: gate.ask(DETAILS, {"r": deed}, token=token).status_code == 200)


def test_an_office_that_is_killed_and_started_again(both: tuple[Beside, Served]) -> None:
    beside, gate = both
    deed, token = beside.lodge(), beside.token(gate)
    assert told(gate.ask(DETAILS, {"r": deed}, token=token))
    assert beside.office is not None
    beside.office.end(signal.SIGKILL)
    unused = beside.assertion()
    for _ in range(3):
        answer = gate.ask(DETAILS, {"r": deed}, token=token)
        assert (answer.status_code, codes(answer)) == (503, ["UNAVAILABLE"])
        assert answer.headers["retry-after"] == "1"
        refused = gate.sign_in(unused)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert gate.ask(CLEAR, {"r": deed}, token=token).status_code == 200
        assert gate.http.get("/checkpoint").status_code == 200
    beside.open_office()
    until(lambda: gate.ask(DETAILS, {"r": deed}, token=token).status_code == 200)
    assert gate.sign_in(beside.assertion()).status_code == 200
    assert gate.sign_in(assertion(now=beside.town.clock.now - 60_000)).status_code == 401  # from before it opened


def test_a_gateway_whose_officer_is_revoked_lets_nobody_in(both: tuple[Beside, Served]) -> None:
    """Last of those that use it; then all is looked over."""
    beside, gate = both
    beside.desk("founder").officers.revoke("gateway", "left")
    assert gate.sign_in(beside.assertion()).status_code == 503
    town = beside.town
    beside.close()
    town.clock.now += 3_600_000
    town.open()
    audit = town.office.audit()
    assert not audit.faults, audit.faults
    acts = readings(town)
    assert audit.checked["readings opened"] == len(acts) >= 4
    for act in acts:
        assert act.vault
        given = unpack(town.office.vault.withheld(act.vault.id))
        details = details_of(act.intent)
        assert isinstance(details, Reading)
        assert reveal([one for one in given if one], (*details.sd, *(act.sd or ())))["officer"] in (
            "department/POL",
            "department/HMLR",
        )
    town.close()


# ---- started before the office ----


def test_started_first_it_waits_for_the_office_and_then_goes_on(tmp_path: Path) -> None:
    beside = Beside(peopled(tmp_path), tmp_path / "own")
    try:
        gate = beside.serve()
        with gate.http:
            assert beside.gateway is not None
            assert "which nobody has opened yet" in beside.gateway.said
            assert gate.sign_in(beside.assertion()).status_code == 503
            told_away = gate.http.get("/readyz")
            assert (told_away.status_code, told_away.json()["state"]) == (200, "degraded")
            assert told_away.json()["office"] == "away"
            beside.open_office()
            deed = beside.lodge()
            until(lambda: gate.sign_in(beside.assertion()).status_code == 200)
            assert told(gate.ask(DETAILS, {"r": deed}, token=beside.token(gate)))
            assert beside.office is not None
            assert "closed" in beside.office.end()
            assert gate.sign_in(beside.assertion()).status_code == 503
            beside.open_office()
            until(lambda: gate.sign_in(beside.assertion()).status_code == 200)
            assert beside.gateway.end(signal.SIGINT).count("Traceback") == 0
            assert beside.gateway.process.returncode == 0
    finally:
        beside.close()


def test_whom_the_door_does_not_let_in_is_told_at_start(tmp_path: Path) -> None:
    town = peopled(tmp_path)
    beside = Beside(town, tmp_path / "own")
    try:
        beside.open_office()
        beside.desk("founder").officers.revoke("gateway", "left")
        with pytest.raises(AssertionError, match="was revoked"):
            beside.serve()
    finally:
        beside.close()


# ---- with a user of its own ----


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may pass through, which pytest's are not."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("a process of another user's can be started by root alone, with setpriv")
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        probe = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); import registry, starlette"]
        if subprocess.run([*STRANGER.become(), *probe], cwd=made, check=False, capture_output=True).returncode:
            pytest.skip("other users can read neither this checkout nor its Python")
        yield Path(made)


def test_a_user_of_its_own_who_may_only_read_is_enough(open_folder: Path) -> None:
    """As docs/departments.md has it: mode 2750 and 640, the folder's group, a signer with two files."""
    town = peopled(open_folder)
    beside = Beside(town, open_folder / "own")
    shutil.copy(open_folder / "phrase", open_folder / STRANGER.phrase)
    for path in (beside.signer, *beside.signer.rglob("*"), open_folder / STRANGER.phrase):
        os.chown(path, STRANGER.user, STRANGER.group)
    for path in (town.settings.registry, *town.settings.registry.iterdir()):
        os.chown(path, -1, STRANGER.group)
        path.chmod(0o2750 if path.is_dir() else 0o640)
    (town.settings.registry / "office.lock").chmod(0o600)
    try:
        beside.open_office()
        gate = beside.serve(STRANGER)
        with gate.http:
            deed, token = beside.lodge(), beside.token(gate)
            assert told(gate.ask(DETAILS, {"r": deed}, token=token))
            assert beside.office is not None
            beside.office.end(signal.SIGKILL)
            assert gate.ask(CLEAR, {"r": deed}, token=token).status_code == 200
            assert gate.http.get("/readyz").json()["office"] == "away"
            beside.open_office()
            until(lambda: gate.ask(DETAILS, {"r": deed}, token=token).status_code == 200)
        for path in town.settings.registry.iterdir():
            assert path.stat().st_uid == 0  # nothing there is the gateway's
    finally:
        beside.close()
