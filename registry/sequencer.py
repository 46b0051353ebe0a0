"""The only writer: a fair queue, and the turn. Decide → append → commit; then answer.

A turn takes what waited during the last commit: up to 4,096 acts, or one batch of a load. After each batch whatever
acts wait go first, so a clerk never waits for more than one. In the turn, in order:

1. the head in the store is the head in memory, or memory is dropped and read again;
2. act by act, each rule decides on the standing and the subject's state, with what earlier acts of the turn did; no
database is written yet,
   so an act that fails leaves nothing behind;
3. entries, tiles, requests, subjects, standing, and last the head by compare-and-swap;
4. COMMIT. Only now does memory move and is anybody answered.

Any exception rolls the turn back and drops memory: a faulty state is never continued.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
from msgspec import UNSET, UnsetType

from registry.errors import (
    Busy,
    KeyReused,
    LedgerHalted,
    Misuse,
    NotHeld,
    NotPermitted,
    Refused,
    RegistryError,
    Unproven,
)
from registry.ledger.known import Known, Run, pack_run
from registry.ledger.log import Log
from registry.ledger.merkle import leaf_hash
from registry.ledger.ports import Head, Shelves, Turn
from registry.ledger.signature import verify_ed25519
from registry.ledger.tiles import WIDTH, frame
from registry.records import rules
from registry.records.acts import (
    REFUSED,
    Act,
    Confirmed,
    Founded,
    Intent,
    Kind,
    Row,
    decode_entry,
    details_of,
    link,
    signed_bytes,
)
from registry.records.encoding import MAX_ENTRY_BYTES, canonical, from_base64, to_base64
from registry.records.envelope import Sealed
from registry.records.identifiers import subject_digest
from registry.records.loads import Load
from registry.records.muniment import SubjectState
from registry.records.roles import Verb
from registry.records.rows import follow
from registry.records.standing import Standing, StandingRow
from registry.records.subject import Last

MAX_ACTS_A_TURN = 4_096
MAX_WAITING = 16_384
_state_decoder = msgspec.json.Decoder(SubjectState)

Milestone = Callable[[str], None]
"""Told the name of each durable step once it is done; a crash test stops the process there."""


class WritingTurn(Turn, Protocol):
    """A turn that also writes the state beside the ledger, in the same transaction."""

    def put_requests(self, rows: Iterable[tuple[str, int, bytes]]) -> None: ...
    def put_subjects(self, rows: Iterable[tuple[int, Last]]) -> None: ...
    def put_run(self, first: int, count: int, body: bytes) -> None: ...
    def put_standing(self, rows: Iterable[StandingRow]) -> None: ...
    def put_load(self, load: Load) -> None: ...


class Store(Shelves, Protocol):
    """What the sequencer asks of the ledger's store."""

    def turn(self) -> AbstractContextManager[WritingTurn]: ...
    def request(self, key: str) -> tuple[int, bytes] | None: ...
    def last(self, digest: int, reference: str) -> Last | None: ...
    def runs(self) -> Iterable[Run]: ...
    def subject_digests(self) -> Iterable[int]: ...
    def standing(self) -> Standing: ...
    def load(self, position: int) -> Load | None: ...


@dataclass(frozen=True, slots=True)
class Proposal:
    """An act before its turn: the intent, the officer who signed it, his signature (64 bytes).

    `concerning` is the subject read, for a reading (whose own subject is the department); `sealed` and `sd` are
    where a reading's withheld officer and signature lie. `load` is the row that an opening or closing act puts
    beside the ledger; its position is set here.
    """

    intent: Intent
    officer: str
    signature: bytes
    concerning: str | None = None
    sealed: Sealed | UnsetType = UNSET
    sd: tuple[str, ...] | UnsetType = UNSET
    load: Load | None = None


class Recorded(msgspec.Struct, frozen=True):
    """The answer: durable at `position`, as act `number` on `subject`. `rule` is worth showing where it is not
    empty."""

    position: int
    subject: str
    number: int
    at: int
    kind: Kind
    rule: str = ""


@dataclass(slots=True)
class Filled:
    """What a batch of a load adds: entries with their leaf hashes in order, ids of number 1 as (digest, position),
    subject rows, the load moved on."""

    entries: list[bytes]
    leaves: list[bytes]
    fresh: list[tuple[int, int]]
    subjects: list[tuple[int, Last]]
    load: Load


class Batch(Protocol):
    """One batch of a load: asked inside the turn what it adds."""

    load: Load

    def fill(self, work: Work) -> Filled: ...


