"""Signed notes: the examples of other projects, and what is not one."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import BadSignature, Malformed, Unproven
from registry.ledger import note as notes
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.cosignature import Signer, verify
from registry.ledger.note import Line, Note, VerifierKey
from registry.ledger.signature import verify_ed25519
from tests.ledger.shared_vectors import vectors

SIGNER = Signer("registry.example/land", notes.ED25519, bytes(range(32)))
OTHER = Signer("registry.example/land", notes.ED25519, b"\x09" * 32)


def signed(text: str, *signers: Signer) -> Note:
    """A note over any text at all, by keys of type 01."""
    lines = [Line(one.vkey.name, one.vkey.key_id, one._key.sign(text.encode())) for one in signers or (SIGNER,)]
    return Note(text, tuple(lines))


def check(note: Note, *keys: VerifierKey) -> list[VerifierKey]:
    """Type 01 over the text of any note."""
    return note.verify(keys, lambda key, line: verify_ed25519(key.public, line.signature, note.text.encode()))


def test_the_example_of_the_specification() -> None:
    example = vectors("c2sp-signed-note-example.json")
    key = VerifierKey.parse(example["vkey"])
    note = Note.parse(example["note"].encode())
    assert note.text == "This is an example message.\n"
    assert check(note, key) == [key]


def test_the_notes_of_golang_mod() -> None:
    """Two keys, each alone and both; with one unknown the other still counts."""
    case = vectors("xmod-note.json")
    peter, enoch = (VerifierKey.parse(case["keys"][name]) for name in ("peter", "enoch"))
    text, first, second = case["text"], case["peter_line"], case["enoch_line"]
    for lines, keys, found in (
        (first, [peter], [peter]),
        (first + second, [peter, enoch], [peter, enoch]),
        (first + second, [enoch], [enoch]),
    ):
        assert check(Note.parse(f"{text}\n{lines}".encode()), *keys) == found
    with pytest.raises(BadSignature):
        check(Note.parse(f"{text}\n{first}".encode()), enoch)
    for broken in (text, f"{text}\n", f"{text}\n{first[:-1]}", f"\x01{text}\n{first}"):
        with pytest.raises(Malformed):
            Note.parse(broken.encode())


def test_the_notes_of_a_witness_that_is_not_ours() -> None:
    """FiloSottile/torchwood's requests to a witness: one has base64 that nobody would write, one is of another log."""
    case = vectors("litewitness/add-checkpoint.json")
    key = VerifierKey.parse(case["log_vkey"])
    answers = []
    for request in case["cases"]:
        _, _, checkpoint = request["body"].partition("\n\n")
        try:
            verify(Note.parse(checkpoint.encode()), [key])
            answers.append("good")
        except BadSignature:
            answers.append("bad")
    assert answers == ["good", "bad", "bad", *["good"] * 6]


def test_base64_in_the_key_may_hold_a_plus() -> None:
    for seed in range(256):
        vkey = Signer("registry.example/land", notes.ED25519, bytes([seed]) * 32).vkey
        assert VerifierKey.parse(str(vkey)) == vkey
        if str(vkey).count("+") > 2:
            return
    pytest.fail("no key with a plus sign among 256")


@pytest.mark.parametrize(
    "text",
    [
        "", "+", "++", "a+b+c", "registry.example/land+fc58b598+", "registry.example/land+fc58b598+AQ==",
        "registry.example/land+fc58b599+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "registry.example/land+FC58B598+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "registry.example/lane+fc58b598+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "registry.example/land+fc58b598+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4\n",
        "registry.example/land+fc58b598+AgOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "registry.example/land+fc58b598+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "a b+fc58b598+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", "\ud800+fc58b598+AQOh",
        "a\u2003b+fc58b598+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "+fc58b598+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "x" * 256 + "+fc58b598+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
    ],
)  # fmt: skip
def test_keys_that_are_not_to_the_letter_are_refused(text: str) -> None:
    with pytest.raises(Malformed):
        VerifierKey.parse(text)


def test_a_line_of_which_only_name_or_only_id_is_known_is_ignored() -> None:
    """An attacker can make either: such a line says nothing, good or bad, about the known key."""
    good = signed("deed\n")
    line = good.lines[0]
    same_name = Line(line.name, b"\0\0\0\0", bytes(64))
    same_id = Line("elsewhere.example", line.key_id, bytes(64))
    assert check(Note(good.text, (same_name, line, same_id)), SIGNER.vkey) == [SIGNER.vkey]
    with pytest.raises(BadSignature, match="no signature by a key that is trusted"):
        check(Note(good.text, (same_name, same_id)), SIGNER.vkey)


