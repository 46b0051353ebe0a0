"""Other people's programs judge our bytes, and we theirs: tiles, roots, proofs, notes, cosignatures.

The judges stand in tests/judges.lock. Where one is not installed its tests skip; `make test` installs them.
"""

from __future__ import annotations

import random
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.ledger import merkle, tiles
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.cosignature import seal, verify
from registry.ledger.merkle import leaf_hash
from registry.ledger.note import Note
from registry.ledger.tiles import WIDTH, Edge
from tests.ledger.make_golden import LASTING, LOG, MIRROR, ORIGIN, SEALED_AT, WITNESS

SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 70_000]
INSTALL = "pip install --ignore-requires-python --no-deps --require-hashes -r tests/judges.lock"


def judge(name: str) -> Any:
    """The module of a judge, or a skip that says how to get it."""
    return pytest.importorskip(name, reason=f"the judge {name} is not installed: {INSTALL}")


def entry(position: int) -> bytes:
    """Some are empty, some as long as an entry can be."""
    if position % 1_000 == 7:
        return b""
    if position % 10_000 == 300:
        return position.to_bytes(4, "big") + bytes(65_531)
    return b"entry %d" % position


@cache
def entries(size: int) -> tuple[bytes, ...]:
    return tuple(entry(position) for position in range(size))


def batches(size: int, seed: int) -> list[tuple[int, int]]:
    """Uneven pieces of 0 … size."""
    chance, cuts = random.Random(seed), {0, size}
    cuts |= {chance.randrange(size + 1) for _ in range(30)}
    ordered = sorted(cuts)
    return list(pairwise(ordered))


