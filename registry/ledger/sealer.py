"""Sealing: from the newest committed head to a signed checkpoint, beside the turn. The same code runs when an office
opens.

Each step is durable before the next:

1. read back every entry since the last sealed size, hash it again and compare with the stored tiles and the head's
   root: one bit flipped between hashing and storing must never be signed (it killed a CT log in 2021);
2. move the mark, so that a restored registry meets what was signed here;
3. sign with every key of the log, and verify with the verifier's own code;
4. keep the checkpoint.

Whatever was recorded while it signed goes into the next checkpoint together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from registry.errors import LedgerHalted, Unproven
from registry.ledger import cosignature, tiles
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.edge import edge_at
from registry.ledger.log import Log
from registry.ledger.merkle import leaf_hash
from registry.ledger.note import Note, VerifierKey
from registry.ledger.ports import Checkpoints, Head, Mark, MarkedHead, Shelves
from registry.ledger.tiles import WIDTH, Edge


class Sealer:
    """Seals one ledger. One thread at a time; `clock` gives ms UTC."""

    def __init__(
        self,
        shelves: Shelves,
        checkpoints: Checkpoints,
        mark: Mark,
        *,
        origin: str,
        signers: Sequence[cosignature.Signer],
        keys: Sequence[VerifierKey],
        clock: Callable[[], int],
        milestone: Callable[[str], None],
    ) -> None:
        self._shelves, self._checkpoints, self._mark = shelves, checkpoints, mark
        self._origin, self._signers, self._keys = origin, signers, keys
        self._clock, self._milestone = clock, milestone
        self._log = Log(shelves)
        self._edge: Edge | None = None

    def seal(self) -> int:
        """Seal the newest head; returns the sealed size. Raises LedgerHalted when anything disagrees: then nothing
        was signed."""
        head = self._shelves.head()
        sealed = self._checkpoints.latest()
        if head.size == 0 or (sealed is not None and sealed.size >= head.size):
            return sealed.size if sealed else 0
        self._read_back(head, sealed.size if sealed else 0)  # 1
        now = self._clock()
        before = self._mark.read(self._origin)
        if before is None and sealed is not None:
            raise LedgerHalted(no_mark(head.size))
        at = max(now, before.at) if before else now
        self._mark.move(before, MarkedHead(self._origin, head.size, head.root, at))  # 2
        self._milestone("mark moved")
        note = cosignature.seal(Checkpoint(self._origin, head.size, head.root), self._signers, at // 1000)  # 3
        try:
            _, signed = cosignature.verify(Note.parse(note.to_bytes()), self._keys)
        except Unproven as error:
            raise LedgerHalted(
                f"the checkpoint of size {head.size} does not verify right after it was signed: {error}"
            ) from error
        if len(signed) != len(self._keys):
            raise LedgerHalted(f"the checkpoint of size {head.size} lacks a signature by a key of the log")
        self._milestone("checkpoint signed")
        self._checkpoints.put(head.size, note.to_bytes())  # 4
        self._milestone("checkpoint stored")
        return head.size

    def _read_back(self, head: Head, sealed: int) -> None:
        edge = self._edge
        if edge is None or edge.size != sealed:
            edge = edge_at(sealed, tiles.nodes(self._shelves.tile, head.edge))
        for n in range(sealed // WIDTH, (head.size + WIDTH - 1) // WIDTH):
            block = self._log.bundle(n, head.size)
            edge, filled = edge.grow([leaf_hash(entry) for entry in block[max(sealed - n * WIDTH, 0) :]])
            for level, number, body in filled:
                if self._shelves.tile(level, number) != body:
                    raise LedgerHalted(
                        f"{tiles.tile_path(level, number)} differs from what the entries below it "
                        "hash to: nothing was signed; run an audit"
                    )
        if edge.root() != head.root or edge != head.edge:
            raise LedgerHalted(
                f"the entries from {sealed} to {head.size - 1} hash to root {edge.root().hex()[:16]}…, the head says "
                f"{head.root.hex()[:16]}…: nothing was signed; run an audit"
            )
        self._edge = edge


def no_mark(size: int) -> str:
    """The sentence for a ledger whose mark is missing."""
    return (
        f"this signer holds no mark for a ledger of {size} entries: it may be a copy, or the signer was lost. "
        "An administrator starts a new mark with 'muniment checkpoint --adopt'"
    )


def check_mark(log: Log, mark: MarkedHead | None, head: Head, origin: str) -> None:
    """Return if the head carries on from what this signer signed; else LedgerHalted: an old copy, a fork, or a lost
    signer."""
    if mark is None:
        if head.size:
            raise LedgerHalted(no_mark(head.size))
        return
    if mark.origin != origin:
        raise LedgerHalted(
            f"the mark is of {mark.origin}, this registry is {origin}: these two folders do not belong together"
        )
    if mark.size > head.size:
        raise LedgerHalted(
            f"this copy ends at {head.size} entries, this signer has signed {mark.size}: it is an old copy. "
            "Nothing is written or signed; bring back the newest copy, or rebuild it from a mirror"
        )
    if log.root(mark.size) != mark.root:
        raise LedgerHalted(
            f"at size {mark.size} this copy has another root than this signer has signed: its history was rewritten. "
            "Nothing is written or signed; keep this copy as evidence"
        )
