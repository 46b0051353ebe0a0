"""Envelope keys: wrapped, committed to, separated by purpose."""

from __future__ import annotations

import pytest

from registry.errors import Misuse, Unproven
from registry.vault.keys import WrappingKey, check_commitment, derive

KEY = bytes(range(32))


def test_a_wrapped_key_comes_back_under_its_own_wrapping_key_only() -> None:
    keeper = WrappingKey(b"w" * 32)
    wrapped = keeper.wrap(KEY)
    assert keeper.unwrap(wrapped) == KEY
    with pytest.raises(Unproven, match="another office's key"):
        WrappingKey(b"v" * 32).unwrap(wrapped)


def test_every_bit_of_a_wrapped_key_counts() -> None:
    keeper = WrappingKey(b"w" * 32)
    wrapped = keeper.wrap(KEY)
    for bit in range(len(wrapped) * 8):
        changed = bytearray(wrapped)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Unproven):
            keeper.unwrap(bytes(changed))


@pytest.mark.parametrize("wrapped", [b"", bytes(8), bytes(40), bytes(41), WrappingKey(b"w" * 32).wrap(b"short")])
def test_what_was_never_wrapped_is_refused(wrapped: bytes) -> None:
    with pytest.raises(Unproven):
        WrappingKey(b"w" * 32).unwrap(wrapped)


def test_purposes_give_different_keys_and_the_commitment_fits_one_key() -> None:
    assert len({KEY, derive(KEY, "body"), derive(KEY, "withheld"), derive(KEY, "commit")}) == 4
    check_commitment(KEY, derive(KEY, "commit"))
    with pytest.raises(Unproven, match="commitment"):
        check_commitment(bytes(32), derive(KEY, "commit"))


def test_a_wrapping_key_put_away_opens_nothing() -> None:
    keeper = WrappingKey(b"w" * 32)
    wrapped = keeper.wrap(KEY)
    keeper.destroy()
    keeper.destroy()
    with pytest.raises(Misuse, match="Open the office again"):
        keeper.unwrap(wrapped)
    with pytest.raises(Misuse, match="32 bytes"):
        WrappingKey(b"short")
