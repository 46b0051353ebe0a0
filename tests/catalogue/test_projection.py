"""The catalogue follows the ledger: it may lag, never leads, and may be told the same twice."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from registry.catalogue.catalogue import Catalogue
from registry.errors import LedgerHalted
from tests.catalogue.book import AUDITOR, DEED, OTHER, PUBLIC, SALE, Book, catalogue_of, facts, make, open_catalogue


def small_book() -> Book:
    book = Book()
    book.found()
    load = book.open_load()
    book.row(SALE, facts(), load=load)
    book.lodge(title="Hollow Place")
    book.row(SALE, facts(price=1), "C", load=load)
    book.revise(title="Higher Place")
    book.close_load(load)
    book.withdraw()
    book.read()
    return book


def agrees(catalogue: Catalogue, book: Book) -> bool:
    return list(catalogue.compare(book.pairs())) == []


def test_a_catalogue_that_followed_agrees_with_its_ledger(tmp_path: Path) -> None:
    book = small_book()
    catalogue = catalogue_of(book, tmp_path / "catalogue.db")
    assert catalogue.projected() == len(book.entries)
    assert agrees(catalogue, book)


@pytest.mark.parametrize("step", [1, 2, 3, 5])
def test_batches_of_any_size_give_the_same_catalogue(tmp_path: Path, step: int) -> None:
    book = small_book()
    catalogue = open_catalogue(tmp_path / "catalogue.db")
    for first in range(0, len(book.entries), step):
        assert catalogue.project(first, book.entries[first : first + step]) == min(first + step, len(book.entries))
    assert agrees(catalogue, book)


def test_projecting_twice_changes_nothing(tmp_path: Path) -> None:
    book = small_book()
    catalogue = catalogue_of(book, tmp_path / "catalogue.db")
    assert catalogue.project(0, book.entries) == len(book.entries)
    assert catalogue.project(3, book.entries[3:6]) == len(book.entries)
    assert agrees(catalogue, book)
    assert len(catalogue.find("higher", AUDITOR)) == 1


def test_a_clerks_act_is_found_ahead_of_the_rows_that_still_wait(tmp_path: Path) -> None:
    book = small_book()
    catalogue = open_catalogue(tmp_path / "catalogue.db")
    catalogue.project(0, book.entries[:4])
    lodged = 6
    assert catalogue.project_ahead(lodged, book.entries[lodged])
    assert [hit.position for hit in catalogue.find("hollow", AUDITOR)] == [lodged]
    assert catalogue.projected() == 4
    assert catalogue.project(4, book.entries[4:]) == len(book.entries)
    assert agrees(catalogue, book)


def test_an_act_that_leans_on_what_still_waits_is_left_for_later(tmp_path: Path) -> None:
    book = small_book()
    catalogue = open_catalogue(tmp_path / "catalogue.db")
    catalogue.project(0, book.entries[:4])
    revised = 8
    assert not catalogue.project_ahead(revised, book.entries[revised])
    assert catalogue.history(DEED) == ()
    catalogue.project(4, book.entries[4:])
    assert catalogue.history(DEED) == (6, 8, 10)
    assert agrees(catalogue, book)


def test_the_watermark_passes_over_what_was_projected_ahead(tmp_path: Path) -> None:
    book = Book()
    book.lodge(DEED)
    book.lodge(OTHER)
    catalogue = open_catalogue(tmp_path / "catalogue.db")
    assert catalogue.project_ahead(1, book.entries[1])
    assert catalogue.projected() == 0
    assert catalogue.project_ahead(0, book.entries[0])
    assert catalogue.projected() == 2


def test_a_revision_projected_ahead_stays_the_latest_when_the_rest_follows(tmp_path: Path) -> None:
    """The version it supersedes is passed over when its turn comes, and must not become the latest again."""
    book = Book()
    load = book.open_load()
    book.row(SALE, facts(), load=load)
    lodged = book.lodge(title="first")
    revised = book.revise(title="second")
    catalogue = open_catalogue(tmp_path / "catalogue.db")
    assert catalogue.project_ahead(lodged, book.entries[lodged])
    assert catalogue.project_ahead(revised, book.entries[revised])
    catalogue.project(0, book.entries)
    assert catalogue.latest(DEED) == (revised,)
    assert agrees(catalogue, book)


def test_any_order_of_projecting_ahead_ends_in_the_same_catalogue(tmp_path: Path) -> None:
    seed = 20_261_124
    print("seed", seed)
    chance = random.Random(seed)
    book = small_book()
    for turn in range(10):
        catalogue = open_catalogue(tmp_path / f"catalogue{turn}.db")
        order = list(range(len(book.entries)))
        chance.shuffle(order)
        for position in order[: chance.randrange(len(order))]:
            catalogue.project_ahead(position, book.entries[position])
        catalogue.project(catalogue.projected(), book.entries[catalogue.projected() :])
        assert agrees(catalogue, book), order


def test_two_threads_project_at_once_and_nothing_is_written_twice(tmp_path: Path) -> None:
    book = Book()
    load = book.open_load()
    for number in range(300):
        book.row(f"sale/{number:08X}-0000-0000-0000-000000000000", facts(price=number), load=load)
    catalogue = open_catalogue(tmp_path / "catalogue.db")

    def follow() -> None:
        for first in range(0, len(book.entries), 7):
            catalogue.project(first, book.entries[first : first + 7])

    threads = [threading.Thread(target=follow) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert catalogue.projected() == len(book.entries)
    assert agrees(catalogue, book)


def test_a_failed_batch_leaves_nothing_behind(tmp_path: Path) -> None:
    book = small_book()
    database = make(tmp_path / "catalogue.db")
    catalogue = Catalogue(database)
    catalogue.project(0, book.entries[:4])
    database.execute_sql("CREATE TRIGGER full BEFORE UPDATE ON progress BEGIN SELECT RAISE(ABORT, 'stop'); END")
    with pytest.raises(Exception, match="stop"):
        catalogue.project(4, book.entries[4:])
    assert catalogue.projected() == 4
    assert catalogue.history(SALE) == ()
    database.execute_sql("DROP TRIGGER full")
    catalogue.project(4, book.entries[4:])
    assert agrees(catalogue, book)


def test_a_catalogue_that_leads_the_ledger_halts(tmp_path: Path) -> None:
    book = small_book()
    catalogue = catalogue_of(book, tmp_path / "catalogue.db")
    catalogue.check_behind(len(book.entries))
    with pytest.raises(LedgerHalted, match="reaches position 11, the ledger ends at 10"):
        catalogue.check_behind(len(book.entries) - 1)


def test_an_act_projected_ahead_counts_as_leading_too(tmp_path: Path) -> None:
    book = small_book()
    catalogue = open_catalogue(tmp_path / "catalogue.db")
    catalogue.project_ahead(6, book.entries[6])
    assert catalogue.projected() == 0
    with pytest.raises(LedgerHalted, match="older copy"):
        catalogue.check_behind(6)


def test_a_missing_row_of_progress_halts(tmp_path: Path) -> None:
    database = make(tmp_path / "catalogue.db")
    database.execute_sql("DELETE FROM progress")
    with pytest.raises(LedgerHalted, match="row of progress is missing"):
        Catalogue(database).projected()


def test_hostile_bytes_in_the_ledger_do_not_stop_the_rest_from_being_found(tmp_path: Path) -> None:
    book = small_book()
    book.entries.insert(len(book.entries), b"\x00 not an entry")
    book.lodge(OTHER, title="after it")
    catalogue = catalogue_of(book, tmp_path / "catalogue.db")
    assert len(catalogue.find("after", AUDITOR)) == 1
    assert catalogue.find("entry", PUBLIC) == ()
    assert agrees(catalogue, book)
