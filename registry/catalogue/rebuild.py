"""The catalogue built anew: rows appended to a fresh file, indices and full text last, then swapped in for the old one.

    catalogue.db.aside     being built; rubbish after a crash, and removed by the next rebuild
    catalogue.db           the old one until the rename, the new one after it

The swap is one rename. What makes it safe beside readers of other processes is that no old write-ahead log survives it:
SQLite finds a log by its name, and would play the old file's into the new one. The old log is copied into the old file
and its names are removed first; whoever has the old file open goes on reading it whole, until `engine.has_moved` tells
him at his next question.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

import peewee

from registry.catalogue import engine
from registry.catalogue.projection import Batch
from registry.catalogue.queries import generation
from registry.catalogue.tables import THE_PROGRESS, ProgressRow

CHUNK = 16_384  # entries in memory at a time
_BESIDE = ("-wal", "-shm", "-journal")


def rebuild(
    path: Path, entries: Iterable[bytes], make: Callable[[Path], peewee.Database], *, old: peewee.Database | None = None
) -> int:
    """Build a catalogue from all entries of a ledger, from position 0 on, and put it at `path`; their number.

    `make` opens a new file with `SCHEMA` in place. `old`, if given, is the catalogue open at `path` now: its generation
    is counted on, its damage does not matter, and this thread's connection to it is closed. Nobody may write to it
    meanwhile. A crash leaves the old one or the new one, whole.
    """
    aside = path.with_name(f"{path.name}.aside")
    _remove(aside, "", *_BESIDE)
    database = make(aside)
    try:
        count = _fill(database, entries)
        ProgressRow.update(generation=_generation(old) + 1).where(ProgressRow.id == THE_PROGRESS).execute(database)
    finally:
        database.close()
    _sync(aside)
    if old is not None:
        _let_go(old)
    _remove(path, *_BESIDE)
    if path.exists():  # whoever was given the right to read it keeps that
        aside.chmod(stat.S_IMODE(path.stat().st_mode))
    aside.rename(path)
    _sync(path.parent)
    return count


def _fill(database: peewee.Database, entries: Iterable[bytes]) -> int:
    engine.postpone_indices(database)
    rest, count = iter(entries), 0
    while chunk := list(islice(rest, CHUNK)):
        with database.atomic("EXCLUSIVE"):
            count = Batch(database, count).take(chunk, indexed=False)
    engine.complete(database)
    return count


def _generation(old: peewee.Database | None) -> int:
    if old is None:
        return 0
    try:
        return generation(old)
    except engine.ERRORS as error:
        if not engine.is_damage(error):
            raise
        return 0


def _let_go(old: peewee.Database) -> None:
    try:
        engine.copy_log(old)
    except engine.ERRORS as error:
        if not engine.is_damage(error):
            raise
    old.close()


def _remove(path: Path, *endings: str) -> None:
    for ending in endings:
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
