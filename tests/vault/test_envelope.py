"""STREAM: a body comes back whole, or the first chunk that is not in its place is refused."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from registry.errors import Misuse, Unproven
from registry.vault.envelope import (
    CHUNK_BYTES,
    Owner,
    chunk_count,
    open_blob,
    open_body,
    seal_blob,
    seal_body,
    sealed_size,
)

KEY = bytes(range(32))
PREFIX = b"\xaa" * 7
OWNER = Owner("00" * 16, "muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10", 1)


def plain(size: int) -> bytes:
    return (b"0123456789abcdef" * (size // 16 + 1))[:size]


def seal(size: int, owner: Owner = OWNER) -> list[bytes]:
    return list(seal_body(KEY, owner, PREFIX, io.BytesIO(plain(size)), size))


def opened(chunks: list[bytes], size: int, owner: Owner = OWNER, key: bytes = KEY) -> bytes:
    return b"".join(open_body(key, owner, sealed_size(size), chunks))


@pytest.mark.parametrize("size", [1, 2, 65_535, 65_536, 65_537, 131_072, 200_000])
def test_a_body_comes_back(size: int) -> None:
    chunks = seal(size)
    assert sum(map(len, chunks)) == sealed_size(size)
    assert len(chunks) == chunk_count(sealed_size(size)) == -(-size // CHUNK_BYTES)
    assert opened(chunks, size) == plain(size)


def test_a_source_that_gives_a_little_at_a_time_gives_the_same_chunks() -> None:
    class Pipe(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 1_000))

    body = plain(150_000)
    assert list(seal_body(KEY, OWNER, PREFIX, Pipe(body), len(body))) == seal(150_000)


def test_an_empty_body_is_refused() -> None:
    with pytest.raises(Misuse, match="this one 0 bytes"):
        seal(0)


@pytest.mark.parametrize(
    ("announced", "sentence"), [(150_001, "cut short: 150,000 of 150,001"), (149_999, "longer than the 149,999")]
)
def test_a_body_of_another_length_is_refused(announced: int, sentence: str) -> None:
    with pytest.raises(Misuse, match=sentence):
        list(seal_body(KEY, OWNER, PREFIX, io.BytesIO(plain(150_000)), announced))


def test_a_source_that_fails_is_told() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(Misuse, match=r"cannot be read \(Input/output error\)"):
        list(seal_body(KEY, OWNER, PREFIX, Broken(), 10))


def flip(chunk: bytes, place: int) -> bytes:
    changed = bytearray(chunk)
    changed[place] ^= 1
    return bytes(changed)


ATTACKS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "cut at the end": lambda c: c[:-1],
    "cut at the beginning": lambda c: c[1:],
    "a middle chunk taken out": lambda c: [c[0], *c[2:]],
    "reordered": lambda c: [c[0], c[2], c[1], *c[3:]],
    "the first and the last changed places": lambda c: [c[-1], *c[1:-1], c[0]],
    "a chunk doubled": lambda c: [*c[:2], c[1], *c[2:]],
    "a chunk added": lambda c: [*c, c[-1]],
    "a bit of the text flipped": lambda c: [c[0], flip(c[1], 100), *c[2:]],
    "a bit of a tag flipped": lambda c: [c[0], flip(c[1], -1), *c[2:]],
    "a bit of the prefix flipped": lambda c: [flip(c[0], 0), *c[1:]],
    "a chunk shortened": lambda c: [c[0], c[1][:-1], *c[2:]],
    "a chunk emptied": lambda c: [c[0], b"", *c[2:]],
    "everything taken": lambda c: [],
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_changed_body_is_refused_and_nothing_false_comes_out(attack: str) -> None:
    size = 4 * CHUNK_BYTES + 10
    chunks = ATTACKS[attack](seal(size))
    released: list[bytes] = []
    with pytest.raises(Unproven, match=OWNER.reference):
        released.extend(open_body(KEY, OWNER, sealed_size(size), chunks))
    assert plain(size).startswith(b"".join(released))


@pytest.mark.parametrize(
    "other",
    [
        Owner("01" * 16, OWNER.reference, 1),
        Owner(OWNER.envelope_id, "muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e11", 1),
        Owner(OWNER.envelope_id, OWNER.reference, 2),
    ],
)
def test_a_body_or_blob_moved_to_another_owner_is_refused(other: Owner) -> None:
    with pytest.raises(Unproven, match="body chunk 1 of 1"):
        opened(seal(100), 100, owner=other)
    with pytest.raises(Unproven, match="withheld details"):
        open_blob(KEY, other, seal_blob(KEY, OWNER, bytes(12), b"born 1970"))


def test_another_size_or_key_is_refused() -> None:
    with pytest.raises(Unproven, match="body chunk 1 of 1"):
        opened(seal(100), 100, key=bytes(32))
    with pytest.raises(Unproven, match="body chunk 1 of 2"):
        opened(seal(100), CHUNK_BYTES + 1)


@pytest.mark.parametrize("stored", [b"", b"short", bytes(28), seal_blob(KEY, OWNER, bytes(12), b"born 1970")[:-1]])
def test_a_changed_blob_is_refused(stored: bytes) -> None:
    with pytest.raises(Unproven, match="withheld details"):
        open_blob(KEY, OWNER, stored)
