"""What somebody kept, a checkpoint or a receipt, as a claim against the ledger: `audit --against FILE`."""

from __future__ import annotations

from collections.abc import Sequence

from registry.errors import Unproven
from registry.ledger import cosignature
from registry.ledger.audit.seals import Claim
from registry.ledger.note import Note, VerifierKey
from registry.ledger.receipt import Receipt

_RECEIPT = b"c2sp.org/tlog-proof@"


def claim(raw: bytes, by: str, origin: str, keys: Sequence[VerifierKey]) -> Claim:
    """The claim in a signed checkpoint or a receipt; `by` names it: "checkpoint-2024.txt".

    Every one of the log's `keys` must have signed it, or it is evidence of nothing. Raises Malformed, BadSignature,
    Unproven.
    """
    note = Receipt.parse(raw).checkpoint if raw.startswith(_RECEIPT) else raw
    checkpoint, signed = cosignature.verify(Note.parse(note), keys)
    if checkpoint.origin != origin:
        raise Unproven(f"{by}: it is of the log {checkpoint.origin}, not of {origin}")
    if set(signed) != set(keys):
        raise Unproven(f"{by}: not every key of the log signed it, so it holds nothing against the ledger")
    return Claim(by, checkpoint.size, checkpoint.root)
