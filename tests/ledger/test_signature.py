"""Which keys and signatures are taken: the strict rules that `cryptography` leaves to its callers."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from registry.errors import BadSignature, Malformed, Misuse
from registry.ledger.signature import (
    Ed25519Signer,
    MLDSA44Signer,
    check_public_key,
    verify_ed25519,
    verify_mldsa44,
)

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
SMALL_ORDER = [  # the eight points, and how else they could be written (y + p, the other sign of x = 0)
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


def test_the_library_itself_takes_a_key_that_signs_anything() -> None:
    """Why `check_public_key` exists. Should this fail one day, the library has become stricter; ours stays."""
    forged = bytes([1]) + bytes(31) + bytes(32)
    Ed25519PublicKey.from_public_bytes(bytes([1]) + bytes(31)).verify(forged, b"any message at all")


@pytest.mark.parametrize("key", SMALL_ORDER)
def test_keys_of_small_order_are_refused_wherever_they_enter(key: str) -> None:
    with pytest.raises(Malformed, match=r"small order|canonically"):
        check_public_key(bytes.fromhex(key))
    with pytest.raises(Malformed):
        verify_ed25519(bytes.fromhex(key), bytes([1]) + bytes(63), b"any message at all")


@pytest.mark.parametrize("y", [P, P + 1, P + 5, 2**255 - 1])
def test_keys_that_are_not_written_canonically_are_refused(y: int) -> None:
    for sign in (0, 1 << 255):
        with pytest.raises(Malformed, match="canonically"):
            check_public_key((y | sign).to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_keys_and_signatures_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(Malformed, match=f"{length} bytes"):
        check_public_key(bytes(length))
    with pytest.raises(Malformed, match=f"{length} bytes"):
        verify_mldsa44(bytes(length), bytes(2420), b"")
    signer = Ed25519Signer(bytes(range(32)))
    if length != 64:
        with pytest.raises(BadSignature, match=f"{length} bytes"):
            verify_ed25519(signer.public, bytes(length), b"")
    with pytest.raises(BadSignature, match=f"{length} bytes"):
        verify_mldsa44(MLDSA44Signer(bytes(32)).public, bytes(length), b"")


def test_a_signature_with_s_beyond_the_order_is_refused() -> None:
    """S + L satisfies the same equation: without this rule a second signature could be made from any one."""
    signer = Ed25519Signer(bytes(range(32)))
    signature = signer.sign(b"deed")
    verify_ed25519(signer.public, signature, b"deed")
    s = int.from_bytes(signature[32:], "little") + L
    with pytest.raises(BadSignature, match="canonical"):
        verify_ed25519(signer.public, signature[:32] + s.to_bytes(32, "little"), b"deed")


def test_the_first_test_vector_of_rfc_8032() -> None:
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    signer = Ed25519Signer(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
    assert (signer.public, signer.sign(b"")) == (public, signature)
    verify_ed25519(public, signature, b"")
    with pytest.raises(BadSignature):
        verify_ed25519(public, signature, b"x")


def test_post_quantum_signatures_are_randomised_and_verify() -> None:
    signer = MLDSA44Signer(b"\x22" * 32)
    first, second = signer.sign(b"deed"), signer.sign(b"deed")
    assert first != second
    assert len(first) == 2_420
    for signature in (first, second):
        verify_mldsa44(signer.public, signature, b"deed")
        with pytest.raises(BadSignature):
            verify_mldsa44(signer.public, signature, b"another deed")


@pytest.mark.parametrize("signer", [Ed25519Signer, MLDSA44Signer])
def test_a_seed_of_another_length_is_refused(signer: type[Ed25519Signer] | type[MLDSA44Signer]) -> None:
    with pytest.raises(Misuse, match="31 bytes, expected 32"):
        signer(bytes(31))
