"""What the writer remembers between two turns: true as of the last commit, dropped and read again after any doubt."""

from __future__ import annotations

from dataclasses import dataclass

from registry.errors import LedgerHalted
from registry.ledger.known import Known
from registry.ledger.log import Log
from registry.ledger.merkle import leaf_hash
from registry.ledger.ports import Head
from registry.ledger.tiles import WIDTH
from registry.records.acts import Row, decode_entry
from registry.records.encoding import canonical
from registry.records.identifiers import subject_digest
from registry.records.loads import Load
from registry.records.rows import follow
from registry.records.standing import Standing
from registry.records.subject import Last
from registry.sequencer.ports import Store


@dataclass(slots=True)
class Memory:
    """As of the last commit: `tail` the entries since the last multiple of 256, `last_at` the last recorded time."""

    head: Head
    tail: list[bytes]
    standing: Standing
    known: Known
    last_at: int


def read_memory(store: Store, log: Log) -> Memory:
    """Memory from the store alone: at opening, and after anything went wrong. The tail must hash to the head's edge."""
    head = store.head()
    start = head.size // WIDTH * WIDTH
    tail = list(log.bundle(start // WIDTH, head.size)) if head.size > start else []
    level = head.edge.levels[0] if head.edge.levels else b""
    if b"".join(map(leaf_hash, tail)) != level or head.edge.root() != head.root:
        raise LedgerHalted(
            f"the last entries (from position {start}) do not hash to the head of size {head.size}: run an audit"
        )
    last_at = decode_entry(log.entry(head.size - 1, head.size)).at if head.size else 0
    return Memory(head, tail, store.standing(), Known(store.runs(), store.subject_digests()), last_at)


def load_of(store: Store, position: int) -> Load:
    """The load opened at the position, as committed."""
    found = store.load(position)
    if found is None:
        raise LedgerHalted(f"the row of load/{position} is missing beside the ledger: run an audit")
    return found


def find_last(store: Store, log: Log, memory: Memory, reference: str, digest: int | None = None) -> Last | None:
    """The last entry on the subject, as committed.

    1 the filter knows nothing of it: none · 2 the subject table · 3 a loaded row of number 1, read and confirmed.
    """
    digest = subject_digest(reference) if digest is None else digest
    if not memory.known.perhaps(digest):
        return None
    found = store.last(digest, reference)
    if found is not None:
        return found
    for position in memory.known.positions(digest):
        entry = decode_entry(log.entry(position, memory.head.size))
        if isinstance(entry, Row) and entry.subject == reference:
            state = canonical(follow(entry, None, load_of(store, entry.load).department))
            return Last(reference, position, 1, log.leaf(position, memory.head), state)
    return None
