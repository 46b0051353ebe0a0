"""The same acts on SQLite and on PostgreSQL: the same tables, the same turn, the same proofs.

This says that the SQL is portable. PostgreSQL as an engine of the office, with its take-over, comes later.
"""

from __future__ import annotations

import random
from functools import partial

import pytest

from registry.errors import Busy, KeyReused, LedgerHalted, NotPermitted
from registry.ledger import merkle
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.cosignature import verify as verify_note
from registry.ledger.issuance import Included, issue, leans_on
from registry.ledger.note import Note
from registry.ledger.policy import Policy
from registry.ledger.ports import Head
from registry.ledger.receipt import verify
from registry.records.acts import Kind, Row, decode_entry
from registry.records.identifiers import subject_digest
from registry.records.roles import Role
from tests.engines.ledger_on import LedgerOn
from tests.honest import KEYS, ORIGIN

ROWS = 700


def receipt(ledger: LedgerOn, position: int, came_into_force: int) -> bytes:
    """A receipt for the entry, as the desk issues it."""
    sealed = ledger.store.latest()
    assert sealed is not None
    supports = leans_on(position, ledger.log.entry(position), ledger.log.entry, lambda reference: came_into_force)

    def included(at: int) -> Included:
        return Included(at, ledger.log.entry(at), ledger.log.inclusion(at, sealed.size))

    return issue(included(position), sealed.cosigned, supports=map(included, supports))


def test_a_registry_is_founded_records_loads_and_seals(ledger: LedgerOn) -> None:
    founder = ledger.found()
    clerk, loader = (ledger.enrol(founder, role.value, role) for role in (Role.INTAKE_CLERK, Role.LOADER))
    deed = ledger.lodge(clerk)
    ledger.revise(clerk, deed, 2)
    load = ledger.load(loader, ledger.sales(ROWS))
    assert (load.counts.recorded, load.entries) == (ROWS, ROWS)
    head = ledger.store.head()
    assert head.size == 4 + 4 + 2 + 1 + ROWS + 1
    assert ledger.seal() == head.size
    sealed = ledger.store.latest()
    assert sealed is not None
    assert verify_note(Note.parse(sealed.note), KEYS) == (Checkpoint(ORIGIN, head.size, head.root), list(KEYS))

    found = ledger.audit()
    assert found.ok, found.faults
    assert (found.size, found.checked["rows"]) == (head.size, ROWS)

    policy = Policy(tuple((key, "") for key in KEYS)).to_bytes()
    standing = ledger.store.standing()
    enrolled = standing.officer(clerk.reference)
    assert enrolled is not None
    at = ledger.store.last(subject_digest(deed), deed)
    assert at is not None
    assert verify(receipt(ledger, at.position, enrolled.enrolled), policy).sentences()
    row = load.last
    assert row is not None
    enrolled = standing.officer(loader.reference)
    assert enrolled is not None
    assert verify(receipt(ledger, row, enrolled.enrolled), policy).sentences()


def test_checkpoints_are_found_by_size_and_counted(ledger: LedgerOn) -> None:
    founder = ledger.found()
    clerk = ledger.enrol(founder, "clerk", Role.INTAKE_CLERK)
    store = ledger.store
    assert store.before(10**9) == (0, 0)
    assert store.following(0, 5) == []
    sizes = []
    for _ in range(4):
        ledger.lodge(clerk)
        sizes.append(ledger.seal())
    assert store.sizes() == tuple(sizes)
    for number, size in enumerate(sizes):
        assert store.before(size) == (number, sizes[number - 1] if number else 0)
        assert [each.size for each in store.following(size - 1, 2)] == sizes[number : number + 2]
        at = store.at(size)
        assert at is not None
        assert store.following(size - 1, 1) == [at]
    assert store.latest() == store.at(sizes[-1])
    assert store.at(sizes[-1] + 1) is None
    assert store.following(sizes[-1], 2) == []


