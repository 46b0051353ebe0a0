"""Is this registered? Public, by digest: known or not, kind, time and status, and evidence where it may be shown."""

from __future__ import annotations

import strawberry

from gateway.checkpoints import Checkpoint
from gateway.evidence import Evidence, evidence_of
from gateway.nodes import Info
from gateway.operation import operation
from gateway.scalars import DateTime, Digest, at, raw_digest
from registry.desk.verification import Verified
from registry.records.muniment import MunimentKind, Status


@strawberry.type(
    description="known: false says only that no search finds it. superseded: a newer version stands above it. "
    "evidence: null where the entry is not the caller's to know."
)
class Verification:
    digest: Digest
    found: strawberry.Private[Verified | None]

    @strawberry.field
    def known(self) -> bool:
        return self.found is not None

    @strawberry.field
    def kind(self) -> MunimentKind | None:
        return self.found.kind if self.found else None

    @strawberry.field
    def recorded_at(self) -> DateTime | None:
        return at(self.found.recorded_at) if self.found else None

    @strawberry.field
    def status(self) -> Status | None:
        return self.found.status if self.found else None

    @strawberry.field
    def superseded(self) -> bool | None:
        return self.found.superseded if self.found else None

    @strawberry.field
    def evidence(self, info: Info) -> Evidence | None:
        return evidence_of(self.found.position, info) if self.found and self.found.shown else None

    @strawberry.field
    def checkpoint(self, info: Info) -> Checkpoint:
        return Checkpoint(ground=operation(info).ground())


def verification_of(info: Info, digest: Digest) -> Verification:
    """What is registered under the digest. Raises Misuse."""
    found = operation(info).desk.verification.of(raw_digest(digest))
    return Verification(digest=digest, found=found)
