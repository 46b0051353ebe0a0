"""The audit of an honest ledger: nothing is wrong with it, everything was looked at."""

from __future__ import annotations

from pathlib import Path

from registry.records.roles import Role
from tests.honest import Registry, audit


def test_an_honest_ledger_has_no_fault(tmp_path: Path) -> None:
    registry = Registry(tmp_path, create=True)
    founder = registry.found()
    clerk = registry.enrol(founder, "clerk", Role.INTAKE_CLERK)
    deed = registry.lodge(clerk)
    registry.revise(clerk, deed, 2)
    loader = registry.enrol(founder, "loader", Role.LOADER)
    registry.load(loader, registry.sales(600))
    registry.seal()
    registry.close()
    found = audit(tmp_path)
    print(found)
    assert found.ok
