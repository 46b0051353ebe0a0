"""The writer's queue and thread: what waits is taken in turn, and answered once it is durable."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from registry.errors import Busy, LedgerHalted, Misuse, NotHeld, NotPermitted, Refused, RegistryError, Unproven
from registry.ledger.assertion import check_assertion, check_time
from registry.ledger.log import Log
from registry.ledger.signature import verify_ed25519
from registry.records.acts import Founded, Reading, details_of, signed_bytes
from registry.records.encoding import from_base64
from registry.records.standing import Standing
from registry.records.subject import Last
from registry.sequencer.courtesy import Courtesy
from registry.sequencer.memory import Memory, find_last, read_memory
from registry.sequencer.ports import Milestone, Store
from registry.sequencer.proposal import Proposal, Recorded
from registry.sequencer.work import Batch, Filled, Work

MAX_ACTS_A_TURN = 4_096
MAX_WAITING = 16_384
FILLED_AT_ONCE = 4_096
"""Ids, some 3 ms."""
QUIET_S = 1.0
"""So long nobody asks anything before the filter over known ids is filled in advance."""


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
        courtesy: Courtesy,
    ) -> None:
        """`clock` gives ms UTC; `committed(first, entries, acts)` is called after each commit, in the writer's
        thread."""
        self._store, self._log, self._origin = store, log, origin
        self._clock, self._committed, self._milestone = clock, committed, milestone
        self._courtesy = courtesy
        self._fills_from = monotonic() + QUIET_S  # who opens an office is about to ask
        self._acts: deque[_Waiting] = deque()
        self._batches: deque[_Waiting] = deque()
        self._errands: deque[_Waiting] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._halted: LedgerHalted | None = None
        self._memory: Memory | None = read_memory(self._store, self._log)
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

    def look(self, reference: str, digest: int | None = None) -> Last | None:
        """The last entry on a subject as of the last commit, for whoever prepares; the turn asks again."""
        memory = self._memory or read_memory(self._store, self._log)
        return find_last(self._store, self._log, memory, reference, digest)

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
            taken: list[_Waiting] = []
            with self._wake:
                while not (self._errands or self._acts or self._batches or self._closing or self._may_fill()):
                    self._wake.wait(QUIET_S if self._is_unfilled() else None)
                if self._errands:
                    taken = [self._errands.popleft()]
                elif self._acts and not (self._batches and acts_were_last):
                    taken = [self._acts.popleft() for _ in range(min(len(self._acts), MAX_ACTS_A_TURN))]
                    acts_were_last = True
                else:
                    acts_were_last = False
                    if self._batches and not self._is_unfilled():
                        taken = [self._batches.popleft()]
                    elif self._closing and not self._batches:
                        return
            if taken:
                self._take(taken)
                for waiting in taken:
                    waiting.done.set()
            elif self._memory is not None:
                self._memory.known.fill(FILLED_AT_ONCE)

    def _is_unfilled(self) -> bool:
        """Whether a batch of rows has to wait for the filter over known ids, and acts go on meanwhile."""
        return self._memory is not None and not self._memory.known.is_filled

    def _may_fill(self) -> bool:
        """In advance, for the next load, while nobody asks anything."""
        if not self._is_unfilled() or self._closing:
            return False
        return monotonic() >= self._fills_from and not self._courtesy.asked_within(QUIET_S)

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
        """1 head in store and memory agree, or memory is read again · 2 decide · 3 write, the head last · 4 committed:
        only now does memory move and is anybody answered."""
        with self._store.turn() as turn:
            head = turn.head()
            memory = self._memory
            if memory is None or memory.head != head:  # 1
                memory = read_memory(self._store, self._log)
            work = Work(self._store, self._log, memory, self._clock())
            for waiting in taken:  # 2
                if waiting.proposal is not None:
                    self._decide(work, waiting, waiting.proposal)
                elif waiting.batch is not None:
                    memory.known.fill()  # only where memory was read again
                    waiting.filled = work.fill(waiting.batch)
            after = work.write(turn)  # 3
        self._milestone("ledger committed")  # 4
        self._memory = after
        if work.entries:
            self._committed(memory.head.size, work.entries, taken[0].proposal is not None)

    @staticmethod
    def _decide(work: Work, waiting: _Waiting, proposal: Proposal) -> None:
        try:
            waiting.recorded = work.enter(proposal, waiting.key)
        except (Refused, NotHeld, Unproven, Misuse) as error:
            waiting.error = error

    def _check_signature(self, proposal: Proposal, founding: Proposal | None = None) -> str:
        """Verify the officer's signature before the queue; the turn asks only whether this key is still his.

        Returns the key, base64. While nobody is enrolled the key is the one that FOUNDED, `founding`, names.
        """
        if proposal.assertion:
            return self._check_assertion(proposal)
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

    def _check_assertion(self, proposal: Proposal) -> str:
        """Verify the assertion of a department that reads; returns its key's id. Its purpose is the reading's."""
        claims = check_assertion(proposal.assertion, self.standing(), self._origin)
        check_time(claims, self._clock(), used=True)
        details = details_of(proposal.intent)
        if proposal.officer != f"department/{claims.department}" or proposal.intent.department != claims.department:
            raise NotPermitted(
                f"{claims.department} signed in, not {proposal.officer[:40]}", rule="assertion-of-reader"
            )
        if not isinstance(details, Reading) or details.purpose != claims.purpose:
            raise NotPermitted("the reading has another purpose than the assertion", rule="assertion-purpose")
        return claims.kid
