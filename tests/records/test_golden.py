"""The bytes of every form of entry are frozen."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
import rfc8785

from registry.errors import Malformed
from registry.ledger.merkle import leaf_hash
from registry.records.acts import Act, decode_entry, details_of
from registry.records.encoding import canonical, decode_canonical, decode_strict

HERE = Path(__file__).parent
GOLDEN: dict[str, dict[str, str]] = json.loads((HERE / "golden.json").read_text())


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_golden_entries", HERE / "make_golden.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_still_makes_the_frozen_entries_byte_for_byte() -> None:
    made = _script().golden()
    assert {name: raw.decode() for name, raw in made.items()} == {name: one["entry"] for name, one in GOLDEN.items()}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_frozen_entry_reads_back_and_hashes_to_its_leaf(name: str) -> None:
    raw = GOLDEN[name]["entry"].encode()
    entry = decode_entry(raw)
    assert canonical(entry) == raw == rfc8785.dumps(json.loads(raw))
    assert leaf_hash(raw).hex() == GOLDEN[name]["leaf"]
    if isinstance(entry, Act):
        details_of(entry.intent)


@pytest.mark.parametrize("name", GOLDEN)
def test_an_entry_that_is_not_canonical_is_refused(name: str) -> None:
    raw = GOLDEN[name]["entry"].encode()
    doubled, spaced = (raw.replace(b'"v":1', other) for other in (b'"v":1,"v":1', b'"v": 1'))
    for spoilt in (raw + b" ", doubled, spaced, raw[:-1], b"[" * 20_000):
        with pytest.raises(Malformed):
            decode_entry(spoilt)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b'{"a":1.5}',
        b'{"a":1e400}',
        b'{"a":' + b"9" * 400 + b"}",
        b'{"a":9007199254740992}',
        b"[" * 10_000,
        b'{"a":"\xff"}',
        b"",
        b'{"a":1',
    ],
)
def test_foreign_json_is_read_strictly(raw: bytes) -> None:
    with pytest.raises(Malformed):
        decode_strict(raw)


def test_brackets_inside_strings_do_not_count_as_depth() -> None:
    value = {"a": "[" * 100 + '\\"{'}
    assert decode_strict(json.dumps(value).encode()) == value
    with pytest.raises(Malformed):
        decode_canonical(b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", dict)