def test_every_entry_is_proven_in_every_tree_and_found_by_its_leaf(ledger: LedgerOn) -> None:
    founder = ledger.found()
    loader = ledger.enrol(founder, "loader", Role.LOADER)
    ledger.load(loader, ledger.sales(ROWS))
    log = ledger.log
    size = log.head().size
    leaves = [merkle.leaf_hash(entry) for entry in log.entries(0, size)]
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for whole in {1, 2, 255, 256, 257, 512, size - 1, size, *chance.sample(range(1, size), 5)} - {
        *range(size + 1, 600)
    }:
        tree, root = log.tree(whole), log.root(whole)
        for position in {0, whole - 1, *(chance.randrange(whole) for _ in range(40))}:
            path = tree.inclusion(position)
            assert path == log.inclusion(position, whole)
            assert tree.leaf(position) == leaves[position]
            merkle.verify_inclusion(leaves[position], position, whole, path, root)
    for position in (0, size // 2, size - 1):
        assert log.find(leaves[position], lambda: False) == position
    assert log.find(bytes(32), lambda: False) is None


def test_a_file_loaded_twice_adds_nothing(ledger: LedgerOn) -> None:
    founder = ledger.found()
    loader = ledger.enrol(founder, "loader", Role.LOADER)
    rows = ledger.sales(ROWS)
    ledger.load(loader, rows)
    size = ledger.store.head().size
    again = ledger.load(loader, rows)
    assert (again.counts.recorded, again.counts.already) == (0, ROWS)
    assert ledger.store.head().size == size + 2
    assert sum(isinstance(decode_entry(raw), Row) for raw in ledger.log.entries(0, size + 2)) == ROWS


def test_a_request_twice_gets_one_position_and_a_refusal_is_recorded(ledger: LedgerOn) -> None:
    founder = ledger.found()
    clerk = ledger.enrol(founder, "clerk", Role.INTAKE_CLERK)
    lodged = ledger.lodged()
    propose = partial(clerk.proposal, Kind.LODGED, key="1" * 32)
    subject = "muniment/00000000-0000-4000-8000-000000000001"
    first = ledger.sequencer.enter(propose(lodged, subject))
    assert ledger.sequencer.enter(propose(lodged, subject)) == first
    with pytest.raises(KeyReused, match=f"position {first.position}"):
        ledger.sequencer.enter(propose(ledger.lodged(), subject))
    with pytest.raises(NotPermitted) as refused:
        ledger.sequencer.enter(founder.proposal(Kind.LODGED, lodged, subject, "2" * 32))
    assert refused.value.position == first.position + 1 == ledger.store.head().size - 1
    assert ledger.audit().ok


def test_a_turn_that_fails_leaves_nothing(ledger: LedgerOn) -> None:
    """Another writer moved the head meanwhile: the swap fails, and with it all that the turn had written."""
    ledger.found()
    head = ledger.store.head()
    elsewhere = Head(head.size - 1, head.root, head.edge, head.epoch)

    def write() -> None:
        with ledger.store.turn() as turn:
            turn.put_tail(head.size, b"\0\1x")
            turn.put_requests([("3" * 32, head.size, bytes(32))])
            turn.move_head(elsewhere, Head(head.size + 1, head.root, head.edge, head.epoch))

    with pytest.raises(Busy, match="nothing recorded"):
        write()
    assert ledger.store.head() == head
    assert ledger.store.request("3" * 32) is None
    assert len(ledger.log.bundle(0, head.size)) == head.size


def test_a_bundle_or_tile_is_written_once(ledger: LedgerOn) -> None:
    ledger.found()
    with ledger.store.turn() as turn:
        turn.put_bundle(9, b"\0\1x" * 256)
        turn.put_tile(0, 9, bytes(8_192))
    with pytest.raises(LedgerHalted, match="bundle 9 stands already"), ledger.store.turn() as turn:
        turn.put_bundle(9, b"\0\1y" * 256)
    with pytest.raises(LedgerHalted, match="tile 9 of level 0 stands already"), ledger.store.turn() as turn:
        turn.put_tile(0, 9, bytes(8_192))
    assert ledger.store.bundle(9) == b"\0\1x" * 256
