"""The tile site: a stranger builds the tree again from it, and gets no entry."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from registry.ledger import cosignature
from registry.ledger.merkle import leaf_hash, root
from registry.ledger.note import Note
from registry.ledger.policy import Policy
from registry.ledger.tiles import WIDTH, bundle_path, layout, tile_path, unframe
from tests.gateway.served import Served, serving, staffed
from tests.town import Town


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    town = staffed(Town(tmp_path_factory.mktemp("town")))
    for _ in range(270):
        town.lodge()
    town.office.services.seal()
    with serving(town) as served:
        yield served
    town.close()


def _note(gate: Served) -> tuple[int, bytes]:
    policy = Policy.parse(gate.http.get("/policy").content)
    answer = gate.http.get("/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    found, _ = cosignature.verify(Note.parse(answer.content), tuple(key for key, _ in policy.logs))
    return found.size, found.root


def test_the_tiles_give_the_root_of_the_checkpoint(gate: Served) -> None:
    size, expected = _note(gate)
    tiles = {}
    for level, n, width in layout(size):
        answer = gate.http.get(f"/{tile_path(level, n, width)}")
        assert (answer.status_code, len(answer.content)) == (200, width * 32)
        assert "immutable" in answer.headers["cache-control"]
        tiles[level, n] = answer.content

    def node(height: int, index: int) -> bytes:
        assert height == 0
        return tiles[0, index // WIDTH][index % WIDTH * 32 :][:32]

    hashes = [node(0, at) for at in range(size)]
    assert _root(hashes) == expected


def _root(hashes: list[bytes]) -> bytes:
    from registry.ledger.merkle import node_hash

    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(_root(hashes[:split]), _root(hashes[split:]))


def test_entries_are_for_who_holds_ledger_read(gate: Served) -> None:
    size, _ = _note(gate)
    n, width = divmod(size, WIDTH)
    assert gate.http.get("/tile/entries/000").status_code == 401
    headers = {"Authorization": f"Bearer {gate.token()}"}
    whole = gate.http.get(f"/{bundle_path(0)}", headers=headers)
    part = gate.http.get(f"/{bundle_path(n, width)}", headers=headers)
    entries = unframe(whole.content) + unframe(part.content)
    assert len(entries) == size
    assert "no-store" in whole.headers["cache-control"]
    tile = gate.http.get("/tile/0/000").content
    assert b"".join(map(leaf_hash, entries[:WIDTH])) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/001",
        "tile/0/001.p/255",
        "tile/0/999",
        "tile/1/000",
        "tile/7/000",
        "tile/64/000",
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/x000/000",
        "tile/00/000",
        "tile/0/..%2f..%2fetc",
        "tile/-1/000",
        "tile/data/000",
        "tile/0/000.p/1%0a",
        "tile/0/" + "x001/" * 30 + "000",
    ],
)
def test_what_is_not_published_is_404(gate: Served, path: str) -> None:
    assert gate.http.get(f"/{path}").status_code == 404


def test_every_width_below_the_published_one_is_a_prefix(gate: Served) -> None:
    full = gate.http.get("/tile/0/000").content
    for width in (1, 2, 128, 255):
        assert gate.http.get(f"/{tile_path(0, 0, width)}").content == full[: width * 32]
    assert gate.http.get("/tile/1/000.p/1").status_code == 200


def test_what_is_recorded_and_not_sealed_is_not_served(gate: Served) -> None:
    head = gate.town.office.store.head().size
    size, _ = _note(gate)
    assert size <= head
    assert gate.http.get(f"/{tile_path(0, head // WIDTH, head % WIDTH + 1)}").status_code == 404
    assert root(0, lambda height, index: b"") is not None
