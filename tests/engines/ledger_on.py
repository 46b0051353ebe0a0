"""The honest registry of `tests.honest`, on whichever engine a store is given."""

from __future__ import annotations

import random
from pathlib import Path

import peewee

from registry.ledger.audit.fault import Audit
from registry.ledger.audit.walk import walk
from registry.ledger.log import Log
from registry.sequencer import Courtesy, Sequencer
from registry.storage.inspection import Inspection
from registry.storage.ledger import LedgerStore
from registry.storage.mark import MarkFile
from tests.honest import KEYS, ORIGIN, Clock, Person, Registry


class LedgerOn(Registry):
    """A ledger in that database; the mark is a file of the signer's folder, as with every engine."""

    def __init__(self, folder: Path, database: peewee.Database, store: LedgerStore) -> None:
        self.folder, self.random, self.clock = folder, random.Random(1), Clock()
        self.database, self.store, self.log = database, store, Log(store)
        self.mark = MarkFile(folder / "mark.db", create=True)
        self.steps: list[str] = []
        self.sequencer = Sequencer(
            store,
            self.log,
            origin=ORIGIN,
            clock=self.clock,
            committed=lambda first, entries, are_acts: None,
            milestone=self.steps.append,
            courtesy=Courtesy(),
        )
        self.people: dict[str, Person] = {}

    @property
    def is_sqlite(self) -> bool:
        """Whether it is the embedded engine."""
        return isinstance(self.database, peewee.SqliteDatabase)

    def close(self) -> None:
        """Let go of the database, the writer's own connection first: an errand runs in its thread."""

        def let_go() -> None:
            self.database.close()

        self.sequencer.errand(let_go)
        self.sequencer.close()
        self.database.close()
        self.mark.close()

    def audit(self) -> Audit:
        """From the entries alone."""
        evidence = Inspection(self.database, portable=not self.is_sqlite)
        with evidence.snapshot():
            return walk(evidence, evidence, origin=ORIGIN, keys=KEYS)
