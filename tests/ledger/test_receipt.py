"""Receipts: what they prove, and each way in which one can be wrong, made by an office that holds the log's keys."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Raw
from msgspec.structs import replace as changed

from registry.errors import BadSignature, Malformed, ProofFailed, TooFewWitnesses, Unproven
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.cosignature import seal
from registry.ledger.issuance import Included, issue, leans_on
from registry.ledger.receipt import Findings, Receipt, verify
from registry.ledger.signature import Ed25519Signer
from registry.records import acts
from registry.records.acts import Act, Row, decode_entry, signed_bytes
from registry.records.encoding import canonical, digest64, to_base64
from registry.records.rules import AWAITS
from tests.ledger import make_golden
from tests.ledger.make_golden import (
    BODY,
    DEED,
    DEPOSITS,
    FOUNDER,
    LASTING,
    LOADER,
    LOG,
    ORIGIN,
    POLICY,
    SEALED_AT,
    Tree,
)

HERE = Path(__file__).parent
DEED_RECEIPT, ROW_RECEIPT, READING_RECEIPT = (
    (HERE / f"golden-{name}.tlog-proof").read_bytes() for name in ("deed", "row", "reading")
)
WITNESSED = POLICY.to_bytes()
SEALED = replace(POLICY, quorum="none").to_bytes()
LEDGER, DEED_DISCLOSURES, READING_DISCLOSURES = make_golden.registry()
ENTRIES = tuple(LEDGER.entries)
ENROLLED = {"officer/1": 3, "officer/2": 4}


@cache
def sealed(entries: tuple[bytes, ...]) -> tuple[Tree, bytes]:
    tree = Tree(entries)
    return tree, seal(Checkpoint(ORIGIN, len(entries), tree.root), (LOG, LASTING), SEALED_AT).to_bytes()


def receipt(entries: tuple[bytes, ...], index: int, *supports: int, disclosures: tuple[str, ...] = ()) -> bytes:
    """A receipt from an office that signs whatever it likes, over these entries, with exactly these supports."""
    tree, checkpoint = sealed(entries)
    held = [tree.included(position) for position in supports]
    return issue(tree.included(index), checkpoint, supports=held, disclosures=disclosures)


def act(position: int) -> Act:
    found = decode_entry(ENTRIES[position])
    assert isinstance(found, Act)
    return found


def instead(position: int, entry: Act | Row) -> tuple[bytes, ...]:
    """The golden registry with another entry at that position."""
    return (*ENTRIES[:position], canonical(entry), *ENTRIES[position + 1 :])


def proven(found: Findings) -> list[str]:
    return [text for text, holds in found.sentences() if holds]


def test_an_honest_receipt_says_what_is_proven_and_what_was_not_asked() -> None:
    found = verify(receipt(ENTRIES, 6, 3), SEALED)
    assert found.sentences() == (
        ("included at 6 in 13", True),
        ("signed by officer/1, enrolled at 3", True),
        ("covered by a load", False),
        ("content fits", False),
    )
    assert not found.satisfied.quorum
    row = verify(receipt(ENTRIES, 10, 4, 9), SEALED)
    assert proven(row) == ["included at 10 in 13", "signed by officer/2, enrolled at 4", "covered by load 9"]


@pytest.mark.parametrize("position", range(13))
def test_every_golden_entry_has_a_receipt_with_the_supports_it_leans_on(position: int) -> None:
    needed = leans_on(position, ENTRIES[position], ENTRIES.__getitem__, ENROLLED.__getitem__)
    found = verify(receipt(ENTRIES, position, *needed), SEALED)
    assert (found.officer is None) == (position == 8), "a reading that is not laid open names nobody"
    for missing in needed:
        with pytest.raises(ProofFailed, match="does not hold"):
            verify(receipt(ENTRIES, position, *(at for at in needed if at != missing)), SEALED)
    spare = next(at for at in (1, 2, 6) if at not in (*needed, position))
    with pytest.raises(Malformed, match=f"leans on its supports at .{spare}"):
        verify(receipt(ENTRIES, position, *needed, spare), SEALED)


def test_the_founding_acts_lean_on_the_first_of_them() -> None:
    assert [leans_on(at, ENTRIES[at], ENTRIES.__getitem__, ENROLLED.__getitem__) for at in range(6)] == [
        (), (0,), (0,), (0,), (3,), (3,),
    ]  # fmt: skip
    assert verify(receipt(ENTRIES, 0), SEALED).enrolled == 0
    assert verify(receipt(ENTRIES, 2, 0), SEALED).enrolled == 0
    with pytest.raises(ProofFailed, match="enrolled 'officer/1'"):
        verify(receipt(ENTRIES, 6, 0), SEALED)


# -- the content -------------------------------------------------------------------------------------------------------


def test_the_content_fits_in_whatever_pieces_it_comes() -> None:
    for pieces in ([BODY], [BODY[:1], BODY[1:]], [bytes([byte]) for byte in BODY]):
        assert verify(receipt(ENTRIES, 6, 3), SEALED, content=pieces).content


@pytest.mark.parametrize("content", [b"", BODY[:-1], BODY + b"\n", BODY.replace(b"deed", b"dead")])
def test_a_changed_content_is_refused(content: bytes) -> None:
    with pytest.raises(ProofFailed, match="content does not fit"):
        verify(receipt(ENTRIES, 6, 3), SEALED, content=[content])
    with pytest.raises(ProofFailed, match="content does not fit"):
        verify(receipt(ENTRIES, 5, 3, disclosures=DEED_DISCLOSURES), SEALED, content=[content])


def test_a_withheld_digest_needs_its_disclosure() -> None:
    with pytest.raises(Unproven, match="withheld here: ask for a receipt with its disclosures"):
        verify(receipt(ENTRIES, 5, 3), SEALED, content=[BODY])
    assert verify(receipt(ENTRIES, 5, 3, disclosures=DEED_DISCLOSURES), SEALED, content=[BODY]).content
    with pytest.raises(Unproven):
        verify(receipt(ENTRIES, 10, 4, 9), SEALED, content=[BODY])


def test_a_disclosure_of_something_else_is_refused() -> None:
    with pytest.raises(ProofFailed, match="no digest in the entry"):
        verify(receipt(ENTRIES, 6, 3, disclosures=DEED_DISCLOSURES), SEALED)
    with pytest.raises(ProofFailed, match="twice"):
        verify(receipt(ENTRIES, 5, 3, disclosures=DEED_DISCLOSURES[:1] * 2), SEALED)
    with pytest.raises(Malformed):
        verify(receipt(ENTRIES, 5, 3, disclosures=("not a disclosure",)), SEALED)
    told = verify(receipt(ENTRIES, 5, 3, disclosures=DEED_DISCLOSURES[1:]), SEALED).disclosed
    assert told == {"grantor": "A. N. Other"}


def test_a_reading_laid_open_names_who_read_and_proves_it() -> None:
    found = verify(READING_RECEIPT, WITNESSED)
    assert (found.officer, found.enrolled, found.disclosed["subject"]) == ("officer/1", 3, DEED)
    closed = verify(receipt(ENTRIES, 8), SEALED)
    assert (closed.officer, closed.disclosed) == (None, {})
    with pytest.raises(ProofFailed, match="enrolled 'officer/1'"):
        verify(receipt(ENTRIES, 8, disclosures=READING_DISCLOSURES), SEALED)
    assert leans_on(8, ENTRIES[8], ENTRIES.__getitem__, ENROLLED.__getitem__) == ()
    assert leans_on(8, ENTRIES[8], ENTRIES.__getitem__, ENROLLED.__getitem__, "officer/1") == (3,)


# -- an office that lies -----------------------------------------------------------------------------------------------


def test_an_act_signed_for_another_registry_is_refused() -> None:
    stolen = act(6)
    signature = FOUNDER.sign(signed_bytes("registry.example/sea", stolen.intent))
    entries = instead(6, changed(stolen, signature=to_base64(signature)))
    with pytest.raises(BadSignature, match="the act at 6 is not what its officer signed"):
        verify(receipt(entries, 6, 3), SEALED)


def test_a_genuine_act_moved_to_another_subject_is_refused() -> None:
    elsewhere = "muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e11"
    with pytest.raises(ProofFailed, match="did not sign the act at 6 for 'muniment/0b7c8a52"):
        verify(receipt(instead(6, changed(act(6), subject=elsewhere)), 6, 3), SEALED)


def test_an_opening_moved_to_another_load_is_refused() -> None:
    with pytest.raises(ProofFailed, match="did not sign the act at 9 for 'load/8'"):
        verify(receipt(instead(9, changed(act(9), subject="load/8")), 10, 4, 9), SEALED)


def test_a_changed_intent_is_refused() -> None:
    other = changed(act(7).intent, department="POLICE")
    with pytest.raises(BadSignature):
        verify(receipt(instead(7, changed(act(7), intent=other)), 7, 4), SEALED)


def test_an_act_without_a_signature_is_refused_unless_it_is_a_reading() -> None:
    with pytest.raises(BadSignature, match="bears no officer's signature"):
        verify(receipt(instead(6, changed(act(6), signature=UNSET)), 6, 3), SEALED)
    with pytest.raises(BadSignature, match="bears no officer's signature"):
        verify(receipt(instead(9, changed(act(9), signature=UNSET)), 10, 4, 9), SEALED)


@pytest.mark.parametrize("signature", ["", "AAAA", "A" * 88, "not base64"])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    with pytest.raises(Unproven):
        verify(receipt(instead(6, changed(act(6), signature=signature)), 6, 3), SEALED)


def test_another_officers_key_does_not_sign_for_this_one() -> None:
    with pytest.raises(ProofFailed, match="enrolled 'officer/1'"):
        verify(receipt(ENTRIES, 6, 4), SEALED)
    forged = changed(act(6), signature=to_base64(LOADER.sign(signed_bytes(ORIGIN, act(6).intent))))
    with pytest.raises(BadSignature):
        verify(receipt(instead(6, forged), 6, 3), SEALED)


def test_an_enrolment_that_was_refused_enrols_nobody() -> None:
    entries = instead(3, changed(act(3), outcome=acts.REFUSED, rule="role:officer.enrol"))
    with pytest.raises(Malformed, match="support at 3 is a row, a refusal"):
        verify(receipt(entries, 6, 3), SEALED)


def test_an_enrolment_after_the_act_enrols_nobody_for_it() -> None:
    with pytest.raises(ProofFailed, match="before 6"):
        verify(receipt((*ENTRIES, ENTRIES[3]), 6, 13), SEALED)


def test_an_enrolment_that_awaits_a_second_person_counts_with_his_word_alone() -> None:
    """The proposal enrols nobody; the confirmation does, and is where the officer is enrolled."""
    proposal = changed(act(4), rule=AWAITS)
    word = changed(act(4).intent, details=Raw(canonical(acts.Confirmed(4))), key="0" * 32)
    signature = to_base64(FOUNDER.sign(signed_bytes(ORIGIN, word)))
    link = acts.link(4, Tree((canonical(proposal),)).leaves[0])
    confirmed = Act(1763798404999, word, 2, "officer/2", 1, previous=link, signature=signature)
    entries = (*instead(4, proposal)[:5], canonical(confirmed), *ENTRIES[5:])
    assert leans_on(8, entries[8], entries.__getitem__, {"officer/2": 5}.__getitem__) == (4, 5)
    assert verify(receipt(entries, 8, 4, 5), SEALED).enrolled == 5
    for supports in ((4,), (5,)):
        with pytest.raises(ProofFailed, match="enrolled 'officer/2'"):
            verify(receipt(entries, 8, *supports), SEALED)


def test_a_row_under_the_load_of_another_is_refused() -> None:
    row = decode_entry(ENTRIES[10])
    assert isinstance(row, Row)
    for load in (7, 12, 10, 2**40):
        with pytest.raises(Unproven):
            verify(receipt(instead(10, changed(row, load=load)), 10, 4, 9), SEALED)
    with pytest.raises(ProofFailed, match="opening of load 12"):
        verify(receipt(instead(10, changed(row, load=12)), 10, 4, 12), SEALED)


def test_a_row_cannot_support_anything_and_supports_stand_in_order() -> None:
    with pytest.raises(Malformed, match="support at 10"):
        verify(receipt(ENTRIES, 6, 3, 10), SEALED)
    swapped = Receipt.parse(receipt(ENTRIES, 10, 4, 9))
    head, first, second = _split_supports(swapped)
    assert swapped.extra == head + first + b"," + second + b'],"v":1}'
    disordered = replace(swapped, extra=head + second + b"," + first + b'],"v":1}').to_bytes()
    with pytest.raises(Malformed, match="out of order"):
        verify(disordered, SEALED)
    doubled = replace(swapped, extra=head + first + b"," + first + b"," + second + b'],"v":1}').to_bytes()
    with pytest.raises(Malformed, match="out of order"):
        verify(doubled, SEALED)


def _split_supports(receipt: Receipt) -> tuple[bytes, bytes, bytes]:
    head, _, rest = (receipt.extra or b"").partition(b'"support":[')
    first, _, second = rest.removesuffix(b'],"v":1}').partition(b']},{"entry":')
    return head + b'"support":[', first + b"]}", b'{"entry":' + second


def test_a_support_from_another_tree_is_refused() -> None:
    """The enrolment is genuine, but of a ledger in which something else happened before."""
    tree, checkpoint = sealed(ENTRIES)
    other = Tree((*ENTRIES[:3], canonical(changed(act(3), at=0)), *ENTRIES[4:]))
    with pytest.raises(ProofFailed, match="inclusion of 3 in 13"):
        verify(issue(tree.included(6), checkpoint, supports=[other.included(3)]), SEALED)


def test_a_wrong_leaf_or_path_is_refused() -> None:
    tree, checkpoint = sealed(ENTRIES)
    good = tree.included(6)
    wrong = [
        replace(good, entry=ENTRIES[7]),
        replace(good, index=7),
        replace(good, index=13),
        replace(good, path=good.path[:-1]),
        replace(good, path=(*good.path, tree.root)),
        replace(good, path=good.path[::-1]),
        Included(12, ENTRIES[6], tree.included(12).path),
    ]
    for each in wrong:
        with pytest.raises(ProofFailed, match="does not verify"):
            verify(issue(each, checkpoint, supports=[tree.included(3)]), SEALED)


def test_a_link_is_never_taken_for_an_inclusion_proof() -> None:
    """Entry 6 names the hash of entry 5; a receipt for 5 with that hash as its path, or none, proves nothing."""
    tree, checkpoint = sealed(ENTRIES)
    for path in ((), (tree.leaves[5],), (tree.leaves[6],)):
        with pytest.raises(ProofFailed):
            verify(issue(Included(5, ENTRIES[5], path), checkpoint, supports=[tree.included(3)]), SEALED)


def test_an_older_checkpoint_of_a_forked_history_does_not_help() -> None:
    """A consistent rewrite, signed again: whoever holds the old receipt sees two roots of one size."""
    old, new = Receipt.parse(receipt(ENTRIES, 6, 3)), sealed(instead(5, changed(act(5), at=1)))
    with pytest.raises(ProofFailed):
        verify(replace(old, checkpoint=new[1]).to_bytes(), SEALED)


def test_too_few_witnesses_are_not_a_bad_signature() -> None:
    with pytest.raises(TooFewWitnesses):
        verify(receipt(ENTRIES, 6, 3), WITNESSED)


# -- foreign receipts --------------------------------------------------------------------------------------------------


def test_a_foreign_receipt_proves_that_the_content_is_the_entry() -> None:
    raw = (HERE / "golden.tlog-proof").read_bytes()
    found = verify(raw, WITNESSED, content=[b"deposit", b" 2"], any_key=True)
    assert proven(found) == ["included at 1 in 3", "content fits"]
    assert found.entry is None
    with pytest.raises(BadSignature, match="not signed by its listed key"):
        verify(raw, WITNESSED, content=[DEPOSITS[1]])
    with pytest.raises(Malformed, match="carries no entry"):
        verify(raw, WITNESSED, any_key=True)
    with pytest.raises(ProofFailed):
        verify(raw, WITNESSED, content=[DEPOSITS[0]], any_key=True)


# -- strictness --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("raw", [DEED_RECEIPT, ROW_RECEIPT], ids=["deed", "row"])
def test_one_bit_changed_in_any_byte_of_a_receipt_is_refused(raw: bytes) -> None:
    survivors = []
    for at in range(len(raw)):
        flipped = bytearray(raw)
        flipped[at] ^= 1 << at % 8
        with suppress(Unproven):
            verify(bytes(flipped), WITNESSED)
            survivors.append(at)
    assert survivors == []


def test_one_bit_changed_in_any_byte_of_a_policy_leaves_at_most_another_address() -> None:
    survivors, address = set(), b"https://police.example/w1"
    for at in range(len(WITNESSED)):
        flipped = bytearray(WITNESSED)
        flipped[at] ^= 1 << at % 8
        with suppress(Unproven):
            verify(DEED_RECEIPT, bytes(flipped))
            survivors.add(at)
    start = WITNESSED.index(address)
    assert survivors <= set(range(start, start + len(address)))


@pytest.mark.parametrize("raw", [DEED_RECEIPT, ROW_RECEIPT, READING_RECEIPT], ids=["deed", "row", "reading"])
def test_every_cut_and_every_line_dropped_or_doubled_is_refused(raw: bytes) -> None:
    lines = raw.splitlines(keepends=True)
    changes = [raw[:cut] for cut in range(0, len(raw), 7)]
    changes += [b"".join(lines[:at] + lines[at + 1 :]) for at in range(len(lines))]
    changes += [b"".join([*lines[: at + 1], *lines[at:]]) for at in range(len(lines))]
    changes += [b"".join([*lines[:at], b"\n", *lines[at:]]) for at in range(len(lines) + 1)]
    changes += [raw.replace(b"\n", b"\r\n"), raw + b"x", b" " + raw, b"\xef\xbb\xbf" + raw]
    for change in changes:
        with pytest.raises(Unproven):
            verify(change, WITNESSED)


def test_every_line_of_a_policy_dropped_or_doubled_is_refused() -> None:
    """But one: a policy that lists fewer keys of the log asks for less, which whoever holds the file must see."""
    lines = WITNESSED.splitlines(keepends=True)
    for at in range(len(lines)):
        with pytest.raises(Unproven):
            verify(DEED_RECEIPT, b"".join([*lines[: at + 1], *lines[at:]]))
        dropped = b"".join(lines[:at] + lines[at + 1 :])
        if lines[at].startswith(b"log "):
            verify(DEED_RECEIPT, dropped)
        else:
            with pytest.raises(Unproven):
                verify(DEED_RECEIPT, dropped)


@pytest.mark.parametrize(
    "extra",
    [
        b"", b"{}", b"null", b"[]", b"\xff", b"{" * 100_000, b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{"disclosures":[],"entry":{},"support":[],"v":1}', b'{"disclosures":[],"entry":1,"support":[],"v":1}',
        b'{"disclosures":[],"disclosures":[],"entry":{},"support":[],"v":1}',
        b'{"disclosures":[],"entry":{},"support":[],"v":2}',
        b'{"disclosures":[],"entry":{},"more":1,"support":[],"v":1}',
    ],
)  # fmt: skip
def test_an_extra_that_is_not_ours_is_refused(extra: bytes) -> None:
    with pytest.raises(Malformed):
        verify(replace(Receipt.parse(ROW_RECEIPT), extra=extra).to_bytes(), WITNESSED)


def test_details_that_say_something_else_under_our_names_are_refused() -> None:
    for details in (b"5", b'{"_sd":1}', b'{"content":1}', b"[]"):
        row = decode_entry(ENTRIES[10])
        assert isinstance(row, Row)
        with pytest.raises(Malformed, match="details"):
            verify(receipt(instead(10, changed(row, details=Raw(details))), 10, 4, 9), SEALED)


RECEIPTS = st.builds(
    Receipt,
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple),
    st.binary(),
    st.none() | st.binary(),
)


@given(RECEIPTS)
def test_what_is_printed_is_read_again(found: Receipt) -> None:
    assert Receipt.parse(found.to_bytes()) == found


LINES = DEED_RECEIPT.splitlines(keepends=True)


@given(st.binary() | st.lists(st.sampled_from(LINES) | st.binary(max_size=20)).map(b"".join))
def test_nothing_but_unproven_comes_out_of_junk(raw: bytes) -> None:
    for policy in (WITNESSED, raw):
        with suppress(Unproven):
            verify(raw, policy)
            assert raw == DEED_RECEIPT


def test_a_key_enrolled_with_small_order_signs_nothing() -> None:
    weak = to_base64(bytes([1]) + bytes(31))
    details = acts.OfficerEnrolled((), "HMLR", digest64(b""), weak, make_golden.sealed(1))
    intent = changed(act(4).intent, details=Raw(canonical(details)))
    forged = changed(act(7), signature=to_base64(bytes([1]) + bytes(63)))
    entries = (*instead(4, changed(act(4), intent=intent))[:7], canonical(forged), *ENTRIES[8:])
    with pytest.raises(Malformed, match="small order"):
        verify(receipt(entries, 7, 4), SEALED)
    assert Ed25519Signer(b"\x01" * 32).public != bytes([1]) + bytes(31)
