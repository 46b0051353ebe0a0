"""The counter where entries are proven: bytes, paths to one shared checkpoint, and what the entries lean on.

A receipt carries its own checkpoint; an answer with many facts has one `Ground`, to which every path in it leads. Who
may have an entry is asked here again, by `Lookups`' one rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from registry.desk.holdings import Holdings, Recorded
from registry.desk.services import Services
from registry.desk.views import decoded
from registry.errors import Busy, LedgerHalted, NotHeld
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.cosignature import TIME_SIZE
from registry.ledger.issuance import leans_on
from registry.ledger.merkle import leaf_hash
from registry.ledger.note import ED25519, MLDSA44_COSIGNATURE, Note
from registry.ledger.ports import Sealed
from registry.records.acts import Row

FIND_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Ground:
    """A checkpoint: `note` is the signed note, verbatim; `issued_at` seconds UTC by its ML-DSA line, 0 where none says
    it."""

    origin: str
    size: int
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
        newest = services.checkpoints.latest()
        if newest is None:
            raise NotHeld("nothing is sealed yet: ask again when the office has sealed it")
        if at_least is None or newest.size == at_least:
            return self._ground(newest)
        for sealed in services.checkpoints.following(at_least - 1, 1):
            return self._ground(sealed)
        raise NotHeld(f"no checkpoint reaches {at_least} entries yet; the newest has {newest.size}")

    def grounds(self, after: int, limit: int) -> tuple[Ground, ...]:
        """At most `limit` checkpoints, oldest first, after the one of that size (0: from the first)."""
        return tuple(self._ground(sealed) for sealed in self._services.checkpoints.following(after, limit))

    def ground_of(self, size: int) -> Ground:
        """The checkpoint of exactly that size. Raises NotHeld."""
        sealed = self._services.checkpoints.at(size)
        if sealed is None:
            raise NotHeld(f"there is no checkpoint of size {size}")
        return self._ground(sealed)

    def place(self, size: int) -> tuple[int, int]:
        """Of the checkpoint of that size: its number among all, from 1, and the size of the one before it, 0 for the
        first."""
        before, previous = self._services.checkpoints.before(size)
        return before + 1, previous

    def _ground(self, sealed: Sealed) -> Ground:
        note = Note.parse(sealed.cosigned)
        checkpoint = Checkpoint.parse(note.text)
        timed = {key.key_id for key, _ in self._services.policy.logs if key.kind == MLDSA44_COSIGNATURE}
        issued = [int.from_bytes(line.signature[:TIME_SIZE], "big") for line in note.lines if line.key_id in timed]
        return Ground(
            origin=checkpoint.origin,
            size=checkpoint.size,
            root=checkpoint.root,
            note=sealed.cosigned,
            issued_at=next(iter(issued), 0),
        )

    def prover(self, ground: Ground) -> Prover:
        """What proves the entries of one answer."""
        return Prover(self._services, self._holdings, ground)

    def enrolled(self, officer: str) -> int:
        """The position of the act by which the officer came into force. Raises NotHeld."""
        return _enrolled(self._services, officer)

    def inclusion(self, position: int, size: int) -> tuple[bytes, ...]:
        """The path of the position in the tree of that size. Raises NotHeld."""
        return self._services.log.inclusion(position, size)

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """The path from one size to a later one. Raises NotHeld."""
        return self._services.log.consistency(old, new)

    def of_leaf(self, leaf: bytes) -> Recorded:
        """The newest entry of that leaf hash, if it is this desk's to know. Raises NotHeld, Busy after two seconds."""
        end = monotonic() + FIND_SECONDS
        try:
            position = self._services.log.find(leaf, lambda: monotonic() > end)
        except TimeoutError as error:
            raise Busy(f"no entry of that leaf hash was found within {FIND_SECONDS:g} seconds") from error
        if position is None:
            raise NotHeld("no entry has that leaf hash")
        return self._holdings.entry(position)

    def policy(self) -> str:
        """The trust policy, as a C2SP tlog-policy file."""
        return self._services.policy.to_bytes().decode()

    def log_keys(self) -> tuple[LogKey, ...]:
        """The keys of the log."""
        names = {ED25519: "Ed25519", MLDSA44_COSIGNATURE: "ML-DSA-44"}
        return tuple(LogKey(key.key_id.hex(), names[key.kind], key.public) for key, _ in self._services.policy.logs)


class Prover:
    """Proofs for one answer, each once. Not for several threads."""

    def __init__(self, services: Services, holdings: Holdings, ground: Ground) -> None:
        self._services, self._holdings, self.ground = services, holdings, ground
        self._tree = services.log.tree(ground.size)
        self._included: dict[int, Proven] = {}
        self._leaned: set[tuple[int, bool]] = set()
        self._support: set[int] = set()

    def prove(self, position: int) -> Proven:
        """The entry with its path; what it leans on is kept as support. Raises NotHeld where it is not this desk's to
        know, LedgerHalted where it does not hash to its leaf."""
        included = self._include(position)
        entry = decoded(included.entry)
        self._holdings.check(Recorded(position, entry))
        if position < self.ground.size:
            self._lean(entry.load if isinstance(entry, Row) else position, position)
        return included

    def support(self, officer: str) -> tuple[Proven, ...]:
        """What the entries proved so far lean on, each once, rising: enrolments of those who signed, openings of loads;
        and the enrolment of the officer who signs the answer. Raises NotHeld."""
        enrolled = _enrolled(self._services, officer)
        self._lean(enrolled, enrolled)
        return tuple(self._include(position) for position in sorted(self._support | {enrolled}))

    def _lean(self, act: int, position: int) -> None:
        """Rows of one load lean on the same acts, so they are looked up by the load."""
        key = (act, act == position)  # the opening of a load leans on less than its rows do
        if key in self._leaned:
            return
        self._leaned.add(key)
        log = self._services.log
        found = leans_on(position, log.entry(position), log.entry, lambda one: _enrolled(self._services, one))
        self._support.update(found)

    def _include(self, position: int) -> Proven:
        found = self._included.get(position)
        if found is None:
            sealed = position < self.ground.size
            raw = self._services.log.entry(position, self.ground.size if sealed else None)
            leaf = leaf_hash(raw)
            if leaf != (self._tree.leaf(position) if sealed else self._services.log.leaf(position)):
                raise LedgerHalted(f"the entry at {position} does not hash to its leaf in the tree: run an audit")
            path = self._tree.inclusion(position) if sealed else None
            found = self._included[position] = Proven(position, raw, leaf, path)
        return found


def _enrolled(services: Services, reference: str) -> int:
    officer = services.standing().officer(reference)
    if officer is None:
        raise NotHeld(f"{reference} is not an officer here")
    return officer.enrolled
