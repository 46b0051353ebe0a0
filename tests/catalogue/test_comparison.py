"""Whoever changes the catalogue behind the office's back is found, position and column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import peewee
import pytest

from registry.catalogue.catalogue import Catalogue
from registry.catalogue.tables import LoadLine, Record
from registry.storage import sqlite
from tests.catalogue.book import DEED, SALE, Book, facts, make


@pytest.fixture
def book() -> Book:
    """0–3 founding, 4 a load, 5 a sale, 6 a deed, 7 the sale changed, 8 the deed revised, 9 the load closed."""
    book = Book()
    book.found()
    load = book.open_load()
    book.row(SALE, facts(), load=load)
    book.lodge(title="Hollow Place")
    book.row(SALE, facts(price=1), "C", load=load)
    book.revise(title="Higher Place")
    book.close_load(load)
    return book


@pytest.fixture
def database(book: Book, tmp_path: Path) -> peewee.Database:
    database = make(tmp_path / "catalogue.db")
    Catalogue(database, faults=sqlite.faults).project(0, book.entries)
    return database


def differences(database: peewee.Database, book: Book) -> list[tuple[int | None, str]]:
    catalogue = Catalogue(database, faults=sqlite.faults)
    return [(one.position, one.what) for one in catalogue.compare(book.pairs())]


def without_full_text(found: list[tuple[int | None, str]]) -> list[tuple[int | None, str]]:
    return [one for one in found if "full-text" not in one[1]]


OTHER_VALUE: dict[str, object] = {
    "subject": 1,
    "number": 9,
    "act": "WITHDRAWN",
    "refused": 1,
    "muniment": 2,
    "visibility": 2,
    "custodian": "NHS",
    "withdrawn": 1,
    "details": 3,
    "latest": 0,
    "address": 5,
    "text": "other words",
}


def test_every_column_of_a_record_is_watched() -> None:
    assert {"position", *OTHER_VALUE} == set(Record._fields)


@pytest.mark.parametrize("column", OTHER_VALUE)
def test_a_changed_column_is_named_at_its_position(database: peewee.Database, book: Book, column: str) -> None:
    database.execute_sql(f"UPDATE record SET {column} = ? WHERE position = 8", (OTHER_VALUE[column],))
    found = without_full_text(differences(database, book))
    assert [position for position, _ in found] == [8]
    assert found[0][1].startswith(f"{column} is ")


@pytest.mark.parametrize("column", ["visibility", "custodian", "withdrawn", "muniment", "subject", "details"])
def test_what_leans_on_a_changed_record_is_not_blamed(database: peewee.Database, book: Book, column: str) -> None:
    """The deed's revision takes its state from the lodging: it is right, whatever became of that."""
    database.execute_sql(f"UPDATE record SET {column} = ? WHERE position = 6", (OTHER_VALUE[column],))
    assert [position for position, _ in differences(database, book)] == [6]


def test_changed_text_is_told_without_its_words(database: peewee.Database, book: Book) -> None:
    """An audit needs nobody's leave; what it prints must not tell details."""
    database.execute_sql("UPDATE record SET text = 'x' WHERE position = 8")
    told = " ".join(what for _, what in differences(database, book))
    assert "text is not what the entry says" in told
    assert "Higher" not in told


def test_a_missing_record_is_named(database: peewee.Database, book: Book) -> None:
    database.execute_sql("DELETE FROM record WHERE position = 7")
    assert without_full_text(differences(database, book)) == [(7, "the catalogue has no record of it")]


def test_a_missing_superseded_version_is_named_once(database: peewee.Database, book: Book) -> None:
    database.execute_sql("DELETE FROM record WHERE position = 5")
    assert [position for position, _ in without_full_text(differences(database, book))] == [5]


@pytest.mark.parametrize("position", [-(2**63), -1, 10, 2**63 - 1])
def test_a_record_that_no_entry_made_is_named(database: peewee.Database, book: Book, position: int) -> None:
    database.execute_sql("INSERT INTO record SELECT ?, 1, 1, 'A', 0, 0, 2, 'X', 0, NULL, 0, NULL, ''", (position,))
    assert differences(database, book) == [(position, "the catalogue holds a record that no entry of the ledger made")]


