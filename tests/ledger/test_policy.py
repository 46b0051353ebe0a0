"""Policy files: read to the letter, and satisfied by nothing less than they ask."""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import BadSignature, Malformed, TooFewWitnesses, Unproven
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.cosignature import Signer, seal
from registry.ledger.note import ED25519, ED25519_COSIGNATURE, MLDSA44_COSIGNATURE, Note, VerifierKey
from registry.ledger.policy import Group, Policy, Witness
from tests.ledger.make_golden import LASTING, LOG, MIRROR, ORIGIN, POLICY, SEALED_AT, WITNESS

HEAD = Checkpoint(ORIGIN, 3, bytes(range(32)))
ALL = seal(HEAD, (LOG, LASTING, WITNESS, MIRROR), SEALED_AT)
RAW = POLICY.to_bytes()
OTHERS = [Signer(f"witness{n}.example", ED25519_COSIGNATURE, bytes([n]) * 32) for n in range(40, 46)]


def lacking(*signers: Signer) -> Note:
    gone = {signer.vkey.key_id for signer in signers}
    return replace(ALL, lines=tuple(line for line in ALL.lines if line.key_id not in gone))


def test_the_example_is_read_as_it_is_written() -> None:
    assert Policy.parse(RAW) == POLICY
    shape = [line.split(" ")[0] for line in RAW.decode().splitlines()]
    assert shape == ["log", "log", "witness", "witness", "group", "quorum"]
    found = POLICY.check(ALL)
    assert (found.checkpoint, found.witnesses, found.quorum) == (HEAD, ("archive", "police"), True)


def test_comments_tabs_and_empty_lines_are_passed_over() -> None:
    lines = RAW.decode().splitlines()
    spaced = "# whom we trust\n\n \t# indented\n" + "\n\n".join(
        "\t " + line.replace(" ", " \t") + " " for line in lines
    )
    assert Policy.parse(spaced.encode() + b"\n") == POLICY


def test_every_listed_key_of_the_origin_must_have_signed() -> None:
    """By the specification any one suffices: then a stolen Ed25519 key is enough, and bytes of a receipt may change."""
    for missing in (LOG, LASTING):
        with pytest.raises(BadSignature, match=missing.vkey.key_id.hex()):
            POLICY.check(lacking(missing))
        POLICY.check(lacking(missing), any_key=True)
    with pytest.raises(BadSignature):
        POLICY.check(lacking(LOG, LASTING), any_key=True)


def test_a_listed_key_that_signed_something_else_is_refused_even_where_one_would_do() -> None:
    other = LASTING.sign(replace(HEAD, size=4), SEALED_AT)
    forged = replace(ALL, lines=tuple(other if line.key_id == other.key_id else line for line in ALL.lines))
    for any_key in (False, True):
        with pytest.raises(BadSignature, match=r"size 3 is not what registry\.example/land signed"):
            POLICY.check(forged, any_key=any_key)


def test_keys_of_other_logs_neither_help_nor_hinder() -> None:
    elsewhere = Signer("elsewhere.example/log", ED25519, b"\x77" * 32)
    wider = replace(POLICY, logs=(*POLICY.logs, (elsewhere.vkey, "")))
    assert wider.check(ALL).checkpoint == HEAD
    foreign = replace(HEAD, origin="elsewhere.example/log")
    with pytest.raises(BadSignature, match="lists no key"):
        POLICY.check(seal(foreign, (LOG, LASTING, WITNESS, MIRROR), SEALED_AT))
    with pytest.raises(BadSignature, match="lists no key"):
        replace(POLICY, logs=()).check(ALL)


def test_too_few_witnesses_are_named() -> None:
    with pytest.raises(TooFewWitnesses, match="'departments' is not reached at size 3: signed by 'police'"):
        POLICY.check(lacking(MIRROR))
    with pytest.raises(TooFewWitnesses, match="no listed witness"):
        POLICY.check(lacking(MIRROR, WITNESS))
    nobody = replace(POLICY, quorum="none").check(lacking(MIRROR, WITNESS))
    assert (nobody.witnesses, nobody.quorum) == ((), False)


