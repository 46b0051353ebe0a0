"""The fixed scripts: what an officer does, from opening the office to closing it, and what he was answered."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable
from pathlib import Path

from registry.desk.loads import LoadProgress
from registry.desk.muniments import Document
from registry.errors import Busy
from registry.ledger.receipt import verify as verify_receipt
from registry.office import Office
from registry.records.muniment import MunimentKind, Visibility
from registry.records.roles import Role
from registry.sequencer import Recorded
from tests.crashes.nursery import Script, Stage
from tests.town import CHEAP, ORIGIN

LARGE_BYTES = 17 * 1024 * 1024 + 123  # more than one transaction of the vault takes
DEED = "muniment/00000000-0000-4000-8000-000000000001"
NEWCOMER, DEPUTY = "newcomer", "deputy"
SALES, MUNIMENTS = "sales.csv", "muniments.jsonl"


def body(seed: int, size: int) -> bytes:
    """A body that is the same in every process."""
    return random.Random(seed).randbytes(size)


def document(seed: int, size: int) -> Document:
    """It, as lodged."""
    return Document(io.BytesIO(body(seed, size)), size, "deed.pdf")


def _answer(stage: Stage, recorded: Recorded, content: bytes = b"") -> None:
    sha = hashlib.sha256(content).hexdigest() if content else ""
    stage.answer(
        position=recorded.position, subject=recorded.subject, number=recorded.number, kind=recorded.kind, body=sha
    )


def lodge(stage: Stage) -> None:
    """A deed whose body spans several transactions of the vault."""
    with stage.open() as office:
        desk = stage.desk(office, "intake-clerk")
        stage.begin()
        recorded = desk.muniments.lodge(
            document(stage.job.seed, LARGE_BYTES),
            MunimentKind.DEED,
            details={"title": "K871204"},
            withheld={"proprietor": "Amara Okafor"},
            visibility=Visibility.DEPARTMENTS,
        )
        _answer(stage, recorded, body(stage.job.seed, LARGE_BYTES))


def revise(stage: Stage) -> None:
    """Another version of the deed that stands there."""
    with stage.open() as office:
        desk = stage.desk(office, "intake-clerk")
        stage.begin()
        recorded = desk.muniments.revise(DEED, document(stage.job.seed, 70_000), withheld={"proprietor": "Bo Ek"})
        _answer(stage, recorded, body(stage.job.seed, 70_000))


def read(stage: Stage) -> None:
    """The deed's body handed out, after the reading was recorded."""
    with stage.open() as office:
        desk = stage.desk(office, "reader")
        stage.begin()
        sink = io.BytesIO()
        desk.muniments.open(DEED, sink, purpose="an enquiry")
        stage.answer(read=hashlib.sha256(sink.getvalue()).hexdigest())


def _load(stage: Stage, file: str, form: str) -> None:
    with stage.open() as office:
        desk = stage.desk(office, "loader")
        stage.begin()

        def told(progress: LoadProgress) -> None:
            stage.answer(rows=progress.counts.rows)

        report = desk.loads.load(stage.folder / file, form, told=told)
        stage.answer(
            report={name: getattr(report, name) for name in ("rows", *OUTCOMES, "flagged")},
            load=report.load,
            rejects=report.rejects,
        )


OUTCOMES = ("recorded", "already", "changed", "withdrawn", "rejected")


def load_sales(stage: Stage) -> None:
    """A file of sales with rejects, in batches."""
    _load(stage, SALES, "sales")


def load_muniments(stage: Stage) -> None:
    """A file of muniments with their bodies beside it."""
    _load(stage, MUNIMENTS, "muniments")


def enrol(stage: Stage) -> None:
    """An officer with his key file, a role and the office's unlock key."""
    with stage.open() as office:
        desk = stage.desk(office, "founder")
        stage.begin()
        enrolled = office.enrol(desk, NEWCOMER, "HMLR", f"{NEWCOMER}'s", role=Role.INTAKE_CLERK, may_open=True)
        stage.answer(enrolled=enrolled[0].subject, acts=[one.position for one in enrolled])


def revoke(stage: Stage) -> None:
    """The officer who may open the office is dismissed."""
    with stage.open() as office:
        desk = stage.desk(office, "founder")
        stage.begin()
        _answer(stage, desk.officers.revoke(DEPUTY, "left the service"))


