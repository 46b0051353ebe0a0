"""The Merkle tree of RFC 6962: hashes, roots, proofs, and their verification by RFC 9162.

Bytes and integers; a verifier raises `ProofFailed` or returns nothing. Where hashes are kept is the caller's affair: a
`Node` answers for one complete subtree, and root and proofs follow for every size that the stored hashes reach.

    entries    deposit 1      deposit 2      (empty)
    leaves     0b13de12…      516b5118…      6e340b9c…
    node(1,0)  d558689c… ─────────┘              │
    root(3)    b7646894… ────────────────────────┘
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256

from registry.errors import Misuse, ProofFailed

HASH_SIZE = 32
MAX_SIZE = 2**63 - 1  # C2SP bounds tree sizes to 63 bits
EMPTY_ROOT = sha256(b"").digest()

Node = Callable[[int, int], bytes]
"""`node(height, index)`: the hash over leaves [index·2^height, (index + 1)·2^height), all of which exist."""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(00 ‖ entry). RFC 6962 §2.1."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(01 ‖ left ‖ right). RFC 6962 §2.1."""
    return sha256(b"\x01" + left + right).digest()


def parents(hashes: Iterable[bytes]) -> list[bytes]:
    """One level up: the hashes of the pairs; an odd last one is left out. The hot loop of a bulk load."""
    each = iter(hashes)
    return [sha256(b"\x01" + left + right).digest() for left, right in zip(each, each, strict=False)]


def fold(hashes: list[bytes]) -> bytes:
    """The root over subtrees of equal size, of which only the last may be smaller. At least one hash."""
    while len(hashes) > 1:
        hashes = parents(hashes) + hashes[len(hashes) & ~1 :]
    return hashes[0]


def root(size: int, node: Node) -> bytes:
    """MTH of the first `size` leaves: at most 63 calls of `node`. RFC 6962 §2.1."""
    return _span(0, size, node) if size else EMPTY_ROOT


def prove_inclusion(index: int, size: int, node: Node) -> tuple[bytes, ...]:
    """The audit path of leaf `index` in the tree of `size` leaves, from the leaf's sibling up. RFC 6962 §2.1.1.

    Raises `Misuse` for an index that the tree does not hold.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise Misuse(f"a tree of size {size} holds no leaf {index}; ask for an index below the size")
    path, height = list[bytes](), 0
    while 1 << height < size:
        sibling = index >> height ^ 1
        start = sibling << height
        if start < size:
            path.append(_span(start, min(start + (1 << height), size), node))
        height += 1  # without a sibling the subtree is all of its parent
    return tuple(path)


def prove_consistency(old: int, new: int, node: Node) -> tuple[bytes, ...]:
    """What shows that the tree of `old` leaves is a prefix of that of `new`. RFC 6962 §2.1.2.

    Empty from 0 and for equal sizes. Raises `Misuse` unless 0 ≤ old ≤ new.
    """
    if not 0 <= old <= new <= MAX_SIZE:
        raise Misuse(f"no proof leads from size {old} to size {new}; ask from a smaller size to a larger one")
    if old in (0, new):
        return ()
    path, start, end = list[bytes](), 0, new
    while end != old:  # down to the last leaf of the old tree: the siblings passed, lowest first
        middle = start + (1 << (end - start - 1).bit_length() - 1)  # the largest power of two below the count
        if old <= middle:
            path.insert(0, _span(middle, end, node))
            end = middle
        else:
            path.insert(0, _span(start, middle, node))
            start = middle
    return (_span(start, end, node), *path) if start else tuple(path)  # from 0 the verifier has it: the old root


def _span(start: int, end: int, node: Node) -> bytes:
    """MTH(D[start:end]) where `start` is a multiple of every power of two that is split off."""
    height = (end - start).bit_length() - 1
    left = node(height, start >> height)
    middle = start + (1 << height)
    return left if middle == end else node_hash(left, _span(middle, end, node))


def verify_inclusion(leaf: bytes, index: int, size: int, path: Iterable[bytes], root: bytes) -> None:
    """Return if `leaf` (a hash) is at `index` in the tree of `size` leaves under `root`. RFC 9162 §2.1.3.2.

    Raises `ProofFailed` for anything else: another hash, one too many or too few, an index outside the tree.
    """
    what = f"inclusion of {index} in {size} does not verify"
    path = _checked(what, path, leaf, root)
    if not 0 <= index < size <= MAX_SIZE:
        raise ProofFailed(f"{what}: the index is not inside the tree")
    _, found = _climb(what, index, size - 1, leaf, path)
    if found != root:
        raise ProofFailed(f"{what}: the hashes lead to the root {found.hex()[:16]}…, not to {root.hex()[:16]}…")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Iterable[bytes]) -> None:
    """Return if the tree of `new` leaves extends that of `old` leaves. RFC 9162 §2.1.4.2.

    From size 0 the one valid proof is the empty one, from the empty root (C2SP tlog-witness). Raises `ProofFailed`.
    """
    what = f"consistency of {old} with {new} does not verify"
    path = _checked(what, path, old_root, new_root)
    if not 0 <= old <= new <= MAX_SIZE:
        raise ProofFailed(f"{what}: the sizes do not grow")
    if old in (0, new):
        if path or old_root != (new_root if old else EMPTY_ROOT) or (new == 0 and new_root != EMPTY_ROOT):
            raise ProofFailed(f"{what}: expected {'no hashes' if path else 'the one root of that size'}")
        return
    if old & (old - 1) == 0:  # the old tree is one whole subtree: its root is the first hash
        path = (old_root, *path)
    if not path:
        raise ProofFailed(f"{what}: there are no hashes")
    whole = (old ^ (old - 1)).bit_length() - 1  # levels on which the old tree ends with a whole subtree
    first, second = _climb(what, (old - 1) >> whole, (new - 1) >> whole, path[0], path[1:])
    if (first, second) != (old_root, new_root):
        raise ProofFailed(f"{what}: the hashes do not meet the {'newer' if first == old_root else 'older'} root")


def _climb(what: str, fn: int, sn: int, start: bytes, path: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """The loop of both algorithms, in RFC 9162's letters: the root of the leaves up to `start`, and that of all."""
    fr = sr = start
    for c in path:
        if sn == 0:
            raise ProofFailed(f"{what}: there are too many hashes")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ProofFailed(f"{what}: there are too few hashes")
    return fr, sr


def _checked(what: str, path: Iterable[bytes], *more: bytes) -> tuple[bytes, ...]:
    """The path as a tuple, once it and `more` are all hashes: else a "root" of odd length could equal another."""
    path = tuple(path)
    for found in (*more, *path):
        if len(found) != HASH_SIZE:
            raise ProofFailed(f"{what}: a hash has {len(found)} bytes, expected {HASH_SIZE}")
    return path
