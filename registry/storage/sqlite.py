"""A SQLite file: opened, asserted, migrated, and its faults told in the office's words.

Rules kept here:
- The library is APSW's own SQLite, 3.51.3 or newer: 3.7.0 to 3.51.2 hold the WAL-reset corruption bug, and Python's
  own is often older.
- Every connection sets its pragmas and reads them back: WAL and, for what must survive a power cut, `synchronous=FULL`.
  A build's default, or a file system that silently refuses WAL, would lose acknowledged acts: a difference is refused.
- A path that holds no database is an error unless `create=True`: a mistyped path must not start a second history.
- One peewee database object serves several threads; each gets a connection of its own, opened at its first query.
- Faults become errors once, by `faults`: a full disk recorded nothing (`Busy`); a failed read, write or sync leaves the
  state unknown (`LedgerHalted`), because after a failed fsync the page cache may lie.

Left to others: tables (peewee models, unbound, `Meta.strict_tables = True`), what a turn is, when to checkpoint.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Literal

import apsw
import peewee
from playhouse.apsw_ext import APSWDatabase

from registry.errors import Busy, LedgerHalted, Misuse, RegistryError
from registry.storage.durable import STORAGE_FULL, file_fault, sync_folder

BUSY_TIMEOUT_S = 5.0  # a reader or a checkpoint beside us; writers queue in the office, never here
OLDEST_SQLITE = (3, 51, 3)
SYNCHRONOUS = {"NORMAL": 1, "FULL": 2}

Step = Callable[[peewee.Database], None]
"""Brings a schema from one version to the next; runs inside the transaction that writes the new number."""


class _SqliteFile(APSWDatabase):
    """A peewee database whose connections, one a thread, all carry the same asserted pragmas."""

    def __init__(self, name: str, pragmas: dict[str, int | str], **connect: Any) -> None:
        super().__init__(name, timeout=BUSY_TIMEOUT_S, **connect)  # type: ignore[no-untyped-call]  # stubs are partial
        self._wanted = pragmas

    def _connect(self) -> apsw.Connection:
        connection: apsw.Connection = super()._connect()  # type: ignore[no-untyped-call]  # stubs are partial
        try:
            for name, wanted in self._wanted.items():
                connection.execute(f"PRAGMA {name}={wanted}").fetchall()
                found = connection.execute(f"PRAGMA {name}").fetchall()[0][0]
                if found != wanted:
                    raise Misuse(
                        f"{self.database}: SQLite answers {name}={found} where {wanted} was set. Without it acts "
                        "could be lost, or shredded bytes stay: keep the registry on a local file system."
                    )
        except apsw.Error as error:
            told = translate(error, self.database, connection.system_errno)
            if isinstance(error, apsw.ReadOnlyError) and "query_only" in self._wanted:
                told = Misuse(
                    f"{self.database}: cannot be read without the right to write in its folder, where SQLite keeps an "
                    "index for its readers. Ask for that right, or read where somebody has the registry open."
                )
            connection.close()
            raise told or error from error
        except Misuse:
            connection.close()
            raise
        return connection


def open_database(
    path: Path,
    *,
    synchronous: Literal["FULL", "NORMAL"] = "FULL",
    secure_delete: bool = False,
    read_only: bool = False,
    create: bool = False,
    wal_autocheckpoint: int | None = None,
    vfs: str | None = None,
) -> peewee.Database:
    """Open `path` and connect once, so that whatever is wrong with it shows here.

    `wal_autocheckpoint` is in pages; 0 leaves the WAL to `checkpoint`, None to SQLite (1,000 pages). `vfs` names a
    registered APSW file layer (fault tests). `create=True` makes a missing file, mode 0600, its name durable; one that
    exists is opened.

    Raises `Misuse` (no such file, not ours to read, pragma or library not good enough), `LedgerHalted` (not a database,
    I/O error), `Busy` (storage full or read-only).
    """
    path = Path(os.path.abspath(path))
    if tuple(map(int, apsw.sqlite_lib_version().split("."))) < OLDEST_SQLITE:
        raise Misuse(
            f"SQLite {apsw.sqlite_lib_version()} has a known fault that can corrupt a write-ahead log; "
            "3.51.3 or newer is needed: install apsw from PyPI."
        )
    if create and not path.exists():
        _create_file(path)
    elif not path.is_file():
        raise Misuse(f"{path}: no database here. Check the path; a registry is founded with 'muniment init'.")
    elif not create and path.stat().st_size == 0:
        raise LedgerHalted(
            f"{path}: the file is empty where a database was expected. Restore it, or rebuild it from a mirror."
        )

    frozen = read_only and bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    pragmas: dict[str, int | str] = {"trusted_schema": 0, "cell_size_check": 1}
    if not frozen:
        pragmas |= {"journal_mode": "wal", "synchronous": SYNCHRONOUS[synchronous]}
    if read_only:
        pragmas["query_only"] = 1
    else:
        pragmas |= {"fullfsync": 1, "checkpoint_fullfsync": 1, "secure_delete": int(secure_delete)}
        if wal_autocheckpoint is not None:
            pragmas["wal_autocheckpoint"] = wal_autocheckpoint
    connect: dict[str, Any] = {} if vfs is None else {"vfs": vfs}
    if frozen:  # on a medium mounted read-only SQLite cannot make the WAL's index, and nobody can write either
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        database = _SqliteFile(path.as_uri() + "?immutable=1", pragmas, flags=flags, **connect)
    else:
        flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE
        database = _SqliteFile(str(path), pragmas, flags=flags, **connect)
    with faults(database):
        database.connect()
    return database


def _create_file(path: Path) -> None:
    """An empty file, mode 0600, that is still there after a power cut."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        sync_folder(path.parent)
    except OSError as error:
        raise file_fault(error, path) from error


