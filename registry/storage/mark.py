"""The mark: the largest tree that this signer signed or was about to sign, in a small SQLite file of the signer's
folder.

It never lies in the registry and is never restored with it: a database cannot see its own rollback, the mark can. Keeps
the contract of `registry.ledger.ports.Mark`. WAL and `synchronous=FULL`, read back.
"""

from __future__ import annotations

from pathlib import Path

import peewee

from registry.errors import LedgerHalted
from registry.ledger.ports import MarkedHead
from registry.storage.sqlite import faults, migrate, open_database, writing


class MarkRow(peewee.Model):
    origin = peewee.TextField(primary_key=True)
    size = peewee.BigIntegerField()
    root = peewee.BlobField()
    at = peewee.BigIntegerField()

    class Meta:
        table_name = "mark"
        strict_tables = True


def _first_table(database: peewee.Database) -> None:
    with database.bind_ctx([MarkRow]):
        database.create_tables([MarkRow], safe=False)


class MarkFile:
    """`mark.db`. One connection a thread; compare and swap inside a transaction that holds the write lock."""

    def __init__(self, path: Path, *, create: bool = False, read_only: bool = False) -> None:
        self._database = open_database(path, create=create, read_only=read_only)
        migrate(self._database, (_first_table,))

    def close(self) -> None:
        """Close this thread's connection."""
        self._database.close()

    def read(self, origin: str) -> MarkedHead | None:
        """The mark of this origin, or None."""
        query = MarkRow.select(MarkRow.size, MarkRow.root, MarkRow.at).where(MarkRow.origin == origin)
        with faults(self._database):
            rows = list(query.tuples().execute(self._database))
        return MarkedHead(origin, rows[0][0], bytes(rows[0][1]), rows[0][2]) if rows else None

    def move(self, old: MarkedHead | None, new: MarkedHead) -> None:
        """Compare and swap, durable when it returns. Raises `LedgerHalted` and leaves the mark as it was.

        Refused: a mark that is not `old`; a smaller size; the same size with another root; a time before the old one.
        """
        with faults(self._database), writing(self._database):
            found = self.read(new.origin)
            if found != old:
                raise LedgerHalted(
                    f"the mark of {new.origin} is {_told(found)}, expected {_told(old)}: another process signs with "
                    "this signer's folder, or it was restored. Nothing was signed."
                )
            if found is not None:
                if new.size < found.size:
                    raise LedgerHalted(
                        f"{new.origin}: this copy ends at {_told(new)}, but this signer signed {_told(found)}. "
                        "It is an older copy: rebuild it from a mirror. Nothing was signed."
                    )
                if new.size == found.size and new.root != found.root:
                    raise LedgerHalted(
                        f"{new.origin}: {_told(new)} is another history than {_told(found)}, which this signer signed. "
                        "Nothing was signed; run an audit."
                    )
                if new.at < found.at:
                    raise LedgerHalted(
                        f"{new.origin}: the time {new.at} ms is before the last mark's {found.at} ms. Set the clock."
                    )
                row = MarkRow.update(size=new.size, root=new.root, at=new.at)
                row.where(MarkRow.origin == new.origin).execute(self._database)
            else:
                self._begin(new)

    def adopt(self, new: MarkedHead) -> None:
        """Begin a mark where none is, for a registry whose signer was lost; an act must say so. Durable when it
        returns.

        Raises `LedgerHalted` where a mark stands: the office moves it, nobody adopts another.
        """
        with faults(self._database), writing(self._database):
            found = self.read(new.origin)
            if found is not None:
                raise LedgerHalted(
                    f"{new.origin} has a mark, {_told(found)}: it is not replaced by {_told(new)}. "
                    "A copy that disagrees with it is rebuilt from a mirror."
                )
            self._begin(new)

    def _begin(self, new: MarkedHead) -> None:
        MarkRow.insert(origin=new.origin, size=new.size, root=new.root, at=new.at).execute(self._database)


def _told(mark: MarkedHead | None) -> str:
    return "absent" if mark is None else f"size {mark.size:,} with root {mark.root.hex()[:16]}…"
