"""A key file: an officer's secret sealed under a passphrase, with a clear header that says whose it is.

    {"cost":{"lanes":4,"memory_kib":65536,"passes":3},"nonce":"<12 bytes>","officer":"officer/3",
     "origin":"registry.example/land","public":"<32 bytes>","salt":"<16 bytes>","sealed":"<48 bytes>","v":1}

Canonical JSON, bytes in base64. Argon2id (RFC 9106) over the passphrase in NFC gives the AES-256-GCM key; associated
are `muniment-key@v1⏎` and the file itself with `sealed` empty, so header and parameters cannot be changed. The
parameters are bounded when read: a file must not make its reader allocate a terabyte. A wrong passphrase and a
changed file cannot be told apart, and are not: one sentence for both.

Not PEM with `BestAvailableEncryption`: that is PBKDF2 with 2,048 rounds.
"""

from __future__ import annotations

import os
import unicodedata
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from registry.errors import Busy, Malformed, Misuse
from registry.records.encoding import canonical, decode_canonical, from_base64, to_base64

SALT_BYTES, NONCE_BYTES = 16, 12
MAX_MEMORY_KIB, MAX_PASSES, MAX_LANES = 1_048_576, 10, 16
MAX_FILE_BYTES = 8_192


class Cost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Argon2id's parameters; the memory in KiB."""

    lanes: int
    memory_kib: int
    passes: int


STRONG = Cost(lanes=4, memory_kib=65_536, passes=3)
"""RFC 9106 section 4, second recommended option: 64 MiB, 3 passes, 4 lanes; 0.2 to 0.6 s on 2 cores."""


class KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it stands; the header (`officer`, `origin`, `public`) is to be trusted only after `unseal`."""

    cost: Cost
    nonce: str
    officer: str
    origin: str
    public: str
    salt: str
    sealed: str
    v: Literal[1]

    def to_bytes(self) -> bytes:
        """One line of canonical JSON with its line feed."""
        return canonical(self) + b"\n"


def seal(secret: bytes, passphrase: str, *, officer: str, origin: str, public: bytes, cost: Cost = STRONG) -> KeyFile:
    """Seal `secret` with fresh salt and nonce. Raises `Misuse` for an empty passphrase or parameters out of range."""
    nonce, salt = to_base64(os.urandom(NONCE_BYTES)), to_base64(os.urandom(SALT_BYTES))
    open_file = KeyFile(cost, nonce, officer, origin, to_base64(public), salt, "", 1)
    _check(open_file, "the new key file")
    cipher = _cipher(open_file, passphrase, "the new key file")
    sealed = cipher.encrypt(from_base64(nonce), secret, _associated(open_file))
    return msgspec.structs.replace(open_file, sealed=to_base64(sealed))


def read(raw: bytes, what: str) -> KeyFile:
    """Read a key file; `what` names it in sentences. Raises `Misuse` if it is none, or asks for too much."""
    if len(raw) > MAX_FILE_BYTES:
        raise Misuse(f"{what}: {len(raw):,} bytes are too many for a key file. Restore it from its backup.")
    try:
        file = decode_canonical(raw.removesuffix(b"\n"), KeyFile, what)
        _check(file, what)
    except Malformed as error:
        raise Misuse(f"{error}. This is not a key file, or it is damaged: restore it from its backup.") from error
    return file


def unseal(file: KeyFile, passphrase: str, what: str) -> bytes:
    """The secret. Takes the time that the cost asks for. Raises `Misuse`: wrong passphrase, or the file was changed."""
    cipher = _cipher(file, passphrase, what)
    try:
        return cipher.decrypt(from_base64(file.nonce), from_base64(file.sealed), _associated(file))
    except InvalidTag as error:
        raise Misuse(
            f"{what}: the passphrase is wrong, or the file was changed. Try again, or restore the file."
        ) from error


def _check(file: KeyFile, what: str) -> None:
    from_base64(file.nonce, NONCE_BYTES, f"{what}: nonce")
    from_base64(file.salt, SALT_BYTES, f"{what}: salt")
    from_base64(file.public, 32, f"{what}: public key")
    if file.sealed and len(from_base64(file.sealed, what=f"{what}: sealed secret")) <= 16:
        raise Malformed(f"{what}: the sealed secret is too short")
    cost = file.cost
    fits = 1 <= cost.passes <= MAX_PASSES and 1 <= cost.lanes <= MAX_LANES
    if not fits or not 8 * cost.lanes <= cost.memory_kib <= MAX_MEMORY_KIB:
        raise Misuse(
            f"{what}: parameters out of range ({cost.memory_kib:,} KiB of memory, {cost.passes:,} passes, "
            f"{cost.lanes:,} lanes; at most {MAX_MEMORY_KIB:,}, {MAX_PASSES} and {MAX_LANES}). Restore the file."
        )


def _cipher(file: KeyFile, passphrase: str, what: str) -> AESGCM:
    try:
        phrase = unicodedata.normalize("NFC", passphrase).encode()
    except UnicodeEncodeError as error:
        raise Misuse(f"{what}: the passphrase holds half a character; type it again") from error
    if not phrase:
        raise Misuse(f"{what}: an empty passphrase protects nothing; give one")
    cost = file.cost
    salt = from_base64(file.salt)
    try:
        kdf = Argon2id(salt=salt, length=32, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib)
        return AESGCM(kdf.derive(phrase))
    except MemoryError as error:
        raise Busy(
            f"{what}: opening it needs {cost.memory_kib // 1024:,} MiB of memory, which is not free now"
        ) from error


def _associated(file: KeyFile) -> bytes:
    return b"muniment-key@v1\n" + canonical(msgspec.structs.replace(file, sealed=""))
