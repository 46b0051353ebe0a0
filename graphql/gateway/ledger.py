"""The ledger itself: checkpoints, proofs of inclusion and consistency, entries, the trust policy."""

from __future__ import annotations

from typing import Annotated

import strawberry

from gateway.checkpoints import Checkpoint, CheckpointConnection, CheckpointEdge, blocks
from gateway.entries import HistoryEdge, LedgerEntry, entry_of
from gateway.evidence import InclusionProof
from gateway.nodes import Info
from gateway.operation import operation
from gateway.pages import PageEnds
from gateway.scalars import Bytes, Digest, UInt53, octets, raw_digest, sha256
from registry.errors import Misuse

FromPosition = Annotated[UInt53, strawberry.argument(name="from")]


@strawberry.type(description="path: of a consistency proof (RFC 6962) from one size to the other.")
class ConsistencyProof:
    from_size: UInt53
    to_size: UInt53
    path: list[Digest]
    checkpoint: Checkpoint


@strawberry.type(description="A key of the log. ML-DSA-44 is post-quantum; a checkpoint bears a signature by each.")
class PublicKey:
    id: str
    algorithm: str
    key: Bytes


@strawberry.type(description="Entries by position; gaps are entries that are not the caller's to know.")
class EntryConnection:
    edges: list[HistoryEdge]
    page_info: PageEnds


@strawberry.type
class Ledger:
    @strawberry.field(description="The newest, or the one of exactly that size.")
    def checkpoint(self, info: Info, size: UInt53 | None = None) -> Checkpoint:
        asked = operation(info)
        return Checkpoint(ground=asked.ground() if size is None else asked.desk.evidence.ground_of(size))

    @strawberry.field(description="All of them, as blocks, oldest first.")
    def checkpoints(self, info: Info, first: int = 20, after: str | None = None) -> CheckpointConnection:
        asked = operation(info)
        limit, beyond = asked.page(first), asked.place("checkpoints", after) or 0
        found = asked.desk.evidence.grounds(beyond, limit + 1)
        place = asked.desk.evidence.place(found[0].size) if found else (1, 0)
        edges = [
            CheckpointEdge(cursor=asked.cursor("checkpoints", each.ground.size), node=each)
            for each in blocks(found[:limit], place)
        ]
        cursors = [edge.cursor for edge in edges]
        return CheckpointConnection(edges=edges, page_info=PageEnds.of(cursors, more=len(found) > limit, after=after))

    @strawberry.field(description="The path of a position in the tree of that size; without one, of the checkpoint's.")
    def inclusion(self, info: Info, index: UInt53, size: UInt53 | None = None) -> InclusionProof:
        asked = operation(info)
        tree = UInt53(asked.ground().size) if size is None else size
        path = asked.desk.evidence.inclusion(index, tree)
        return InclusionProof(tree_size=tree, index=index, path=[sha256(each) for each in path])

    @strawberry.field(description="`to` is the size of a checkpoint, so that its root is a signed one.")
    def consistency(
        self,
        info: Info,
        from_: FromPosition,
        to: UInt53,
    ) -> ConsistencyProof:
        evidence = operation(info).desk.evidence
        ground = evidence.ground_of(to)
        if not 0 < from_ <= to:
            raise Misuse(f"from is {from_}, expected 1 to {to}")
        path = [sha256(each) for each in evidence.consistency(from_, to)]
        return ConsistencyProof(from_size=from_, to_size=to, path=path, checkpoint=Checkpoint(ground=ground))

    @strawberry.field(description="C2SP tlog-proof text with its own checkpoint: the same bytes as `muniment receipt`.")
    def receipt(self, info: Info, position: UInt53) -> str:
        asked = operation(info)
        asked.read_clear(asked.desk.holdings.entry(position).entry.subject)
        return asked.desk.receipts.issue(position).decode()

    @strawberry.field(description="Entries from that position on.")
    def entries(self, info: Info, from_: FromPosition, first: int = 100) -> EntryConnection:
        asked = operation(info)
        limit = asked.page(first)
        found = asked.desk.holdings.entries(from_, limit + 1)
        edges = [
            HistoryEdge(cursor=asked.cursor("entries", each.position), node=entry_of(asked, each))
            for each in found[:limit]
        ]
        cursors = [edge.cursor for edge in edges]
        return EntryConnection(edges=edges, page_info=PageEnds.of(cursors, more=len(found) > limit, after=None))

    @strawberry.field(
        description="The newest entry whose leaf hash that is. Sought without an index, for two seconds at most."
    )
    def entry_by_leaf_hash(self, info: Info, hash: Digest) -> LedgerEntry | None:
        asked = operation(info)
        return entry_of(asked, asked.desk.evidence.of_leaf(raw_digest(hash)))

    @strawberry.field(description="Entries recorded but not yet searchable.")
    def catalogue_lag(self, info: Info) -> UInt53:
        return UInt53(operation(info).desk.holdings.not_yet_searchable())

    @strawberry.field
    def keys(self, info: Info) -> list[PublicKey]:
        return [
            PublicKey(id=each.id, algorithm=each.algorithm, key=octets(each.key))
            for each in operation(info).desk.evidence.log_keys()
        ]

    @strawberry.field(description="The trust policy in C2SP tlog-policy text.")
    def policy(self, info: Info) -> str:
        return operation(info).desk.evidence.policy()
