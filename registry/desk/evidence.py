"""The counter where entries are proven: bytes, paths to one shared checkpoint, and what the entries lean on.

A receipt carries its own checkpoint; an answer with many facts has one `Ground`, to which every path in it leads. Who
may have an entry is asked here again, by `Lookups`' one rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from registry.desk.holdings import Holdings
from registry.desk.services import Services
from registry.errors import LedgerHalted, NotHeld
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.cosignature import TIME_SIZE
from registry.ledger.issuance import leans_on
from registry.ledger.merkle import leaf_hash
from registry.ledger.note import ED25519, MLDSA44_COSIGNATURE, Note


@dataclass(frozen=True, slots=True)
class Ground:
    """A checkpoint: `number` counts those kept from 1; `note` is the signed note, verbatim; `issued_at` seconds UTC by
    its ML-DSA line, 0 where none says it; `previous` the size of the one before it, 0 for the first."""

    number: int
    origin: str
    size: int
    previous: int
    root: bytes
    note: bytes
    issued_at: int


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry's bytes and leaf hash, and its path to a ground, the sibling first; None where it is not sealed yet."""

    position: int
    entry: bytes
    leaf: bytes
    path: tuple[bytes, ...] | None


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key of the log: its id in hex, what it signs with, its bytes."""

    id: str
    algorithm: str
    key: bytes


class Evidence:
    """Proofs for one viewer."""

    def __init__(self, services: Services, holdings: Holdings) -> None:
        self._services, self._holdings = services, holdings

    def ground(self, at_least: int | None = None) -> Ground:
        """The newest checkpoint, or the first that reaches `at_least` entries. Raises NotHeld where none does yet."""
        services = self._services
        if services.sequencer is not None:
            services.seal()
        sizes = services.checkpoints.sizes()
        if not sizes:
            raise NotHeld("nothing is sealed yet: ask again when the office has sealed it")
        if at_least is None:
            return self._ground(sizes, len(sizes) - 1)
        for place, size in enumerate(sizes):
            if size >= at_least:
                return self._ground(sizes, place)
        raise NotHeld(f"no checkpoint reaches {at_least} entries yet; the newest has {sizes[-1]}")

    def grounds(self, after: int, limit: int) -> tuple[Ground, ...]:
        """At most `limit` checkpoints, oldest first, after the one of that number (0: from the first)."""
        sizes = self._services.checkpoints.sizes()
        return tuple(self._ground(sizes, place) for place in range(after, min(after + limit, len(sizes))))

    def ground_of(self, size: int) -> Ground:
        """The checkpoint of exactly that size. Raises NotHeld."""
        sizes = self._services.checkpoints.sizes()
        if size not in sizes:
            raise NotHeld(f"there is no checkpoint of size {size}")
        return self._ground(sizes, sizes.index(size))

    def _ground(self, sizes: tuple[int, ...], place: int) -> Ground:
        sealed = self._services.checkpoints.at(sizes[place])
        if sealed is None:
            raise LedgerHalted(f"the checkpoint of size {sizes[place]} is missing: run an audit")
        note = Note.parse(sealed.cosigned)
        checkpoint = Checkpoint.parse(note.text)
        timed = {key.key_id for key, _ in self._services.policy.logs if key.kind == MLDSA44_COSIGNATURE}
        issued = [int.from_bytes(line.signature[:TIME_SIZE], "big") for line in note.lines if line.key_id in timed]
        return Ground(
            number=place + 1,
            origin=checkpoint.origin,
            size=checkpoint.size,
            previous=sizes[place - 1] if place else 0,
            root=checkpoint.root,
            note=sealed.cosigned,
            issued_at=next(iter(issued), 0),
        )

    def prove(self, position: int, ground: Ground) -> Proven:
        """The entry with its path. Raises NotHeld where it is not this desk's to know, LedgerHalted where it does not
        hash to its leaf."""
        self._holdings.entry(position)
        return self._included(position, ground)

    def supports(self, position: int, ground: Ground) -> tuple[Proven, ...]:
        """What the entry leans on: the enrolment of him who signed, and for a loaded row the opening of its load."""
        log = self._services.log
        if position >= ground.size:
            return ()
        found = leans_on(position, log.entry(position), log.entry, self.enrolled)
        return tuple(self._included(at, ground) for at in found)

    def enrolment(self, officer: str, ground: Ground) -> tuple[Proven, ...]:
        """The act that enrolled the officer, with the act that it confirms where there is one."""
        at = self.enrolled(officer)
        return (*self.supports(at, ground), self._included(at, ground))

    def inclusion(self, position: int, size: int) -> tuple[bytes, ...]:
        """The path of the position in the tree of that size. Raises NotHeld."""
        return self._services.log.inclusion(position, size)

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """The path from one size to a later one. Raises NotHeld."""
        return self._services.log.consistency(old, new)

    def policy(self) -> str:
        """The trust policy, as a C2SP tlog-policy file."""
        return self._services.policy.to_bytes().decode()

    def log_keys(self) -> tuple[LogKey, ...]:
        """The keys of the log."""
        names = {ED25519: "Ed25519", MLDSA44_COSIGNATURE: "ML-DSA-44"}
        return tuple(LogKey(key.key_id.hex(), names[key.kind], key.public) for key, _ in self._services.policy.logs)

    def _included(self, position: int, ground: Ground) -> Proven:
        log = self._services.log
        raw = log.entry(position)
        leaf = leaf_hash(raw)
        if leaf != log.leaf(position):
            raise LedgerHalted(f"the entry at {position} does not hash to its leaf in the tree: run an audit")
        sealed = position < ground.size
        return Proven(position, raw, leaf, log.inclusion(position, ground.size) if sealed else None)

    def enrolled(self, reference: str) -> int:
        """The position of the act by which the officer came into force. Raises NotHeld."""
        officer = self._services.standing().officer(reference)
        if officer is None:
            raise NotHeld(f"{reference} is not an officer here")
        return officer.enrolled


def unique(proven: Iterable[Proven]) -> tuple[Proven, ...]:
    """Each once, by position, rising."""
    return tuple(sorted({each.position: each for each in proven}.values(), key=lambda each: each.position))
