"""What each kind of entry becomes: its state as of the entry, its details, and nothing that is not for everyone."""

from __future__ import annotations

import msgspec
import pytest

from registry.catalogue.acts import PROJECTIONS
from registry.catalogue.linked import Projection
from registry.catalogue.projector import NO_ENTRY, project_entry
from registry.catalogue.tables import MUNIMENT_CODES, LoadLine, Record, Seen
from registry.records import acts
from registry.records.acts import Kind, RowDetails, link
from registry.records.identifiers import subject_digest
from registry.records.muniment import MunimentKind, Visibility
from registry.records.sale import address_key
from tests.catalogue.book import AT, DEED, DIGEST, OTHER, SALE, Book, facts, sealed


class Stood:
    """What stands in a catalogue, kept in two dictionaries."""

    def __init__(self) -> None:
        self.records: dict[int, Record] = {}
        self.loads: dict[int, LoadLine] = {}

    def record(self, position: int) -> Record | None:
        return self.records.get(position)

    def load(self, position: int) -> LoadLine | None:
        return self.loads.get(position)


def project(book: Book) -> list[Projection]:
    stood = Stood()
    made = []
    for position, raw in book.pairs():
        one = project_entry(position, raw, stood)
        stood.records[position] = one.record
        if one.load:
            stood.loads[one.load.position] = one.load
        made.append(one)
    return made


def test_every_kind_of_act_has_its_projection() -> None:
    assert set(PROJECTIONS) == set(Kind)


def test_every_kind_of_muniment_has_a_number_of_its_own() -> None:
    assert set(MUNIMENT_CODES) == set(MunimentKind)
    assert len(set(MUNIMENT_CODES.values())) == len(MunimentKind)


def test_the_founding_acts_are_rows_of_what_they_found() -> None:
    book = Book()
    book.found()
    founded, rules, department, officer = (one.record for one in project(book))
    assert (founded.act, founded.number, founded.details, founded.latest) == ("FOUNDED", 1, 0, 1)
    assert (rules.number, rules.details, rules.latest) == (2, 0, 0)
    assert (department.visibility, department.text) == (Seen.PUBLIC, "HMLR Land Registry")
    assert (officer.visibility, officer.custodian, officer.text) == (Seen.DEPARTMENTS, "HMLR", "")
    assert project(book)[3].envelope == sealed(3).id


def test_a_deed_is_searchable_by_its_kind_and_clear_details() -> None:
    book = Book()
    book.lodge(title="Hollow Place", year=1995)
    made = project(book)[0]
    assert made.record == Record(
        position=0,
        subject=subject_digest(DEED),
        number=1,
        act="LODGED",
        refused=0,
        muniment=MUNIMENT_CODES[MunimentKind.DEED],
        visibility=Seen.DEPARTMENTS,
        custodian="HMLR",
        withdrawn=0,
        details=0,
        latest=1,
        address=None,
        text="DEED Hollow Place 1995",
    )
    assert (made.supersedes, made.load, made.envelope) == (None, None, sealed(0).id)


def test_what_is_for_its_own_department_is_searchable_by_its_kind_alone() -> None:
    book = Book()
    book.lodge(visibility=Visibility.OWN, kind=MunimentKind.PATIENT_RECORD, name="Mary Smith")
    book.revise(name="Mary Jones")
    assert [one.record.text for one in project(book)] == ["PATIENT_RECORD", "PATIENT_RECORD"]


def test_a_revision_supersedes_and_a_withdrawal_ends_without_details() -> None:
    book = Book()
    book.lodge(title="first")
    book.revise(title="second")
    book.withdraw()
    lodged, revised, withdrawn = project(book)
    assert (revised.supersedes, revised.record.details, revised.record.text) == (0, 1, "DEED second")
    assert (withdrawn.supersedes, withdrawn.record.details, withdrawn.record.latest) == (None, 1, 0)
    assert [one.record.withdrawn for one in (lodged, revised, withdrawn)] == [0, 0, 1]
    assert withdrawn.record.text == ""


