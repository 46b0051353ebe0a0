"""Readings: what is handed out only after it was recorded, and what a reading's entry does not tell."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from msgspec import UNSET

from registry.desk.desk import Desk
from registry.errors import Busy, NotHeld, NotPermitted
from registry.ledger.receipt import verify
from registry.office import Office
from registry.records.acts import REFUSED, Act, Kind, decode_entry
from registry.records.muniment import Visibility
from tests.acts.borough import HMLR, POL, Borough

OWN, DEPARTMENTS, PUBLIC = Visibility.OWN, Visibility.DEPARTMENTS, Visibility.PUBLIC


@pytest.fixture(scope="module")
def borough(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Borough]:
    """Whatever is read, the audit opens every reading and finds each in order: officer, key, right."""
    town = Borough(tmp_path_factory.mktemp("borough"))
    yield town
    found = town.office.audit()
    assert found.faults == ()
    done = [one for one in readings(town, 0) if one.outcome is UNSET]
    assert found.checked["readings opened"] == len(done) > 0
    town.close()


def readings(town: Borough, since: int) -> list[Act]:
    """The readings recorded from that position on."""
    entries = [decode_entry(raw) for raw in town.office.log.entries(since, town.size)]
    return [one for one in entries if isinstance(one, Act) and one.intent.kind is Kind.READ]


Read = Callable[[Desk, str], object]

ARE_READINGS: dict[str, tuple[Visibility, Read]] = {
    "the body of what departments see": (DEPARTMENTS, lambda desk, it: desk.muniments.open(it, io.BytesIO())),
    "the body of what its own department sees": (OWN, lambda desk, it: desk.muniments.open(it, io.BytesIO())),
    "the details of what its own department sees": (OWN, lambda desk, it: desk.lookups.show(it)),
    "the history of what its own department sees": (OWN, lambda desk, it: desk.lookups.history(it)),
    "a receipt of what its own department sees": (OWN, lambda desk, it: desk.receipts.take(it)),
    "a receipt with disclosures": (DEPARTMENTS, lambda desk, it: desk.receipts.take(it, disclosures=True)),
    "the same of what its own department sees": (OWN, lambda desk, it: desk.receipts.take(it, disclosures=True)),
    "withheld details of what is public": (PUBLIC, lambda desk, it: desk.receipts.take(it, disclosures=True)),
}


@pytest.mark.parametrize("what", ARE_READINGS)
def test_it_is_exactly_one_reading_that_names_neither_officer_nor_subject(borough: Borough, what: str) -> None:
    visibility, read = ARE_READINGS[what]
    desk, subject = borough.desk("reader"), borough.muniment(HMLR, visibility)
    before = borough.size
    read(desk, subject)
    (reading,) = readings(borough, before)
    assert borough.size == before + 1
    assert (reading.subject, reading.intent.department, reading.outcome) == ("department/HMLR", HMLR, UNSET)
    assert (reading.intent.officer, reading.signature) == (UNSET, UNSET)
    raw = borough.office.log.entry(before)
    for told in (desk.officer, "reader", subject.partition("/")[2], "version", '"details"', "history", "receipt"):
        assert told.encode() not in raw.replace(b'"details":', b"")


ARE_NONE: dict[str, tuple[Visibility, Read]] = {
    "the body of what is public": (PUBLIC, lambda desk, it: desk.muniments.open(it, io.BytesIO())),
    "a search": (DEPARTMENTS, lambda desk, it: desk.lookups.find("deed")),
    "details that departments see": (DEPARTMENTS, lambda desk, it: desk.lookups.show(it)),
    "a history that departments see": (DEPARTMENTS, lambda desk, it: desk.lookups.history(it)),
    "a receipt of what departments see": (DEPARTMENTS, lambda desk, it: desk.receipts.take(it)),
    "public details": (PUBLIC, lambda desk, it: desk.lookups.show(it)),
    "the own department's history": (PUBLIC, lambda desk, it: desk.lookups.history("department/HMLR")),
    "the officers": (PUBLIC, lambda desk, it: desk.officers.list()),
}


@pytest.mark.parametrize("what", ARE_NONE)
def test_looking_at_what_is_visible_is_no_reading(borough: Borough, what: str) -> None:
    visibility, look = ARE_NONE[what]
    desk = borough.desk("reader" if "own" in what else "police-reader")
    subject = borough.muniment(HMLR, visibility)
    before = borough.size
    assert look(desk, subject)
    assert borough.size == before


def test_what_the_public_looks_up_leaves_no_trace(borough: Borough) -> None:
    subject, desk = borough.muniment(HMLR, PUBLIC), borough.office.public()
    borough.office.services.seal()
    before = borough.size
    for look in (desk.lookups.find, desk.lookups.show, desk.lookups.history, desk.receipts.take):
        assert look(subject)
    desk.status()
    assert borough.size == before


def test_a_reading_is_durable_before_the_first_byte(borough: Borough) -> None:
    """Another process, which sees what is committed and nothing else, finds it when the first byte comes."""
    subject = borough.muniment(HMLR)
    before = borough.size
    seen: list[int] = []

    class Sink(io.BytesIO):
        def write(self, chunk: object, /) -> int:
            if not seen:
                with Office.reading(borough.settings) as beside:
                    entries = beside.log.entries(before, beside.store.head().size)
                    seen.extend(1 for raw in entries if b'"kind":"READ"' in raw)
            return super().write(chunk)  # type: ignore[arg-type]

    sink = Sink()
    borough.desk("reader").muniments.open(subject, sink)
    assert seen == [1]
    assert sink.getvalue() == b"This deed witnesseth"


def test_a_refused_reading_is_recorded_as_a_refusal_and_hands_out_nothing(borough: Borough) -> None:
    subject, sink = borough.muniment(POL), io.BytesIO()
    before = borough.size
    with pytest.raises(NotPermitted, match="withheld material of this muniment of POL") as caught:
        borough.desk("reader").muniments.open(subject, sink)
    (reading,) = readings(borough, before)
    assert (reading.outcome, reading.rule, caught.value.position) == (REFUSED, "role:withheld.read", before)
    assert (reading.intent.officer, reading.signature, sink.getvalue()) == (UNSET, UNSET, b"")


def test_a_reading_that_cannot_be_recorded_is_refused(borough: Borough) -> None:
    """Beside the office, where nothing can be written, the public register goes on and readings do not."""
    subject, public, sink = borough.muniment(HMLR, OWN), borough.muniment(HMLR, PUBLIC), io.BytesIO()
    borough.office.services.seal()
    with Office.reading(borough.settings) as beside:
        desk = beside.desk_of("officer/1", borough.founder_seed)
        for read in (
            desk.lookups.show,
            desk.lookups.history,
            desk.receipts.take,
            partial(desk.muniments.open, sink=sink),
        ):
            with pytest.raises(Busy, match="nobody has opened the office here"):
                read(subject)
        assert desk.lookups.show(public).subject == public
    assert sink.getvalue() == b""


def test_an_auditor_looks_at_everything_but_what_is_withheld(borough: Borough) -> None:
    """His reading of a muniment that only its own department sees stands in the history of his department."""
    subject, desk = borough.muniment(POL, OWN), borough.desk("auditor")
    before = borough.size
    assert desk.lookups.show(subject).details == {"kind": "DEED", "title": "K871204", "version": 1, "visibility": "own"}
    (reading,) = readings(borough, before)
    assert reading.subject == "department/HMLR"
    for read in (partial(desk.muniments.open, sink=io.BytesIO()), partial(desk.receipts.take, disclosures=True)):
        with pytest.raises(NotPermitted, match="read withheld material"):
            read(subject)


# ---- who sees that was read ----


def test_a_department_s_readings_are_its_own_and_the_auditor_s(borough: Borough) -> None:
    """Others see that there is an entry of that number, so that a missing one would show, and nothing else of it."""
    borough.desk("police-reader").muniments.open(borough.muniment(POL), io.BytesIO())
    seen = {
        "police-clerk": borough.desk("police-intake-clerk"),
        "auditor": borough.desk("auditor"),
        "clerk": borough.desk("intake-clerk"),
        "public": borough.office.public(),
    }
    views = {who: desk.lookups.history("department/POL") for who, desk in seen.items()}
    told = {who: {view.kind for view in found} - {"DEPARTMENT_ADDED"} for who, found in views.items()}
    assert told == {"police-clerk": {"READ"}, "auditor": {"READ"}, "clerk": {"WITHHELD"}, "public": {"WITHHELD"}}
    for who, found in views.items():
        assert seen[who].lookups.gaps(found) == ()
        assert [view.number for view in found] == list(range(1, len(found) + 1))
    for view in views["public"]:
        if view.kind == "WITHHELD":
            assert (view.details, view.department, view.officer, view.rule, view.withheld) == ({}, "", "", "", 0)


def test_the_receipt_of_a_reading_is_its_department_s_alone(borough: Borough) -> None:
    borough.desk("police-reader").muniments.open(borough.muniment(POL), io.BytesIO())
    position = str(borough.size - 1)
    borough.office.services.seal()
    for desk in (borough.desk("reader"), borough.office.public()):
        with pytest.raises(NotHeld, match="is not yours to know of"):
            desk.receipts.take(position)
        assert desk.receipts.take("department/POL")[0] != int(position)
    _, receipt = borough.desk("police-reader").receipts.take(position)
    found = verify(receipt, borough.office.policy_text())
    assert (found.officer, found.index) == (None, int(position))


def test_all_entries_and_all_keys_together_name_no_reader(borough: Borough) -> None:
    """What a mirror holds: no signature to be tried against every key, no digest without its salt."""
    borough.desk("reader").muniments.open(borough.muniment(HMLR), io.BytesIO())
    officers = borough.office.services.standing().officers()
    for reading in readings(borough, 0):
        raw = repr(reading).encode()
        assert not any(officer.reference.encode() in raw or officer.key.encode() in raw for officer in officers)
        assert reading.signature is UNSET
