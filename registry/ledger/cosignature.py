"""Signatures on a checkpoint: the log's own, and what witnesses and mirrors add. C2SP tlog-cosignature (1.1.0-rc.1).

    type  by                      signed bytes
    01    the log                 the checkpoint's text
    04    a witness               `cosignature/v1⏎` ‖ `time 1679315147⏎` ‖ the checkpoint's text
    06    log, witness or mirror  `subtree/v1⏎␀` ‖ u8 length, cosigner ‖ u64 time ‖ u8 length, origin
                                  ‖ u64 start, here 0 ‖ u64 end, here the size ‖ root

A cosignature is 8 bytes of time (seconds, big-endian) ‖ 64 or 2,420 bytes, and says: at that time this was the largest
consistent tree that I had seen for this origin. A mirror's adds: and I hold all of it. Type 04 does not sign the
cosigner's name, so one key must never serve two names. Our log signs twice, 01 and 06, under one name, its origin.
"""

from __future__ import annotations

from collections.abc import Iterable

from registry.errors import BadSignature, Misuse
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.note import ED25519, ED25519_COSIGNATURE, MLDSA44_COSIGNATURE, Line, Note, VerifierKey
from registry.ledger.signature import Ed25519Signer, MLDSA44Signer, verify_ed25519, verify_mldsa44

TIME_SIZE = 8
MAX_TIME = 2**63 - 1


def message(key: VerifierKey, checkpoint: Checkpoint, time_s: int) -> bytes:
    """The bytes that `key` signs; type 01 signs no time. For type 06 the golden case has 109 of them."""
    if key.kind == ED25519:
        return str(checkpoint).encode()
    if key.kind == ED25519_COSIGNATURE:
        return f"cosignature/v1\ntime {time_s}\n{checkpoint}".encode()
    name, origin = key.name.encode(), checkpoint.origin.encode()
    return b"".join((
        b"subtree/v1\n\x00",
        bytes([len(name)]), name, time_s.to_bytes(8, "big"),
        bytes([len(origin)]), origin, bytes(8), checkpoint.size.to_bytes(8, "big"), checkpoint.root,
    ))  # fmt: skip


class Signer:
    """One private key under one name: the log's, a witness's or a mirror's. `kind` is the type byte 01, 04 or 06."""

    def __init__(self, name: str, kind: int, seed: bytes) -> None:
        self._key = MLDSA44Signer(seed) if kind == MLDSA44_COSIGNATURE else Ed25519Signer(seed)
        self.vkey = VerifierKey(name, kind, self._key.public)

    def sign(self, checkpoint: Checkpoint, time_s: int) -> Line:
        """This signer's line over the checkpoint, as of `time_s` seconds since 1970; type 01 does not say the time."""
        if not 0 <= time_s <= MAX_TIME:
            raise Misuse(f"{time_s} is not a time that a cosignature can bear")
        time = b"" if self.vkey.kind == ED25519 else time_s.to_bytes(TIME_SIZE, "big")
        return Line(self.vkey.name, self.vkey.key_id, time + self._key.sign(message(self.vkey, checkpoint, time_s)))


def seal(checkpoint: Checkpoint, signers: Iterable[Signer], time_s: int) -> Note:
    """The checkpoint as a note signed by each, in order: for our log Ed25519, then ML-DSA-44."""
    return Note(str(checkpoint), tuple(signer.sign(checkpoint, time_s) for signer in signers))


def verify_line(key: VerifierKey, line: Line, checkpoint: Checkpoint) -> int | None:
    """The time in seconds that a good cosignature names, None for type 01; else `BadSignature` that names the key."""
    time, signature = line.signature[:TIME_SIZE], line.signature[TIME_SIZE:]
    if key.kind == ED25519:
        time, signature = b"", line.signature
    time_s = int.from_bytes(time, "big")
    if time_s > MAX_TIME:
        raise BadSignature(f"the cosignature by {key.name} names a time beyond 2^63 - 1")
    verify = verify_mldsa44 if key.kind == MLDSA44_COSIGNATURE else verify_ed25519
    try:
        verify(key.public, signature, message(key, checkpoint, time_s))
    except BadSignature as error:
        raise BadSignature(
            f"the checkpoint of size {checkpoint.size} is not what {key.name} signed: {error}"
        ) from error
    return time_s if time else None


def verify(note: Note, keys: Iterable[VerifierKey]) -> tuple[Checkpoint, list[VerifierKey]]:
    """The checkpoint in the note, and those of the keys that signed it. Raises `Malformed`, `BadSignature`.

    A line by a known key that does not verify refuses the whole note, and so does the lack of any good one.
    """
    checkpoint = Checkpoint.parse(note.text)
    return checkpoint, note.verify(keys, lambda key, line: verify_line(key, line, checkpoint))
