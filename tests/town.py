"""A town with a registry: real stores in a temporary folder, and officers whose keys are at hand.

Officers' seeds come from their names, so a test can sign in as anyone without asking Argon2id. Time is the test's own.
"""

from __future__ import annotations

import copy
import hashlib
import io
import shutil
from collections.abc import Callable
from pathlib import Path

from registry.desk.desk import Desk
from registry.desk.muniments import Document
from registry.ledger.signature import Ed25519Signer
from registry.office import Office
from registry.records.muniment import MunimentKind, Visibility
from registry.records.roles import Role
from registry.sequencer import Recorded
from registry.settings import Settings
from registry.vault.exchange import exchange_public
from registry.vault.passphrase import Cost

ORIGIN = "registry.example/land"
CHEAP = Cost(lanes=1, memory_kib=1_024, passes=1)
DAY = 86_400_000
START = 1_763_798_400_000


class Clock:
    """Time in ms UTC that moves only when told."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def seed_of(name: str) -> bytes:
    """The Ed25519 seed of the officer of that name."""
    return hashlib.sha256(f"officer {name}".encode()).digest()


def document(text: str = "This deed witnesseth", name: str = "deed.txt") -> Document:
    """A small body."""
    raw = text.encode()
    return Document(io.BytesIO(raw), len(raw), name)


class Town:
    """An office, open, and its officers by name. The founder is `founder`."""

    def __init__(
        self, folder: Path, *, milestone: Callable[[str], None] = lambda name: None, origin: str = ORIGIN
    ) -> None:
        self.settings = Settings(folder / "data", folder / "data.signer")
        self.clock = Clock()
        self.milestone = milestone
        self.references = {"founder": "officer/1"}
        self.office = Office.found(
            self.settings,
            origin=origin,
            department="HMLR",
            department_name="Land Registry",
            officer="founder",
            passphrase="founder's",
            clock=self.clock,
            milestone=milestone,
            cost=CHEAP,
        )
        self.founder_seed = self.office.signer.officers.open("founder", "founder's", 0).seed

    def copied(self, folder: Path) -> Town:
        """The same registry in another folder, open; this one must be closed. A tenth of the time of founding one."""
        town = copy.copy(self)
        town.settings = Settings(folder / "data", folder / "data.signer")
        town.clock, town.references = Clock(self.clock.now), dict(self.references)
        shutil.copytree(self.settings.registry, town.settings.registry)
        shutil.copytree(self.settings.signer, town.settings.signer)
        town.open()
        return town

    def desk(self, name: str) -> Desk:
        """That officer's desk."""
        seed = self.founder_seed if name == "founder" else seed_of(name)
        return self.office.desk_of(self.references[name], seed)

    def sign(self, name: str) -> Callable[[bytes], bytes]:
        """That officer's signature."""
        return Ed25519Signer(self.founder_seed if name == "founder" else seed_of(name)).sign

    def enrol(
        self, name: str, role: Role | None, department: str = "HMLR", until: int | None = None, by: str = "founder"
    ) -> str:
        """Enrol and appoint an officer; returns his reference."""
        desk = self.desk(by)
        seed = seed_of(name)
        recorded = desk.officers.enrol(name, department, Ed25519Signer(seed).public, exchange_public(seed))
        self.references[name] = recorded.subject
        if role is not None:
            desk.officers.appoint(recorded.subject, role, until)
        return recorded.subject

    def staff(self) -> Town:
        """Two departments and one officer of each role in HMLR, a reader and a clerk in POL."""
        self.desk("founder").officers.add_department("POL", "Police")
        for role in (Role.REGISTRAR, Role.INTAKE_CLERK, Role.LOADER, Role.READER, Role.AUDITOR):
            self.enrol(role.value, role)
        self.enrol("police-reader", Role.READER, "POL")
        self.enrol("police-clerk", Role.INTAKE_CLERK, "POL")
        return self

    def lodge(self, name: str = "intake-clerk", **more: object) -> Recorded:
        """A deed, lodged."""
        options: dict[str, object] = {
            "details": {"title": "K871204"},
            "withheld": {"proprietor": "Amara Okafor"},
            "visibility": Visibility.DEPARTMENTS,
            **more,
        }
        return self.desk(name).muniments.lodge(document(), MunimentKind.DEED, **options)  # type: ignore[arg-type]

    def reopen(self, milestone: Callable[[str], None] | None = None) -> Office:
        """Close the office and open it again."""
        self.office.close()
        return self.open(milestone)

    def open(self, milestone: Callable[[str], None] | None = None) -> Office:
        """Open the office as the founder."""
        self.office = Office.open(
            self.settings,
            officer="founder",
            passphrase="founder's",
            clock=self.clock,
            milestone=milestone or self.milestone,
        )
        return self.office

    def close(self) -> None:
        """Close the office."""
        self.office.close()
