"""Departments' key files: PEM, as openssl writes them.

    openssl genpkey -algorithm ed25519 -out police.pem          (keep this one; 0600)
    openssl pkey -in police.pem -pubout -out police.pub         (hand this one over)

A key becomes the required members of its JWK (RFC 7517, RFC 7518 section 6, RFC 8037); whether it may be one here is
for `registry.records.clients` to say.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from registry.commands.files import read_whole
from registry.errors import Misuse
from registry.records.clients import ALGORITHMS

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

MAX_BYTES = 32_768


def read_public(path: Path) -> dict[str, str]:
    """The public key in a PEM file, as a JWK's required members. Raises Misuse, also for a private key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    raw = read_whole(path, "key file", MAX_BYTES)
    if b"PRIVATE KEY" in raw:
        raise Misuse(
            f"key file {path}: holds a private key, which stays with its owner; ask for the public one "
            "(openssl pkey -in KEY -pubout)"
        )
    try:
        return _members(load_pem_public_key(raw), path)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Misuse(f"key file {path}: no public key in PEM; expected -----BEGIN PUBLIC KEY-----") from error


def read_private(path: Path) -> tuple[bytes, dict[str, str]]:
    """(PEM, public JWK's required members) of an unencrypted private key. Raises Misuse."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    raw = read_whole(path, "key file", MAX_BYTES)
    try:
        key: PrivateKeyTypes = load_pem_private_key(raw, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Misuse(
            f"key file {path}: no private key in PEM without a passphrase; expected -----BEGIN PRIVATE KEY-----"
        ) from error
    return raw, _members(key.public_key(), path)


def make_pair(path: Path) -> Path:
    """A new Ed25519 key pair as NAME.pem (0600) and NAME.pub, as openssl writes them; returns the public one."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = Ed25519PrivateKey.generate()
    private, public = path.with_suffix(".pem"), path.with_suffix(".pub")
    private.touch(mode=0o600)
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return public


def _members(key: PublicKeyTypes, path: Path) -> dict[str, str]:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    match key:
        case Ed25519PublicKey():
            return {"crv": "Ed25519", "kty": "OKP", "x": _url64(key.public_bytes_raw())}
        case EllipticCurvePublicKey() if key.curve.name == "secp256r1":
            numbers = key.public_numbers()
            return {"crv": "P-256", "kty": "EC", "x": _whole(numbers.x, 32), "y": _whole(numbers.y, 32)}
        case RSAPublicKey():
            found = key.public_numbers()
            return {"e": _whole(found.e), "kty": "RSA", "n": _whole(found.n)}
    raise Misuse(f"key file {path}: expected a key for Ed25519, EC P-256 or RSA")


def algorithm_of(key: dict[str, str], wanted: str | None) -> str:
    """The algorithm wanted, or the first that the key's type knows. Raises Misuse."""
    able = ALGORITHMS[key["kty"]]
    if wanted is not None and wanted not in able:
        raise Misuse(f"--algorithm: found {wanted[:20]!a}, expected {' or '.join(able)} for this key")
    return wanted or able[0]


def _whole(number: int, size_bytes: int | None = None) -> str:
    return _url64(number.to_bytes(size_bytes or (number.bit_length() + 7) // 8, "big"))


def _url64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