@cache
def published(size: int) -> tuple[Edge, dict[str, bytes]]:
    """Our files of a ledger that grew in uneven batches, by path."""
    edge, files = Edge(), dict[str, bytes]()
    for start, end in batches(size, seed=size):
        edge, filled = edge.grow([leaf_hash(each) for each in entries(size)[start:end]])
        files |= {tiles.tile_path(level, n): body for level, n, body in filled}
    for level, width in enumerate(tiles.widths(size)):
        if width:
            files[tiles.tile_path(level, size >> 8 * (level + 1), width)] = edge.levels[level]
    for start in range(0, size, WIDTH):
        bundle = entries(size)[start : start + WIDTH]
        files[tiles.bundle_path(start // WIDTH, len(bundle))] = tiles.frame(bundle)
    return edge, files


def node(size: int) -> merkle.Node:
    edge, files = published(size)
    return tiles.nodes(lambda level, n: files.get(tiles.tile_path(level, n)), edge)


@pytest.mark.parametrize("size", SIZES)
def test_aics_tlog_writes_the_same_tiles_byte_for_byte(size: int) -> None:
    aics = judge("aics_tlog")
    store = aics.MemoryTileStore()
    writer = aics.IncrementalTileWriter(store)
    for start, end in batches(size, seed=size + 1):
        writer.append(entries(size)[start:end])
    edge, files = published(size)
    assert writer.root() == edge.root()
    assert files == {path: body for path, body in store.tiles.items() if path in files}
    assert {path for path in store.tiles if ".p/" not in path} == {path for path in files if ".p/" not in path}


@pytest.mark.parametrize("size", SIZES[1:])
def test_aics_tlog_audits_our_files(size: int) -> None:
    aics = judge("aics_tlog")
    edge, files = published(size)
    report = aics.audit_tiles(aics.MemoryTileReader(files), size, edge.root())
    assert report.tiles == sum(1 for _ in tiles.layout(size))
    assert report.bundles == -(-size // WIDTH)


@pytest.mark.parametrize("size", SIZES)
def test_pymerkle_finds_the_same_roots(size: int) -> None:
    tree = judge("pymerkle").InmemoryTree(algorithm="sha256")
    tree.append_entries(entries(size))
    for smaller in {0, size // 2, size}:
        assert tree.get_root(smaller) == merkle.root(smaller, node(size))


@pytest.mark.parametrize("size", SIZES[1:])
def test_tlog_scales_reads_our_files_and_makes_the_same_proofs(size: int) -> None:
    reader = judge("tlog_scales.reader").TilesReader(_Folder(published(size)[1]))
    reader.set_size(size)
    root = published(size)[0].root()
    assert reader.calculate_root_hash() == root
    chance = random.Random(size)
    for _ in range(20):
        index, old = chance.randrange(size), chance.randrange(1, size + 1)
        theirs = reader.get_inclusion_proof(index, size)
        ours = merkle.prove_inclusion(index, size, node(size))
        assert tuple(theirs.node_hashes) == ours
        theirs.check(leaf_hash(entry(index)), root)
        merkle.verify_inclusion(leaf_hash(entry(index)), index, size, ours, root)
        grown = reader.get_consistency_proof(old, size)
        assert tuple(grown.node_hashes) == merkle.prove_consistency(old, size, node(size))
        merkle.verify_consistency(old, size, merkle.root(old, node(size)), root, grown.node_hashes)
        assert reader.get_entry(index) == entry(index)


class _Folder:
    """Our files, as the backend that tlog-scales reads from."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def get(self, *path: str) -> bytes | None:
        return self._files.get("/".join(path))


HEAD = Checkpoint(ORIGIN, 3, bytes(range(32)))
ALL = (LOG, LASTING, WITNESS, MIRROR)


def test_aics_tlog_takes_our_notes_and_cosignatures() -> None:
    """It knows no ML-DSA: those lines are of unknown keys to it, and ignored."""
    aics = judge("aics_tlog")
    note = aics.parse_note(seal(HEAD, ALL, SEALED_AT).to_bytes())
    found = aics.verify_checkpoint(note, aics.parse_vkey(str(LOG.vkey)), [aics.parse_vkey(str(WITNESS.vkey))], 1)
    assert (found.ok, found.size) == (True, 3)
    assert aics.format_vkey(aics.parse_vkey(str(WITNESS.vkey))) == str(WITNESS.vkey)


def test_we_take_the_notes_and_cosignatures_of_aics_tlog() -> None:
    aics = judge("aics_tlog")
    log, witness = (Ed25519PrivateKey.from_private_bytes(seed) for seed in (bytes(range(32)), b"\x11" * 32))
    theirs = aics.sign_checkpoint(aics.Checkpoint(ORIGIN, 3, bytes(range(32))), log, ORIGIN)
    _, line = aics.sign_cosignature(witness, WITNESS.vkey.name, SEALED_AT, ORIGIN, 3, bytes(range(32)))
    raw = aics.Note(theirs.text, [*theirs.signatures, line]).to_bytes()
    assert raw == seal(HEAD, (LOG, WITNESS), SEALED_AT).to_bytes()
    checkpoint, signed = verify(Note.parse(raw), [LOG.vkey, WITNESS.vkey])
    assert (checkpoint, signed) == (HEAD, [LOG.vkey, WITNESS.vkey])


def test_tlog_scales_verifies_all_four_signatures() -> None:
    signing, tlog = judge("tlog_scales.signing"), judge("tlog_scales.tlog")
    theirs = tlog.Checkpoint.from_text(seal(HEAD, ALL, SEALED_AT).to_bytes().decode())
    keys = signing.VkeySet(*(signing.Vkey.from_string(str(one.vkey)) for one in ALL))
    assert len(keys.verify(theirs.signatures, theirs)) == 4
    wrong = tlog.Checkpoint(ORIGIN, 4, bytes(range(32)), theirs.signatures)
    assert keys.verify(wrong.signatures, wrong) == set()


def test_we_verify_the_post_quantum_signatures_of_tlog_scales() -> None:
    signing, tlog = judge("tlog_scales.signing"), judge("tlog_scales.tlog")
    signers = [
        signing.PlainEd25519Signer(ORIGIN, bytes(range(32))),
        signing.MLDSA44CosignatureSigner(ORIGIN, b"\x33" * 32),
        signing.MLDSA44CosignatureSigner("archive.example/m1", b"\x22" * 32),
    ]
    theirs = tlog.Checkpoint.make_signed(ORIGIN, 3, bytes(range(32)), signers)
    _, signed = verify(Note.parse(theirs.serialize().encode()), [one.vkey for one in ALL])
    assert signed == [LOG.vkey, LASTING.vkey, MIRROR.vkey]
    assert [one.vkey.serialize() for one in signers] == [str(key) for key in signed]
