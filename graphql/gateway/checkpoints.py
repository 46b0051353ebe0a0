"""Checkpoints as blocks: each a size and a root, signed, each extending the one before it."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from gateway.nodes import Info
from gateway.operation import operation
from gateway.pages import PageEnds
from gateway.scalars import DateTime, Digest, UInt53, at, sha256
from registry.desk.evidence import Ground


@strawberry.type(description="number: its place among all checkpoints, from 1. note: the signed note, byte for byte.")
class Checkpoint:
    ground: strawberry.Private[Ground]
    place: strawberry.Private[tuple[int, int] | None] = None
    """Its number and the size before it, where these are known already."""

    @strawberry.field
    def number(self, info: Info) -> UInt53:
        return UInt53(self._placed(info)[0])

    @strawberry.field
    def origin(self) -> str:
        return self.ground.origin

    @strawberry.field
    def size(self) -> UInt53:
        return UInt53(self.ground.size)

    @strawberry.field
    def previous_size(self, info: Info) -> UInt53:
        return UInt53(self._placed(info)[1])

    @strawberry.field
    def root_hash(self) -> Digest:
        return sha256(self.ground.root)

    @strawberry.field
    def issued_at(self) -> DateTime:
        return at(self.ground.issued_at * 1_000)

    @strawberry.field
    def note(self) -> str:
        return self.ground.note.decode()

    def _placed(self, info: Info) -> tuple[int, int]:
        if self.place is None:
            self.place = operation(info).desk.evidence.place(self.ground.size)
        return self.place


def blocks(grounds: Sequence[Ground], first: tuple[int, int]) -> list[Checkpoint]:
    """Checkpoints that follow each other, the first of them at that place."""
    number, previous = first
    found = []
    for count, ground in enumerate(grounds):
        found.append(Checkpoint(ground=ground, place=(number + count, previous)))
        previous = ground.size
    return found


@strawberry.type
class CheckpointEdge:
    cursor: str
    node: Checkpoint


@strawberry.type
class CheckpointConnection:
    edges: list[CheckpointEdge]
    page_info: PageEnds
