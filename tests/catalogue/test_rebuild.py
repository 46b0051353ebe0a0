"""A catalogue built anew equals one that followed, and takes its place while others read."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import peewee
import pytest

from registry.catalogue import rebuild as rebuilding
from registry.catalogue.catalogue import Catalogue
from registry.catalogue.queries import generation
from registry.errors import LedgerHalted
from registry.storage import sqlite
from tests.catalogue.book import AUDITOR, DEED, SALE, Book, catalogue_of, facts, make, open_catalogue

TABLES = ("record", "load", "envelope")


@pytest.fixture
def book() -> Book:
    book = Book()
    book.found()
    load = book.open_load()
    for number in range(40):
        book.row(f"sale/{number:08X}-0000-0000-0000-000000000000", facts(price=number), load=load)
    book.row(SALE, facts(), load=load)
    book.lodge(title="Hollow Place")
    book.row(SALE, facts(price=1), "C", load=load)
    book.revise(title="Higher Place")
    book.close_load(load)
    return book


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    database = sqlite.open_database(path, read_only=True)
    found = {table: database.execute_sql(f"SELECT * FROM {table} ORDER BY position").fetchall() for table in TABLES}
    database.close()
    return found


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_rebuilt_catalogue_equals_the_one_that_followed(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks of seven, so that what an entry leans on lies in the chunk before."""
    monkeypatch.setattr(rebuilding, "CHUNK", 7)
    followed = catalogue_of(book, tmp_path / "followed.db")
    rebuilt = open_catalogue(tmp_path / "rebuilt.db")
    assert rebuilt.rebuild(book.entries, make) == rebuilt.projected() == len(book.entries)
    assert rows(tmp_path / "rebuilt.db") == rows(tmp_path / "followed.db")
    assert rebuilt.find("place", AUDITOR) == followed.find("place", AUDITOR)
    assert list(rebuilt.compare(book.pairs())) == []


def test_a_rebuilt_catalogue_follows_on(book: Book, tmp_path: Path) -> None:
    catalogue = open_catalogue(tmp_path / "catalogue.db")
    catalogue.rebuild(book.entries, make)
    book.revise(title="Highest Place")
    catalogue.project(len(book.entries) - 1, book.entries[-1:])
    assert len(catalogue.find("highest", AUDITOR)) == 1
    assert list(catalogue.compare(book.pairs())) == []


def test_a_rebuild_mends_whatever_was_changed(book: Book, tmp_path: Path) -> None:
    database = make(tmp_path / "catalogue.db")
    catalogue = Catalogue(database, faults=sqlite.faults)
    catalogue.project(0, book.entries)
    for damage in (
        "DELETE FROM record",
        "DELETE FROM progress",
        "UPDATE load SET department = 'X'",
        "DROP TABLE record_text",
    ):
        database.execute_sql(damage)
    catalogue.rebuild(book.entries, make)
    assert list(catalogue.compare(book.pairs())) == []


def test_the_generation_counts_rebuilds(book: Book, tmp_path: Path) -> None:
    database = make(tmp_path / "catalogue.db")
    catalogue = Catalogue(database, faults=sqlite.faults)
    for turn in range(3):
        assert generation(database) == turn
        catalogue.rebuild(book.entries, make)


def test_a_registry_without_entries_has_an_empty_catalogue(tmp_path: Path) -> None:
    catalogue = open_catalogue(tmp_path / "catalogue.db")
    assert catalogue.rebuild([], make) == catalogue.projected() == 0
    assert list(catalogue.compare(iter(()))) == []


def test_nothing_lies_beside_a_rebuilt_catalogue(book: Book, tmp_path: Path) -> None:
    catalogue = catalogue_of(book, tmp_path / "catalogue.db")
    catalogue.rebuild(book.entries, make)
    assert files(tmp_path) == {"catalogue.db"}
    assert (tmp_path / "catalogue.db").stat().st_mode & 0o777 == 0o600


def test_whoever_may_read_the_old_file_may_read_the_new_one(book: Book, tmp_path: Path) -> None:
    catalogue = catalogue_of(book, tmp_path / "catalogue.db")
    (tmp_path / "catalogue.db").chmod(0o640)
    catalogue.rebuild(book.entries, make)
    assert (tmp_path / "catalogue.db").stat().st_mode & 0o777 == 0o640


def test_a_thread_that_had_the_old_file_open_meets_the_new_one(book: Book, tmp_path: Path) -> None:
    """Its connection is its own, so nobody but itself can close it."""
    catalogue = catalogue_of(book, tmp_path / "catalogue.db")
    asked, rebuilt = threading.Event(), threading.Event()
    answers: list[int] = []

    def look() -> None:
        answers.append(len(catalogue.history(DEED)))
        asked.set()
        rebuilt.wait(10)
        answers.append(len(catalogue.history(DEED)))

    thread = threading.Thread(target=look)
    thread.start()
    asked.wait(10)
    book.revise(title="later")
    catalogue.rebuild(book.entries, make)
    rebuilt.set()
    thread.join()
    assert answers == [2, 3]


