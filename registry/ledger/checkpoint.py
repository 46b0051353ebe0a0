"""The text of a checkpoint: a log's origin, its size and its root, as C2SP tlog-checkpoint (1.0.0) writes them.

    registry.example/land⏎
    3⏎
    t2RolETNmHCetxd2QEeck2jenRS2doMLwBcUjCvkNh4=⏎

The empty tree has size `0` and the root SHA-256(""), `47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=`. Extension lines
are refused, though the format allows them: ML-DSA cosignatures do not cover them. Signing is in `cosignature`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from registry.errors import Malformed
from registry.ledger.merkle import HASH_SIZE, MAX_SIZE
from registry.ledger.note import MAX_NAME
from registry.records.encoding import from_base64, to_base64

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)  # int() would take 01, 1_0 and ٣


def decimal(text: str, what: str) -> int:
    """A number below 2^63 without sign or leading zeros; else `Malformed`."""
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_SIZE:
        raise Malformed(f"{what} is {text[:40]!a}; expected a number from 0, without leading zeros")
    return int(text)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A size and a root of the log `origin`; what its signatures say is true of it."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The checkpoint that prints as exactly this text; `Malformed` names the line that is wrong."""
        lines = text.split("\n")  # splitlines() would cut at U+0085 and U+2028 too
        if len(lines) < 4:
            raise Malformed(f"the checkpoint has {len(lines) - 1} lines, expected origin, size and root, each ended")
        if len(lines) > 4 or lines[3]:
            raise Malformed("line 4 of the checkpoint: extension lines are not taken, for ML-DSA does not sign them")
        origin, size, root = lines[:3]
        if not 1 <= len(origin.encode()) <= MAX_NAME:
            raise Malformed(f"line 1 of the checkpoint: the origin must have 1 to {MAX_NAME} bytes")
        return cls(
            origin,
            decimal(size, "line 2 of the checkpoint: the size"),
            from_base64(root, HASH_SIZE, "line 3 of the checkpoint: the root"),
        )
