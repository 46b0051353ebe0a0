"""What the registry says of itself at a glance."""

from __future__ import annotations

import msgspec

from registry.desk.services import Services
from registry.records.encoding import to_base64


class Status(msgspec.Struct, frozen=True):
    """`size` entries and `root` (base64) as recorded; `sealed` the size of the newest checkpoint, 0 without one.

    `not_yet_searchable` entries are recorded but not yet in the catalogue. `marked` is the size this signer last
    signed.
    """

    origin: str
    size: int
    root: str
    engine: str
    not_yet_searchable: int
    sealed: int
    state: str
    departments: int
    officers: int
    open_loads: int


def status(services: Services) -> Status:
    """Read it; needs no key and nobody's leave."""
    head = services.head()
    sealed = services.checkpoints.latest()
    standing = services.standing()
    size = sealed.size if sealed else 0
    return Status(
        origin=services.origin,
        size=head.size,
        root=to_base64(head.root),
        engine=services.engine,
        not_yet_searchable=max(head.size - services.catalogue.projected(), 0),
        sealed=size,
        state="sealed, no witnesses appointed"
        if size == head.size
        else f"{head.size - size} entries recorded, not sealed yet",
        departments=len(standing.departments()),
        officers=sum(officer.revoked is None for officer in standing.officers()),
        open_loads=sum(load.closed is None for load in services.store.loads()),
    )
