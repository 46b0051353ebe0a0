"""What is found, by whom, and that a search is words and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.catalogue.catalogue import Catalogue
from registry.catalogue.engine import match_expression
from registry.catalogue.queries import Hit, Holdings
from registry.catalogue.tables import LoadLine
from registry.catalogue.viewing import Viewer
from registry.errors import Busy, Misuse
from registry.records.identifiers import subject_digest
from registry.records.muniment import Visibility
from registry.storage import sqlite
from tests.catalogue.book import (
    AT,
    AUDITOR,
    DEED,
    OFFICER,
    OTHER,
    PUBLIC,
    SALE,
    SALE_ID,
    STRANGER,
    Book,
    catalogue_of,
    facts,
    make,
    sealed,
)


def found(catalogue: Catalogue, text: str, viewer: Viewer = AUDITOR) -> list[int]:
    return [hit.position for hit in catalogue.find(text, viewer)]


def sale(number: int) -> str:
    return f"sale/{number:08X}-0000-0000-0000-000000000000"


@pytest.fixture
def book() -> Book:
    """0–3 founding, 4 a load, 5–7 sales, 8 a deed for departments, 9 a file of HMLR's own, 10 something public."""
    book = Book()
    book.found()
    load = book.open_load()
    book.row(SALE, facts(), load=load)
    book.row(sale(1), facts(paon="10", street="HIGH STREET"), load=load)
    book.row(sale(2), facts(date="2001-01-01"), load=load)
    book.lodge(DEED, title="Zoë's Folly, 100% of No_5", ref="A-12/3")
    book.lodge(OTHER, Visibility.OWN, name="Mary Smith")
    book.lodge("muniment/22222222-2222-4222-8222-222222222222", Visibility.PUBLIC, notice="Public Notice")
    return book


@pytest.fixture
def catalogue(book: Book, tmp_path: Path) -> Catalogue:
    return catalogue_of(book, tmp_path / "catalogue.db")


# ---- words ----


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("hollow place", [7, 5]),
        ("PLACE hollow", [7, 5]),
        ("hollow pl", [7, 5]),
        ("hollow pl ", []),  # white space ends the last word
        ("hol place", []),  # only the last word goes on
        ("hollow QZ4 9DN", [7, 5]),
        ("zoe", [8]),  # the accent does not matter
        ("zoë's folly", [8]),
        ("A-12/3", [8]),
        ("No_5", [8]),
        ("deed", [10, 9, 8]),
        ("nothing like it", []),
        ("", []),
        ("   ", []),
    ],
)
def test_every_word_has_to_be_there_and_the_last_may_go_on(
    catalogue: Catalogue, text: str, positions: list[int]
) -> None:
    assert found(catalogue, text) == positions


@pytest.mark.parametrize(
    "text",
    [
        '"',
        '""',
        "'",
        "%",
        "_",
        "*",
        "^",
        "-",
        "(",
        ":",
        "text:hollow",
        "NEAR(hollow place)",
        "hollow OR high",
        "hollow NOT high",
        "{text} : hollow",
        'hollow" OR "high',
        "hollow*",
        "x'; DROP TABLE record; --",
        "hol\0low",
        "\0",
        "'\u202e\u200b",
        "\U0001f600",
    ],
)
def test_operators_wildcards_and_quotes_are_words_like_any_other(catalogue: Catalogue, text: str) -> None:
    for viewer in (PUBLIC, OFFICER, AUDITOR):
        assert found(catalogue, text, viewer) in ([], [7, 5])
    assert catalogue.counts().records == 11


def test_a_percent_sign_finds_no_more_than_what_stands_beside_it(catalogue: Catalogue) -> None:
    assert found(catalogue, "100%") == [8]
    assert found(catalogue, "%") == []


def test_a_search_is_at_most_sixteen_words_each_in_quotes() -> None:
    assert match_expression('high "st') == '"high" """st"*'
    assert match_expression("one two ") == '"one" "two"'
    assert (match_expression("w " * 100 + "w") or "").count('"w"') == 16
    assert match_expression("%% --") is None


