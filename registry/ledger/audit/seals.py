"""Every stored checkpoint: signed by each key of the log, one text in both copies, and the root at its size.

Two checkpoints that both name the root which the same entries had at their sizes are consistent with each other: no
proof is needed where the tree itself is at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from registry.errors import LedgerHalted, Unproven
from registry.ledger import cosignature
from registry.ledger.audit.evidence import Notes
from registry.ledger.audit.fault import Findings
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.note import Note, VerifierKey
from registry.ledger.ports import Sealed


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody else holds: the ledger had this root at this size. `by` names him: "the signer's mark"."""

    by: str
    size: int
    root: bytes


class Seals:
    """The stored checkpoints, met one after the other as the tree grows; with them what others hold against it."""

    def __init__(
        self,
        checkpoints: Notes,
        origin: str,
        keys: Sequence[VerifierKey],
        findings: Findings,
        *,
        others: Iterable[VerifierKey] = (),
        claims: Iterable[Claim] = (),
    ) -> None:
        """`keys` are the log's: each must have signed. `others` are those of witnesses: checked where they signed."""
        self._checkpoints, self._origin, self._keys, self._findings = checkpoints, origin, tuple(keys), findings
        self._others = tuple(others)
        self._sizes = list(reversed(checkpoints.sizes()))
        self._claims = sorted(claims, key=lambda claim: -claim.size)
        self.agreeing = 0
        """The largest size at which a checkpoint and the entries have the same root."""
        self.newest: Checkpoint | None = None

    def reach(self, size: int, root_at: Callable[[int], bytes]) -> None:
        """Check all checkpoints up to this size; `root_at` knows the root of those beyond the last call's."""
        while self._sizes and self._sizes[-1] <= size:
            at = self._sizes.pop()
            checkpoint = self._verified(at)
            if checkpoint is None:
                continue
            self.newest = checkpoint
            root = root_at(at)
            if checkpoint.root == root:
                self.agreeing = at
                continue
            self._findings.fault(
                f"the checkpoint of size {at}, signed by the log, names the root {_short(checkpoint.root)}; the "
                f"entries come to {_short(root)}: an entry before position {at} is not what was sealed "
                f"(up to size {self.agreeing} entries and checkpoints agree)",
                self.agreeing if self.agreeing < at else None,
            )

        while self._claims and self._claims[-1].size <= size:
            self._hold_against(self._claims.pop(), root_at)

    def _hold_against(self, claim: Claim, root_at: Callable[[int], bytes]) -> None:
        self._findings.checked["held against it"] += 1
        root = root_at(claim.size)
        if claim.root != root:
            self._findings.fault(
                f"{claim.by} says root {_short(claim.root)} at size {claim.size}; the entries come to {_short(root)}: "
                "this is another history than the one that was signed then"
            )

    def finish(self, size: int) -> None:
        """Checkpoints and claims beyond the end: entries were sealed that are not here."""
        for claim in self._claims:
            self._findings.fault(
                f"{claim.by} knows {claim.size} entries, here they end at {size}: this is an older copy, or entries "
                "were taken away",
                size,
            )
        for at in reversed(self._sizes):
            checkpoint = self._verified(at)
            if checkpoint is not None:
                self._findings.fault(
                    f"the log signed a checkpoint of size {at}, the entries end at {size}: the entries {size} to "
                    f"{at - 1} are missing",
                    size,
                )

    def at_head(self, size: int) -> Checkpoint | None:
        """The checkpoint of exactly the ledger's size, if it verifies; its signature was checked already."""
        return self.newest if self.newest is not None and self.newest.size == size else None

    def _verified(self, size: int) -> Checkpoint | None:
        """The checkpoint kept at this size, or None after saying what is wrong with it."""
        self._findings.checked["checkpoints"] += 1
        sealed: Sealed | None = None
        try:
            sealed = self._checkpoints.at(size)
            if sealed is None:
                raise LedgerHalted(f"the checkpoint of size {size} cannot be read back")
            checkpoint = self._signed(sealed.note)
            self._cosigned(sealed, checkpoint)
        except (Unproven, LedgerHalted) as error:
            self._findings.fault(
                f"the checkpoint kept at size {size} does not hold: {error}. {self._other_copy(sealed)}"
            )
            return None
        if checkpoint.size != size:
            self._findings.fault(
                f"the checkpoint kept at size {size} is that of size {checkpoint.size}, and signed as such"
            )
            return None
        return checkpoint

    def _other_copy(self, sealed: Sealed | None) -> str:
        """Whether one of the two copies is good."""
        for name, raw in (("as signed", sealed.note), ("as cosigned", sealed.cosigned)) if sealed else ():
            try:
                self._signed(raw)
            except Unproven:
                continue
            return f"The copy {name} verifies"
        return f"Neither copy verifies; the checkpoint before it, of size {self.agreeing}, agrees with the entries"

    def _signed(self, raw: bytes) -> Checkpoint:
        checkpoint, signed = cosignature.verify(Note.parse(raw), self._keys)
        if checkpoint.origin != self._origin:
            raise Unproven(f"it is of the log {checkpoint.origin}, not of {self._origin}")
        missing = [f"{key.name}+{key.key_id.hex()}" for key in self._keys if key not in signed]
        if missing:
            raise Unproven(f"it lacks the log's signature by {' and '.join(missing)}")
        return checkpoint

    def _cosigned(self, sealed: Sealed, checkpoint: Checkpoint) -> None:
        """The second copy: the same text and log lines, and more lines by others."""
        if sealed.cosigned == sealed.note:
            return
        note, cosigned = Note.parse(sealed.note), Note.parse(sealed.cosigned)
        if note.text != cosigned.text or not set(note.lines) <= set(cosigned.lines):
            raise Unproven("its cosigned copy has another text, or not the log's lines; the copy as signed verifies")
        more = tuple(line for line in cosigned.lines if line not in note.lines)
        known = {(key.name, key.key_id): key for key in self._others}
        for line in more:
            key = known.get((line.name, line.key_id))
            if key is None:
                self._findings.checked["cosignatures by unknown keys"] += 1
            else:
                cosignature.verify_line(key, line, checkpoint)
                self._findings.checked["cosignatures"] += 1


def _short(value: bytes) -> str:
    return f"{value.hex()[:16]}…"
