"""What SQLite does in its own way: schema, rows in bulk, full text, the limit on a question's time, the file itself.

PostgreSQL's answers to the same five come with the second engine. Full text is FTS5 over `record.text` as external
content: a contentless index is smaller but cannot be compared with anything, and a tampered one would hide a record for
good. `detail=full` was weighed against `none` (500,000 addresses, no columnsize): 19 bytes and 0.1–0.6 µs more a row,
for a check at 1.0 instead of 1.6 µs and prefixes found in two thirds of the time. Nothing updates `text`, so no trigger
has to keep the two in step: `latest` changes without touching the index.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import apsw
import peewee

from registry.catalogue.statements import Statement
from registry.catalogue.tables import TABLES, THE_PROGRESS, ProgressRow, Record, RecordRow
from registry.catalogue.viewing import Viewer, Wanted, condition, values
from registry.errors import Busy

ERRORS = (apsw.Error, peewee.DatabaseError)
FULL_TEXT = "record_text"
MAX_WORDS = 16
_CREATE_FULL_TEXT = (
    f"CREATE VIRTUAL TABLE {FULL_TEXT} USING fts5(text, content='record', content_rowid='position', "
    "columnsize=0, tokenize='unicode61 remove_diacritics 2')"
)
_INDICES = {
    "record_subject": "CREATE INDEX record_subject ON record (subject)",
    "record_address": "CREATE INDEX record_address ON record (address) WHERE address IS NOT NULL",
}
COLUMNS = ", ".join(Record._fields)
_INSERT = f"INSERT INTO record ({COLUMNS}) VALUES ({', '.join('?' * len(Record._fields))})"
# A prefix is gathered by many small programs of some ten steps each: only a short stride sees them.
_STEPS_BETWEEN_LOOKS = 10
_CACHE_KIB = 64 * 1024
_HASH_BYTES = 32 << 20  # words gathered in memory before a segment is written, while an index is built at once
_USUAL_HASH_BYTES = 1 << 20


def first_schema(database: peewee.Database) -> None:
    """Schema version 1 of `catalogue.db`."""
    with database.bind_ctx(TABLES):
        database.create_tables(list(TABLES), safe=False)
    for create in (*_INDICES.values(), _CREATE_FULL_TEXT):
        database.execute_sql(create)
    ProgressRow.insert(id=THE_PROGRESS, projected=0, generation=0).execute(database)


SCHEMA = (first_schema,)
"""Steps for the office's `migrate`: each takes the file from one version to the next."""


# ---- rows in bulk ----


def widen_cache(database: peewee.Database) -> None:
    """Let this thread's connection keep the pages of the indices: with SQLite's usual 2 MB a row costs 4 µs more."""
    database.execute_sql(f"PRAGMA cache_size=-{_CACHE_KIB}")


def insert_records(database: peewee.Database, records: Iterable[Record]) -> None:
    """Append records, their full text apart (`index_text`)."""
    database.connection().executemany(_INSERT, records)


def index_text(database: peewee.Database, records: Iterable[Record]) -> None:
    """Take in the full text of records just appended; never twice, or the index holds them twice."""
    texts = ((record.position, record.text) for record in records if record.text)
    database.connection().executemany(f"INSERT INTO {FULL_TEXT} (rowid, text) VALUES (?, ?)", texts)


def supersede(database: peewee.Database, positions: Iterable[tuple[int]]) -> None:
    """Clear `latest` at the positions, which a newer entry supersedes."""
    database.connection().executemany("UPDATE record SET latest = 0 WHERE position = ?", positions)


def insert_envelopes(database: peewee.Database, envelopes: Iterable[tuple[int, str]]) -> None:
    """Append (position, id) pairs."""
    database.connection().executemany("INSERT INTO envelope (position, id) VALUES (?, ?)", envelopes)


