"""The tree against the reference tree of RFC 6962, published proofs, and itself."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import Misuse, ProofFailed
from registry.ledger import merkle
from registry.ledger.merkle import EMPTY_ROOT, leaf_hash, node_hash
from tests.ledger.shared_vectors import unpacked, vectors

LEAVES = [leaf_hash(b"entry %d" % at) for at in range(80)]


def node(height: int, index: int) -> bytes:
    return merkle.fold(LEAVES[index << height : (index + 1) << height])


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word by word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return node_hash(mth(leaves[:k]), mth(leaves[k:]))


def test_roots_of_all_small_sizes_are_those_of_the_definition() -> None:
    for size in range(len(LEAVES) + 1):
        assert merkle.root(size, node) == mth(LEAVES[:size])
    assert merkle.fold(LEAVES) == mth(LEAVES)


def test_the_reference_tree_of_certificate_transparency() -> None:
    tree = vectors("merkle-rfc6962-tree.json")
    leaves = [leaf_hash(bytes.fromhex(entry)) for entry in tree["leaves"]]
    for size, root in enumerate(tree["roots_for_size_0_to_8"]):
        assert mth(leaves[:size]).hex() == root
        assert merkle.root(size, lambda h, i: merkle.fold(leaves[i << h : (i + 1) << h])).hex() == root


def test_every_proof_of_every_small_tree_verifies_and_none_but_it() -> None:
    for size in range(1, 40):
        root = merkle.root(size, node)
        for index in range(size):
            path = merkle.prove_inclusion(index, size, node)
            merkle.verify_inclusion(LEAVES[index], index, size, path, root)
            for wrong in (path[:-1], (*path, root), path[::-1]):
                if wrong != path:
                    with pytest.raises(ProofFailed):
                        merkle.verify_inclusion(LEAVES[index], index, size, wrong, root)
        for old in range(size + 1):
            path = merkle.prove_consistency(old, size, node)
            merkle.verify_consistency(old, size, merkle.root(old, node), root, path)
            for wrong in (path[:-1], (*path, root), path[::-1]):
                if wrong != path:
                    with pytest.raises(ProofFailed):
                        merkle.verify_consistency(old, size, merkle.root(old, node), root, wrong)


def holds(verify: Callable[..., None], *arguments: object) -> bool:
    """Whether the proof verifies; nothing but ProofFailed may come out of one that does not."""
    try:
        verify(*arguments)
    except ProofFailed:
        return False
    return True


def test_published_inclusion_proofs() -> None:
    cases = vectors("merkle-inclusion.json")["vectors"]
    for name, case in cases.items():
        leaf, root, path = b64decode(case["leafHash"]), b64decode(case["root"]), unpacked(case["proof"])
        found = holds(merkle.verify_inclusion, leaf, case["leafIdx"], case["treeSize"], path, root)
        assert found != case["wantErr"], name
    assert (len(cases), sum(case["wantErr"] for case in cases.values())) == (98, 92)


def test_published_consistency_proofs() -> None:
    """One case differs: the file takes two equal texts ("don't care 2") for roots, we want 32 bytes.

    The file calls growth from size 0 an error, C2SP an empty proof valid; each such case is wrong in another way too.
    """
    cases = vectors("merkle-consistency.json")["vectors"]
    differing = []
    for case in cases.values():
        old_root, new_root = b64decode(case["root1"]), b64decode(case["root2"])
        path = unpacked(case["proof"])
        found = holds(merkle.verify_consistency, case["size1"], case["size2"], old_root, new_root, path)
        if found == case["wantErr"]:
            differing.append(case["desc"])
    assert (len(cases), sum(case["wantErr"] for case in cases.values())) == (98, 92)
    assert differing == ["sizes are equal (one) and proof is empty"]


@given(st.data())
def test_a_proof_with_one_bit_changed_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, len(LEAVES)))
    old = data.draw(st.integers(1, size - 1))
    index = data.draw(st.integers(0, size - 1))
    root, old_root = merkle.root(size, node), merkle.root(old, node)

    def flipped(hashes: tuple[bytes, ...]) -> tuple[bytes, ...]:
        at, bit = data.draw(st.integers(0, len(hashes) - 1)), data.draw(st.integers(0, 255))
        changed = (int.from_bytes(hashes[at], "big") ^ (1 << bit)).to_bytes(32, "big")
        return (*hashes[:at], changed, *hashes[at + 1 :])

    leaf, *path = flipped((LEAVES[index], *merkle.prove_inclusion(index, size, node)))
    assert not holds(merkle.verify_inclusion, leaf, index, size, path, root)
    first, second, *path = flipped((old_root, root, *merkle.prove_consistency(old, size, node)))
    assert not holds(merkle.verify_consistency, old, size, first, second, path)


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (6, 5), (0, 0), (0, 2**63), (2**64, 2**65)])
def test_an_index_outside_the_tree_is_refused(index: int, size: int) -> None:
    with pytest.raises(ProofFailed, match="not inside the tree"):
        merkle.verify_inclusion(LEAVES[0], index, size, (), LEAVES[0])
    with pytest.raises(Misuse):
        merkle.prove_inclusion(index, size, node)


@pytest.mark.parametrize(("old", "new"), [(-1, 5), (6, 5), (1, 2**63)])
def test_sizes_that_do_not_grow_are_refused(old: int, new: int) -> None:
    with pytest.raises(ProofFailed, match="do not grow"):
        merkle.verify_consistency(old, new, LEAVES[0], LEAVES[0], ())
    with pytest.raises(Misuse):
        merkle.prove_consistency(old, new, node)


def test_growth_from_nothing_wants_the_empty_root_and_no_hashes() -> None:
    merkle.verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, ())
    merkle.verify_consistency(0, 3, EMPTY_ROOT, LEAVES[0], ())
    for old_root, new_root, path in (
        (LEAVES[0], LEAVES[0], ()),
        (EMPTY_ROOT, LEAVES[0], (LEAVES[0],)),
    ):
        with pytest.raises(ProofFailed):
            merkle.verify_consistency(0, 3, old_root, new_root, path)
    with pytest.raises(ProofFailed):
        merkle.verify_consistency(0, 0, EMPTY_ROOT, LEAVES[0], ())
    with pytest.raises(ProofFailed):
        merkle.verify_consistency(3, 3, LEAVES[0], LEAVES[1], ())


def test_hashes_of_odd_length_prove_nothing() -> None:
    """Two equal "roots" of 31 bytes are equal, and no roots."""
    short = LEAVES[0][:31]
    with pytest.raises(ProofFailed, match="31 bytes"):
        merkle.verify_consistency(3, 3, short, short, ())
    with pytest.raises(ProofFailed, match="31 bytes"):
        merkle.verify_inclusion(short, 0, 1, (), short)