@dataclass(slots=True)
class _Waiting:
    """Somebody who waits for a turn."""

    done: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None
    proposal: Proposal | None = None
    batch: Batch | None = None
    key: str = ""
    recorded: Recorded | None = None
    filled: Filled | None = None
    errand: Callable[[], None] | None = None


@dataclass(slots=True)
class _Memory:
    """What is true as of the last commit."""

    head: Head
    tail: list[bytes]
    """Entries since the last multiple of 256."""
    standing: Standing
    known: Known
    last_at: int


class Work:
    """One turn's decisions, on memory plus what was decided so far; written to the store at its end."""

    def __init__(self, store: Store, log: Log, memory: _Memory, now: int) -> None:
        self.store, self.log, self.head = store, log, memory.head
        self.at = max(now, memory.last_at)
        self.standing = memory.standing.copy()
        self.entries: list[bytes] = []
        self.leaves: list[bytes] = []
        self.requests: dict[str, tuple[int, bytes]] = {}
        self.subjects: dict[str, Last] = {}
        self.rows: list[StandingRow] = []
        self.loads: list[Load] = []
        self._known = memory.known

    @property
    def position(self) -> int:
        """Where the next entry goes."""
        return self.head.size + len(self.entries)

    def last(self, reference: str, digest: int | None = None) -> Last | None:
        """The last entry on the subject: from this turn, the subject table, or a loaded row of number 1 (read and
        confirmed)."""
        if reference in self.subjects:
            return self.subjects[reference]
        digest = subject_digest(reference) if digest is None else digest
        if not self._known.perhaps(digest):
            return None
        found = self.store.last(digest, reference)
        if found is not None:
            return found
        for position in self._known.positions(digest):
            entry = decode_entry(self.log.entry(position, self.head.size))
            if isinstance(entry, Row) and entry.subject == reference:
                state = canonical(follow(entry, None, self.load(entry.load).department))
                return Last(reference, position, 1, self.log.leaf(position, self.head), state)
        return None

    def load(self, position: int) -> Load:
        """The load opened at the position, as of this turn."""
        for load in reversed(self.loads):
            if load.position == position:
                return load
        found = self.store.load(position)
        if found is None:
            raise LedgerHalted(f"the row of load/{position} is missing beside the ledger: run an audit")
        return found