def translate(error: Exception, path: object, system_error: int = 0) -> RegistryError | None:
    """What `error`, a peewee or apsw one, means to the office; None for a constraint or a wrong query: the caller's.

    `system_error` is the operating system's number behind it (`Connection.system_errno`), 0 if unknown: SQLite tells a
    quota, a file size limit, and a full disk met while opening, as a plain I/O error or "cannot open".
    """
    cause = error if isinstance(error, apsw.Error) else getattr(error, "orig", None) or error.__cause__
    match cause:
        case apsw.IOError() | apsw.CantOpenError() if system_error in STORAGE_FULL:
            return Busy(f"{path}: storage is full, nothing recorded. Reading goes on; make room and try again.")
        case apsw.FullError():
            return Busy(f"{path}: storage is full, nothing recorded. Reading goes on; make room and try again.")
        case apsw.ReadOnlyError():
            return Busy(f"{path}: read-only here, nothing recorded. Reading goes on; make it writable and try again.")
        case apsw.BusyError() | apsw.LockedError():
            return Busy(f"{path}: another process is writing to it, nothing recorded. Try again.")
        case apsw.InterruptError() | apsw.AbortError() | apsw.NoMemError():
            return Busy(f"{path}: the query was broken off ({cause}), nothing recorded. Try again.")
        case apsw.CantOpenError() | apsw.PermissionsError() | apsw.AuthError():
            return Misuse(f"{path}: cannot be opened. Check that you may read it and its folder.")
        case apsw.IOError():
            return LedgerHalted(
                f"{path}: reading or writing failed ({cause}). Stop, check the disk, then open it again."
            )
        case apsw.NotADBError() | apsw.CorruptError() | apsw.FormatError():
            return LedgerHalted(f"{path}: not a sound database ({cause}). Restore it, or rebuild it from a mirror.")
    return None


@contextmanager
def faults(database: peewee.Database) -> Iterator[None]:
    """Tell what goes wrong inside as `Busy`, `Misuse` or `LedgerHalted`; constraints and other errors pass as they are.

    Stands outside `database.atomic(…)`, so that the transaction is rolled back before the error is told.
    """
    try:
        yield
    except UnicodeDecodeError as error:
        raise LedgerHalted(
            f"{database.database}: a stored text is not UTF-8: it was changed. Restore it, or rebuild it from a mirror."
        ) from error
    except (peewee.PeeweeException, apsw.Error) as error:
        number = 0 if database.is_closed() else getattr(database.connection(), "system_errno", 0)
        told = translate(error, database.database, number)
        if told is None:
            raise
        raise told from error


def writing(database: peewee.Database) -> AbstractContextManager[Any]:
    """A transaction that has the write lock from its beginning, or a savepoint inside one. `IMMEDIATE` is SQLite's
    word.
    """
    return database.atomic("IMMEDIATE") if isinstance(database, peewee.SqliteDatabase) else database.atomic()


def statement(database: peewee.Database, query: peewee.BaseQuery) -> str:
    """The SQL of `query`, whose values are only stand-ins, for `execute_sql(sql, values)`; blobs are given as bytes.

    Written once: building it anew takes peewee five times as long as SQLite takes for the row.
    """
    return str(database.get_sql_context().sql(query).query()[0])


def insert_statement(database: peewee.Database, fields: Sequence[peewee.Field[Any]]) -> str:
    """SQL that inserts one row of `fields`, in their order."""
    model = fields[0].model
    return statement(database, model.insert_many([[None] * len(fields)], fields=list(fields)))


def checkpoint(database: peewee.Database, mode: Literal["PASSIVE", "TRUNCATE"] = "PASSIVE") -> bool:
    """Copy the WAL into the file. True when all of it was copied (TRUNCATE: it is empty), false if a reader holds on.

    Not inside a transaction. Durable when it returns true, as both modes sync.
    """
    with faults(database):
        busy, frames, copied = database.execute_sql(f"PRAGMA wal_checkpoint({mode})").fetchall()[0]
    return bool(busy == 0 and frames == copied)


def version() -> str:
    """The SQLite that APSW brings."""
    return str(apsw.sqlite_lib_version())


def schema_version(database: peewee.Database) -> int:
    """The number in the file's header (`PRAGMA user_version`); 0 before the first `migrate`."""
    with faults(database):
        return int(database.execute_sql("PRAGMA user_version").fetchall()[0][0])


def migrate(database: peewee.Database, steps: Sequence[Step]) -> int:
    """Bring the file to version `len(steps)`: `steps[n]` takes it from n to n + 1, in one transaction with the number.

    A crash leaves a whole version, and the next opening goes on from there. Returns the version found before.
    Raises `Misuse` for a file newer than this program, and for an older one that is open read-only.
    """
    found = schema_version(database)
    if found > len(steps):
        raise Misuse(
            f"{database.database}: written by a newer Muniment (schema {found}; this program knows {len(steps)}). "
            "Update the program; nothing was changed."
        )
    if found < len(steps) and database.execute_sql("PRAGMA query_only").fetchall()[0][0]:
        raise Misuse(
            f"{database.database}: schema {found}, this program wants {len(steps)}. "
            "Let the office open the registry once, then read it."
        )
    for number in range(found, len(steps)):
        with faults(database), writing(database):
            if schema_version(database) != number:
                raise Busy(f"{database.database}: another process is bringing the schema forward. Try again.")
            steps[number](database)
            database.execute_sql(f"PRAGMA user_version={number + 1}").fetchall()
    return found
