"""Signed notes and verifier keys, as C2SP signed-note (1.0.0) writes them.

A note is text that ends in a newline, an empty line, and one or more lines `— name base64(key id ‖ signature)`:

    This is an example message.⏎
    ⏎
    — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=⏎

Rules kept here: UTF-8, no byte below 20 but 0A; signatures begin after the *last* empty line; names are not empty and
hold no Unicode space and no `+`; base64 is canonical; a line of an unknown (name, id) is ignored, also when one of the
two is known; a known one that does not verify refuses the whole note; none that verifies refuses it too. Stricter than
the specification: one (name, id) signs a note once, so that no copied line passes unseen.

What a signature signs depends on its type and is in `cosignature`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from registry.errors import BadSignature, Malformed
from registry.ledger.signature import MLDSA44_PUBLIC_SIZE, check_public_key
from registry.records.encoding import from_base64, to_base64

ED25519 = 0x01  # over the text of the note
ED25519_COSIGNATURE = 0x04  # cosignature/v1
MLDSA44_COSIGNATURE = 0x06  # subtree/v1
KEY_ID_SIZE = 4
MAX_LINES = 100  # the specification asks for at least 16
MAX_BYTES = 1 << 20
MAX_NAME = 255  # an ML-DSA cosignature counts its bytes in one


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A vkey, `name+key id+base64(type ‖ public key)`; the base64 may hold more `+`.

    `registry.example/land+fc58b598+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4`. Making one raises `Malformed` for a
    name, type or key that cannot be one.
    """

    name: str
    kind: int
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.kind in (ED25519, ED25519_COSIGNATURE):
            check_public_key(self.public)
        elif self.kind != MLDSA44_COSIGNATURE:
            raise Malformed(f"the key of {self.name} has type {self.kind:02x}; expected 01, 04 or 06")
        elif len(self.public) != MLDSA44_PUBLIC_SIZE:
            raise Malformed(f"the ML-DSA-44 key of {self.name} has {len(self.public)} bytes, expected 1312")

    @property
    def key_id(self) -> bytes:
        """SHA-256(name ‖ 0A ‖ type ‖ public key)[:4]: `fc58b598` for the log above."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:KEY_ID_SIZE]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{to_base64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key that prints as exactly this text; else `Malformed`."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        raw = from_base64(encoded, what=f"the verifier key of {name[:80]!a}")
        if not raw:
            raise Malformed(f"the verifier key of {name[:80]!a} is empty; expected name+id+base64")
        key = cls(name, raw[0], raw[1:])
        if str(key) != text:
            raise Malformed(
                f"the verifier key of {name[:80]!a} bears the id {key_id[:16]!a}, expected {key.key_id.hex()}"
            )
        return key


def check_name(name: str) -> None:
    """Return if this may be the name of a key: 1 to 255 bytes, no Unicode space, no control character, no `+`."""
    if "+" in name or any(sign.isspace() or sign < " " or "\ud800" <= sign < "\ue000" for sign in name):
        raise Malformed(f"{name[:80]!a} is not the name of a key: it must have no space and no plus sign")
    if not 1 <= len(name.encode()) <= MAX_NAME:
        raise Malformed(f"{name[:80]!a} is not the name of a key: it must have 1 to {MAX_NAME} bytes")


@dataclass(frozen=True, slots=True)
class Line:
    """One signature line; `signature` is what follows the key id, with types 04 and 06 eight bytes of time first."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"— {self.name} {to_base64(self.key_id + self.signature)}\n"

    @classmethod
    def parse(cls, text: str, number: int) -> Line:
        """A line without its newline; `number` is where it stands in the note, for the sentence of `Malformed`."""
        dash, _, rest = text.partition(" ")
        name, _, encoded = rest.partition(" ")
        if dash != "—":
            raise Malformed(f"line {number} of the note is not a signature; expected one like '— name base64'")
        check_name(name)
        try:
            raw = from_base64(encoded, what=f"line {number} of the note")
        except Malformed as error:  # not the bytes that the key made; C2SP tlog-witness answers 403, not 400
            raise BadSignature(str(error)) from error
        if len(raw) <= KEY_ID_SIZE:
            raise Malformed(f"line {number} of the note is too short to hold a key id and a signature")
        return cls(name, raw[:KEY_ID_SIZE], raw[KEY_ID_SIZE:])


@dataclass(frozen=True, slots=True)
class Note:
    """Text with the lines that sign it; not yet verified. `text` ends in a newline."""

    text: str
    lines: tuple[Line, ...]

    @classmethod
    def parse(cls, raw: bytes) -> Note:
        """The note that prints as exactly these bytes; else `Malformed` (or `BadSignature` for base64 of no signer)."""
        if len(raw) > MAX_BYTES:
            raise Malformed(f"a note of {len(raw)} bytes is too long; at most {MAX_BYTES} are read")
        try:
            whole = raw.decode()
        except UnicodeDecodeError as error:
            raise Malformed(f"the note is not UTF-8 at byte {error.start}") from error
        if control := next((sign for sign in whole if sign < " " and sign != "\n"), ""):
            line = whole[: whole.index(control)].count("\n") + 1
            raise Malformed(f"line {line} of the note holds the control character {ord(control):02x}")
        text, gap, signatures = whole.rpartition("\n\n")
        if not gap or not signatures.endswith("\n"):
            raise Malformed(
                "the note has no complete signature; expected an empty line, then lines like '— name base64'"
            )
        if signatures.count("\n") > MAX_LINES:
            raise Malformed(f"the note has more than {MAX_LINES} signatures")
        first = text.count("\n") + 3
        lines = tuple(Line.parse(line, first + at) for at, line in enumerate(signatures[:-1].split("\n")))
        return cls(text + "\n", lines)

    def __post_init__(self) -> None:
        if len({(line.name, line.key_id) for line in self.lines}) != len(self.lines):
            raise Malformed("the note bears two signatures by one key; expected each key once")

    def to_bytes(self) -> bytes:
        return "".join([self.text, "\n", *map(str, self.lines)]).encode()

    def verify(self, keys: Iterable[VerifierKey], check: Callable[[VerifierKey, Line], object]) -> list[VerifierKey]:
        """The keys, of those given, that signed; `check(key, line)` raises `BadSignature` for a line that is bad."""
        known = {(key.name, key.key_id): key for key in keys}
        signed = [(key, line) for line in self.lines if (key := known.get((line.name, line.key_id)))]
        if not signed:
            raise BadSignature("the note bears no signature by a key that is trusted here")
        for key, line in signed:
            check(key, line)
        return [key for key, _ in signed]
