"""The registry's files, open: ledger, catalogue and vault, with what reads and writes them."""

from __future__ import annotations

from pathlib import Path

import peewee

from registry.catalogue.catalogue import Catalogue
from registry.catalogue.engine import SCHEMA as CATALOGUE_SCHEMA
from registry.errors import Misuse
from registry.ledger.log import Log
from registry.sequencer import Milestone
from registry.settings import Settings
from registry.storage import sqlite
from registry.storage.inspection import Inspection
from registry.storage.ledger import SCHEMA as LEDGER_SCHEMA
from registry.storage.ledger import LedgerStore
from registry.storage.signer import OfficeKeys
from registry.storage.vault import open_vault
from registry.vault.keys import WrappingKey
from registry.vault.vault import Vault


class Stores:
    """Open for writing with the office's keys, for reading without. `founding` makes the files."""

    def __init__(self, place: Path, keys: OfficeKeys | None, milestone: Milestone, *, founding: bool = False) -> None:
        writing = keys is not None
        self._ledger_file = sqlite.open_database(
            place / "ledger.db", create=founding, read_only=not writing, wal_autocheckpoint=0 if writing else None
        )
        self._catalogue_file = sqlite.open_database(
            place / "catalogue.db", create=writing, read_only=not writing, synchronous="NORMAL"
        )
        sqlite.migrate(self._ledger_file, LEDGER_SCHEMA)  # read-only: a newer or older schema is refused
        sqlite.migrate(self._catalogue_file, CATALOGUE_SCHEMA)
        self._vault_store = open_vault(place / "vault.db", create=founding, read_only=not writing)
        self.ledger = LedgerStore(self._ledger_file)
        self.log = Log(self.ledger)
        self.catalogue = Catalogue(self._catalogue_file, faults=sqlite.faults)
        self.vault = Vault(self._vault_store, WrappingKey(keys.wrapping_key) if keys else None, milestone)

    @property
    def engine(self) -> str:
        """What keeps the files, for people."""
        return f"SQLite {sqlite.version()}"

    def inspection(self) -> Inspection:
        """The ledger's tables as they lie there, right or wrong: for an audit."""
        return Inspection(self._ledger_file)

    def checkpoint_ledger(self, *, all_of_it: bool = False) -> None:
        """Copy the ledger's write-ahead log into its file."""
        sqlite.checkpoint(self._ledger_file, "TRUNCATE" if all_of_it else "PASSIVE")

    @staticmethod
    def make_catalogue(path: Path) -> peewee.Database:
        """A new, empty catalogue, to be rebuilt aside."""
        database = sqlite.open_database(path, create=True, synchronous="NORMAL")
        sqlite.migrate(database, CATALOGUE_SCHEMA)
        return database

    def close(self) -> None:
        """Close this thread's connections."""
        for database in (self._ledger_file, self._catalogue_file):
            database.close()
        self._vault_store.close()


def must_exist(settings: Settings) -> None:
    """Misuse unless there are a registry and a signer at these places."""
    if not (settings.registry / "ledger.db").is_file():
        raise Misuse(f"{settings.registry}: no registry here; check --registry, or found one with 'muniment init'")
    if not settings.signer.is_dir():
        raise Misuse(
            f"{settings.signer}: the signer's folder is missing; check --signer: it holds the log's keys and the mark"
        )
