"""The office: the one process that holds a registry open. It joins the rooms, and is the only place that does.

What it holds while open: the lock (who has the registry), the log's keys and the vault's wrapping key, the sequencer,
the sealing and the projecting thread. An office that only reads holds none of these.

Opening, in order: lock · stores · mark against head · tail hashed against the head (in the sequencer) · catalogue
caught up · sealed, by the same code as ever · bodies that a crash left without an act are swept · the unlock key's
holders are brought in line with the ledger.
"""

from __future__ import annotations

import hmac
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import peewee

from registry.catalogue.catalogue import Catalogue
from registry.catalogue.comparison import Difference
from registry.catalogue.engine import SCHEMA as CATALOGUE_SCHEMA
from registry.desk.audit.office import audit_office
from registry.desk.checkpoints import CheckpointView, checkpoints
from registry.desk.desk import Desk, PublicDesk, sign_in
from registry.desk.services import Services
from registry.errors import Busy, LedgerHalted, Misuse, NotPermitted, RegistryError
from registry.ledger.audit.claims import claim
from registry.ledger.audit.fault import Audit
from registry.ledger.cosignature import Signer
from registry.ledger.export import export
from registry.ledger.log import Log
from registry.ledger.merkle import EMPTY_ROOT
from registry.ledger.note import ED25519, MLDSA44_COSIGNATURE
from registry.ledger.policy import Policy
from registry.ledger.ports import MarkedHead
from registry.ledger.sealer import Sealer, check_mark
from registry.ledger.signature import Ed25519Signer
from registry.records import acts, roles
from registry.records.acts import Kind, details_of, make_intent, signed_bytes
from registry.records.disclosure import pack, withhold
from registry.records.encoding import from_base64, to_base64
from registry.records.identifiers import REGISTRY, check_department, check_origin
from registry.records.rules import AWAITS
from registry.records.text import check_text
from registry.sequencer import Milestone, Proposal, Recorded, Sequencer
from registry.settings import Settings
from registry.storage import sqlite
from registry.storage.inspection import Inspection
from registry.storage.ledger import SCHEMA as LEDGER_SCHEMA
from registry.storage.ledger import LedgerStore
from registry.storage.lock import OfficeLock
from registry.storage.mark import MarkFile
from registry.storage.officer_keys import OpenedKey
from registry.storage.signer import OfficeKeys
from registry.storage.signer import Signer as SignerFolder
from registry.storage.vault import open_vault
from registry.vault.exchange import exchange_public
from registry.vault.keys import WrappingKey
from registry.vault.passphrase import STRONG, Cost
from registry.vault.vault import Vault

PROJECT_AT_ONCE = 8_192
FOUNDER = "officer/1"
TRY_AGAIN_S = 1.0  # beside the turn, while the storage is full
_ENVELOPE = re.compile(rb'"id":"([0-9a-f]{32})"')


def now_ms() -> int:
    """The machine's clock, ms UTC."""
    return time.time_ns() // 1_000_000