def test_a_reader_in_the_midst_of_the_old_file_reads_it_to_its_end(book: Book, tmp_path: Path) -> None:
    """And what the office writes into the new file afterwards reaches him at his next question, not in this one."""
    path = tmp_path / "catalogue.db"
    office = catalogue_of(book, path)
    reader = Catalogue(sqlite.open_database(path, read_only=True), faults=sqlite.faults)
    reading = reader.envelopes()
    first = next(reading)
    before = [first, *office.envelopes()][1:]
    size = len(book.entries)
    book.lodge("muniment/33333333-3333-4333-8333-333333333333", title="while he reads")
    office.rebuild(book.entries[:size], make)
    office.project(size, book.entries[size:])
    assert [first, *reading] == before
    assert len(list(reader.envelopes())) == len(before) + 1
    assert len(reader.find("while", AUDITOR)) == 1


def test_a_log_of_the_old_file_is_never_played_into_the_new_one(book: Book, tmp_path: Path) -> None:
    """A reader keeps the old write-ahead log from being emptied; its frames would spoil a file that is not theirs."""
    path = tmp_path / "catalogue.db"
    office = catalogue_of(book, path)
    reader = sqlite.open_database(path, read_only=True)
    with reader.atomic():
        assert reader.execute_sql("SELECT COUNT(*) FROM record").fetchall()[0][0] == len(book.entries)
        for _ in range(20):
            book.revise(title="more and more")
        office.project(office.projected(), book.entries[office.projected() :])
        assert os.path.getsize(tmp_path / "catalogue.db-wal") > 0
        office.rebuild(book.entries, make)
        assert not (tmp_path / "catalogue.db-wal").exists()
        assert reader.execute_sql("SELECT COUNT(*) FROM record").fetchall()[0][0] == len(book.entries) - 20
    assert list(office.compare(book.pairs())) == []


def test_a_rebuild_that_fails_leaves_the_old_catalogue(book: Book, tmp_path: Path) -> None:
    catalogue = catalogue_of(book, tmp_path / "catalogue.db")

    def cut() -> Iterator[bytes]:
        yield from book.entries[:5]
        raise LedgerHalted("bundle 3 is missing")

    with pytest.raises(LedgerHalted, match="bundle 3"):
        catalogue.rebuild(cut(), make)
    assert catalogue.projected() == len(book.entries)
    assert list(catalogue.compare(book.pairs())) == []
    catalogue.rebuild(book.entries, make)
    assert files(tmp_path) == {"catalogue.db"}


def test_what_a_crash_left_aside_is_no_hindrance(book: Book, tmp_path: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        (tmp_path / f"catalogue.db.aside{ending}").write_bytes(b"rubbish of a crash" * 300)
    catalogue = open_catalogue(tmp_path / "catalogue.db")
    catalogue.rebuild(book.entries, make)
    assert files(tmp_path) == {"catalogue.db"}
    assert list(catalogue.compare(book.pairs())) == []


def test_a_file_that_is_no_database_is_replaced(book: Book, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    assert rebuilding.rebuild(path, book.entries, make) == len(book.entries)
    assert list(open_catalogue(path).compare(book.pairs())) == []


def test_a_torn_page_of_the_old_file_does_not_stop_the_rebuild(book: Book, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    database: peewee.Database = make(path)
    catalogue = Catalogue(database, faults=sqlite.faults)
    catalogue.project(0, book.entries)
    database.close()
    stored = bytearray(path.read_bytes())
    for page in range(1, len(stored) // 4096):
        stored[page * 4096] ^= 0xFF
    path.write_bytes(stored)
    assert any("cannot be read" in one.what for one in catalogue.compare(book.pairs()))
    catalogue.rebuild(book.entries, make)
    assert list(catalogue.compare(book.pairs())) == []


class Crash(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", ["_fill", "_sync", "_let_go", "_remove", "rename"])
@pytest.mark.parametrize("done", [False, True])
def test_a_crash_at_any_step_of_the_swap_leaves_a_whole_catalogue(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, done: bool
) -> None:
    """Before and after each step, the last time that it is taken: what is opened next is whole, and at worst lags."""
    path = tmp_path / "catalogue.db"
    old = catalogue_of(book, path)
    owner = Path if step == "rename" else rebuilding
    real = getattr(owner, step)
    calls: list[int] = []

    def counted(*args: object) -> object:
        calls.append(1)
        return real(*args)

    monkeypatch.setattr(owner, step, counted)
    old.rebuild(book.entries, make)
    last, taken = len(calls), 0

    def crash(*args: object) -> object:
        nonlocal taken
        taken += 1
        if taken < last:
            return real(*args)
        if done:
            real(*args)
        raise Crash

    monkeypatch.setattr(owner, step, crash)
    with pytest.raises(Crash):
        old.rebuild(book.entries, make)
    monkeypatch.setattr(owner, step, real)
    opened = open_catalogue(path)
    assert list(opened.compare(book.pairs())) == []
    opened.project(opened.projected(), book.entries[opened.projected() :])
    assert opened.history(DEED) == old.history(DEED)
    opened.rebuild(book.entries, make)
    assert files(tmp_path) == {"catalogue.db"}
