"""Beside the writer's turn: what is recorded is sealed and becomes searchable, each on a thread of its own."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from time import monotonic

from registry.errors import Busy, LedgerHalted, RegistryError
from registry.ledger.sealer import Sealer
from registry.office.mending import named
from registry.office.stores import Stores
from registry.sequencer import Courtesy, Milestone, Sequencer
from registry.storage.ledger import LedgerStore

PROJECT_AT_ONCE = 8_192
PROJECT_BESIDE_CLERKS = 1_024  # dearer by a third a row, but an officer's act waits for no more than these
SWITCH_S = 0.0005
"""How long a thread of the office keeps Python's interpreter: at the default of 5 ms an officer's act, which lets go of
it at every sync and takes it again, waited a third of a second beside a load."""
CLERKS_ABOUT_S = 5.0  # so long after an act officers are taken to be at work
TRY_AGAIN_S = 1.0  # while the storage is full


class Beside:
    """`committed` is what the sequencer tells after each commit; `start` once there is a sealer to seal with."""

    def __init__(self, stores: Stores, milestone: Milestone, courtesy: Courtesy) -> None:
        self._stores, self._milestone, self._courtesy = stores, milestone, courtesy
        self._sealer: Sealer | None = None
        self._halt: Callable[[LedgerHalted], None] = lambda error: None
        self._sealing, self._projecting = threading.Lock(), Turnstile()
        self._work = threading.Condition()
        self._stopping = False
        self._act_at = float("-inf")
        self._threads: list[threading.Thread] = []

    def start(self, sealer: Sealer, halt: Callable[[LedgerHalted], None], *, sealing: bool) -> None:
        """Begin; not to seal while a mark is yet to be adopted."""
        self._sealer, self._halt = sealer, halt
        sys.setswitchinterval(SWITCH_S)
        lives = [("projecting", self._project_on)] + ([("sealing", self._seal_on)] if sealing else [])
        for name, life in lives:
            thread = threading.Thread(target=life, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """End both threads. Safe twice."""
        with self._work:
            self._stopping = True
            self._work.notify_all()
        for thread in self._threads:
            thread.join()

    def committed(self, first: int, entries: Sequence[bytes], are_acts: bool) -> None:
        """After each commit, in the writer's thread: an officer's own act is searchable at once, loaded rows follow."""
        vault, catalogue = self._stores.vault, self._stores.catalogue
        if vault.unclaimed:
            vault.unclaimed -= named(entries)
        if are_acts:
            self._act_at = monotonic()
            with suppress(Busy):  # no room for it now: the act is recorded all the same, and is searchable later
                with self._projecting.first():
                    if catalogue.projected() == first:
                        catalogue.project(first, entries)
                    else:
                        for position, entry in enumerate(entries, first):
                            catalogue.project_ahead(position, entry)
                self._milestone("catalogue projected")
        with self._work:
            self._work.notify_all()

    def seal(self) -> int:
        """Seal the newest head; returns the sealed size. Where nothing is written: the size sealed by others."""
        if self._sealer is None:
            sealed = self._stores.ledger.latest()
            return sealed.size if sealed else 0
        with self._sealing:
            return self._sealer.seal()

    def catch_up(self) -> None:
        """Bring the catalogue up to the head; a no-op where it is only read."""
        if self._sealer is None:
            return
        stores = self._stores
        while True:
            self._courtesy.give_way()
            with self._projecting.after():
                first, size = stores.catalogue.projected(), stores.ledger.head().size
                if first >= size:
                    return
                clerks = monotonic() - self._act_at < CLERKS_ABOUT_S or self._courtesy.asked_within(CLERKS_ABOUT_S)
                end = min(first + (PROJECT_BESIDE_CLERKS if clerks else PROJECT_AT_ONCE), size)
                stores.catalogue.project(first, list(stores.log.entries(first, end)))
            self._milestone("catalogue caught up")

    def holding_projection(self) -> AbstractContextManager[None]:
        """Nobody projects inside the block."""
        return self._projecting.first()

    def _seal_on(self) -> None:
        sealed = 0

        def done() -> bool:
            return self._stores.ledger.head().size <= sealed

        def work() -> None:
            nonlocal sealed
            sealed = self.seal()
            self._stores.checkpoint_ledger()  # here and not in a turn: copying the WAL would spoil a clerk's p99

        self._live(done, work)

    def _project_on(self) -> None:
        self._live(lambda: self._stores.catalogue.projected() >= self._stores.ledger.head().size, self.catch_up)

    def _live(self, done: Callable[[], bool], work: Callable[[], None]) -> None:
        """A thread's life. Where the storage is full nothing is lost: it tries again."""
        try:
            while True:
                with self._work:
                    while not self._stopping and done():
                        self._work.wait()
                    if self._stopping:
                        return
                try:
                    work()
                except Busy:
                    with self._work:
                        if not self._stopping:
                            self._work.wait(TRY_AGAIN_S)
        except RegistryError as error:
            self._halt(error if isinstance(error, LedgerHalted) else LedgerHalted(str(error)))


class Turnstile:
    """One at a time, and whoever asks to be `first` before all who come `after`.

    A plain lock is not fair: a thread that lets it go and takes it again at once starved an officer for two seconds.
    """

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._taken = False
        self._first = 0

    @contextmanager
    def first(self) -> Iterator[None]:
        """Wait for whoever is in, and for nobody else."""
        with self._free:
            self._first += 1
            self._free.wait_for(lambda: not self._taken)
            self._first -= 1
            self._taken = True
        yield from self._inside()

    @contextmanager
    def after(self) -> Iterator[None]:
        """Wait for whoever is in, and for those who asked to be first."""
        with self._free:
            self._free.wait_for(lambda: not self._taken and not self._first)
            self._taken = True
        yield from self._inside()

    def awaited(self) -> bool:
        """Whether somebody asked to be first and is not in yet."""
        with self._free:
            return self._first > 0

    def _inside(self) -> Iterator[None]:
        try:
            yield
        finally:
            with self._free:
                self._taken = False
                self._free.notify_all()


class Riding:
    """Checkpoints kept between two turns, so that sealing never competes with them for the engine's lock."""

    def __init__(self, store: LedgerStore, sequencer: Sequencer) -> None:
        self.latest, self.at, self.sizes = store.latest, store.at, store.sizes
        self.following, self.before = store.following, store.before
        self._store, self._sequencer = store, sequencer

    def put(self, size: int, note: bytes) -> None:
        """Keep a signed note, as the port says."""
        self._sequencer.errand(lambda: self._store.put(size, note))

    def add(self, size: int, cosigned: bytes) -> None:
        """Keep its cosigned form, as the port says."""
        self._sequencer.errand(lambda: self._store.add(size, cosigned))