@pytest.mark.parametrize("signed", range(2**6))
def test_groups_of_groups_reach_a_quorum_exactly_when_the_rule_says(signed: int) -> None:
    """The example of the specification: 2 of X1 X2 X3, and any of Y1 Y2 Y3."""
    names = ("X1", "X2", "X3", "Y1", "Y2", "Y3")
    text = f"log {LOG.vkey}\n"
    text += "".join(f"witness {name} {other.vkey}\n" for name, other in zip(names, OTHERS, strict=True))
    text += "group X 2 X1 X2 X3\ngroup Y any Y1 Y2 Y3\ngroup X-and-Y all X Y\nquorum X-and-Y\n"
    chosen = [other for bit, other in enumerate(OTHERS) if signed >> bit & 1]
    reached = (signed & 7).bit_count() >= 2 and signed >> 3
    note = seal(HEAD, (LOG, *chosen), SEALED_AT)
    if reached:
        assert len(Policy.parse(text.encode()).check(note).witnesses) == signed.bit_count()
    else:
        with pytest.raises(TooFewWitnesses):
            Policy.parse(text.encode()).check(note)


W = f"witness w {WITNESS.vkey}\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "cut short"),
        ("quorum none", "cut short"),
        ("# nothing\n", "0 lines 'quorum"),
        ("quorum none\nquorum none\n", "2 lines 'quorum"),
        ("quorum\n", "line 1 of the policy: expected one of log <vkey>"),
        ("quorum none none\n", "line 1"),
        ("quorum w\n" + W, "line 1 .* not defined on a line before"),
        ("\n\nQuorum none\n", "line 3"),
        ("quorum none\r\n", "line 1 .* control character 0d"),
        ("quorum none\n\x7f\n", "line 2 .* control character 7f"),
        ("log\nquorum none\n", "line 1"),
        (f"log {LOG.vkey} a b\nquorum none\n", "line 1"),
        (f"log {LOG.vkey}\nlog {LOG.vkey}\nquorum none\n", "line 2 .* twice"),
        (f"log {WITNESS.vkey}\nquorum none\n", "line 1 .* type 01 or 06"),
        (f"witness w {LOG.vkey}\nquorum none\n", "line 1 .* type 04 or 06"),
        (W + f"witness w {MIRROR.vkey}\nquorum none\n", "line 2 .* 'w' is taken"),
        (W + f"witness v {WITNESS.vkey}\nquorum none\n", "line 2 .* twice"),
        (f"witness none {WITNESS.vkey}\nquorum none\n", "line 1 .* 'none' is taken"),
        (W + "group w any w\nquorum w\n", "line 2 .* 'w' is taken"),
        (W + "group none any w\nquorum none\n", "line 2 .* 'none' is taken"),
        (W + "group g any none\nquorum none\n", "line 2 .* 'none' is not defined"),
        (W + "group g any g\nquorum g\n", "line 2 .* 'g' is not defined"),
        (W + "group g any\nquorum none\n", "line 2"),
        (W + "group g any w w\nquorum g\n", "line 2 .* member twice"),
        (W + "group g 0 w\nquorum g\n", "line 2 .* 0 of 1"),
        (W + "group g 2 w\nquorum g\n", "line 2 .* 2 of 1"),
        (W + "group g 01 w\nquorum g\n", "line 2 .* without leading zeros"),
        (W + "group g +1 w\nquorum g\n", "line 2"),
        (W + "group g ALL w\nquorum g\n", "line 2"),
        (W + "group g \u0661 w\nquorum g\n", "line 2"),
    ],
)
def test_what_is_not_a_policy_is_refused_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(Malformed, match=sentence):
        Policy.parse(text.encode())


def test_one_public_key_under_two_names_is_still_one_key() -> None:
    """Otherwise one witness could be counted twice."""
    twin = VerifierKey("other.example", ED25519_COSIGNATURE, WITNESS.vkey.public)
    with pytest.raises(Malformed, match="twice"):
        Policy.parse(f"{W}witness v {twin}\nquorum none\n".encode())
    with pytest.raises(Malformed, match="twice"):
        Policy.parse(f"log {LOG.vkey}\nlog {VerifierKey('b', ED25519, LOG.vkey.public)}\nquorum none\n".encode())