def test_a_version_shown_as_newest_though_superseded_is_named(database: peewee.Database, book: Book) -> None:
    database.execute_sql("UPDATE record SET latest = 1 WHERE position = 6")
    assert differences(database, book) == [(6, "latest is 1, yet a newer entry carries the details of its subject")]


def test_a_newest_version_hidden_from_searches_is_named(database: peewee.Database, book: Book) -> None:
    database.execute_sql("UPDATE record SET latest = 0 WHERE position IN (7, 8)")
    hidden = "latest is 0, yet no newer entry carries the details of its subject"
    assert differences(database, book) == [(7, hidden), (8, hidden)]


def test_versions_shown_and_hidden_in_exchange_are_named(database: peewee.Database, book: Book) -> None:
    """One too many and one too few: a count would agree."""
    database.execute_sql("UPDATE record SET latest = position = 5 WHERE position IN (5, 7)")
    assert [position for position, _ in differences(database, book)] == [5, 7]


# ---- full text ----


def hide_from_searches(database: peewee.Database) -> None:
    text = database.execute_sql("SELECT text FROM record WHERE position = 8").fetchall()[0][0]
    database.execute_sql("INSERT INTO record_text (record_text, rowid, text) VALUES ('delete', 8, ?)", (text,))


def plant_words(database: peewee.Database) -> None:
    database.execute_sql("INSERT INTO record_text (rowid, text) VALUES (8, 'planted')")


def change_text(database: peewee.Database) -> None:
    database.execute_sql("UPDATE record SET text = 'DEED Hogher Place' WHERE position = 8")


def drop_index(database: peewee.Database) -> None:
    database.execute_sql("DROP TABLE record_text")


def cut_index(database: peewee.Database) -> None:
    database.execute_sql("DELETE FROM record_text_data WHERE id > 10")


@pytest.mark.parametrize("tamper", [hide_from_searches, plant_words, change_text, drop_index, cut_index])
def test_a_full_text_index_that_hides_or_invents_is_found(
    database: peewee.Database, book: Book, tamper: Callable[[peewee.Database], None]
) -> None:
    tamper(database)
    assert any(position is None and "full-text index" in what for position, what in differences(database, book))


def test_the_full_text_is_checked_where_the_file_is_only_read(
    database: peewee.Database, book: Book, tmp_path: Path
) -> None:
    hide_from_searches(database)
    before = (tmp_path / "catalogue.db").read_bytes()
    reader = sqlite.open_database(tmp_path / "catalogue.db", read_only=True)
    assert [position for position, _ in differences(reader, book)] == [None]
    assert (tmp_path / "catalogue.db").read_bytes() == before


def test_nobody_waits_for_a_comparison(database: peewee.Database, book: Book, tmp_path: Path) -> None:
    """It reads one state of the tables, and what is projected meanwhile goes through."""
    size = len(book.entries)
    office = Catalogue(sqlite.open_database(tmp_path / "catalogue.db"), faults=sqlite.faults)
    reader = Catalogue(sqlite.open_database(tmp_path / "catalogue.db", read_only=True), faults=sqlite.faults)

    def while_reading() -> list[tuple[int, bytes]]:
        pairs = list(book.pairs())
        book.withdraw()
        office.project(size, book.entries[size:])
        return pairs

    database.execute_sql("UPDATE record SET number = 7 WHERE position = 0")
    reading = reader.compare(book.pairs())
    assert next(reading).position == 0
    while_reading()
    assert list(reading) == []
    assert office.projected() == size + 1


# ---- loads, envelopes, progress ----

OTHER_LINE: dict[str, object] = {
    "department": "NHS",
    "officer": "officer/9",
    "dialect": "report builder",
    "name": "other.csv",
    "opened_at": 1,
    "closed": 8,
    "outcome": "STOPPED",
    "counts": '{"recorded":3}',
}


@pytest.mark.parametrize("column", OTHER_LINE)
def test_a_changed_line_of_a_load_is_named(database: peewee.Database, book: Book, column: str) -> None:
    database.execute_sql(f"UPDATE load SET {column} = ?", (OTHER_LINE[column],))
    assert differences(database, book) == [(4, f"the line of its load differs from the ledger in {column}")]


def test_every_column_of_a_load_is_watched() -> None:
    assert {"position", *OTHER_LINE} == set(LoadLine._fields)


