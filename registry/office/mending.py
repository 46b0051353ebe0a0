"""What a crash left, mended when the office opens: bodies without an act, key files without an enrolment."""

from __future__ import annotations

import re
from collections.abc import Iterable

from registry.desk.services import Services
from registry.errors import Misuse
from registry.records.acts import OfficerEnrolled, details_of
from registry.sequencer import Milestone
from registry.storage.signer import Signer

_ENVELOPE = re.compile(rb'"id":"([0-9a-f]{32})"')


def named(entries: Iterable[bytes]) -> set[str]:
    """Ids of the envelopes that the entries name, and perhaps of some that they only mention."""
    return {found.decode() for entry in entries if b'"vault":' in entry for found in _ENVELOPE.findall(entry)}


def sweep_bodies(services: Services, milestone: Milestone) -> None:
    """Take away bodies that no entry names: a crash between vault and ledger left them.

    The catalogue says quickly which are in question; before anything is destroyed the entries are asked, because
    whoever can write the catalogue's file could else have bodies swept.
    """
    held = {envelope for envelope, _ in services.catalogue.envelopes()}
    stray = {envelope for envelope in services.vault.ids() if envelope not in held}
    if not stray:
        return
    stray -= named(services.log.entries(0, services.head().size))
    for envelope in sorted(stray):
        services.vault.discard(envelope)
        milestone("body swept")


def sweep_keys(services: Services, signer: Signer, milestone: Milestone) -> None:
    """Take away key files whose enrolment a crash broke off: no entry names their keys."""
    standing = services.store.standing()
    known = {officer.key for officer in standing.officers()}
    for row in standing.awaited():
        act = services.act(row.position)
        details = details_of(act.intent) if act else None
        if isinstance(details, OfficerEnrolled):
            known.add(details.key)
    for name in signer.officers.names():
        try:
            header = signer.officers.header(name)
        except Misuse:
            continue  # a damaged key file is its officer's to restore, and keeps nobody else out
        if header.origin == services.origin and header.public not in known:
            signer.officers.remove(name)
            milestone("key file swept")
