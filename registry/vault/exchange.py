"""A secret sealed to an officer, who opens it with the same seed that signs: HPKE with MLKEM768-X25519.

    exchange seeds   HKDF-SHA256(signing seed, info "muniment-exchange@v1") → 64 bytes for ML-KEM-768, 32 for X25519
    exchange public  ML-KEM-768 key (1,184 bytes) ‖ X25519 key (32): 1,216 bytes, to be published when he is enrolled
    sealed secret    encapsulated key (1,120 bytes) ‖ ciphertext ‖ tag: 1,168 bytes for a secret of 32

Hybrid against "store now, decrypt later": a key handed over today must still be one man's in fifty years. So only the
public key of the receiver is needed to hand a secret over, and he keeps one seed, not two.

Sources: RFC 9180 (HPKE, base mode), FIPS 203 (ML-KEM), draft-connolly-cfrg-xwing-kem (the hybrid), RFC 5869 (HKDF).
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from registry.errors import Malformed, Misuse, Unproven

PUBLIC_BYTES = 1_216
_MLKEM_BYTES = 1_184


def exchange_public(seed: bytes) -> bytes:
    """What others need to hand the holder of this 32-byte signing seed a secret: 1,216 bytes. Raises `Misuse`."""
    mlkem, x25519 = _private(seed)
    return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def check_exchange_key(public: bytes) -> None:
    """Return if a secret can be sealed to this; else `Malformed`. Asked when the key enters, not when it is wanted."""
    seal_to(public, b"", b"")


def seal_to(public: bytes, secret: bytes, info: bytes) -> bytes:
    """Seal `secret` so that only the holder of `public` opens it, and only with the same `info`.

    Raises `Malformed` for what is no exchange key.
    """
    if len(public) != PUBLIC_BYTES:
        raise Malformed(f"an exchange key has {PUBLIC_BYTES:,} bytes, this one {len(public):,}")
    try:
        mlkem = MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_BYTES])
        x25519 = X25519PublicKey.from_public_bytes(public[_MLKEM_BYTES:])
        return _suite().encrypt(secret, hpke.MLKEM768X25519PublicKey(mlkem, x25519), info)
    except ValueError as error:  # not reduced, or an X25519 point of small order
        raise Malformed("this is not an exchange key: no secret can be sealed to it") from error
    except UnsupportedAlgorithm as error:
        raise _without_mlkem() from error


def open_sealed(seed: bytes, sealed: bytes, info: bytes) -> bytes:
    """The secret. Raises `Unproven` if it was sealed to another, for another `info`, or changed."""
    try:
        return _suite().decrypt(sealed, hpke.MLKEM768X25519PrivateKey(*_private(seed)), info)
    except (InvalidTag, ValueError) as error:
        raise Unproven("the sealed secret does not open: it is another officer's, or it was changed") from error


def _suite() -> hpke.Suite:
    return hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def _private(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    if len(seed) != 32:
        raise Misuse(f"a signing seed has 32 bytes, this one {len(seed)}")
    derived = HKDF(hashes.SHA256(), 96, None, b"muniment-exchange@v1").derive(seed)
    try:
        return MLKEM768PrivateKey.from_seed_bytes(derived[:64]), X25519PrivateKey.from_private_bytes(derived[64:])
    except UnsupportedAlgorithm as error:
        raise _without_mlkem() from error


def _without_mlkem() -> Misuse:
    return Misuse(
        "this build of the package cryptography has no ML-KEM-768, so keys can be neither handed over nor opened; "
        "install its wheel from PyPI, which brings a fitting OpenSSL"
    )
