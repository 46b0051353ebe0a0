"""Checkpoints and their signatures: bytes to the letter, and who signed what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import BadSignature, Malformed, Misuse
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.cosignature import Signer, message, seal, verify, verify_line
from registry.ledger.merkle import EMPTY_ROOT
from registry.ledger.note import ED25519, ED25519_COSIGNATURE, MLDSA44_COSIGNATURE, Line, Note
from tests.ledger.make_golden import LASTING, LOG, MIRROR, ORIGIN, SEALED_AT, WITNESS

ROOT = bytes.fromhex("b764689444cd98709eb7177640479c9368de9d14b676830bc017148c2be4361e")
HEAD = Checkpoint(ORIGIN, 3, ROOT)
TEXT = f"{ORIGIN}\n3\nt2RolETNmHCetxd2QEeck2jenRS2doMLwBcUjCvkNh4=\n"
ALL = (LOG, LASTING, WITNESS, MIRROR)


def test_a_checkpoint_prints_as_the_specification_says() -> None:
    assert str(HEAD) == TEXT
    assert Checkpoint.parse(TEXT) == HEAD
    assert str(Checkpoint("a", 0, EMPTY_ROOT)) == "a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "lines"),
        (f"{ORIGIN}\n3\n", "2 lines"),
        (TEXT[:-1], "2 lines"),
        (TEXT.replace("\n", "\r\n"), "line 2"),
        ("\n" + TEXT.split("\n", 1)[1], "line 1"),
        ("a" * 256 + "\n" + TEXT.split("\n", 1)[1], "line 1"),
        (TEXT.replace("\n3\n", "\n03\n"), "line 2"),
        (TEXT.replace("\n3\n", "\n+3\n"), "line 2"),
        (TEXT.replace("\n3\n", "\n-3\n"), "line 2"),
        (TEXT.replace("\n3\n", "\n3 \n"), "line 2"),
        (TEXT.replace("\n3\n", "\n1_0\n"), "line 2"),
        (TEXT.replace("\n3\n", "\n٣\n"), "line 2"),
        (TEXT.replace("\n3\n", "\n\n"), "line 2"),
        (TEXT.replace("\n3\n", f"\n{2**63}\n"), "line 2"),
        (TEXT.replace("\n3\n", f"\n{'9' * 5000}\n"), "line 2"),
        (TEXT.replace("h4=", "h5="), "line 3"),
        (TEXT.replace("h4=", "h4"), "line 3"),
        (TEXT.replace("t2Ro", ""), "line 3"),
        (TEXT.replace("t2Ro", "t2R-"), "line 3"),
        (TEXT + "extension\n", "line 4"),
        (TEXT + "\n", "line 4"),
    ],
)
def test_what_is_not_a_checkpoint_is_refused_with_its_line(text: str, line: str) -> None:
    with pytest.raises(Malformed, match=line):
        Checkpoint.parse(text)


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), min_size=1, max_size=60),
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_what_is_printed_is_read_again(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, root)
    assert Checkpoint.parse(str(checkpoint)) == checkpoint


def test_the_signed_bytes_are_those_of_the_specification() -> None:
    assert message(LOG.vkey, HEAD, SEALED_AT) == TEXT.encode()
    assert message(WITNESS.vkey, HEAD, SEALED_AT) == f"cosignature/v1\ntime 1679315147\n{TEXT}".encode()
    lasting = message(MIRROR.vkey, HEAD, SEALED_AT)
    assert len(lasting) == 109
    assert lasting.startswith(
        b"subtree/v1\n\x00\x12archive.example/m1" + SEALED_AT.to_bytes(8, "big") + b"\x15" + ORIGIN.encode()
    )
    assert lasting.endswith(bytes(8) + (3).to_bytes(8, "big") + ROOT)


def test_all_four_signatures_of_a_checkpoint_verify() -> None:
    note = seal(HEAD, ALL, SEALED_AT)
    checkpoint, signed = verify(Note.parse(note.to_bytes()), [one.vkey for one in ALL])
    assert checkpoint == HEAD
    assert signed == [one.vkey for one in ALL]
    times = [verify_line(one.vkey, line, HEAD) for one, line in zip(ALL, note.lines, strict=True)]
    assert times == [None, SEALED_AT, SEALED_AT, SEALED_AT]
    assert [len(line.signature) for line in note.lines] == [64, 2428, 72, 2428]


@pytest.mark.parametrize("signer", ALL, ids=["01", "06", "04", "06 mirror"])
def test_a_signature_holds_for_its_own_checkpoint_time_and_key_alone(signer: Signer) -> None:
    line = signer.sign(HEAD, SEALED_AT)
    for other in (Checkpoint(ORIGIN, 4, ROOT), Checkpoint(ORIGIN, 3, EMPTY_ROOT), Checkpoint(ORIGIN + "s", 3, ROOT)):
        with pytest.raises(BadSignature):
            verify_line(signer.vkey, line, other)
    shortened = [line.signature[:cut] for cut in (0, 1, 7, 8, 9, len(line.signature) - 1)]
    for changed in (*shortened, line.signature + b"\0", b"\x80" + line.signature[1:], b"\1" + line.signature[1:]):
        with pytest.raises(BadSignature):
            verify_line(signer.vkey, Line(line.name, line.key_id, changed), HEAD)


def test_an_ml_dsa_cosigner_signs_his_own_name() -> None:
    """Type 04 does not: there one key must never serve two names."""
    twin = Signer("archive.example/other", MLDSA44_COSIGNATURE, b"\x22" * 32)
    line = MIRROR.sign(HEAD, SEALED_AT)
    with pytest.raises(BadSignature):
        verify_line(twin.vkey, Line(twin.vkey.name, twin.vkey.key_id, line.signature), HEAD)


def test_one_seed_under_two_types_gives_two_keys_with_two_ids() -> None:
    kinds = (ED25519, ED25519_COSIGNATURE, MLDSA44_COSIGNATURE)
    assert len({Signer(ORIGIN, kind, b"\x11" * 32).vkey.key_id for kind in kinds}) == 3


@pytest.mark.parametrize("time_s", [-1, 2**63])
def test_a_time_beyond_63_bits_is_neither_signed_nor_taken(time_s: int) -> None:
    with pytest.raises(Misuse):
        WITNESS.sign(HEAD, time_s)
    late = Line(WITNESS.vkey.name, WITNESS.vkey.key_id, b"\xff" * 8 + bytes(64))
    with pytest.raises(BadSignature, match="2\\^63"):
        verify_line(WITNESS.vkey, late, HEAD)
