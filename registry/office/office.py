"""An open registry: found it, open it, or read it; desks for officers and the public; what is looked over; leaving."""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from registry.catalogue.comparison import Difference
from registry.desk.admission import Admission
from registry.desk.audit.office import audit_office
from registry.desk.checkpoints import CheckpointView, checkpoints
from registry.desk.departments import Departments
from registry.desk.desk import Desk, PublicDesk, sign_in
from registry.desk.services import Services
from registry.desk.taken import Taken
from registry.errors import Misuse, NotPermitted
from registry.ledger.audit.claims import claim
from registry.ledger.audit.fault import Audit
from registry.ledger.export import export
from registry.ledger.policy import Policy
from registry.ledger.signature import Ed25519Signer
from registry.office.beside import Beside
from registry.office.followed import FollowedStanding
from registry.office.founding import FOUNDER, founding_acts
from registry.office.keyring import enrol
from registry.office.mending import sweep_bodies, sweep_keys
from registry.office.stores import Stores, must_exist
from registry.office.writing import Writing
from registry.records.identifiers import check_department, check_origin
from registry.records.roles import Role
from registry.records.text import check_text
from registry.sequencer import Courtesy, Milestone, Recorded, Sequencer
from registry.settings import Settings
from registry.storage.lock import OfficeLock
from registry.storage.mark import MarkFile
from registry.storage.officer_keys import OpenedKey
from registry.storage.signer import OfficeKeys
from registry.storage.signer import Signer as SignerFolder
from registry.vault.exchange import exchange_public
from registry.vault.passphrase import STRONG, Cost

Told = Callable[[int, int], None]
"""Told how much is done of how much."""
NOBODY_OPENED = "nobody-opened"
"""The rule of a refusal to open: whoever has something else to do waits until somebody who may has opened it."""


def now_ms() -> int:
    """The machine's clock, ms UTC."""
    return time.time_ns() // 1_000_000


def _nothing(name: str) -> None:
    return None


def _untold(done: int, total: int) -> None:
    return None