def test_a_missing_and_an_invented_load_are_named(database: peewee.Database, book: Book) -> None:
    database.execute_sql("UPDATE load SET position = 6")
    assert differences(database, book) == [
        (4, "the catalogue has no line of the load that it opened"),
        (6, "the catalogue holds a load that no entry of the ledger opened"),
    ]


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        ("UPDATE envelope SET id = 'ffffffffffffffffffffffffffffffff' WHERE position = 8", 8),
        ("DELETE FROM envelope WHERE position = 8", 8),
        ("INSERT INTO envelope VALUES (7, 'ffffffffffffffffffffffffffffffff')", 7),
        ("INSERT INTO envelope VALUES (99, 'ffffffffffffffffffffffffffffffff')", 99),
    ],
)
def test_a_changed_mention_of_an_envelope_is_named(
    database: peewee.Database, book: Book, statement: str, position: int
) -> None:
    database.execute_sql(statement)
    found = differences(database, book)
    assert [one for one, _ in found] == [position]
    assert "envelope" in found[0][1]


def test_a_watermark_beyond_the_ledger_is_named(database: peewee.Database, book: Book) -> None:
    database.execute_sql("UPDATE progress SET projected = 11")
    assert differences(database, book) == [(None, "the catalogue says that it holds 11 entries, the ledger has 10")]


def test_a_missing_row_of_progress_is_named(database: peewee.Database, book: Book) -> None:
    database.execute_sql("DELETE FROM progress")
    assert differences(database, book) == [(None, "the catalogue's row of progress is missing: rebuild the catalogue")]


def test_a_catalogue_that_lags_differs_in_nothing(book: Book, tmp_path: Path) -> None:
    for reached in range(len(book.entries)):
        database = make(tmp_path / f"catalogue{reached}.db")
        catalogue = Catalogue(database)
        catalogue.project(0, book.entries[:reached])
        assert differences(database, book) == []


def test_an_act_projected_ahead_is_compared_as_well(book: Book, tmp_path: Path) -> None:
    database = make(tmp_path / "other.db")
    catalogue = Catalogue(database)
    catalogue.project_ahead(6, book.entries[6])
    assert differences(database, book) == []
    database.execute_sql("UPDATE record SET custodian = 'NHS'")
    assert [position for position, _ in differences(database, book)] == [6]


# ---- bytes ----


def test_text_that_became_no_text_is_named_at_its_position(database: peewee.Database, book: Book) -> None:
    for position in (5, 8):
        database.execute_sql("UPDATE record SET text = CAST(x'ff' AS TEXT) WHERE position = ?", (position,))
    found = without_full_text(differences(database, book))
    assert found == [(5, "its record holds what is no text"), (8, "its record holds what is no text")]


def test_text_that_became_no_text_in_another_table_is_told(database: peewee.Database, book: Book) -> None:
    database.execute_sql("UPDATE load SET name = CAST(x'ff' AS TEXT)")
    assert (None, "the catalogue holds what is no text: rebuild it") in differences(database, book)


def test_each_flipped_bit_of_a_stored_row_is_found_or_harmless(book: Book, tmp_path: Path) -> None:
    """A bit in each byte of the pages of records and envelopes, one at a time: found, or nothing read differs."""
    path = tmp_path / "catalogue.db"
    database = make(path)
    catalogue = Catalogue(database, faults=sqlite.faults)
    catalogue.project(0, book.entries)
    roots = [
        row[0]
        for row in database.execute_sql("SELECT rootpage FROM sqlite_schema WHERE name IN ('record', 'envelope')")
    ]
    whole = database.execute_sql("SELECT * FROM record ORDER BY position").fetchall()
    sqlite.checkpoint(database, "TRUNCATE")
    database.close()
    stored = path.read_bytes()
    for root in roots:
        start = (root - 1) * 4096
        used = [offset for offset in range(start, start + 4096, 3) if stored[offset]]
        for offset in used:
            path.write_bytes(stored[:offset] + bytes([stored[offset] ^ 0x10]) + stored[offset + 1 :])
            found = differences(database, book)
            if not found:
                assert database.execute_sql("SELECT * FROM record ORDER BY position").fetchall() == whole
            database.close()
    path.write_bytes(stored)
    assert differences(database, book) == []
    assert catalogue.history(DEED) == (6, 8)
