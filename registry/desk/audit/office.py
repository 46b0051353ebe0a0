"""The audit of an office's own rooms, open or only read: what `muniment audit` runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from registry.desk.audit import whole
from registry.desk.audit.tables import Tables
from registry.desk.services import Services
from registry.errors import Malformed
from registry.ledger.audit.fault import Audit, Fault
from registry.ledger.audit.seals import Claim
from registry.ledger.audit.walk import Progress
from registry.ledger.ports import Mark
from registry.ledger.tiles import WIDTH, unframe
from registry.records.disclosure import unpack
from registry.records.envelope import Sealed
from registry.records.identifiers import subject_digest
from registry.records.muniment import SubjectState


class OpenVault:
    """Opens readings: the office is open, so the vault has its key."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def disclosures(self, sealed: Sealed) -> tuple[str, ...]:
        """What the envelope of a reading discloses."""
        return unpack(self._services.vault.withheld(sealed.id))

    def state(self, reference: str) -> SubjectState | None:
        """The state now of what was read; its custodian, on which the right hangs, is that of then. None for a sale of
        which one row is held: it is public, and nothing of it is withheld."""
        last = self._services.store.last(subject_digest(reference), reference)
        return msgspec.json.decode(last.state, type=SubjectState) if last is not None and last.state else None


def audit_office(
    services: Services,
    tables: Tables,
    mark: Mark | None,
    *,
    ledger_only: bool = False,
    claims: Iterable[Claim] = (),
    tell: Callable[[Fault], None] | None = None,
    progress: Progress = lambda done, total: None,
) -> Audit:
    """Audit the registry that these services hold; `tables` are its ledger's, as they lie there.

    `ledger_only` leaves out vault and catalogue. Readings are opened where the office is open. Faults are values;
    raises LedgerHalted only where the store cannot be read at all.
    """
    return whole.audit(
        tables,
        origin=services.origin,
        keys=[key for key, _ in services.policy.logs],
        witnesses=[witness.key for witness in services.policy.witnesses],
        mark=mark,
        vault=None if ledger_only else services.vault,
        opener=OpenVault(services) if services.sequencer is not None and not ledger_only else None,
        differences=() if ledger_only else services.catalogue.compare(_entries(tables)),
        claims=claims,
        tell=tell,
        progress=progress,
    )


def _entries(tables: Tables) -> Iterator[tuple[int, bytes]]:
    """(position, entry) of all that is recorded, up to the first that is missing; asked for after the catalogue's own
    moment, so that the ledger is never behind it."""
    end = tables.head().size
    expected = 0
    for n, body in tables.bundles():
        if n != expected:
            raise Malformed(f"bundle {expected} is missing")
        yield from enumerate(unframe(body, WIDTH), n * WIDTH)
        expected += 1
    rest = unframe(tables.tails(expected * WIDTH))
    yield from enumerate(rest[: max(end - expected * WIDTH, 0)], expected * WIDTH)