class Office:
    """A registry, open. Use as a context manager: leaving it seals what is recorded and lets go of the lock."""

    def __init__(
        self,
        settings: Settings,
        *,
        keys: OfficeKeys | None,
        lock: OfficeLock | None,
        milestone: Milestone = _nothing,
        clock: Callable[[], int] = now_ms,
        founding: bool = False,
        adopting: bool = False,
    ) -> None:
        """Use `found`, `open` or `reading`."""
        self.settings = settings
        self.signer = SignerFolder(settings.signer, settings.registry, public=keys is None)
        self.keys = self.signer.log_keys()
        self.origin = self.keys[0].name
        self.milestone, self._clock = milestone, clock
        self._stores = Stores(settings.registry, keys, milestone, founding=founding)
        self.store, self.log = self._stores.ledger, self._stores.log
        self.catalogue, self.vault = self._stores.catalogue, self._stores.vault
        self._courtesy = Courtesy()
        self._beside = Beside(self._stores, milestone, self._courtesy)
        self._writes: Writing | None = None
        if keys is not None and lock is not None:
            self._writes = Writing(
                self._stores,
                self._beside,
                self.signer,
                keys,
                lock,
                verified_by=self.keys,
                clock=clock,
                milestone=milestone,
                courtesy=self._courtesy,
                adopting=adopting,
            )
        self._closed = False
        self._opener: tuple[str, str, OpenedKey] | None = None
        self._taken, self._followed = Taken(clock()), FollowedStanding(self.store)
        self.services = self._services()

    # ---- three ways in ----

    @classmethod
    def found(
        cls,
        settings: Settings,
        *,
        origin: str,
        department: str,
        department_name: str,
        officer: str,
        passphrase: str,
        milestone: Milestone = _nothing,
        clock: Callable[[], int] = now_ms,
        cost: Cost = STRONG,
    ) -> Office:
        """Found a registry: both folders, the log's keys, the founder's key, four founding acts. Raises Misuse.

        `cost` is what the founder's key file asks of Argon2id.
        """
        check_origin(origin)
        check_department(department)
        check_text("department name", department_name, 200)
        for folder in (settings.registry, settings.signer):
            if folder.exists() and any(folder.iterdir()):
                raise Misuse(f"{folder}: there is something already; a registry is founded in a new, empty place")
        settings.registry.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = OfficeLock.take(settings.registry, officer)
        try:
            seed = os.urandom(32)
            may_open = {FOUNDER: exchange_public(seed)}
            signer, keys = SignerFolder.found(settings.signer, settings.registry, origin, may_open)
            milestone("signer founded")
            signer.officers.keep(officer, seed, passphrase, officer=FOUNDER, origin=origin, cost=cost)
            milestone("key file written")
            office = cls(settings, keys=keys, lock=lock, milestone=milestone, clock=clock, founding=True)
        except BaseException:
            lock.abandon()
            raise
        with office._or_let_go():
            office._writing().begin_mark()
            office._start()
            office._record_founding(seed, department, department_name, officer)
        return office

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        officer: str,
        passphrase: str,
        milestone: Milestone = _nothing,
        clock: Callable[[], int] = now_ms,
        adopting: bool = False,
    ) -> Office:
        """Open for writing. The officer must have been handed the unlock key.

        Raises Busy (another process holds it), NotPermitted (not his to open), Misuse, LedgerHalted.
        """
        must_exist(settings)
        signer = SignerFolder(settings.signer, settings.registry)
        opened = signer.officers.open(officer, passphrase, clock() // 1000)
        who = opened.officer
        if who not in signer.who_may_open():
            able = ", ".join(signer.who_may_open())
            raise NotPermitted(
                f"nobody has opened the office, and {officer} ({who}) does not hold its unlock key; {able} can open it",
                rule=NOBODY_OPENED,
            )
        lock = OfficeLock.take(settings.registry, officer)
        try:
            office = cls(
                settings,
                keys=signer.unlock(who, opened.seed),
                lock=lock,
                milestone=milestone,
                clock=clock,
                adopting=adopting,
            )
        except BaseException:
            lock.abandon()
            raise
        with office._or_let_go():
            if adopting:
                office._writing().check_unmarked()
            else:
                office._writing().check_mark()
            office._check_opener(officer, who)
            office._opener = officer, passphrase, opened  # his desk need not ask Argon2id a second time
            office._start(sealing=not adopting)
            office._recover(lock.left_open, adopting=adopting)
        return office

    @classmethod
    def reading(cls, settings: Settings, *, clock: Callable[[], int] = now_ms) -> Office:
        """Open for reading beside whoever writes: no lock, no keys."""
        must_exist(settings)
        return cls(settings, keys=None, lock=None, clock=clock)

    # ---- desks ----

    def desk(self, officer: str, passphrase: str) -> Desk:
        """Sign in. Raises Misuse (no such key file, wrong passphrase), NotPermitted (revoked)."""
        mine = self._opener
        if mine is not None and mine[0] == officer and hmac.compare_digest(mine[1].encode(), passphrase.encode()):
            opened = mine[2]
        else:
            opened = self.signer.officers.open(officer, passphrase, self._clock() // 1000)
        desk = self.desk_of(opened.officer, opened.seed)
        desk.wrong_passphrases = opened.failed_before
        return desk

    def desk_of(self, reference: str, seed: bytes) -> Desk:
        """Sign in with the seed itself (32 bytes), as a process that keeps its officer's key does."""
        return sign_in(self.services, reference, Ed25519Signer(seed).sign, self.milestone)

    def public(self) -> PublicDesk:
        """The public's desk."""
        return PublicDesk(self.services)

    def admission(self, departments: Departments) -> Admission:
        """Where departments' systems sign in, to look things up here; `departments` is the counter of whoever serves
        them, at a desk of this office or of one that another process holds open."""
        return Admission(self.services, departments, self.milestone)

    # ---- opening ----

    def _services(self) -> Services:
        return Services(
            origin=self.origin,
            engine=self._stores.engine,
            log=self.log,
            store=self.store,
            checkpoints=self.store,
            catalogue=self.catalogue,
            vault=self.vault,
            policy=self.policy(),
            clock=self._clock,
            random=os.urandom,
            standing=self.sequencer.standing if self.sequencer is not None else self._followed.standing,
            taken=self._taken,
            seal=self._beside.seal,
            caught_up=self._beside.catch_up,
            settle_unlock=self._settle_unlock,
            courtesy=self._courtesy,
            sequencer=self.sequencer,
        )

    @property
    def sequencer(self) -> Sequencer | None:
        """The writer's queue, of an office that writes."""
        return self._writes.sequencer if self._writes else None

    @property
    def mark(self) -> MarkFile | None:
        """The signer's mark, of an office that writes."""
        return self._writes.mark if self._writes else None

    def _writing(self) -> Writing:
        if self._writes is None:
            raise Misuse("this office only reads: open it to record")
        return self._writes

    @contextmanager
    def _or_let_go(self) -> Iterator[None]:
        """What goes wrong while the office opens leaves nothing open: no thread, no file, no lock."""
        try:
            yield
        except BaseException:
            if self._writes is not None:
                self._writes.stop()
            self._let_go(in_order=False)
            raise

    def _check_opener(self, officer: str, who: str) -> None:
        """The ledger has the last word on who may open: a crash may have come before `office.keys` was brought in
        line."""
        if self.store.head().size == 0:
            raise Misuse(
                f"{self.settings.registry}: its founding was broken off before anything was recorded; remove it and "
                f"{self.settings.signer}, then found it again"
            )
        able = self.store.standing().may_open()
        if who not in able:
            raise NotPermitted(
                f"{officer} ({who}) may not open the office any more; {', '.join(able)} can open it", rule="unlock"
            )

    def _start(self, *, sealing: bool = True) -> None:
        self._writing().start(sealing=sealing)
        self.services = self._services()

    def _recover(self, left_open: bool, *, adopting: bool) -> None:
        self.catalogue.check_behind(self.store.head().size)
        self._beside.catch_up()
        if adopting:  # whether this is the newest copy is still to be said: nothing is swept, nobody's keys are changed
            self._writing().untidy = left_open
            return
        self._beside.seal()
        if left_open:
            sweep_bodies(self.services, self.milestone)
            sweep_keys(self.services, self.signer, self.milestone)
        self._settle_unlock()

    def _record_founding(self, seed: bytes, department: str, department_name: str, officer: str) -> None:
        proposals = founding_acts(
            self.vault,
            origin=self.origin,
            seed=seed,
            department=department,
            department_name=department_name,
            officer=officer,
        )
        self.services.writer().enter_together(proposals)
        self._beside.catch_up()
        self._beside.seal()

    # ---- officers' keys ----

    def _settle_unlock(self) -> None:
        if self._writes is not None:
            self._writes.keyring.settle(self.services.standing())

    def enrol(
        self,
        desk: Desk,
        name: str,
        department: str,
        passphrase: str,
        *,
        role: Role | None = None,
        until: int | None = None,
        may_open: bool = False,
    ) -> tuple[Recorded, ...]:
        """Make the officer's key file, then record enrolment, hand-over and appointment: see `keyring.enrol`."""
        self._writing()
        return enrol(
            self.settings,
            self.origin,
            desk,
            name,
            department,
            passphrase,
            role=role,
            until=until,
            may_open=may_open,
            milestone=self.milestone,
        )

    def change_passphrase(self, officer: str, old: str, new: str) -> None:
        """Seal the officer's key file anew. Raises Misuse for a wrong old passphrase."""
        self.signer.officers.change_passphrase(officer, old, new, self._clock() // 1000)

    # ---- looked over ----

    def audit(
        self,
        *,
        told: Told = _untold,
        ledger_only: bool = False,
        against: bytes | None = None,
    ) -> Audit:
        """Read everything again and compare it: see `registry.desk.audit`. `against` is a checkpoint or receipt that
        somebody kept from before. Faults are values; raises Malformed or BadSignature for an `against` that is none.
        """
        held = "what was kept"
        claims = () if against is None else (claim(against, held, self.origin, self.keys),)
        mark = self.mark or self.signer.mark(read_only=True)
        return audit_office(
            self.services, self._stores.inspection(), mark, ledger_only=ledger_only, claims=claims, progress=told
        )

    def checkpoints(self) -> tuple[CheckpointView, ...]:
        """Every checkpoint kept, oldest first, each shown to extend the one before it."""
        return tuple(checkpoints(self.services, self.keys))

    def export(self, folder: Path, *, told: Told = _untold) -> int:
        """Copy the ledger out as a C2SP tlog-tiles directory; returns the size. Raises NotHeld, Misuse, Busy."""
        return export(self.store, self.store, folder, told)

    def rebuild(self, *, told: Told = _untold) -> int:
        """Build the catalogue anew from the ledger, aside, and swap it in; returns how many entries it then holds."""
        size = self.store.head().size
        entries = _counted(self.log.entries(0, size), size, told)
        with self._beside.holding_projection():
            held = self.catalogue.rebuild(entries, self._stores.make_catalogue)
        self._beside.catch_up()
        return held

    def compare(self, *, told: Told = _untold) -> Iterator[Difference]:
        """Every difference between the catalogue and the ledger, as far as the catalogue has come."""
        size = self.catalogue.projected()
        return self.catalogue.compare(enumerate(_counted(self.log.entries(0, size), size, told)))

    # ---- policy, mark ----

    def policy(self) -> Policy:
        """Whom to trust for this registry: the log's two keys; no witnesses are appointed."""
        return Policy(tuple((key, "") for key in self.keys))

    def policy_text(self) -> bytes:
        """The policy file."""
        return self.policy().to_bytes()

    def adopt_mark(self, desk: Desk, reason: str) -> Recorded:
        """Start a new mark at the present head, and say so in the ledger. For a registry whose signer's mark was
        lost."""
        writing = self._writing()
        writing.check_unmarked()
        recorded = desk.officers.adopt_mark(reason)
        writing.adopt_mark(self.store.head())
        self._beside.seal()
        self._settle_unlock()
        return recorded

    # ---- leaving ----

    def leave(self) -> None:
        """Close the connections of this thread, which is done with the office; the others keep theirs."""
        self._stores.close()

    def close(self) -> None:
        """Finish what waits, seal it, let go of the lock. Safe twice."""
        if self._closed:
            return
        in_order = False
        try:
            if self._writes is not None:
                self._writes.finish()
            in_order = True
        finally:
            self._let_go(in_order=in_order)

    def _let_go(self, *, in_order: bool) -> None:
        self._closed = True
        if self._writes is not None:
            self._writes.let_go(in_order=in_order)
        else:
            self._stores.close()

    def __enter__(self) -> Office:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _counted(entries: Iterator[bytes], total: int, told: Told) -> Iterator[bytes]:
    for done, entry in enumerate(entries):
        if done % 1_024 == 0:
            told(done, total)
        yield entry
    told(total, total)
