"""Checkpoints as blocks: each a size and a root, signed, each extending the one before it."""

from __future__ import annotations

import strawberry

from gateway.pages import PageEnds
from gateway.scalars import DateTime, Digest, UInt53, at, sha256
from registry.desk.evidence import Ground


@strawberry.type(description="number: its place among all checkpoints, from 1. note: the signed note, byte for byte.")
class Checkpoint:
    number: UInt53
    origin: str
    size: UInt53
    previous_size: UInt53
    root_hash: Digest
    issued_at: DateTime
    note: str

    @classmethod
    def of(cls, ground: Ground) -> Checkpoint:
        """Of one that is kept."""
        return cls(
            number=UInt53(ground.number),
            origin=ground.origin,
            size=UInt53(ground.size),
            previous_size=UInt53(ground.previous),
            root_hash=sha256(ground.root),
            issued_at=at(ground.issued_at * 1_000),
            note=ground.note.decode(),
        )


@strawberry.type
class CheckpointEdge:
    cursor: str
    node: Checkpoint


@strawberry.type
class CheckpointConnection:
    edges: list[CheckpointEdge]
    page_info: PageEnds
