"""The operator rewrites history consistently, with the log's keys and the mark: who holds something older refuses.

On his own machine nothing need be wrong: tree, links, checkpoints and mark agree. But a checkpoint, a receipt or a mark
from before names a root that his history does not come to any more, at its size or by any proof.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from registry.errors import LedgerHalted, ProofFailed
from registry.ledger import cosignature
from registry.ledger.audit.seals import Claim
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.issuance import Included, issue, leans_on
from registry.ledger.log import Log
from registry.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from registry.ledger.note import Note
from registry.ledger.policy import Policy
from registry.ledger.ports import MarkedHead
from registry.ledger.receipt import verify
from registry.ledger.sealer import check_mark
from registry.records.acts import Act, Row, decode_entry
from registry.records.encoding import canonical
from registry.storage import sqlite
from registry.storage.ledger import LedgerStore
from tests.honest import KEYS, ORIGIN, audit
from tests.simulator import Operator

POLICY = Policy(tuple((key, "") for key in KEYS)).to_bytes()


@contextmanager
def opened(folder: Path) -> Iterator[tuple[LedgerStore, Log]]:
    """The ledger as anybody may read it."""
    database = sqlite.open_database(folder / "ledger.db", read_only=True)
    try:
        store = LedgerStore(database)
        yield store, Log(store)
    finally:
        database.close()


@dataclass(frozen=True)
class Holders:
    """What others took away while all was honest."""

    checkpoint: Checkpoint
    receipts: Sequence[bytes]
    mark: MarkedHead


def taken_away(folder: Path, positions: Sequence[int]) -> Holders:
    """A checkpoint, receipts for these positions, the mark."""
    with opened(folder) as (store, log):
        sealed = store.latest()
        assert sealed is not None
        checkpoint, _ = cosignature.verify(Note.parse(sealed.note), KEYS)
        standing = store.standing()

        def enrolled(officer: str) -> int:
            found = standing.officer(officer)
            assert found is not None
            return found.enrolled

        def included(at: int) -> Included:
            return Included(at, log.entry(at), log.inclusion(at, checkpoint.size))

        receipts = []
        for at in positions:
            leans = leans_on(at, log.entry(at), log.entry, enrolled)
            receipts.append(issue(included(at), sealed.note, supports=map(included, leans)))
        return Holders(checkpoint, receipts, MarkedHead(ORIGIN, checkpoint.size, checkpoint.root, 0))


def refusals(folder: Path, held: Holders) -> None:
    """Each holder asks the ledger as it is now to lead on from what he holds, and is not answered."""
    with opened(folder) as (store, log):
        head = store.head()
        latest = store.latest()
        assert latest is not None, "the operator seals what he made"
        now, signed = cosignature.verify(Note.parse(latest.note), KEYS)
        assert set(signed) == set(KEYS), "and signs it with the true keys"
        assert now.root == log.root(now.size), "consistently"

        with pytest.raises(ProofFailed):  # the checkpoint's holder asks for a proof from his size to the present one
            follow(log, held.checkpoint, now)
        for receipt in held.receipts:  # the receipt's holder: it proves what it did, and its checkpoint is met no more
            found = verify(receipt, POLICY)
            with pytest.raises(ProofFailed):
                follow(log, found.satisfied.checkpoint, now)
        with pytest.raises(LedgerHalted):  # the mark that was not moved
            check_mark(log, held.mark, head, ORIGIN)
    older = Claim("the checkpoint that a mirror kept", held.checkpoint.size, held.checkpoint.root)
    audited = audit(folder, claims=[older])
    assert any("the checkpoint that a mirror kept" in fault.what for fault in audited.faults)


def follow(log: Log, old: Checkpoint, new: Checkpoint) -> None:
    """What any client does: consistency from what it holds to what it is shown."""
    if new.size < old.size:
        raise ProofFailed(f"the log shows {new.size} entries, {old.size} were sealed")
    verify_consistency(old.size, new.size, old.root, new.root, log.consistency(old.size, new.size))


def changed(raw: bytes, chance: random.Random) -> bytes:
    """A well-formed other entry in its place: a second later, another price, another digest, another officer."""
    entry = decode_entry(raw)
    if isinstance(entry, Row):
        facts = msgspec.json.decode(bytes(entry.details))
        facts["price"] += 1 + chance.randrange(1_000)
        return canonical(msgspec.structs.replace(entry, details=msgspec.Raw(canonical(facts))))
    return canonical(msgspec.structs.replace(entry, at=entry.at + 1 + chance.randrange(1_000)))


@pytest.mark.slow
def test_a_hundred_consistent_rewrites_are_refused_by_every_holder(operator: Operator) -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    honest = operator.entries()
    for _ in range(100):
        position = chance.randrange(len(honest))
        held = taken_away(operator.folder, [position])
        operator.rewrite(position, lambda raw: changed(raw, chance))
        refusals(operator.folder, held)
        with opened(operator.folder) as (store, log):
            entry = honest[position]
            path = log.inclusion(position, log.head().size)
            with pytest.raises(ProofFailed):
                verify_inclusion(leaf_hash(entry), position, log.head().size, path, store.head().root)
        operator.publish(honest)


Rewriting = Callable[[list[bytes]], list[bytes]]


def dropped(entries: list[bytes]) -> list[bytes]:
    return entries[:620] + entries[621:]


def reordered(entries: list[bytes]) -> list[bytes]:
    return [*entries[:610], entries[611], entries[610], *entries[612:]]


def forked(entries: list[bytes]) -> list[bytes]:
    other = decode_entry(entries[605])
    assert isinstance(other, Act)
    return [*entries[:640], canonical(msgspec.structs.replace(other, at=other.at + 5_000)), *entries[640:645]]


def rolled_back(entries: list[bytes]) -> list[bytes]:
    return entries[:600]


@pytest.mark.parametrize("rewriting", [dropped, reordered, forked, rolled_back])
def test_a_history_with_entries_dropped_reordered_forked_or_rolled_back_is_refused(
    operator: Operator, rewriting: Rewriting
) -> None:
    held = taken_away(operator.folder, [20, 300, 620])
    operator.publish(rewriting(operator.entries()))
    refusals(operator.folder, held)


def test_a_rewrite_that_is_not_signed_again_is_found_by_the_checkpoints_kept(operator: Operator) -> None:
    entries = operator.entries()
    entries[300] = changed(entries[300], random.Random(1))
    operator.publish(entries, sign=False)
    faults = [fault for fault in audit(operator.folder).faults if "signed by the log" in fault.what]
    assert [fault.position for fault in faults] == [42, 42, 42], "42 entries were sealed before it, and still agree"


def test_two_checkpoints_of_one_size_are_evidence_that_anyone_can_check(operator: Operator) -> None:
    with opened(operator.folder) as (store, _):
        before = store.at(649)
    operator.rewrite(300, lambda raw: changed(raw, random.Random(2)))
    with opened(operator.folder) as (store, _):
        after = store.at(649)
    assert before is not None
    assert after is not None
    told = [cosignature.verify(Note.parse(each.note), KEYS) for each in (before, after)]
    assert told[0][0].size == told[1][0].size
    assert told[0][0].root != told[1][0].root
    assert all(set(signed) == set(KEYS) for _, signed in told)


def test_without_an_older_holder_a_regular_rewrite_is_not_found(operator: Operator) -> None:
    """A known limit, stated: times of unsigned members can be written anew by who holds every key of the log."""
    operator.rewrite(648, lambda raw: changed(raw, random.Random(3)))
    assert audit(operator.folder).ok