def test_a_known_line_that_does_not_verify_refuses_the_whole_note() -> None:
    good, other = signed("deed\n"), signed("another deed\n", OTHER)
    with pytest.raises(BadSignature):
        check(Note(good.text, good.lines + other.lines), SIGNER.vkey, OTHER.vkey)


def test_one_key_signs_a_note_once() -> None:
    raw = signed("deed\n").to_bytes()
    doubled = raw + raw[raw.index("—".encode()) :]
    with pytest.raises(Malformed, match="two signatures by one key"):
        Note.parse(doubled)


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"", ""), (b"\n", ""), (b"text\n", ""), (b"text\n\n", ""), (b"\n\n", ""), (b"text\xff\n\n", "not UTF-8"),
        (b"text\r\n\n\xe2\x80\x94 a AAAAAAA=\n", "line 1 .* 0d"),
        (b"text\n\n\xe2\x80\x94 a AAAA\x00AA=\n", "line 3 .* 00"),
        (b"text\n\n- a AAAAAAA=\n", "line 3"), (b"text\n\n\xe2\x80\x94 a\n", ""),
        (b"text\n\n\xe2\x80\x94 a+b AAAAAAA=\n", ""),
        (b"text\n\n\xe2\x80\x94  AAAAAAA=\n", ""), (b"text\n\n\xe2\x80\x94 a AAAA\n", "too short"),
        (b"text\n\n\xe2\x80\x94 a AAAAAA==\n", "too short"), (b"text\n\n\xe2\x80\x94 a AAAAAAB=\n", "canonical"),
        (b"text\n\n\xe2\x80\x94 a AAAAAAA=\ntext\n", "line 4"), (b"text\n\n\xe2\x80\x94 a AAAAAAA= \n", "line 3"),
    ],
)  # fmt: skip
def test_what_is_not_a_note_is_refused_with_its_line(raw: bytes, line: str) -> None:
    with pytest.raises(Unproven, match=line or None):
        Note.parse(raw)


def test_a_hundred_signatures_are_read_and_a_million_are_not() -> None:
    lines = tuple(Line(f"a{n}", b"\0\0\0\0", b"x") for n in range(100))
    assert Note.parse(Note("text\n", lines).to_bytes()).lines == lines
    with pytest.raises(Malformed, match="more than 100"):
        Note.parse(Note("text\n", (*lines, Line("b", b"\0\0\0\0", b"x"))).to_bytes())
    with pytest.raises(Malformed, match="too long"):
        Note.parse(b"text\n\n" + "— a AAAAAAA=\n".encode() * 1_000_000)


def test_signatures_begin_after_the_last_empty_line() -> None:
    note = signed("a\n\n— b AAAAAAA=\n\nc\n")
    assert Note.parse(note.to_bytes()) == note
    assert check(note, SIGNER.vkey)


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\u2029"])
def test_only_a_line_feed_ends_a_line(separator: str) -> None:
    """str.splitlines() would cut here, and two programs would see two texts."""
    note = signed(f"registry.example/land{separator}3\n")
    assert Note.parse(note.to_bytes()).text == note.text
    with pytest.raises(Malformed):
        Checkpoint.parse(f"registry.example/land{separator}3\nAA==\n")


NOT_SPACE = st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters="+")
NAMES = st.text(NOT_SPACE, min_size=1, max_size=40)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], min_codepoint=32) | st.just("\n"))
LINES = st.builds(
    Line,
    NAMES.filter(lambda name: len(name.encode()) < 256),
    st.binary(min_size=4, max_size=4),
    st.binary(min_size=1),
)
NOTES = st.builds(
    Note,
    TEXTS.map(lambda text: text + "\n"),
    st.lists(LINES, min_size=1, max_size=5, unique_by=lambda line: (line.name, line.key_id)).map(tuple),
)


@given(NOTES)
def test_what_is_printed_is_read_again(note: Note) -> None:
    assert Note.parse(note.to_bytes()) == note


@given(st.binary() | TEXTS.map(str.encode))
def test_nothing_but_unproven_comes_out_of_junk(raw: bytes) -> None:
    with suppress(Unproven):
        assert Note.parse(raw).to_bytes() == raw


@given(st.text())
def test_nothing_but_malformed_comes_out_of_a_junk_key(text: str) -> None:
    for candidate in (text, f"{text}+fc58b598+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", f"a+b+{text}"):
        with pytest.raises(Malformed):
            VerifierKey.parse(candidate)
