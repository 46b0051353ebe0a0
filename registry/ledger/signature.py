"""Ed25519 (RFC 8032) and ML-DSA-44 (FIPS 204), strictly: which keys are taken, which signatures hold.

`cryptography` does the arithmetic; the rules that it leaves open are kept here. It takes the key 01 00…00 with the
signature 01 00…00 ‖ 0 for *any* message, so the eight points of small order are refused wherever a key enters, and with
them keys that are not written canonically (y ≥ p) and signatures with S ≥ L.

"Wrong" is `BadSignature`; a build that cannot tell is `Misuse`.
"""

from __future__ import annotations

from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from registry.errors import BadSignature, Malformed, Misuse

SEED_SIZE = 32
ED25519_PUBLIC_SIZE, ED25519_SIGNATURE_SIZE = 32, 64
MLDSA44_PUBLIC_SIZE, MLDSA44_SIGNATURE_SIZE = 1_312, 2_420

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_Y8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7  # y of a point of order 8
_SMALL_ORDER = frozenset({0, 1, _P - 1, _Y8, _P - _Y8})  # y of all points whose order divides 8, x of either sign


def check_public_key(public: bytes) -> None:
    """Return if these 32 bytes may be an Ed25519 key here; else `Malformed`, with the reason."""
    if len(public) != ED25519_PUBLIC_SIZE:
        raise Malformed(f"an Ed25519 key has {len(public)} bytes, expected {ED25519_PUBLIC_SIZE}")
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if y >= _P:
        raise Malformed(f"the Ed25519 key {public.hex()[:16]}… is not written canonically (y ≥ p); ask for another key")
    if y in _SMALL_ORDER:
        raise Malformed(
            f"the Ed25519 key {public.hex()[:16]}… has small order: it would sign anything; ask for another"
        )


def verify_ed25519(public: bytes, signature: bytes, message: bytes) -> None:
    """Return if the signature is good; else `BadSignature`. A key that `check_public_key` refuses is `Malformed`."""
    key = _ed25519(public)
    if len(signature) != ED25519_SIGNATURE_SIZE:
        raise BadSignature(f"an Ed25519 signature has {len(signature)} bytes, expected {ED25519_SIGNATURE_SIZE}")
    if int.from_bytes(signature[32:], "little") >= _L:
        raise BadSignature("an Ed25519 signature is not canonical (S ≥ L)")
    try:
        key.verify(signature, message)
    except InvalidSignature as error:
        raise BadSignature(f"the Ed25519 signature does not verify by key {public.hex()[:16]}…") from error


def verify_mldsa44(public: bytes, signature: bytes, message: bytes) -> None:
    """The same for ML-DSA-44 with an empty context. Raises `Misuse` if this build cannot tell."""
    key = _mldsa44(public)
    if len(signature) != MLDSA44_SIGNATURE_SIZE:
        raise BadSignature(f"an ML-DSA-44 signature has {len(signature)} bytes, expected {MLDSA44_SIGNATURE_SIZE}")
    try:
        key.verify(signature, message)
    except InvalidSignature as error:
        raise BadSignature(f"the ML-DSA-44 signature does not verify by key {public.hex()[:16]}…") from error


@lru_cache(maxsize=256)  # an audit meets the same few officers a million times
def _ed25519(public: bytes) -> Ed25519PublicKey:
    check_public_key(public)
    return Ed25519PublicKey.from_public_bytes(public)


@lru_cache(maxsize=64)
def _mldsa44(public: bytes) -> MLDSA44PublicKey:
    if len(public) != MLDSA44_PUBLIC_SIZE:
        raise Malformed(f"an ML-DSA-44 key has {len(public)} bytes, expected {MLDSA44_PUBLIC_SIZE}")
    try:
        return MLDSA44PublicKey.from_public_bytes(public)
    except UnsupportedAlgorithm as error:
        raise _without_mldsa() from error


def _without_mldsa() -> Misuse:
    return Misuse(
        "this build of the package cryptography has no ML-DSA-44, so post-quantum signatures can be neither made nor "
        "checked; install its wheel from PyPI, which brings a fitting OpenSSL"
    )


class Ed25519Signer:
    """An Ed25519 seed of 32 bytes, kept inside; signing is deterministic."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(_seed(seed))
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """64 bytes: R ‖ S."""
        return self._key.sign(message)


class MLDSA44Signer:
    """An ML-DSA-44 seed of 32 bytes, kept inside; signing is randomised: verify, never compare."""

    def __init__(self, seed: bytes) -> None:
        try:
            self._key = MLDSA44PrivateKey.from_seed_bytes(_seed(seed))
        except UnsupportedAlgorithm as error:
            raise _without_mldsa() from error
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """2,420 bytes."""
        return self._key.sign(message)


def _seed(seed: bytes) -> bytes:
    if len(seed) != SEED_SIZE:
        raise Misuse(f"a signing seed has {len(seed)} bytes, expected {SEED_SIZE}")
    return seed