def test_a_refused_act_is_a_row_that_changes_nothing() -> None:
    book = Book()
    book.lodge(title="first")
    book.withdraw(refused=True)
    book.revise(refused=True, title="smuggled in")
    book.revise(title="second")
    _, withdrawal, revision, after = project(book)
    for refused in (withdrawal, revision):
        assert (refused.record.refused, refused.record.withdrawn, refused.record.latest) == (1, 0, 0)
        assert (refused.record.text, refused.record.details, refused.supersedes) == ("", 0, None)
    assert (after.supersedes, after.record.number, after.record.visibility) == (0, 4, Seen.DEPARTMENTS)


def test_a_refused_lodging_lodges_nothing() -> None:
    """Its body was sealed before the turn all the same, and the entry names it."""
    book = Book()
    book.lodge(refused=True, visibility=Visibility.PUBLIC, title="not lodged")
    made = project(book)[0]
    assert (made.record.muniment, made.record.visibility, made.record.text) == (None, Seen.OWN, "")
    assert made.envelope == sealed(0).id


def test_the_custodian_stays_whoever_tries() -> None:
    book = Book()
    book.lodge(department="HMLR")
    book.act(Kind.WITHDRAWN, acts.Withdrawn(reason="mine"), DEED, department="NHS", refused=True)
    assert [one.record.custodian for one in project(book)] == ["HMLR", "HMLR"]


def test_a_second_administrators_word_is_a_plain_row() -> None:
    book = Book()
    enrolled = acts.OfficerEnrolled(sd=(), department="HMLR", exchange=DIGEST, key=DIGEST, vault=sealed(1))
    waits = book.act(Kind.OFFICER_ENROLLED, enrolled, "officer/4", rule="awaits-second-administrator")
    book.act(Kind.OFFICER_ENROLLED, acts.Confirmed(confirms=waits), "officer/4", rule="confirmed")
    word = project(book)[1]
    assert (word.record.act, word.record.details, word.record.latest, word.envelope) == ("OFFICER_ENROLLED", 0, 0, None)


def test_a_reading_is_its_departments_own_and_names_its_envelope() -> None:
    book = Book()
    book.found()
    position = book.read()
    made = project(book)[position]
    assert (made.record.visibility, made.record.custodian, made.record.text) == (Seen.OWN, "HMLR", "")
    assert (made.record.details, made.envelope) == (2, sealed(position).id)


def test_a_sale_belongs_to_the_department_that_loaded_it() -> None:
    book = Book()
    load = book.open_load(department="VOA")
    book.row(SALE, facts(), load=load)
    record = project(book)[1].record
    assert (record.custodian, record.visibility, record.act) == ("VOA", Seen.PUBLIC, "A")
    assert record.address == subject_digest(address_key(facts()) or "")
    assert record.text == "8 HOLLOW PLACE EASTLEA EASTLEA SOUTHSHIRE QZ4 9DN"


def test_a_changed_and_a_withdrawn_sale_carry_their_own_facts() -> None:
    book = Book()
    load = book.open_load()
    book.row(SALE, facts(), load=load)
    book.row(SALE, facts(paon="10-Dec"), "C", load=load)
    book.row(SALE, facts(price=1), "D", load=load)
    book.row(SALE, facts(price=2), load=load)
    _, first, changed, withdrawn, again = project(book)
    assert (changed.supersedes, withdrawn.supersedes, again.supersedes) == (1, 2, 3)
    assert changed.record.address is None  # a mangled house number may be many houses
    assert [one.record.withdrawn for one in (first, changed, withdrawn, again)] == [0, 0, 1, 1]


def test_a_withdrawal_of_a_sale_never_loaded_is_its_first_row() -> None:
    book = Book()
    load = book.open_load()
    book.row(SALE, facts(), "D", load=load)
    record = project(book)[1].record
    assert (record.number, record.act, record.withdrawn, record.latest) == (1, "D", 1, 1)