@pytest.mark.parametrize(
    ("text", "limit", "sentence"),
    [
        ("x" * 1_001, 20, "at most 1,000"),
        ("\udcff", 20, "half a character"),
        ("x", 0, "1 to 1,000 hits"),
        ("x", 1_001, "1 to 1,000 hits"),
    ],
)
def test_what_cannot_be_a_search_is_refused_in_words(
    catalogue: Catalogue, text: str, limit: int, sentence: str
) -> None:
    with pytest.raises(Misuse, match=sentence):
        catalogue.find(text, PUBLIC, limit)


def test_pages_follow_each_other_without_a_gap_or_a_double(tmp_path: Path) -> None:
    book = Book()
    book.found()
    load = book.open_load()
    for number in range(25):
        book.row(sale(number), facts(price=number, street="HMLR STREET"), load=load)
    catalogue = catalogue_of(book, tmp_path / "catalogue.db")
    everything = found(catalogue, "hmlr")
    seen: list[int] = []
    for limit in (1, 2, 7):
        seen = []
        after = None
        while page := catalogue.find("hmlr", AUDITOR, limit, after):
            assert len(page) <= limit
            seen += [hit.position for hit in page]
            after = page[-1].position
        assert seen == [2, *range(29, 4, -1)]  # the department of that code, then newest first
    assert everything == seen[:20]


def test_a_search_that_takes_too_long_is_broken_off_in_a_sentence(tmp_path: Path) -> None:
    """The prefix of one letter in ten thousand texts; the same connection answers the next question."""
    book = Book()
    load = book.open_load()
    for number in range(10_000):
        book.row(sale(number), facts(price=number, paon=f"w{number}"), load=load)
    catalogue = catalogue_of(book, tmp_path / "catalogue.db")
    with pytest.raises(Busy, match=r"'w' takes longer than 0 s to find: add a word"):
        catalogue.find("w", PUBLIC, seconds=0)
    assert len(catalogue.find("w", PUBLIC)) == 20


# ---- references ----


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        (SALE, [5]),
        (SALE_ID, [5]),
        (SALE_ID.lower(), [5]),
        ("{" + SALE_ID + "}", [5]),
        (f"  {SALE_ID}\n", [5]),
        (DEED, [8]),
        (DEED.partition("/")[2].upper(), [8]),
        ("load/4", [4]),
        ("officer/1", [3]),
        ("department/HMLR", [2]),
        ("HMLR", [2]),
        ("hmlr", [2]),
        ("registry", [0, 2]),
        ("sale/" + SALE_ID.lower(), []),
        ("load/999", []),
    ],
)
def test_a_reference_a_uuid_and_a_departments_code_find_their_subject(
    catalogue: Catalogue, text: str, positions: list[int]
) -> None:
    assert found(catalogue, text) == positions


def test_only_the_newest_version_is_found(book: Book, tmp_path: Path) -> None:
    newest = book.revise(title="Zoë's Palace")
    book.withdraw()
    catalogue = catalogue_of(book, tmp_path / "other.db")
    assert found(catalogue, "folly") == []
    assert found(catalogue, "palace") == [newest]
    assert found(catalogue, DEED) == [newest]
    assert catalogue.latest(DEED) == (newest,)
    assert catalogue.history(DEED) == (8, newest, newest + 1)


def test_a_refused_lodging_is_found_by_nobody(tmp_path: Path) -> None:
    book = Book()
    book.lodge(refused=True, visibility=Visibility.PUBLIC, title="smuggled")
    catalogue = catalogue_of(book, tmp_path / "catalogue.db")
    assert found(catalogue, "smuggled") == found(catalogue, DEED) == []
    assert catalogue.latest(DEED) == ()
    assert catalogue.history(DEED) == (0,)


# ---- who sees what ----


@pytest.mark.parametrize(
    ("viewer", "hollow", "deed", "own", "public"),
    [
        (PUBLIC, [7, 5], [], [], [10]),
        (STRANGER, [7, 5], [8], [], [10]),
        (OFFICER, [7, 5], [8], [9], [10]),
        (AUDITOR, [7, 5], [8], [9], [10]),
    ],
)
def test_each_viewer_finds_what_is_his_to_know_of(
    catalogue: Catalogue, viewer: Viewer, hollow: list[int], deed: list[int], own: list[int], public: list[int]
) -> None:
    assert found(catalogue, "hollow", viewer) == hollow
    assert found(catalogue, "folly", viewer) == found(catalogue, DEED, viewer) == deed
    assert found(catalogue, OTHER, viewer) == own
    assert found(catalogue, "notice", viewer) == public


