"""The audit of an honest ledger: nothing is wrong with it, and everything was looked at."""

from __future__ import annotations

from pathlib import Path

from tests.honest import a_day, audit, office_audit


def test_an_honest_ledger_has_no_fault(tmp_path: Path) -> None:
    registry = a_day(tmp_path)
    head, sizes = registry.store.head(), registry.store.sizes()
    registry.close()
    found = audit(tmp_path)
    print(found)
    assert found.ok
    print(office_audit(tmp_path))
