"""What an attack on authority has to meet: the audit names position and subject, and says why."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from registry.ledger.audit.fault import Fault
from registry.records import acts
from registry.records.encoding import to_base64
from registry.records.envelope import Sealed
from registry.records.muniment import MunimentKind, Visibility
from tests.honest import START_MS, YEAR_MS, audit
from tests.simulator import Operator

UNTIL = START_MS + YEAR_MS


def named(operator: Operator, position: int, subject: str | None, *says: str) -> Sequence[Fault]:
    """The audit, which must say this of that position."""
    faults = audit(operator.folder).faults
    assert any(
        fault.position == position and subject in (None, fault.subject) and all(one in fault.what for one in says)
        for fault in faults
    ), faults
    return faults


def lodged() -> acts.Lodged:
    """A deed's details."""
    digest = to_base64(hashlib.sha256(b"some").digest())
    return acts.Lodged(
        kind=MunimentKind.DEED,
        vault=Sealed(id="0" * 32, key=digest),
        version=1,
        visibility=Visibility.DEPARTMENTS,
    )