def adopt(stage: Stage) -> None:
    """A new mark for a registry whose signer lost its own."""
    with stage.open(adopting=True) as office:
        desk = stage.desk(office, "founder")
        stage.begin()
        recorded = office.adopt_mark(desk, "the signer's disk failed")
        _answer(stage, recorded)


def reopen(stage: Stage) -> None:
    """What a crash left is mended: nothing else is done."""
    stage.begin()
    with stage.open() as office:
        stage.answer(size=office.store.head().size)


def wreck(stage: Stage) -> None:
    """All that a crash can leave behind, at once, when it is stopped after the ledger's commit: a body and a key file
    without an act, an act that is neither projected nor sealed, an unlock key that its holder must no longer have."""
    with stage.open() as office:
        desk = stage.desk(office, "founder")
        office.vault.seal("muniment/00000000-0000-4000-8000-000000000009", 1, body=io.BytesIO(body(3, 99)), size=99)
        office.signer.officers.keep("stray", bytes(32), "stray's", officer="officer/10", origin=office.origin)
        stage.begin()
        desk.officers.revoke(DEPUTY, "left the service")


def found(stage: Stage) -> None:
    """A registry, from nothing."""
    stage.begin()
    with Office.found(
        stage.settings,
        origin=ORIGIN,
        department="HMLR",
        department_name="Land Registry",
        officer="founder",
        passphrase="founder's",
        milestone=stage.milestone,
        clock=stage.clock,
        cost=CHEAP,
    ) as office:
        stage.answer(size=office.store.head().size)


def look(stage: Stage) -> None:
    """Another process reads beside the office."""
    with Office.reading(stage.settings) as office:
        stage.answer(size=office.public().status().size)


def lodge_on_and_on(stage: Stage) -> None:
    """Small deeds, one after another, until somebody ends it."""
    chance = random.Random(stage.job.seed)
    with stage.open() as office:
        desk = stage.desk(office, "intake-clerk")
        stage.begin()
        for _ in range(10_000):
            content = chance.randbytes(chance.randrange(1, 5_000))
            deed = Document(io.BytesIO(content), len(content), "deed.pdf")
            recorded = desk.muniments.lodge(deed, MunimentKind.DEED, visibility=Visibility.DEPARTMENTS)
            _answer(stage, recorded, content)


def _until_full(stage: Stage, act: Callable[[int], None]) -> None:
    """Act until the storage is full; then look around, make room, and act once more."""
    for number in range(2_000):
        try:
            act(number)
        except Busy as error:
            stage.answer(busy=str(error))
            return
    raise AssertionError("the storage never was full")


def lodge_until_full(stage: Stage) -> None:
    """Deeds until the vault takes no more: reading and proving go on meanwhile, and recording once there is room."""
    with stage.open() as office:
        desk = stage.desk(office, "intake-clerk")

        def lodge_one(number: int) -> None:
            deed = document(number, 20_000)
            recorded = desk.muniments.lodge(deed, MunimentKind.DEED, visibility=Visibility.DEPARTMENTS)
            _answer(stage, recorded, body(number, 20_000))

        stage.begin()
        _until_full(stage, lodge_one)
        position, receipt = desk.receipts.take(DEED)
        verify_receipt(receipt, office.policy_text())
        stage.answer(looked=position, size=desk.status().size)
        stage.make_room()
        lodge_one(-1)


def appoint_until_full(stage: Stage) -> None:
    """Acts without a body, until the ledger takes no more."""
    with stage.open() as office:
        desk = stage.desk(office, "founder")

        def add_one(number: int) -> None:
            _answer(stage, desk.officers.add_department(f"D{number}", "A department " + "x" * 180))

        stage.begin()
        _until_full(stage, add_one)
        stage.answer(looked=desk.lookups.history("department/HMLR")[0].position, size=desk.status().size)
        stage.make_room()
        add_one(2_000)


_ACTS = (lodge, revise, read, load_sales, load_muniments, enrol, revoke, adopt, lodge_on_and_on, lodge_until_full)
SCRIPTS: dict[str, Script] = {
    script.__name__: script for script in (*_ACTS, appoint_until_full, reopen, wreck, found, look)
}


def file_of(folder: Path, script: str) -> Path:
    """The file that a load's script loads."""
    return folder / (SALES if script == "load_sales" else MUNIMENTS)