def progress(database: peewee.Database) -> tuple[int, int] | None:
    """(watermark, generation), or None where the row is missing.

    Like what follows not put together by peewee, which takes 100 µs a query: a clerk's act is projected while he waits,
    in 90 µs instead of 590.
    """
    rows = (
        database.connection()
        .execute(f"SELECT projected, generation FROM progress WHERE id = {THE_PROGRESS}")
        .fetchall()
    )
    return rows[0] if rows else None


def move_watermark(database: peewee.Database, projected: int) -> None:
    """Set the watermark."""
    database.connection().execute(f"UPDATE progress SET projected = ? WHERE id = {THE_PROGRESS}", (projected,))


def positions(database: peewee.Database, first: int, end: int = 2**63 - 1) -> Iterator[int]:
    """Positions that have a record, from `first` to before `end`, rising."""
    query = "SELECT position FROM record WHERE position >= ? AND position < ? ORDER BY position"
    for (position,) in database.connection().execute(query, (first, end)):
        yield position


def record_at(database: peewee.Database, position: int) -> Record | None:
    """The record at the position: 5 µs, where a query built for it would cost 60."""
    rows = database.connection().execute(f"SELECT {COLUMNS} FROM record WHERE position = ?", (position,)).fetchall()
    return Record._make(rows[0]) if rows else None


def stream(database: peewee.Database, table: str, columns: str, first: int) -> Iterator[tuple[Any, ...]]:
    """Rows of a table from position `first` on, position in front. Raises UnicodeDecodeError where one is no text."""
    query = f"SELECT {columns} FROM {table} WHERE position >= ? ORDER BY position"
    yield from database.connection().execute(query, (first,))


def next_position(database: peewee.Database, table: str, first: int) -> int | None:
    """The next position, from `first` on, that the table has a row for."""
    found = database.connection().execute(f"SELECT MIN(position) FROM {table} WHERE position >= ?", (first,)).fetchall()
    return None if found[0][0] is None else int(found[0][0])


def postpone_indices(database: peewee.Database) -> None:
    """Make a fresh file fast and careless: no journal, no sync, no index. `complete` ends it; a crash is rubbish."""
    widen_cache(database)
    for pragma in ("journal_mode=OFF", "synchronous=OFF"):
        database.execute_sql(f"PRAGMA {pragma}").fetchall()
    for name in _INDICES:
        database.execute_sql(f"DROP INDEX {name}")
    database.execute_sql(f"DROP TABLE {FULL_TEXT}")


def complete(database: peewee.Database) -> None:
    """Build what `postpone_indices` left out, and give the file the form that others open. The caller syncs it."""
    with database.atomic("EXCLUSIVE"):
        for create in (*_INDICES.values(), _CREATE_FULL_TEXT):
            database.execute_sql(create)
        database.execute_sql(f"INSERT INTO {FULL_TEXT} ({FULL_TEXT}, rank) VALUES ('hashsize', {_HASH_BYTES})")
        database.execute_sql(
            f"INSERT INTO {FULL_TEXT} (rowid, text) SELECT position, text FROM record WHERE text <> ''"
        )
        database.execute_sql(f"INSERT INTO {FULL_TEXT} ({FULL_TEXT}, rank) VALUES ('hashsize', {_USUAL_HASH_BYTES})")
    for pragma in ("synchronous=NORMAL", "journal_mode=WAL"):
        database.execute_sql(f"PRAGMA {pragma}").fetchall()


# ---- full text ----


def match_expression(text: str) -> str | None:
    """The words of a search as an FTS5 expression, each quoted, so that operators are words; None without any word.

    `high st` → `"high" "st"*`: the last word may go on, unless white space ends it. Only the first 16 words count.
    """
    words = text.replace("\0", " ").split()[:MAX_WORDS]
    if not any(letter.isalnum() for word in words for letter in word):
        return None
    quoted = ['"' + word.replace('"', '""') + '"' for word in words]
    return " ".join(quoted) + ("" if text[-1].isspace() else "*")


