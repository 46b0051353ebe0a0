"""Tiles, bundles and the edge: paths to the letter, and growth that depends on nothing but the leaves."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import Malformed, Misuse
from registry.ledger import merkle, tiles
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.cosignature import verify
from registry.ledger.merkle import leaf_hash
from registry.ledger.note import Note, VerifierKey
from registry.ledger.tiles import Edge
from tests.ledger.shared_vectors import folder

LEAVES = [leaf_hash(b"%d" % at) for at in range(70_000)]


def grown(batches: list[int]) -> tuple[Edge, dict[tuple[int, int], bytes]]:
    edge, store, at = Edge(), dict[tuple[int, int], bytes](), 0
    for count in batches:
        edge, filled = edge.grow(LEAVES[at : at + count])
        at += count
        for level, n, body in filled:
            assert (level, n) not in store, "a full tile is written once"
            store[level, n] = body
    assert edge.size == at
    return edge, store


@pytest.mark.parametrize(
    ("level", "n", "width", "path"),
    [
        (0, 5, 256, "tile/0/005"),
        (0, 999, 256, "tile/0/999"),
        (1, 1000, 256, "tile/1/x001/000"),
        (0, 1067, 256, "tile/0/x001/067"),
        (0, 1_000_000, 256, "tile/0/x001/x000/000"),
        (63, 1_234_067, 255, "tile/63/x001/x234/067.p/255"),
        (0, 273, 112, "tile/0/273.p/112"),
    ],
)
def test_paths_go_both_ways(level: int, n: int, width: int, path: str) -> None:
    assert tiles.tile_path(level, n, width) == path
    assert tiles.parse_tile_path(path) == (level, n, width)
    bundle = tiles.bundle_path(n, width)
    assert bundle == "tile/entries/" + path.split("/", 2)[2]
    assert tiles.parse_bundle_path(bundle) == (n, width)


@pytest.mark.parametrize(
    "path",
    [
        "", "tile", "tile/0", "tile/0/", "tile/0/5", "tile/0/0005", "tile/0/x000/005", "tile/0/001/005", "tile/00/005",
        "tile/64/005", "tile/100/005", "tile/-1/005", "tile/0/005.p/0", "tile/0/005.p/256", "tile/0/005.p/01",
        "tile/0/005.p/", "tile/0/005/", "/tile/0/005", "tile/0/005\n", "tile/0/x001/x234", "tile/٠/005", "tile/0/٠٠٥",
        "tile/0/../005", "tile/entries/", "tile/entries/5", "tile/0/" + "x999/" * 9 + "999", "tile/0/" + "x001/" * 50,
    ],
)  # fmt: skip
def test_paths_that_nobody_writes_are_refused(path: str) -> None:
    with pytest.raises(Malformed):
        tiles.parse_tile_path(path)
    with pytest.raises(Malformed):
        tiles.parse_bundle_path(path)


def test_a_tile_is_no_bundle_and_a_bundle_no_tile() -> None:
    with pytest.raises(Malformed):
        tiles.parse_tile_path("tile/entries/000")
    with pytest.raises(Malformed):
        tiles.parse_bundle_path("tile/0/000")
    with pytest.raises(Misuse):
        tiles.tile_path(64, 0)
    with pytest.raises(Misuse):
        tiles.bundle_path(0, 0)


def test_the_layout_of_a_size_is_that_of_the_specification() -> None:
    def partial_or_high(size: int) -> list[str]:
        return [tiles.tile_path(*each) for each in tiles.layout(size) if each[2] < 256 or each[0]]

    assert partial_or_high(0) == []
    assert partial_or_high(256) == ["tile/1/000.p/1"]
    assert partial_or_high(65_536) == ["tile/1/000", "tile/2/000.p/1"]
    assert partial_or_high(70_000) == ["tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]
    assert sum(level == 0 and width == 256 for level, _, width in tiles.layout(70_000)) == 273
    assert tiles.widths(70_000) == (112, 17, 1)
    assert tiles.widths(0) == ()


@given(st.lists(st.binary(max_size=300), max_size=40))
def test_bundles_hold_what_was_framed(entries: list[bytes]) -> None:
    assert tiles.unframe(tiles.frame(entries)) == tuple(entries)
    assert tiles.unframe(tiles.frame(entries), len(entries)) == tuple(entries)
    with pytest.raises(Malformed):
        tiles.unframe(tiles.frame(entries), len(entries) + 1)


def test_a_cut_bundle_is_refused() -> None:
    raw = tiles.frame([b"deposit 1", b"deposit 2", b""])
    whole = {0, 11, 22, 24}  # where an entry ends
    for cut in range(len(raw)):
        if cut not in whole:
            with pytest.raises(Malformed, match="cut short"):
                tiles.unframe(raw[:cut])


def test_an_entry_of_65536_bytes_does_not_fit() -> None:
    assert tiles.unframe(tiles.frame([bytes(65_535)])) == (bytes(65_535),)
    with pytest.raises(Malformed, match="65535"):
        tiles.frame([bytes(65_536)])


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000])
def test_the_edge_knows_the_root_of_its_size(size: int) -> None:
    edge, store = grown([size])
    assert edge.root() == merkle.root(size, lambda h, i: merkle.fold(LEAVES[i << h : (i + 1) << h]))
    assert edge == Edge.from_bytes(size, edge.to_bytes())
    assert [len(level) // 32 for level in edge.levels] == list(tiles.widths(size))
    full = {(level, n) for level, n, width in tiles.layout(size) if width == 256}
    assert store.keys() == full
    assert all(len(body) == 8_192 for body in store.values())


@given(st.lists(st.integers(0, 700), max_size=12))
def test_uneven_batches_give_the_same_tiles_and_edge(batches: list[int]) -> None:
    assert grown(batches) == grown([sum(batches)])


def test_nodes_answer_for_older_sizes_too() -> None:
    edge, store = grown([70_000])
    node = tiles.nodes(lambda level, n: store.get((level, n)), edge)
    for size in (1, 255, 256, 257, 65_536, 65_537, 69_999, 70_000):
        root = Edge().grow(LEAVES[:size])[0].root()
        assert merkle.root(size, node) == root
        for index in {0, size // 2, size - 1}:
            path = merkle.prove_inclusion(index, size, node)
            merkle.verify_inclusion(LEAVES[index], index, size, path, root)
    path = merkle.prove_consistency(65_537, 70_000, node)
    merkle.verify_consistency(65_537, 70_000, merkle.root(65_537, node), edge.root(), path)


def test_a_missing_tile_is_named() -> None:
    edge, store = grown([600])
    del store[0, 1]
    node = tiles.nodes(lambda level, n: store.get((level, n)), edge)
    with pytest.raises(Malformed, match="tile 1 of level 0"):
        merkle.prove_inclusion(300, 600, node)


@pytest.mark.parametrize(("size", "length"), [(0, 32), (1, 0), (256, 64), (-1, 0), (2**63, 32), (3, 95)])
def test_an_edge_of_another_size_is_refused(size: int, length: int) -> None:
    with pytest.raises(Malformed, match="edge"):
        Edge.from_bytes(size, bytes(length))


def test_a_real_tile_directory_of_another_log() -> None:
    """transparency-dev/tessera testdata/log: sizes 0 to 15, every partial tile and bundle, each checkpoint signed."""
    root = folder("tessera-testdata-log")
    vkey = VerifierKey.parse("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
    seen = dict[int, Checkpoint]()
    for path in root.glob("checkpoint*"):
        checkpoint, _ = verify(Note.parse(path.read_bytes()), [vkey])
        seen[checkpoint.size] = checkpoint
        entries = tiles.unframe(_file(root, tiles.bundle_path(0, checkpoint.size))) if checkpoint.size else ()
        leaves = [leaf_hash(entry) for entry in entries]
        assert Edge().grow(leaves)[0].root() == checkpoint.root
        if leaves:
            assert _file(root, tiles.tile_path(0, 0, len(leaves))) == b"".join(leaves)
    assert 15 in seen
    last = Edge().grow([leaf_hash(entry) for entry in tiles.unframe(_file(root, tiles.bundle_path(0, 15)))])[0]
    node = tiles.nodes(lambda level, n: None, last)
    for size, checkpoint in seen.items():
        proof = merkle.prove_consistency(size, 15, node)
        merkle.verify_consistency(size, 15, checkpoint.root, seen[15].root, proof)


def _file(root: Path, path: str) -> bytes:
    return (root / path).read_bytes()
