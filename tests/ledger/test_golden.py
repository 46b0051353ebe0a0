"""The golden files hold every byte that we write: to change one is to change a format, and breaks old receipts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgspec import UnsetType

from registry.ledger.note import Note
from registry.ledger.receipt import Receipt, verify
from registry.records.acts import Act, decode_entry
from registry.records.encoding import to_base64
from tests.ledger import make_golden
from tests.ledger.shared_vectors import vectors

HERE = Path(__file__).parent
GOLDEN: dict[str, Any] = json.loads((HERE / "golden.json").read_text())


def policy() -> bytes:
    return (HERE / "golden.policy").read_bytes()


def test_the_script_makes_the_committed_files_again() -> None:
    """ML-DSA-44 lines are randomised, so those that are committed are kept as long as they verify."""
    values, files = make_golden.golden(GOLDEN)
    assert values == GOLDEN
    for name, raw in files.items():
        assert (HERE / name).read_bytes() == raw, name


def test_the_golden_bytes_are_those_that_other_implementations_have_checked() -> None:
    other = vectors("golden.json")
    randomised = {"signed_checkpoint", "mirror_mldsa44", "log", "witness", "paths"}
    compared = [name for name in other if name in GOLDEN and name not in randomised]
    assert len(compared) == 14
    for name in compared:
        assert GOLDEN[name] == other[name], name
    for name in ("log", "witness", "mirror_mldsa44"):
        same = GOLDEN[name].keys() & other[name].keys()
        assert {"vkey", "key_id_hex"} <= same
        assert all(GOLDEN[name][each] == other[name][each] for each in same)
    assert GOLDEN["paths"] == other["paths"]
    theirs = Note.parse(other["signed_checkpoint"].encode())
    ours = replace(make_golden.POLICY, logs=make_golden.POLICY.logs[:1])  # theirs has no second key of the log
    assert ours.check(theirs).witnesses == ("archive", "police")
    proof = Receipt.parse(other["tlog_proof_index_1"].encode())
    assert proof.path == Receipt.parse((HERE / "golden.tlog-proof").read_bytes()).path
    assert proof.to_bytes().decode() == other["tlog_proof_index_1"]


def test_every_golden_entry_reads_and_is_linked_to_the_one_before_it() -> None:
    entries = [text.encode() for text in GOLDEN["registry"]["entries"]]
    leaves = [bytes.fromhex(leaf) for leaf in GOLDEN["registry"]["leaf_hashes_hex"]]
    seen: dict[str, tuple[int, int]] = {}
    for position, raw in enumerate(entries):
        entry = decode_entry(raw)
        number, before = seen.get(entry.subject, (0, -1))
        assert entry.number == number + 1
        if number:
            assert not isinstance(entry.previous, UnsetType)
            assert (entry.previous.position, entry.previous.hash) == (before, to_base64(leaves[before]))
        seen[entry.subject] = (entry.number, position)
    kinds = [entry.intent.kind for entry in map(decode_entry, entries) if isinstance(entry, Act)]
    assert {"LODGED", "REVISED", "WITHDRAWN", "READ", "LOAD_OPENED", "LOAD_CLOSED"} <= set(kinds)


def test_the_golden_receipts_prove_what_they_say() -> None:
    expected = {
        "golden-deed": ["included at 5 in 13", "signed by officer/1, enrolled at 3", "content fits"],
        "golden-row": ["included at 11 in 13", "signed by officer/2, enrolled at 4", "covered by load 9"],
        "golden-reading": ["included at 8 in 13", "signed by officer/1, enrolled at 3"],
    }
    for name, sentences in expected.items():
        content = [make_golden.BODY] if name == "golden-deed" else None
        found = verify((HERE / f"{name}.tlog-proof").read_bytes(), policy(), content=content)
        assert [text for text, proven in found.sentences() if proven] == sentences