def matching(
    database: peewee.Database, expression: str, viewer: Viewer, wanted: Wanted, *, limit: int, end: int
) -> list[tuple[int, int]]:
    """(position, subject) of newest records that match, are seen and wanted, newest first, before that position."""
    found = _matching(bool(wanted.kinds), wanted.custodian is not None)
    return found.rows(database, expression, wanted.first, end, *values(viewer, wanted), limit)


@cache
def _matching(kinds: bool, custodian: bool) -> Statement:
    query = (
        RecordRow.select(RecordRow.position, RecordRow.subject)
        .join(_INDEX, on=_SAME_ROW)
        .where(
            _MATCH
            & (_INDEX.c.rowid >= 0)
            & (_INDEX.c.rowid < 0)
            & RecordRow.latest
            & condition(kinds=kinds, custodian=custodian)
        )
    )
    return Statement(query.order_by(_INDEX.c.rowid.desc()).limit(1))


_INDEX = peewee.Table(FULL_TEXT)
_SAME_ROW = _INDEX.c.rowid == RecordRow.position
_MATCH = peewee.SQL(f"{FULL_TEXT} MATCH ?", [""])
_NAMING = Statement(
    RecordRow.select(RecordRow.position)
    .join(_INDEX, on=_SAME_ROW)
    .where(_MATCH)
    .order_by(_INDEX.c.rowid.desc())
    .limit(1)
)


def naming(database: peewee.Database, word: str, limit: int) -> list[tuple[int]]:
    """(position,) of records whose text holds the word, superseded ones too, newest first."""
    return _NAMING.rows(database, f'"{word}"', limit)


def full_text_fault(database: peewee.Database) -> str | None:
    """What is wrong with the full-text index: each word of each text in its place and nothing else; None if nothing is.

    The check counts as a write and would hold the lock for a second a million records, so it runs on a copy, made in
    0.4 µs a record: nobody waits, and a file that is open read-only can be checked as well.
    """
    copy = apsw.Connection("")  # a temporary file, gone when closed
    try:
        with copy.backup("main", database.connection(), "main") as backup:
            backup.step(-1)
        copy.execute(f"INSERT INTO {FULL_TEXT} ({FULL_TEXT}, rank) VALUES ('integrity-check', 1)")
    except (apsw.CorruptError, apsw.SQLError) as error:
        return f"the full-text index does not agree with the records ({error}): rebuild the catalogue"
    finally:
        copy.close()
    return None


@contextmanager
def time_limit(database: peewee.Database, seconds: float, sentence: str) -> Iterator[None]:
    """Break off what this thread asks inside after `seconds`. Raises Busy with the sentence."""
    connection = database.connection()
    end = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS_BETWEEN_LOOKS)
    try:
        yield
    except ERRORS as error:
        if isinstance(_cause(error), apsw.InterruptError):
            raise Busy(sentence) from error
        raise
    finally:
        connection.set_progress_handler(None)


def is_damage(error: Exception) -> bool:
    """Whether the error says that the file's own structure is broken."""
    return isinstance(_cause(error), apsw.CorruptError | apsw.NotADBError)


def _cause(error: Exception) -> BaseException | None:
    """SQLite's own error behind peewee's."""
    return error if isinstance(error, apsw.Error) else getattr(error, "orig", None) or error.__cause__


# ---- the file ----


def copy_log(database: peewee.Database) -> None:
    """Copy the write-ahead log into the file, as far as readers let it, without waiting for them.

    A reader stops the copying at a commit, so that the file is whole without its log, and at worst lags.
    """
    database.execute_sql("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def has_moved(database: peewee.Database) -> bool:
    """Whether this thread's connection reads a file that no longer bears its name: a rebuilt one was swapped in."""
    answer = ctypes.c_int(0)
    database.connection().file_control("main", apsw.SQLITE_FCNTL_HAS_MOVED, ctypes.addressof(answer))
    return answer.value != 0
