"""kill -9 after each durable step of each script, by name: what was answered is there, once, and the rest is mended.

An uninterrupted run first lists the steps; a step that is not in the table below, or no longer comes, fails the test.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from registry.errors import NotPermitted
from registry.office import Office
from registry.records.acts import Act, Kind, Row, decode_entry
from registry.records.roles import Role
from tests.crashes.aftermath import faults, lost
from tests.crashes.nursery import Broken, Copies, Ended
from tests.crashes.scripts import DEPUTY, NEWCOMER, file_of

ACT = ("ledger committed", "catalogue projected", "mark moved", "checkpoint signed", "checkpoint stored")
LOAD = (*ACT, "load opened", "batch recorded", "catalogue caught up", "load closed")
STEPS: dict[str, tuple[str, ...]] = {
    "lodge": ("body part kept", "body sealed", *ACT),
    "revise": ("body sealed", *ACT),
    "read": ("body sealed", *ACT),
    "load_sales": (*LOAD, "rejects written"),
    "load_muniments": (*LOAD, "body sealed"),
    "enrol": ("key file written", "body sealed", *ACT, "unlock key handed"),
    "revoke": (*ACT, "unlock key changed"),
    "adopt": (*ACT, "mark adopted"),
}
PERHAPS = {"catalogue caught up"}  # the thread beside the turn may come first
"""In every script: an act may be projected by who recorded it, or by the thread that follows."""


@pytest.fixture(scope="session")
def listed() -> dict[str, Ended]:
    """An uninterrupted run of each script, once it was asked for."""
    return {}


def uninterrupted(script: str, broken: Copies, listed: dict[str, Ended]) -> Ended:
    if script not in listed:
        listed[script] = prepared(script, broken).run(script)
    return listed[script]


def prepared(script: str, broken: Copies) -> Broken:
    """A registry on which the script can run."""
    made = broken()
    if script == "adopt":
        for path in (made.folder / "data.signer").glob("mark.db*"):
            path.unlink()
    return made


@pytest.mark.parametrize("script", STEPS)
def test_the_table_names_every_durable_step(script: str, broken: Copies, listed: dict[str, Ended]) -> None:
    ended = uninterrupted(script, broken, listed)
    assert not ended.killed
    assert not ended.error, ended.sentence
    assert set(STEPS[script]) - PERHAPS <= set(ended.steps) <= {*STEPS[script], *PERHAPS}


@pytest.mark.slow
@pytest.mark.parametrize(("script", "step"), [(script, step) for script in STEPS for step in STEPS[script]])
def test_killed_after(script: str, step: str, broken: Copies, listed: dict[str, Ended]) -> None:
    """…each time that this step is done: the registry opens, and holds all that was answered."""
    times = Counter(uninterrupted(script, broken, listed).steps)[step]
    for time in sorted({1, 2, times}) if times > 1 else [1]:
        registry = prepared(script, broken)
        ended = registry.run(script, stop=(step, time))
        assert ended.killed or time > 1 or step in PERHAPS, f"{step} was not reached"
        AFTER[script](registry, ended)


def opened(registry: Broken, ended: Ended) -> Office:
    """The office, opened again: nothing answered is lost, and nothing is wrong."""
    office = registry.open()
    assert list(lost(office, ended.answers)) == []
    assert list(faults(office)) == []
    return office


def recorded(office: Office, kind: Kind) -> int:
    entries = map(decode_entry, office.log.entries(0, office.store.head().size))
    return sum(isinstance(entry, Act) and entry.intent.kind is kind for entry in entries)


def after_an_act(kind: Kind, before: int, registry: Broken, ended: Ended) -> None:
    """There if it was committed, and not if it was not; doing it again is possible."""
    there = before + ended.steps.count("ledger committed")
    assert before + len(ended.answers) <= there
    with opened(registry, ended) as office:
        assert recorded(office, kind) == there
    again = registry.run(SCRIPT_OF[kind], seed=2)
    assert not again.error, again.sentence
    with opened(registry, again) as office:
        assert recorded(office, kind) == there + 1


SCRIPT_OF = {Kind.LODGED: "lodge", Kind.REVISED: "revise", Kind.READ: "read"}


def after_a_load(script: str, registry: Broken, ended: Ended) -> None:
    """It goes on where it was; the totals are those of a load that was never interrupted, no row is there twice."""
    file = file_of(registry.folder, script)
    expected = json.loads(file.with_name(f"{file.name}.expected.json").read_text())
    answered = max((answer["rows"] for answer in ended.answers if "rows" in answer), default=0)
    with opened(registry, ended) as office:
        loads = office.store.loads()
        assert len(loads) <= 1
        assert (loads[0].next_row - 1 if loads else 0) >= answered
        done = any(load.closed is not None for load in loads)
    again = registry.run(script)
    assert not again.error, again.sentence
    report = dict(again.answers[-1]["report"])
    if done:
        assert report == {**dict.fromkeys(expected, 0), "rows": expected["rows"], "already": expected["rows"]}
    else:
        assert report == expected
    assert rejects_of(registry, script) == expected["rejected"]
    with opened(registry, again) as office:
        (load,) = office.store.loads()
        entries = [decode_entry(raw) for raw in office.log.entries(0, office.store.head().size)]
        rows = Counter(entry.row for entry in entries if isinstance(entry, Row))
        assert set(rows.values()) <= {1}
        assert len(rows) == expected["recorded"] + expected["changed"] + expected["withdrawn"] == load.entries
        assert recorded(office, Kind.LOAD_OPENED) == recorded(office, Kind.LOAD_CLOSED) == 1
    third = registry.run(script).answers[-1]["report"]
    assert (third["recorded"], third["already"]) == (0, expected["rows"])


def rejects_of(registry: Broken, script: str) -> int:
    file = file_of(registry.folder, script)
    path = file.with_name(f"{file.name}.rejects.csv")
    if not path.exists():
        return 0
    with path.open(encoding="utf-8", errors="replace", newline="") as stream:
        return sum(1 for _ in csv.DictReader(stream))


def after_an_enrolment(registry: Broken, ended: Ended) -> None:
    """He is enrolled and has his key, or neither; what is still to do can be done, and then he opens the office."""
    with opened(registry, ended) as office:
        standing, names = office.services.standing(), office.services.names()
        references = [reference for reference, name in names.items() if name == NEWCOMER]
        assert (NEWCOMER in office.signer.officers.names()) == bool(references)
        desk = office.desk("founder", "founder's")
        if not references:
            references = [
                office.enrol(desk, NEWCOMER, "HMLR", f"{NEWCOMER}'s", role=Role.INTAKE_CLERK, may_open=True)[0].subject
            ]
        else:
            if not standing.role_rows(references[0]):
                desk.officers.appoint(NEWCOMER, Role.INTAKE_CLERK)
            if references[0] not in standing.may_open():
                desk.officers.hand_unlock(NEWCOMER)
        assert list(faults_but_sealing(office)) == []
    with registry.open(NEWCOMER) as office:
        assert office.desk(NEWCOMER, f"{NEWCOMER}'s").officer == references[0]


def faults_but_sealing(office: Office) -> list[str]:
    office.services.seal()
    return list(faults(office))


def after_a_revocation(registry: Broken, ended: Ended) -> None:
    """From its commit on he cannot open the office, not even as the first after the crash."""
    if "ledger committed" in ended.steps:
        with pytest.raises(NotPermitted):
            registry.open(DEPUTY)
    else:
        registry.open(DEPUTY).close()
    with opened(registry, ended) as office:
        able = office.signer.who_may_open()
    assert (registry.references[DEPUTY] in able) == ("ledger committed" not in ended.steps)


def after_adopting(registry: Broken, ended: Ended) -> None:
    """Until the mark is adopted nothing opens; then everything does."""
    if "mark adopted" not in ended.steps:
        again = registry.run("adopt")
        assert not again.error, again.sentence
    opened(registry, ended).close()


AFTER: dict[str, Callable[[Broken, Ended], None]] = {
    "lodge": partial(after_an_act, Kind.LODGED, 1),
    "revise": partial(after_an_act, Kind.REVISED, 0),
    "read": partial(after_an_act, Kind.READ, 0),
    "load_sales": partial(after_a_load, "load_sales"),
    "load_muniments": partial(after_a_load, "load_muniments"),
    "enrol": after_an_enrolment,
    "revoke": after_a_revocation,
    "adopt": after_adopting,
}