def test_names_are_octets_and_nothing_is_normalised() -> None:
    kelvin, broken = "\u212a".encode(), b"\xff\x85\xa0"
    text = b"witness " + kelvin + f" {WITNESS.vkey}\n".encode() + b"witness " + broken + f" {MIRROR.vkey}\n".encode()
    text += b"group K all " + kelvin + b" " + broken + b"\nquorum K\n"
    policy = Policy.parse(text.replace(b"all", b"2"))
    assert policy.to_bytes() == text.replace(b"all", b"2")
    with pytest.raises(Malformed, match="not defined"):
        Policy.parse(text.replace(kelvin, b"K", 1).replace(b"group K", b"group g").replace(b"quorum K", b"quorum g"))


def test_a_small_order_key_cannot_be_listed() -> None:
    raw = b"\x04\x01" + bytes(31)
    key_id = sha256(b"w\n" + raw).hexdigest()[:8]
    with pytest.raises(Malformed, match=r"line 1 .* small order"):
        Policy.parse(f"witness w w+{key_id}+{b64encode(raw).decode()}\nquorum w\n".encode())


def test_at_least_32_of_each_kind_are_read() -> None:
    text = "".join(f"log {Signer(f'log{n}', ED25519, bytes([n]) * 32).vkey}\n" for n in range(40))
    keys = [Signer(f"w{n}", ED25519_COSIGNATURE, bytes([100 + n]) * 32).vkey for n in range(40)]
    text += "".join(f"witness w{n} {key}\ngroup g{n} any w{n}\n" for n, key in enumerate(keys))
    text += "group all all " + " ".join(f"g{n}" for n in range(40)) + "\nquorum all\n"
    policy = Policy.parse(text.encode())
    assert (len(policy.logs), len(policy.witnesses), len(policy.groups)) == (40, 40, 41)
    assert Policy.parse(policy.to_bytes()) == policy


URLS = st.sampled_from(["", "https://police.example/w1", "x", "#"])
SIGNERS = [LOG, LASTING, Signer("b", ED25519, b"\x78" * 32), *OTHERS, WITNESS, MIRROR]


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    logs = draw(
        st.lists(st.sampled_from([one.vkey for one in SIGNERS if one.vkey.kind != ED25519_COSIGNATURE]), unique=True)
    )
    keys = [one.vkey for one in SIGNERS if one.vkey.kind != ED25519]
    names = draw(st.lists(st.from_regex(r"[!-~\x80-\u0fff]{1,8}", fullmatch=True), unique=True, max_size=8))
    names = [name for name in names if name != "none" and not name.startswith("#")]
    witnesses = [Witness(name, key, draw(URLS)) for name, key in zip(names[:4], keys, strict=False)]
    groups, known = [], [each.name for each in witnesses]
    for name in names[4:] if known else []:
        members = draw(st.lists(st.sampled_from(known), unique=True, min_size=1))
        groups.append(Group(name, draw(st.integers(1, len(members))), tuple(members)))
        known.append(name)
    quorum = draw(st.sampled_from(["none", *known]))
    return Policy(tuple((key, draw(URLS)) for key in logs), tuple(witnesses), tuple(groups), quorum)


@given(policies())
def test_what_is_printed_is_read_again(policy: Policy) -> None:
    assert Policy.parse(policy.to_bytes()) == policy


@given(st.binary() | st.lists(st.sampled_from([*RAW.split(), b"\n", b" ", b"any", b"2"])).map(b" ".join))
def test_nothing_but_unproven_comes_out_of_junk(raw: bytes) -> None:
    for candidate in (raw, raw + b"\n", raw + b"\nquorum none\n"):
        with suppress(Unproven):
            assert Policy.parse(Policy.parse(candidate).to_bytes()) == Policy.parse(candidate)


def test_a_policy_of_a_key_type_that_nobody_checks_is_refused() -> None:
    assert MLDSA44_COSIGNATURE == 6
    with pytest.raises(Malformed, match="type 02"):
        VerifierKey("a", 2, bytes(32))
