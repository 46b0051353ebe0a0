"""One day of an honest registry, with one of everything in it: what the audits are tried on."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from registry.errors import Refused
from registry.records import acts
from registry.records.acts import Kind
from registry.records.roles import Role
from tests.honest import Registry


def a_day(folder: Path, rows: int = 520) -> Registry:
    """A registry with one of everything in it, sealed at several sizes; its people are in `people`.

    Founder, clerk, registrar, loader, reader, a clerk whose key was revoked and one whose role ended; deeds lodged,
    revised and withdrawn; refusals; a load with changed and withdrawn rows; a second administrator and acts that waited
    for him; one load that is still open.
    """
    registry = Registry(folder, create=True)
    founder = registry.found()
    registry.act(founder, Kind.DEPARTMENT_ADDED, acts.DepartmentAdded(name="Police"), "department/POL")
    clerk = registry.enrol(founder, "clerk", Role.INTAKE_CLERK)
    registrar = registry.enrol(founder, "registrar", Role.REGISTRAR)
    loader = registry.enrol(founder, "loader", Role.LOADER)
    registry.enrol(founder, "reader", Role.READER, department="POL")
    gone = registry.enrol(founder, "gone", Role.INTAKE_CLERK)
    late = registry.enrol(founder, "late")
    registry.appoint(founder, late, Role.INTAKE_CLERK, registry.clock.now + 50)
    registry.seal()
    deeds = [registry.lodge(clerk) for _ in range(12)]
    for version, deed in enumerate(deeds[:3] * 2, 6):
        registry.revise(clerk, deed, version // 3)
    registry.act(registrar, Kind.WITHDRAWN, acts.Withdrawn(reason="lodged twice"), deeds[3])
    registry.lodge(gone)
    registry.act(founder, Kind.OFFICER_REVOKED, acts.OfficerRevoked(reason="left"), gone.reference)
    registry.clock.now += 100
    for refused in (gone, late, loader, registrar):
        with suppress(Refused):
            registry.lodge(refused)
    registry.seal()
    sales = registry.sales(rows)
    registry.load(loader, sales)
    again = [registry.sale(row.subject, number) for number, row in enumerate(sales[:20], 1)]
    changed = [registry.sale(row.subject, 20 + number, "C") for number, row in enumerate(sales[5:15], 1)]
    gone_sales = [registry.sale(row.subject, 30 + number, "D") for number, row in enumerate(sales[:4], 1)]
    registry.load(loader, again + changed + gone_sales)
    registry.seal()
    second = registry.enrol(founder, "second", Role.ADMINISTRATOR)
    extra = registry.person("extra", "POL")
    waits = registry.act(founder, Kind.OFFICER_ENROLLED, registry.enrolment(extra), extra.reference)
    confirmed = acts.Confirmed(confirms=waits.position)
    with suppress(Refused):
        registry.act(founder, Kind.OFFICER_ENROLLED, confirmed, extra.reference)
    registry.act(second, Kind.OFFICER_ENROLLED, confirmed, extra.reference)
    for deed in [registry.lodge(clerk) for _ in range(30)][:5]:
        registry.revise(clerk, deed, 2)
    registry.seal()
    registry.load_rows(registry.open_load(loader), registry.sales(7))
    registry.lodge(clerk)
    registry.seal()
    return registry
