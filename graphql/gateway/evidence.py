"""All that is needed to check one fact offline, with the answer's one checkpoint and its support in extensions."""

from __future__ import annotations

from enum import Enum

import strawberry

from gateway.nodes import Info
from gateway.operation import operation
from gateway.scalars import Bytes, Digest, UInt53, octets, sha256
from registry.desk.evidence import Proven


@strawberry.enum(
    description="RECORDED: durable. SEALED: under a signed checkpoint, the last state while no witness is appointed."
)
class ActState(Enum):
    RECORDED = "RECORDED"
    SEALED = "SEALED"


@strawberry.type(
    description="path: from the leaf's sibling upward, to the root of the tree of treeSize. "
    "In an answer's evidence treeSize is that of its one checkpoint."
)
class InclusionProof:
    tree_size: UInt53
    index: UInt53
    path: list[Digest]


@strawberry.type(
    description="entry: the ledger entry's bytes, withheld members as salted digests. disclosures: base64url of the "
    "JSON array [salt, name, value], exactly as hashed (RFC 9901). proof is null until the entry is sealed. "
    "No alias below the first level beside it (ALIASED_EVIDENCE)."
)
class Evidence:
    position: UInt53
    entry: Bytes
    leaf_hash: Digest
    disclosures: list[str]
    state: ActState
    proof: InclusionProof | None


def evidence_of(position: int, info: Info, *, withheld: bool = False) -> Evidence:
    """The evidence of one entry. With `withheld` the disclosures that the caller may see: a recorded reading."""
    asked = operation(info)
    proven: Proven = asked.prove(position, info)
    disclosures = list(asked.read_withheld(position)) if withheld else []
    proof = None
    if proven.path is not None:
        proof = InclusionProof(
            tree_size=UInt53(asked.ground().size), index=UInt53(position), path=[sha256(each) for each in proven.path]
        )
    return Evidence(
        position=UInt53(position),
        entry=octets(proven.entry),
        leaf_hash=sha256(proven.leaf),
        disclosures=disclosures,
        state=ActState.RECORDED if proof is None else ActState.SEALED,
        proof=proof,
    )


def state_of(position: int, info: Info) -> ActState:
    """Recorded, or sealed under the answer's checkpoint."""
    return ActState.SEALED if position < operation(info).ground().size else ActState.RECORDED
