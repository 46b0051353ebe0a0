"""The office's audit of a town, and the intruder who writes the town's ledger behind the office's back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from registry.desk.audit import whole
from registry.ledger.audit.fault import Audit, Fault
from registry.records.acts import Act
from registry.records.encoding import canonical
from registry.storage import sqlite
from registry.storage.inspection import Inspection
from registry.storage.mark import MarkFile
from registry.storage.vault import open_vault
from registry.vault.vault import Vault
from tests.simulator import Operator
from tests.town import ORIGIN, Town


def examined(town: Town) -> Audit:
    """Everything the office keeps, held against its entries; the office may be open or closed."""
    registry: Path = town.settings.registry
    database = sqlite.open_database(registry / "ledger.db", read_only=True)
    mark = MarkFile(town.settings.signer / "mark.db", read_only=True)
    store = open_vault(registry / "vault.db", read_only=True)
    try:
        tables = Inspection(database)
        with tables.snapshot():
            return whole.audit(tables, origin=ORIGIN, keys=town.office.keys, mark=mark, vault=Vault(store, None))
    finally:
        store.close()
        mark.close()
        database.close()


def told(faults: tuple[Fault, ...], position: int) -> str:
    """What the audit says of that position, in one text."""
    return "\n".join(fault.what for fault in faults if fault.position == position)


class Intruder(Operator):
    """He has the registry's files and the keys of officers that he is given; neither the log's keys nor the mark."""

    def enter(self, *acts: Act) -> int:
        """Entries, tiles and head in good order, unsealed; returns the position of the first."""
        entries = self.entries()
        first = len(entries)
        self.publish([*entries, *map(canonical, acts)], sign=False)
        return first


@contextmanager
def behind_the_office(town: Town) -> Iterator[Intruder]:
    """The office is closed; somebody has its files to himself."""
    town.close()
    intruder = Intruder(town.settings.registry)
    try:
        yield intruder
    finally:
        intruder.close()
