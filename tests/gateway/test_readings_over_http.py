"""What a department reads of withheld material over HTTP: recorded under its word before the answer leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.answers import Answering
from gateway.app import Service
from gateway.credentials import Credentials
from gateway.operation import House
from registry.office import Office
from registry.records.acts import Kind
from registry.records.muniment import Visibility
from tests.gateway.served import SCHEMA, Served, codes, serving, staffed
from tests.town import Town

CLEAR = "query($r:String!){muniment(by:{reference:$r}){currentVersion{details{name value}}}}"
DETAILS = "query($r:String!){muniment(by:{reference:$r}){currentVersion{details(withheld:true){name value}}}}"


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    town = staffed(Town(tmp_path_factory.mktemp("town")))
    with serving(town) as served:
        yield served
    town.close()


def _details(gate: Served, reference: str, token: str) -> dict[str, object]:
    answer = gate.ask(DETAILS, {"r": reference}, token=token)
    assert not codes(answer), answer.text
    return {one["name"]: one["value"] for one in answer.json()["data"]["muniment"]["currentVersion"]["details"]}


def test_a_reading_is_recorded_under_the_departments_word_and_the_audit_is_clean(gate: Served) -> None:
    mine = gate.town.lodge("police-clerk").subject
    size = gate.town.office.store.head().size
    assert _details(gate, mine, gate.token())["proprietor"] == '"Amara Okafor"'
    assert gate.town.office.store.head().size == size + 1
    act = gate.town.office.services.act(size)
    assert act is not None
    assert (act.intent.kind, act.intent.department, act.subject) == (Kind.READ, "POL", "department/POL")
    audit = gate.town.office.audit()
    assert not audit.faults, audit.faults
    assert audit.checked["readings opened"] >= 1


def test_another_departments_withheld_members_stay_closed_and_nothing_is_recorded(gate: Served) -> None:
    theirs = gate.town.lodge().subject
    size = gate.town.office.store.head().size
    assert _details(gate, theirs, gate.token()).get("proprietor") is None
    assert gate.town.office.store.head().size == size


def test_without_a_purpose_nothing_withheld_is_read(gate: Served) -> None:
    mine = gate.town.lodge("police-clerk").subject
    size = gate.town.office.store.head().size
    answer = gate.ask(DETAILS, {"r": mine}, token=gate.token(purpose=None))
    assert codes(answer) == ["PURPOSE_REQUIRED"]
    assert "Okafor" not in answer.text
    assert gate.town.office.store.head().size == size


def test_absent_and_out_of_reach_look_alike(gate: Served) -> None:
    token = gate.token()
    hidden = gate.town.lodge(visibility=Visibility.OWN).subject
    absent = "muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10"
    answers = []
    for reference in (hidden, absent):
        error = gate.ask(DETAILS, {"r": reference}, token=token).json()["errors"][0]
        error["extensions"].pop("correlationId")
        answers.append(error)
    assert answers[0] == answers[1]


def test_a_reading_that_cannot_be_recorded_is_503_and_nothing_leaves(tmp_path: Path) -> None:
    """The office closes under a gateway that reads beside it: what is looked up is answered, a reading is not."""
    town = staffed(Town(tmp_path))
    own = town.lodge("police-clerk", visibility=Visibility.OWN).subject
    desk = town.desk("gateway")
    with Office.reading(town.settings, clock=town.clock) as reading:
        admission = reading.admission(desk.departments)
        credentials = Credentials(f"https://{reading.origin}", admission.admit, lambda: town.clock.now / 1_000)
        with serving(town, Service(Answering(SCHEMA, House.of(desk), town.clock), credentials)) as gate:
            token = gate.token()
            town.close()
            for asked in (CLEAR, DETAILS):
                answer = gate.ask(asked, {"r": own}, token=token)
                assert (answer.status_code, codes(answer)) == (503, ["UNAVAILABLE"]), answer.text
                assert answer.headers["retry-after"] == "1"
                assert "K871204" not in answer.text
            assert gate.ask("{ledger{checkpoint{size}}}", token=token).status_code == 200