def test_a_loaded_muniment_follows_the_same_rules_as_a_lodged_one() -> None:
    book = Book()
    load = book.open_load()
    first = RowDetails(
        kind=MunimentKind.LEASE,
        version=1,
        visibility=Visibility.PUBLIC,
        occurred="1901-02-03",
        facts={"title": "Long Acre"},
        vault=sealed(7),
    )
    book.row(OTHER, first, load=load)
    book.row(OTHER, RowDetails(version=2, facts={"title": "Short Acre"}), "C", load=load)
    book.row(OTHER, RowDetails(), "D", load=load)
    _, lodged, revised, withdrawn = project(book)
    assert (lodged.record.text, lodged.envelope) == ("LEASE 1901-02-03 Long Acre", sealed(7).id)
    assert (revised.record.text, revised.supersedes, revised.envelope) == ("LEASE Short Acre", 1, None)
    assert (withdrawn.record.withdrawn, withdrawn.record.details, withdrawn.record.latest) == (1, 2, 0)


def test_a_load_opens_and_closes_once() -> None:
    book = Book()
    load = book.open_load()
    book.close_load(load, refused=True)
    closed = book.close_load(load)
    book.close_load(load)
    opened, refused, first, second = project(book)
    assert opened.load == LoadLine(load, "HMLR", "officer/2", "official", "pp-1995.csv", AT)
    assert (refused.load, second.load) == (None, None)
    assert first.load == opened.load._replace(closed=closed, outcome="FINISHED", counts='{"recorded":2,"rows":2}')
    assert first.envelope is None


# ---- entries that should not be there: they get a row, and gain nothing ----


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not an entry",
        b'{"at":1,"details":{"category":1}}',
        b'{"at":1,"details":{"category":"\xff"}}',
        b"[" * 5_000,
        b'{"at":1763798400123,"details":{},"load":0,"number":'
        + b"9" * 30
        + b',"op":"A","row":1,"subject":"sale/X","v":1}',
    ],
)
def test_bytes_that_are_no_entry_get_a_row_that_says_so(raw: bytes) -> None:
    record = project_entry(9, raw, Stood()).record
    assert record == Record(9, 0, 0, NO_ENTRY, 0, None, Seen.OWN, "", 0, None, 0, None, "")


def test_every_cut_of_an_entry_gets_a_row() -> None:
    book = Book()
    load = book.open_load()
    book.row(SALE, facts(), load=load)
    book.lodge(title="x")
    for raw in book.entries:
        for length in range(len(raw)):
            assert project_entry(5, raw[:length], Stood()).record.act == NO_ENTRY


def test_state_is_not_borrowed_by_a_link_to_another_subject() -> None:
    """Else a hostile entry could make a secret muniment public by linking it to a public one."""
    book = Book()
    book.lodge(OTHER, Visibility.PUBLIC, title="public")
    intent = acts.make_intent(
        Kind.REVISED,
        acts.Revised(vault=sealed(1), version=2),
        department="NHS",
        key="k",
        officer="officer/9",
        subject=DEED,
    )
    book.append(DEED, acts.Act(AT, intent, 2, DEED, 1, previous=link(0, bytes(32))))
    record = project(book)[1].record
    assert (record.muniment, record.visibility, record.custodian) == (None, Seen.OWN, "NHS")


@pytest.mark.parametrize("position", [-1, 1, 5, 2**53, 2**70])
def test_a_link_that_leads_nowhere_is_no_link(position: int) -> None:
    intent = acts.make_intent(
        Kind.WITHDRAWN, acts.Withdrawn(reason="x"), department="NHS", key="k", officer="officer/9", subject=DEED
    )
    raw = msgspec.json.encode(
        acts.Act(AT, intent, 2, DEED, 1, previous=acts.Previous(hash=DIGEST, position=position)), order="sorted"
    )
    assert project_entry(1, raw, Stood()).record.details is None


def test_a_row_of_a_load_that_nobody_opened_has_no_custodian() -> None:
    book = Book()
    book.row(SALE, facts(), load=2**60)
    assert project(book)[0].record.custodian == ""