def _nothing(name: str) -> None:
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
        self.signer = SignerFolder(settings.signer, settings.registry)
        self.keys = self.signer.log_keys()
        self.origin = self.keys[0].name
        self._keys, self._lock, self._milestone, self._clock = keys, lock, milestone, clock
        writing = keys is not None
        self._ledger = sqlite.open_database(
            settings.registry / "ledger.db",
            create=founding,
            read_only=not writing,
            wal_autocheckpoint=0 if writing else None,
        )
        self._catalogue_file = sqlite.open_database(
            settings.registry / "catalogue.db", create=writing, read_only=not writing, synchronous="NORMAL"
        )
        if writing:
            sqlite.migrate(self._ledger, LEDGER_SCHEMA)
            sqlite.migrate(self._catalogue_file, CATALOGUE_SCHEMA)
        self._vault_store = open_vault(settings.registry / "vault.db", create=founding, read_only=not writing)
        self.store = LedgerStore(self._ledger)
        self.log = Log(self.store)
        self.catalogue = Catalogue(self._catalogue_file, faults=sqlite.faults)
        self.vault = Vault(self._vault_store, WrappingKey(keys.wrapping_key) if keys else None, milestone)
        self.mark: MarkFile | None = None
        if writing:
            self.mark = self.signer.restore_mark_file() if adopting else self.signer.mark()
        self.sequencer: Sequencer | None = None
        self._sealer: Sealer | None = None
        self._sealing, self._projecting = threading.Lock(), threading.Lock()
        self._work = threading.Condition()
        self._closing = False
        self._untidy = False  # something is left for the next opening to mend
        self._threads: list[threading.Thread] = []
        self._opener: tuple[str, str, OpenedKey] | None = None
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
            office._marking().move(None, MarkedHead(origin, 0, EMPTY_ROOT, clock()))
            milestone("mark moved")
            office._start()
            office._found(seed, department, department_name, officer)
            office.services.seal()
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
        _must_exist(settings)
        signer = SignerFolder(settings.signer, settings.registry)
        opened = signer.officers.open(officer, passphrase, clock() // 1000)
        who = opened.officer
        if who not in signer.who_may_open():
            able = ", ".join(signer.who_may_open())
            raise NotPermitted(
                f"nobody has opened the office, and {officer} ({who}) does not hold its unlock key; {able} can open it",
                rule="unlock",
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
                office._check_unmarked()
            else:
                check_mark(office.log, office._marking().read(office.origin), office.store.head(), office.origin)
            office._check_opener(officer, who)
            office._opener = officer, passphrase, opened  # his desk need not ask Argon2id a second time
            office._start(sealing=not adopting)
            office._recover(lock.left_open, adopting=adopting)
        return office

    @classmethod
    def reading(cls, settings: Settings) -> Office:
        """Open for reading beside whoever writes: no lock, no keys."""
        _must_exist(settings)
        return cls(settings, keys=None, lock=None)

    # ---- desks ----

    def desk(self, officer: str, passphrase: str) -> Desk:
        """Sign in. Raises Misuse (no such key file, wrong passphrase), NotPermitted (revoked)."""
        mine = self._opener
        if mine is not None and mine[0] == officer and hmac.compare_digest(mine[1].encode(), passphrase.encode()):
            return self.desk_of(mine[2].officer, mine[2].seed)
        opened = self.signer.officers.open(officer, passphrase, self._clock() // 1000)
        return self.desk_of(opened.officer, opened.seed)

    def desk_of(self, reference: str, seed: bytes) -> Desk:
        """Sign in with the seed itself (32 bytes), as a process that keeps its officer's key does."""
        return sign_in(self.services, reference, Ed25519Signer(seed).sign, self._milestone)

    def public(self) -> PublicDesk:
        """The public's desk."""
        return PublicDesk(self.services)

    # ---- opening ----

    def _services(self) -> Services:
        return Services(
            origin=self.origin,
            engine=f"SQLite {sqlite.version()}",
            log=self.log,
            store=self.store,
            checkpoints=self.store,
            catalogue=self.catalogue,
            vault=self.vault,
            policy=self.policy(),
            clock=self._clock,
            random=os.urandom,
            seal=self._seal,
            caught_up=self._catch_up,
            settle_unlock=self._settle_unlock,
            sequencer=self.sequencer,
        )

    def _marking(self) -> MarkFile:
        """The mark of an office that writes."""
        if self.mark is None:
            raise Misuse("this office only reads: the mark is moved by the one that writes")
        return self.mark

    @contextmanager
    def _or_let_go(self) -> Iterator[None]:
        """What goes wrong while the office opens leaves nothing open: no thread, no file, no lock."""
        try:
            yield
        except BaseException:
            if self.sequencer is not None:
                self.sequencer.close()
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
        """The writer's thread, and beside it sealing (not while a mark is yet to be adopted) and projecting."""
        assert self._keys is not None
        signers = (
            Signer(self.origin, ED25519, self._keys.log_seed),
            Signer(self.origin, MLDSA44_COSIGNATURE, self._keys.log_mldsa_seed),
        )
        if tuple(signer.vkey for signer in signers) != self.keys:
            raise LedgerHalted(
                "the signer's secret keys are not those of its public file log.pub: do not use this signer"
            )
        self.sequencer = Sequencer(
            self.store,
            self.log,
            origin=self.origin,
            clock=self._clock,
            committed=self._committed,
            milestone=self._milestone,
        )
        self._sealer = Sealer(
            self.store,
            _Riding(self.store, self.sequencer),
            self._marking(),
            origin=self.origin,
            signers=signers,
            keys=self.keys,
            clock=self._clock,
            milestone=self._milestone,
        )
        self.services = self._services()
        beside = [("projecting", self._project_on)] + ([("sealing", self._seal_on)] if sealing else [])
        for name, work in beside:
            thread = threading.Thread(target=work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _recover(self, left_open: bool, *, adopting: bool) -> None:
        self.catalogue.check_behind(self.store.head().size)
        self._catch_up()
        if adopting:  # whether this is the newest copy is still to be said: nothing is swept, nobody's keys are changed
            self._untidy = left_open
            return
        self._seal()
        if left_open:
            self._sweep_bodies()
            self._sweep_keys()
        self._settle_unlock()

    def _sweep_bodies(self) -> None:
        """Take away bodies that no entry names: a crash between vault and ledger left them.

        The catalogue says quickly which are in question; before anything is destroyed the entries are asked, because
        whoever can write the catalogue's file could else have bodies swept.
        """
        held = {envelope for envelope, _ in self.catalogue.envelopes()}
        stray = {envelope for envelope in self.vault.ids() if envelope not in held}
        if not stray:
            return
        stray -= _named(self.log.entries(0, self.store.head().size))
        for envelope in sorted(stray):
            self.vault.discard(envelope)
            self._milestone("body swept")

    def _sweep_keys(self) -> None:
        """Take away key files whose enrolment a crash broke off: no entry names their keys."""
        standing = self.store.standing()
        known = {officer.key for officer in standing.officers()}
        for row in standing.awaited():
            act = self.services.act(row.position)
            details = details_of(act.intent) if act else None
            if isinstance(details, acts.OfficerEnrolled):
                known.add(details.key)
        for name in self.signer.officers.names():
            header = self.signer.officers.header(name)
            if header.origin == self.origin and header.public not in known:
                self.signer.officers.remove(name)
                self._milestone("key file swept")

    def _found(self, seed: bytes, department: str, department_name: str, officer: str) -> None:
        """The four founding acts, in one turn."""
        key = Ed25519Signer(seed)
        sd, disclosures = withhold({"name": officer}, [os.urandom(32)])
        sealed = self.vault.seal(FOUNDER, 1, withheld=pack(disclosures))
        public = to_base64(key.public)
        exchange = to_base64(exchange_public(seed))
        founding: tuple[tuple[Kind, acts.Details, str], ...] = (
            (Kind.FOUNDED, acts.Founded(key=public, origin=self.origin), REGISTRY),
            (Kind.RULES_ADOPTED, acts.RulesAdopted(table=roles.TABLE, version=roles.ROLES_VERSION), REGISTRY),
            (Kind.DEPARTMENT_ADDED, acts.DepartmentAdded(name=department_name), f"department/{department}"),
            (
                Kind.OFFICER_ENROLLED,
                acts.OfficerEnrolled(sd=sd, department=department, exchange=exchange, key=public, vault=sealed),
                FOUNDER,
            ),
        )
        proposals = []
        for kind, details, subject in founding:
            intent = make_intent(
                kind, details, department=department, key=os.urandom(16).hex(), officer=FOUNDER, subject=subject
            )
            proposals.append(Proposal(intent, FOUNDER, key.sign(signed_bytes(self.origin, intent))))
        assert self.sequencer is not None
        self.sequencer.enter_together(proposals)
        self._catch_up()

    # ---- beside the turn ----

    def _committed(self, first: int, entries: Sequence[bytes], are_acts: bool) -> None:
        """After each commit, in the writer's thread: an officer's own act is searchable at once, loaded rows follow."""
        if self.vault.unclaimed:
            self.vault.unclaimed -= _named(entries)
        if are_acts:
            with suppress(Busy):  # no room for it now: the act is recorded all the same, and is searchable later
                with self._projecting:
                    if self.catalogue.projected() == first:
                        self.catalogue.project(first, entries)
                    else:
                        for position, entry in enumerate(entries, first):
                            self.catalogue.project_ahead(position, entry)
                self._milestone("catalogue projected")
        with self._work:
            self._work.notify_all()

    def _seal(self) -> int:
        if self._sealer is None:
            sealed = self.store.latest()
            return sealed.size if sealed else 0
        with self._sealing:
            return self._sealer.seal()

    def _seal_on(self) -> None:
        sealed = 0

        def done() -> bool:
            return self.store.head().size <= sealed

        def work() -> None:
            nonlocal sealed
            sealed = self._seal()
            sqlite.checkpoint(self._ledger)  # here and not in a turn: copying the WAL would spoil a clerk's p99

        self._beside(done, work)

    def _project_on(self) -> None:
        self._beside(lambda: self.catalogue.projected() >= self.store.head().size, self._catch_up)

    def _beside(self, done: Callable[[], bool], work: Callable[[], None]) -> None:
        """A thread's life beside the turn. Where the storage is full nothing is lost: it tries again."""
        try:
            while True:
                with self._work:
                    while not self._closing and done():
                        self._work.wait()
                    if self._closing:
                        return
                try:
                    work()
                except Busy:
                    with self._work:
                        if not self._closing:
                            self._work.wait(TRY_AGAIN_S)
        except RegistryError as error:
            self._halt(error)

    def _catch_up(self) -> None:
        """Bring the catalogue up to the head; a no-op where it is only read."""
        if self._keys is None:
            return
        while True:
            with self._projecting:
                first, size = self.catalogue.projected(), self.store.head().size
                if first >= size:
                    return
                self.catalogue.project(first, list(self.log.entries(first, min(first + PROJECT_AT_ONCE, size))))
            self._milestone("catalogue caught up")

    def _halt(self, error: RegistryError) -> None:
        if self.sequencer is not None:
            self.sequencer.halt(error if isinstance(error, LedgerHalted) else LedgerHalted(str(error)))

    def _settle_unlock(self) -> None:
        """Those who may open the office hold its unlock key, and nobody else: hand over, or rotate, by the ledger."""
        if self._keys is None:
            return
        standing = self.services.standing()
        keep: dict[str, bytes] = {}
        for reference in standing.may_open():
            officer = standing.officer(reference)
            if officer is not None and officer.revoked is None:
                keep[reference] = from_base64(officer.exchange)
        held = set(self.signer.who_may_open())
        if held - set(keep):
            self._keys = self.signer.rotate(self._keys, keep)
            self._milestone("unlock key changed")
        else:
            for reference in sorted(set(keep) - held):
                self.signer.hand_over(self._keys, reference, keep[reference])
                self._milestone("unlock key handed")

    # ---- officers' keys ----

    def enrol(
        self,
        desk: Desk,
        name: str,
        department: str,
        passphrase: str,
        *,
        role: roles.Role | None = None,
        until: int | None = None,
        may_open: bool = False,
    ) -> tuple[Recorded, ...]:
        """Make the officer's key file, then record enrolment, appointment and hand-over, as asked.

        A key file whose enrolment was refused is taken away again. Raises Misuse, Refused, Busy.
        """
        reference = desk.officers.next_reference()
        seed = os.urandom(32)
        key = Ed25519Signer(seed).public
        self.signer.officers.keep(name, seed, passphrase, officer=reference, origin=self.origin)
        self._milestone("key file written")
        try:
            enrolled = desk.officers.enrol(name, department, key, exchange_public(seed), reference=reference)
        except RegistryError:
            self.signer.officers.remove(name)
            raise
        recorded = [enrolled]
        if enrolled.rule != AWAITS:
            if role is not None:
                recorded.append(desk.officers.appoint(reference, role, until))
            if may_open:
                recorded.append(desk.officers.hand_unlock(reference))
        return tuple(recorded)

    # ---- looked over ----

    def audit(
        self,
        *,
        told: Callable[[int, int], None] = lambda done, total: None,
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
            self.services, Inspection(self._ledger), mark, ledger_only=ledger_only, claims=claims, progress=told
        )

    def checkpoints(self) -> tuple[CheckpointView, ...]:
        """Every checkpoint kept, oldest first, each shown to extend the one before it."""
        return tuple(checkpoints(self.services, self.keys))

    def export(self, folder: Path, *, told: Callable[[int, int], None] = lambda done, total: None) -> int:
        """Copy the ledger out as a C2SP tlog-tiles directory; returns the size. Raises NotHeld, Misuse, Busy."""
        return export(self.store, self.store, folder, told)

    def rebuild(self, *, told: Callable[[int, int], None] = lambda done, total: None) -> int:
        """Build the catalogue anew from the ledger, aside, and swap it in; returns how many entries it then holds."""
        size = self.store.head().size
        with self._projecting:
            held = self.catalogue.rebuild(_counted(self.log.entries(0, size), size, told), self._make_catalogue)
        self._catch_up()
        return held

    def compare(self, *, told: Callable[[int, int], None] = lambda done, total: None) -> Iterator[Difference]:
        """Every difference between the catalogue and the ledger, as far as the catalogue has come."""
        size = self.catalogue.projected()
        return self.catalogue.compare(enumerate(_counted(self.log.entries(0, size), size, told)))

    @staticmethod
    def _make_catalogue(path: Path) -> peewee.Database:
        database = sqlite.open_database(path, create=True, synchronous="NORMAL")
        sqlite.migrate(database, CATALOGUE_SCHEMA)
        return database

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
        self._check_unmarked()
        recorded = desk.officers.adopt_mark(reason)
        head = self.store.head()
        self._marking().adopt(MarkedHead(self.origin, head.size, head.root, self._clock()))
        self._milestone("mark adopted")
        self._seal()
        self._settle_unlock()
        return recorded

    def _check_unmarked(self) -> None:
        if self._marking().read(self.origin) is not None:
            raise Misuse("this signer holds a mark already; only a lost one is adopted anew")

    def change_passphrase(self, officer: str, old: str, new: str) -> None:
        """Seal the officer's key file anew. Raises Misuse for a wrong old passphrase."""
        self.signer.officers.change_passphrase(officer, old, new, self._clock() // 1000)

    # ---- leaving ----

    def close(self) -> None:
        """Finish what waits, seal it, let go of the lock. Safe twice."""
        if self._closing:
            return
        in_order = False
        try:
            if self.sequencer is not None:
                self.sequencer.close()
                with suppress(Busy):  # storage is full: what is recorded is projected and sealed when the office opens
                    self._catch_up()
                    self._seal()
            in_order = True
        finally:
            self._let_go(in_order=in_order)

    def _let_go(self, *, in_order: bool) -> None:
        """Stop the threads, close the files, let go of the lock; `in_order`: nothing is left to mend."""
        with self._work:
            self._closing = True
            self._work.notify_all()
        for thread in self._threads:
            thread.join()
        with suppress(Busy):
            if self._keys is not None and in_order:
                sqlite.checkpoint(self._ledger, "TRUNCATE")
        for database in (self._ledger, self._catalogue_file):
            database.close()
        self._vault_store.close()
        if self.mark is not None:
            self.mark.close()
        if self._lock is not None:
            if in_order and not self._untidy and not self.vault.unclaimed:
                self._lock.release()
            else:
                self._lock.abandon()

    def __enter__(self) -> Office:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _named(entries: Iterable[bytes]) -> set[str]:
    """Ids of the envelopes that the entries name, and perhaps of some that they only mention."""
    return {found.decode() for entry in entries if b'"vault":' in entry for found in _ENVELOPE.findall(entry)}


class _Riding:
    """Checkpoints kept between two turns, so that sealing never competes with them for the engine's lock."""

    def __init__(self, store: LedgerStore, sequencer: Sequencer) -> None:
        self.latest, self.at, self.sizes = store.latest, store.at, store.sizes
        self._store, self._sequencer = store, sequencer

    def put(self, size: int, note: bytes) -> None:
        self._sequencer.errand(lambda: self._store.put(size, note))

    def add(self, size: int, cosigned: bytes) -> None:
        self._sequencer.errand(lambda: self._store.add(size, cosigned))


def _counted(entries: Iterator[bytes], total: int, told: Callable[[int, int], None]) -> Iterator[bytes]:
    for done, entry in enumerate(entries):
        if done % 1_024 == 0:
            told(done, total)
        yield entry
    told(total, total)


def _must_exist(settings: Settings) -> None:
    if not (settings.registry / "ledger.db").is_file():
        raise Misuse(f"{settings.registry}: no registry here; check --registry, or found one with 'muniment init'")
    if not Path(settings.signer).is_dir():
        raise Misuse(
            f"{settings.signer}: the signer's folder is missing; check --signer: it holds the log's keys and the mark"
        )