class Sequencer:
    """The writer's thread and its queue. `enter` and `enter_rows` may be called from any thread and return once the
    answer is durable."""

    def __init__(
        self,
        store: Store,
        log: Log,
        *,
        origin: str,
        clock: Callable[[], int],
        committed: Callable[[int, Sequence[bytes], bool], None],
        milestone: Milestone,
    ) -> None:
        """`clock` gives ms UTC; `committed(first, entries, acts)` is called after each commit, in the writer's
        thread."""
        self._store, self._log, self._origin = store, log, origin
        self._clock, self._committed, self._milestone = clock, committed, milestone
        self._acts: deque[_Waiting] = deque()
        self._batches: deque[_Waiting] = deque()
        self._errands: deque[_Waiting] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._halted: LedgerHalted | None = None
        self._memory: _Memory | None = self._read()
        self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)
        self._thread.start()

    # ---- the queue ----

    def enter(self, proposal: Proposal) -> Recorded:
        """Record the act, or its refusal. Raises Refused (recorded at its `position`), NotHeld, Busy, BadSignature,
        LedgerHalted."""
        waiting = _Waiting(proposal=proposal)
        waiting.key = self._check_signature(proposal)
        self._wait(waiting, self._acts)
        if waiting.recorded is None:
            raise LedgerHalted("the turn ended without an answer")
        return waiting.recorded

    def enter_together(self, proposals: Sequence[Proposal]) -> tuple[Recorded, ...]:
        """Record several acts in one turn, as the founding acts are. The first error is raised once all were taken."""
        waiting = [_Waiting(proposal=one, key=self._check_signature(one, proposals[0])) for one in proposals]
        self._queue(waiting, self._acts)
        for one in waiting:
            self._answer(one)
        return tuple(one.recorded for one in waiting if one.recorded is not None)

    def enter_rows(self, batch: Batch) -> Filled:
        """Record one batch of a load."""
        waiting = _Waiting(batch=batch)
        self._wait(waiting, self._batches)
        if waiting.filled is None:
            raise LedgerHalted("the turn ended without an answer")
        return waiting.filled

    def _wait(self, waiting: _Waiting, queue: deque[_Waiting]) -> None:
        self._queue([waiting], queue)
        self._answer(waiting)

    def _queue(self, waiting: Sequence[_Waiting], queue: deque[_Waiting]) -> None:
        with self._wake:
            if self._halted is not None:
                raise LedgerHalted(str(self._halted))
            if self._closing:
                raise Busy("the office is closing: nothing recorded, try again")
            if len(queue) >= MAX_WAITING:
                raise Busy(f"{MAX_WAITING} acts wait already: nothing recorded, try again")
            queue.extend(waiting)
            self._wake.notify_all()

    @staticmethod
    def _answer(waiting: _Waiting) -> None:
        waiting.done.wait()
        if waiting.error is not None:
            raise waiting.error

    def errand(self, work: Callable[[], None]) -> None:
        """Do a short write of somebody else's (a checkpoint) between two turns, in the writer's thread.

        Without this it would compete with turns for the engine's lock, and a running load could starve it. Once the
        writer has left, it is done here.
        """
        waiting = _Waiting(errand=work)
        with self._wake:
            gone = self._closing
            if not gone:
                self._errands.append(waiting)
                self._wake.notify_all()
        if gone:
            self._thread.join()
            work()
        else:
            self._answer(waiting)

    def standing(self) -> Standing:
        """Who is who, as of the last commit."""
        memory = self._memory
        return self._store.standing() if memory is None else memory.standing

    def look(self, reference: str) -> Last | None:
        """The last entry on a subject as of the last commit, for whoever prepares; the turn asks again."""
        memory = self._memory or self._read()
        return Work(self._store, self._log, memory, 0).last(reference)

    def close(self) -> None:
        """Finish what waits, then stop."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        self._thread.join()

    def halt(self, error: LedgerHalted) -> None:
        """Record nothing more."""
        with self._wake:
            self._halted = self._halted or error

    def _run(self) -> None:
        acts_were_last = False  # acts first, but a flood of them does not starve a load
        while True:
            with self._wake:
                while not (self._errands or self._acts or self._batches or self._closing):
                    self._wake.wait()
                if self._errands:
                    taken = [self._errands.popleft()]
                elif not (self._acts or self._batches):
                    return
                elif self._acts and not (self._batches and acts_were_last):
                    taken = [self._acts.popleft() for _ in range(min(len(self._acts), MAX_ACTS_A_TURN))]
                    acts_were_last = True
                else:
                    taken = [self._batches.popleft()]
                    acts_were_last = False
            self._take(taken)
            for waiting in taken:
                waiting.done.set()

    # ---- the turn ----

    def _take(self, taken: list[_Waiting]) -> None:
        """One turn for these; every error is told to those who wait, and a turn that failed leaves nothing in
        memory."""
        if self._halted is not None:
            self._tell(taken, self._halted)
            return
        errand = taken[0].errand
        try:
            if errand is not None:
                errand()
            else:
                self._turn(taken)
        except RegistryError as error:
            self._memory = None
            if isinstance(error, LedgerHalted):
                self._halted = error
            self._tell(taken, error)
        except BaseException as error:  # noqa: BLE001  # whoever waits must be answered; memory is dropped
            self._memory = None
            self._halted = LedgerHalted(
                f"the writer's turn failed in an unforeseen way ({type(error).__name__}); open the office again"
            )
            self._tell(taken, error)

    @staticmethod
    def _tell(taken: list[_Waiting], error: BaseException) -> None:
        for waiting in taken:
            waiting.recorded = waiting.filled = None
            waiting.error = error

    def _turn(self, taken: list[_Waiting]) -> None:
        with self._store.turn() as turn:
            head = turn.head()
            memory = self._memory
            if memory is None or memory.head != head:  # 1
                memory = self._read()
                if memory.head.epoch > head.epoch:
                    raise Busy("another office has taken over: nothing recorded")
            work = Work(self._store, self._log, memory, self._clock())
            fresh: list[tuple[int, int]] = []
            for waiting in taken:  # 2
                if waiting.proposal is not None:
                    self._decide(work, waiting, waiting.proposal)
                elif waiting.batch is not None:
                    fresh = self._fill(work, waiting, waiting.batch)
            after = self._write(turn, work, memory, fresh) if work.entries or work.loads else memory  # 3
        self._milestone("ledger committed")  # 4
        self._memory = after
        if work.entries:
            self._committed(memory.head.size, work.entries, taken[0].proposal is not None)

    def _decide(self, work: Work, waiting: _Waiting, proposal: Proposal) -> None:
        try:
            waiting.recorded = self._one(work, waiting, proposal)
        except (Refused, NotHeld, Unproven, Misuse) as error:
            waiting.error = error

    def _one(self, work: Work, waiting: _Waiting, proposal: Proposal) -> Recorded:
        """Decide on one act and add its entry; a refusal by rule is added too, and raised with its position."""
        intent = proposal.intent
        digest = hashlib.sha256(canonical(intent)).digest()
        earlier = work.requests.get(intent.key) or self._store.request(intent.key)
        if earlier is not None:
            return self._again(work, intent, digest, earlier)
        details = details_of(intent)
        enrolled = work.standing.officer(proposal.officer)
        key = enrolled.key if enrolled else work.standing.founding_key() or getattr(details, "key", None)
        if key != waiting.key:
            raise NotPermitted(f"the key of {proposal.officer} is not the one that signed", rule="key-in-force")
        subject = intent.subject if intent.subject is not UNSET else f"load/{work.position}"
        last = work.last(subject)
        concerned = work.last(proposal.concerning) if proposal.concerning is not None else last
        state = _state_decoder.decode(concerned.state) if concerned is not None and concerned.state else None
        case = rules.Case(
            intent=intent,
            details=details,
            officer=proposal.officer,
            subject=subject,
            position=work.position,
            at=work.at,
            standing=work.standing,
            state=state,
            number=last.number + 1 if last else 1,
            proposal=self._awaited(work, intent),
            load=self._load_facts(work, intent, subject),
        )
        refusal: Refused | None = None
        try:
            decision = rules.decide(case)
        except Refused as error:
            refusal, decision = error, rules.Decision(rule=error.rule)
        act = Act(
            at=work.at,
            intent=intent,
            number=case.number,
            subject=subject,
            v=1,
            sd=proposal.sd,
            outcome=REFUSED if refusal else UNSET,
            previous=link(last.position, last.leaf) if last else UNSET,
            rule=decision.rule or UNSET,
            signature=UNSET if intent.kind is Kind.READ else to_base64(proposal.signature),
            vault=proposal.sealed,
        )
        position = self._add(work, act, last, decision)
        work.requests[intent.key] = (position, digest)
        if refusal is not None:
            refusal.position = position
            raise refusal
        if proposal.load is not None:
            at_position = (
                msgspec.structs.replace(proposal.load, position=position)
                if intent.kind is Kind.LOAD_OPENED
                else proposal.load
            )
            closed = position if intent.kind is Kind.LOAD_CLOSED else None
            work.loads.append(
                msgspec.structs.replace(at_position, opened_at=at_position.opened_at or work.at, closed=closed)
            )
        return Recorded(position, subject, case.number, work.at, intent.kind, decision.rule)

    @staticmethod
    def _add(work: Work, act: Act, last: Last | None, decision: rules.Decision) -> int:
        entry = canonical(act)
        if len(entry) > MAX_ENTRY_BYTES:
            raise Misuse(
                f"the act would take {len(entry)} bytes in the ledger, "
                f"at most {MAX_ENTRY_BYTES}; put what is large into the body"
            )
        position, leaf = work.position, leaf_hash(entry)
        work.entries.append(entry)
        work.leaves.append(leaf)
        kept = last.state if last else b""
        state = canonical(decision.state) if decision.state is not None else kept
        work.subjects[act.subject] = Last(act.subject, position, act.number, leaf, state)
        work.standing.apply(decision.added, decision.ended, position)
        work.rows += [*decision.added, *(msgspec.structs.replace(row, ended=position) for row in decision.ended)]
        return position

    def _again(self, work: Work, intent: Intent, digest: bytes, earlier: tuple[int, bytes]) -> Recorded:
        """The answer to a request key that was used before."""
        position, known = earlier
        if digest != known:
            raise KeyReused(
                f"the request key {intent.key[:40]} was used for other content (position {position})",
                rule="request-key",
            )
        here = position - work.head.size
        entry = decode_entry(work.entries[here] if here >= 0 else self._log.entry(position, work.head.size))
        if not isinstance(entry, Act):
            raise LedgerHalted(f"the request key of an act leads to position {position}, which is none: run an audit")
        rule = entry.rule if entry.rule is not UNSET else ""
        if entry.outcome is not UNSET:
            raise Refused(
                f"this was refused before, at position {position}, by the rule {rule}", rule=rule, position=position
            )
        return Recorded(position, entry.subject, entry.number, entry.at, entry.intent.kind, rule)

    def _awaited(self, work: Work, intent: Intent) -> rules.Proposed | None:
        details = details_of(intent)
        if not isinstance(details, Confirmed) or not work.standing.awaited(details.confirms):
            return None
        here = details.confirms - work.head.size
        entry = decode_entry(work.entries[here] if here >= 0 else self._log.entry(details.confirms, work.head.size))
        return rules.proposed(details.confirms, entry)

    @staticmethod
    def _load_facts(work: Work, intent: Intent, subject: str) -> rules.LoadFacts | None:
        if intent.kind is not Kind.LOAD_CLOSED:
            return None
        try:
            load = work.load(int(subject.partition("/")[2]))
        except (LedgerHalted, ValueError):
            return None
        return rules.LoadFacts(load.officer, load.department, load.closed is None)

    @staticmethod
    def _fill(work: Work, waiting: _Waiting, batch: Batch) -> list[tuple[int, int]]:
        """One batch: the loader's key and role are asked again, for each."""
        load = batch.load
        officer = work.standing.officer(load.officer)
        if officer is None or officer.revoked is not None:
            raise NotPermitted(
                f"{load.officer} was revoked: load/{load.position} stops at row {load.next_row}", rule="key-revoked"
            )
        rules.permit(work.standing, officer, Verb.LOAD_RUN, load.department, work.at)
        filled = batch.fill(work)
        work.entries, work.leaves = filled.entries, filled.leaves
        work.subjects = {last.reference: last for _, last in filled.subjects}
        work.loads.append(filled.load)
        waiting.filled = filled
        return filled.fresh

    def _write(self, turn: WritingTurn, work: Work, memory: _Memory, fresh: list[tuple[int, int]]) -> _Memory:
        old = memory.head
        edge, filled_tiles = old.edge.grow(work.leaves)
        entries = memory.tail + work.entries
        start = old.size - len(memory.tail)
        whole = len(entries) // WIDTH * WIDTH
        for at in range(0, whole, WIDTH):
            turn.put_bundle((start + at) // WIDTH, frame(entries[at : at + WIDTH]))
        tail = entries[whole:]
        new_in_tail = min(len(tail), len(work.entries))
        if new_in_tail:
            turn.put_tail(old.size + len(work.entries) - new_in_tail, frame(tail[len(tail) - new_in_tail :]))
        for level, n, body in filled_tiles:
            turn.put_tile(level, n, body)
        turn.put_requests((key, position, digest) for key, (position, digest) in work.requests.items())
        turn.put_subjects((subject_digest(reference), last) for reference, last in work.subjects.items())
        run = None
        if fresh:
            first = fresh[0][1]
            body = pack_run(first, fresh)
            turn.put_run(first, len(fresh), body)
            run = Run(first, body)
        turn.put_standing(work.rows)
        for load in work.loads:
            turn.put_load(load)
        head = Head(old.size + len(work.entries), edge.root(), edge, old.epoch)
        turn.move_head(old, head)
        # What a turn that is rolled back after this leaves in the filter costs one look, never a wrong answer:
        # memory is
        # dropped with it.
        memory.known.note([subject_digest(reference) for reference in work.subjects])
        if run is not None:
            memory.known.add(run)
        return _Memory(head, tail, work.standing, memory.known, work.at)

    def _read(self) -> _Memory:
        """Memory from the store alone: at opening, and after anything went wrong. The tail must hash to the head's
        edge."""
        head = self._store.head()
        start = head.size // WIDTH * WIDTH
        tail = list(self._log.bundle(start // WIDTH, head.size)) if head.size > start else []
        level = head.edge.levels[0] if head.edge.levels else b""
        if b"".join(map(leaf_hash, tail)) != level or head.edge.root() != head.root:
            raise LedgerHalted(
                f"the last entries (from position {start}) do not hash to the head of size {head.size}: run an audit"
            )
        last_at = decode_entry(self._log.entry(head.size - 1, head.size)).at if head.size else 0
        return _Memory(
            head, tail, self._store.standing(), Known(self._store.runs(), self._store.subject_digests()), last_at
        )

    def _check_signature(self, proposal: Proposal, founding: Proposal | None = None) -> str:
        """Verify the officer's signature before the queue; the turn asks only whether this key is still his.

        Returns the key, base64. While nobody is enrolled the key is the one that FOUNDED, `founding`, names.
        """
        officer = self.standing().officer(proposal.officer)
        key = officer.key if officer else None
        if key is None and founding is not None:
            details = details_of(founding.intent)
            key = details.key if isinstance(details, Founded) else None
        if key is None:
            raise NotPermitted(f"{proposal.officer} is not enrolled here", rule="enrolled")
        verify_ed25519(
            from_base64(key, 32, "officer's key"), proposal.signature, signed_bytes(self._origin, proposal.intent)
        )
        return key


__all__ = ["Batch", "Filled", "Last", "Milestone", "Proposal", "Recorded", "Sequencer", "Work"]
