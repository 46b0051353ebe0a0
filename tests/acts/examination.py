"""The office's audit of a town, and the intruder who writes the town's ledger behind the office's back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from registry.ledger.audit.fault import Audit, Fault
from registry.office import Office
from registry.records.acts import Act
from registry.records.encoding import canonical
from tests.simulator import Operator
from tests.town import Town


def examined(town: Town) -> Audit:
    """The office's audit, as anyone may run it: beside the office, or while it is closed, without a passphrase."""
    with Office.reading(town.settings) as beside:
        return beside.audit()


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