def test_clear_details_of_what_is_its_departments_own_are_found_by_nobody(catalogue: Catalogue) -> None:
    assert [found(catalogue, "mary smith", viewer) for viewer in (PUBLIC, STRANGER, OFFICER, AUDITOR)] == [[]] * 4


def test_the_public_sees_the_history_of_registry_departments_and_loads_but_not_of_officers(
    book: Book, tmp_path: Path
) -> None:
    reading = book.read()
    catalogue = catalogue_of(book, tmp_path / "other.db")
    assert catalogue.history("registry", PUBLIC) == (0, 1)
    assert catalogue.history("load/4", PUBLIC) == (4,)
    assert catalogue.history("department/HMLR", PUBLIC) == (2,)
    assert catalogue.history("department/HMLR", STRANGER) == (2,)
    assert catalogue.history("department/HMLR", OFFICER) == (2, reading)
    assert catalogue.history("officer/1", PUBLIC) == ()
    assert catalogue.history("officer/1", STRANGER) == (3,)
    assert catalogue.history(OTHER, STRANGER) == ()
    assert catalogue.history(OTHER) == (9,)


# ---- what belongs together ----


def test_sales_of_one_address_belong_together(catalogue: Catalogue) -> None:
    assert catalogue.property_of(5) == (7,)
    assert catalogue.property_of(7) == (5,)
    assert catalogue.property_of(6) == catalogue.property_of(8) == catalogue.property_of(999) == ()


def test_a_house_number_that_became_a_date_belongs_to_no_property(tmp_path: Path) -> None:
    book = Book()
    load = book.open_load()
    book.row(sale(1), facts(paon="10-Dec"), load=load)
    book.row(sale(2), facts(paon="10-Dec"), load=load)
    assert catalogue_of(book, tmp_path / "catalogue.db").property_of(1) == ()


def test_an_older_version_of_the_same_sale_is_not_another_sale(tmp_path: Path) -> None:
    book = Book()
    load = book.open_load()
    book.row(SALE, facts(), load=load)
    book.row(SALE, facts(price=1), "C", load=load)
    book.row(sale(1), facts(price=2), load=load)
    catalogue = catalogue_of(book, tmp_path / "catalogue.db")
    assert [catalogue.property_of(position) for position in (1, 2, 3)] == [(3,), (3,), (2,)]


def test_two_subjects_of_one_digest_are_both_candidates(tmp_path: Path) -> None:
    """Whoever chooses ids can make two meet in 64 bits: the caller compares the entries, and neither may be lost."""
    book = Book()
    book.lodge(DEED, title="one")
    book.lodge(OTHER, title="two")
    book.revise(OTHER, title="three")
    database = make(tmp_path / "catalogue.db")
    catalogue = Catalogue(database, faults=sqlite.faults)
    catalogue.project(0, book.entries)
    database.execute_sql("UPDATE record SET subject = ?", (subject_digest(DEED),))
    assert catalogue.latest(DEED) == (2, 0)
    assert catalogue.history(DEED) == (0, 1, 2)


# ---- lists ----


def test_loads_and_envelopes_are_listed(book: Book, tmp_path: Path) -> None:
    closed = book.close_load(4)
    catalogue = catalogue_of(book, tmp_path / "other.db")
    line = LoadLine(
        4, "HMLR", "officer/2", "official", "pp-1995.csv", AT + 4, closed, "FINISHED", '{"recorded":2,"rows":2}'
    )
    assert catalogue.loads() == (line,)
    named = [(sealed(position).id, position) for position in (3, 8, 9, 10)]
    assert sorted(catalogue.envelopes()) == sorted(named)
    ids = [envelope for envelope, _ in catalogue.envelopes()]
    assert ids == sorted(ids)


def test_what_is_held_is_counted(catalogue: Catalogue) -> None:
    assert catalogue.counts() == Holdings(records=11, sales=3, muniments=3, loads=1, envelopes=4)
    assert catalogue.find("folly", OFFICER) == (Hit(8, subject_digest(DEED)),)
