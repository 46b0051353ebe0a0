"""A secret handed to an officer: his seed opens it, nobody else's does."""

from __future__ import annotations

import pytest

from registry.errors import Malformed, Misuse, Unproven
from registry.vault.exchange import PUBLIC_BYTES, exchange_public, open_sealed, seal_to

ANNA, BEN = bytes(range(32)), bytes(range(1, 33))
INFO = b"muniment-office@v1\nregistry.example/land\nofficer/1\n"


def test_only_the_receiver_opens_it() -> None:
    sealed = seal_to(exchange_public(ANNA), b"s" * 32, INFO)
    assert open_sealed(ANNA, sealed, INFO) == b"s" * 32
    assert len(exchange_public(ANNA)) == PUBLIC_BYTES
    with pytest.raises(Unproven, match="another officer's"):
        open_sealed(BEN, sealed, INFO)


def test_it_cannot_be_passed_off_for_another_office() -> None:
    sealed = seal_to(exchange_public(ANNA), b"s" * 32, INFO)
    with pytest.raises(Unproven):
        open_sealed(ANNA, sealed, INFO.replace(b"land", b"sea"))


def test_the_exchange_key_follows_from_the_seed_alone() -> None:
    assert exchange_public(ANNA) == exchange_public(ANNA)
    assert exchange_public(ANNA) != exchange_public(BEN)
    assert exchange_public(ANNA)[:8].hex() == "7bb51e3da56df968"


@pytest.mark.parametrize("cut", [b"", b"x", bytes(1_168)])
def test_a_changed_secret_does_not_open(cut: bytes) -> None:
    with pytest.raises(Unproven):
        open_sealed(ANNA, cut, INFO)
    sealed = seal_to(exchange_public(ANNA), b"s" * 32, INFO)
    with pytest.raises(Unproven):
        open_sealed(ANNA, sealed[:-1] + bytes([sealed[-1] ^ 1]), INFO)


@pytest.mark.parametrize(
    "public",
    [
        b"",
        bytes(1_215),
        b"\xff" * 1_216,  # not reduced modulo q
        exchange_public(ANNA)[:1_184] + bytes(32),  # an X25519 point of small order
    ],
)
def test_what_is_no_exchange_key_is_refused(public: bytes) -> None:
    with pytest.raises(Malformed, match="exchange key"):
        seal_to(public, b"s" * 32, INFO)


def test_a_seed_of_another_length_is_refused() -> None:
    with pytest.raises(Misuse, match="32 bytes"):
        exchange_public(b"short")
