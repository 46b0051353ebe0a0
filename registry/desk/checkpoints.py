"""The checkpoints as blocks: each a size and a root, each shown to extend the one before it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from registry.desk.services import Services
from registry.errors import Unproven
from registry.ledger import cosignature
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.merkle import verify_consistency
from registry.ledger.note import Note, VerifierKey
from registry.records.encoding import to_base64


class CheckpointView(msgspec.Struct, frozen=True):
    """Block `number` (from 1) over the entries before `size`. `extends`: whether a consistency proof of `hashes` hashes
    from the block before it verifies, computed now; `signatures` how many keys of the log signed and verify."""

    number: int
    size: int
    previous: int
    root: str
    extends: bool
    hashes: int
    signatures: int
    fault: str = ""


def checkpoints(services: Services, keys: tuple[VerifierKey, ...]) -> Iterator[CheckpointView]:
    """Every checkpoint kept, oldest first."""
    before: Checkpoint | None = None
    for number, size in enumerate(services.checkpoints.sizes(), 1):
        sealed = services.checkpoints.at(size)
        assert sealed is not None
        path: tuple[bytes, ...] = ()
        signed, fault, root = 0, "", b""
        try:
            found, good = cosignature.verify(Note.parse(sealed.cosigned), keys)
            signed, root = len(good), found.root
            if services.log.root(size) != found.root:
                fault = "its root is not that of the entries kept here"
            if before is not None:
                path = services.log.consistency(before.size, size)
                verify_consistency(before.size, size, before.root, found.root, path)
            previous, before = (before.size if before else 0), found
        except Unproven as error:
            fault, previous = str(error), before.size if before else 0
        yield CheckpointView(number, size, previous, to_base64(root), not fault, len(path), signed, fault)
