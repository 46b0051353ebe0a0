"""A registry in which every role is held in two departments: each is asked about its own things and the other's.

    HMLR   1 administrator (the founder) · 2 registrar · 3 intake-clerk · 4 loader · 5 reader · 6 auditor · 12 none
    POL    14 administrator · 7 registrar · 8 intake-clerk · 9 loader · 10 reader · 11 auditor · 13 none

With two administrators an allowed act on roles and keys waits for the other one's word; that is its answer here.
"""

from __future__ import annotations

import uuid
from pathlib import Path

from msgspec import UNSET

from registry.records.acts import Act, Details, Kind, make_intent, signed_bytes
from registry.records.muniment import Visibility
from registry.records.roles import Role
from registry.sequencer import Proposal, Recorded
from tests.town import Town

HMLR, POL = "HMLR", "POL"
OTHERS = (Role.REGISTRAR, Role.INTAKE_CLERK, Role.LOADER, Role.READER, Role.AUDITOR)


def name_of(role: str, department: str = HMLR) -> str:
    """The sign-in name of who holds that role there."""
    if role in ("administrator", "founder") and department == HMLR:
        return "founder"
    return role if department == HMLR else f"police-{role}"


class Borough(Town):
    """The town with both departments staffed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder
        self.desk("founder").officers.add_department(POL, "Police")
        for department in (HMLR, POL):
            for role in OTHERS:
                self.enrol(name_of(role, department), role, department)
        self.enrol("candidate", None, HMLR)
        self.enrol("police-candidate", None, POL)
        self.enrol("police-administrator", Role.ADMINISTRATOR, POL)

    @property
    def size(self) -> int:
        """How many entries are recorded."""
        return self.office.store.head().size

    def act(self, position: int) -> Act:
        """The act recorded there."""
        found = self.office.services.act(position)
        assert found is not None
        return found

    def muniment(self, department: str, visibility: Visibility = Visibility.DEPARTMENTS) -> str:
        """A new deed in the custody of that department; returns its reference."""
        return self.lodge(name_of("intake-clerk", department), visibility=visibility).subject

    def csv(self, price: int = 42_000) -> Path:
        """A file with one sale that nobody has loaded yet."""
        path = self.folder / f"{uuid.uuid4()}.csv"
        fields = (
            "{" + str(uuid.uuid4()).upper() + "}", str(price), "1995-12-21 00:00", "QZ4 9DN", "S", "N", "F", "8", "",
            "HOLLOW PLACE", "", "EASTLEA", "EASTLEA", "SOUTHSHIRE", "A", "A",
        )  # fmt: skip
        path.write_text(",".join(f'"{field}"' for field in fields) + "\n")
        return path

    def propose(
        self, name: str, kind: Kind, details: Details, subject: str | None, *, department: str, key: str = ""
    ) -> Proposal:
        """An act signed by that officer, in the name of that department, whether it is his or not."""
        return propose(self, name, kind, details, subject, department=department, key=key)

    def enter(self, proposal: Proposal) -> Recorded:
        """Hand it to the only writer, past every desk."""
        assert self.office.sequencer is not None
        return self.office.sequencer.enter(proposal)


def propose(
    town: Town, name: str, kind: Kind, details: Details, subject: str | None, *, department: str, key: str = ""
) -> Proposal:
    """An act signed by that officer of the town, past every desk."""
    reference = town.references[name]
    intent = make_intent(
        kind,
        details,
        department=department,
        key=key or uuid.uuid4().hex,
        officer=reference,
        subject=UNSET if subject is None else subject,
    )
    return Proposal(intent, reference, town.sign(name)(signed_bytes(town.office.origin, intent)))
