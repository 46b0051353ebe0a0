"""The office's audit, over all three files and the mark: what the ledger alone cannot show."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest
from msgspec import UNSET

from registry.desk.audit.office import audit_office
from registry.errors import BadSignature, Malformed, NotPermitted, ProofFailed
from registry.ledger.audit.fault import Audit
from registry.ledger.audit.readings import check_reading
from registry.office import Office
from registry.records.acts import Act, Kind, decode_entry
from registry.records.disclosure import disclose, unpack
from registry.records.muniment import Visibility
from registry.records.standing import Standing
from registry.storage import sqlite
from registry.storage.inspection import Inspection
from tests.town import ORIGIN, Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Officers at work: a deed lodged, read and revised, one for its own department only, a public one."""
    town = Town(tmp_path).staff()
    deed = town.lodge()
    town.desk("intake-clerk").lookups.show(deed.subject)
    town.desk("intake-clerk").muniments.open(deed.subject, io.BytesIO())
    own = town.lodge(visibility=Visibility.OWN)
    town.desk("reader").lookups.history(own.subject)
    town.lodge(visibility=Visibility.PUBLIC)
    yield town
    town.close()


@contextmanager
def administrator(town: Town, name: str) -> Iterator[apsw.Connection]:
    """Who opens one of the registry's files behind the office's back."""
    connection = apsw.Connection(str(town.settings.registry / name))
    yield connection
    connection.close()


def audit(
    office: Office, *, ledger_only: bool = False, progress: Callable[[int, int], None] = lambda done, total: None
) -> Audit:
    """As the command does."""
    database = sqlite.open_database(office.settings.registry / "ledger.db", read_only=True)
    mark = office.signer.mark(read_only=True)
    try:
        tables = Inspection(database)
        return audit_office(office.services, tables, mark, ledger_only=ledger_only, progress=progress)
    finally:
        mark.close()
        database.close()


def test_an_office_at_work_has_no_fault_and_its_readings_are_opened(town: Town) -> None:
    town.office.services.seal()
    audited = audit(town.office)
    assert audited.ok, audited.faults
    assert audited.checked["readings opened"] == audited.checked["readings, officer withheld"] > 1
    assert audited.checked["envelopes"] > 3


def test_loads_of_every_kind_leave_nothing_to_find(town: Town, tmp_path: Path) -> None:
    """New, changed, withdrawn, differing and rejected rows, sales and muniments."""
    fixtures = Path(__file__).parents[2] / "fixtures"
    loads = town.desk("loader").loads
    for name in ("adds", "changes", "deletes", "differing", "mangled", "rejects"):
        loads.load(Path(shutil.copy(fixtures / f"{name}.csv", tmp_path)))
    loads.load(Path(shutil.copy(fixtures / "muniments.jsonl", tmp_path)), "muniments")
    town.office.services.caught_up()
    audited = audit(town.office)
    assert audited.ok, audited.faults
    assert audited.checked["loads closed"] == 7


def test_beside_an_office_that_is_only_read_readings_are_counted(town: Town) -> None:
    town.close()
    with Office.reading(town.settings) as office:
        audited = audit(office)
    assert audited.ok, audited.faults
    assert audited.checked["readings, officer withheld"] > 1
    assert "readings opened" not in audited.checked


@pytest.mark.parametrize(("statement", "says"), [
    ("UPDATE chunk SET body = CAST(x'00' || substr(body, 2) AS BLOB) WHERE n = 0", "body chunk 1 of 1"),
    ("UPDATE envelope SET wrapped = CAST(x'0000' || substr(wrapped, 3) AS BLOB)", "wrapped key"),
    ("UPDATE withheld SET body = CAST(body || x'00' AS BLOB)", "withheld details"),
    ("UPDATE envelope SET version = 2 WHERE reference LIKE 'muniment/%'", "version"),
    ("UPDATE envelope SET state = 'X' WHERE reference LIKE 'muniment/%'", "shredded, and no act says"),
    ("DELETE FROM envelope WHERE reference LIKE 'muniment/%'", "is missing"),
])  # fmt: skip
def test_what_is_changed_in_the_vault_is_named_by_the_entry(town: Town, statement: str, says: str) -> None:
    with administrator(town, "vault.db") as vault:
        vault.execute(statement)
    audited = audit(town.office)
    told = [fault for fault in audited.faults if says in fault.what]
    assert told
    assert all(fault.position is not None and fault.subject for fault in told)
    assert audit(town.office, ledger_only=True).ok


def test_an_envelope_without_an_entry_is_a_note(town: Town) -> None:
    town.office.vault.seal("muniment/never", 1, withheld=b"left by a crash")
    audited = audit(town.office)
    assert audited.ok
    assert any("1 envelopes in the vault are unreferenced" in note for note in audited.notes)


def a_reading(town: Town) -> tuple[int, Act, tuple[str, ...], Standing]:
    """The first reading: position, act, what its envelope discloses, the standing."""
    office = town.office
    for position, raw in enumerate(office.log.entries(0, office.store.head().size)):
        act = decode_entry(raw)
        if isinstance(act, Act) and act.intent.kind is Kind.READ:
            assert act.vault is not UNSET
            return position, act, unpack(office.vault.withheld(act.vault.id)), office.services.standing().copy()
    raise AssertionError("nobody has read anything")


def test_an_opened_reading_names_its_officer(town: Town) -> None:
    position, act, disclosures, standing = a_reading(town)
    assert check_reading(act, disclosures, standing, ORIGIN, position=position) == town.references["intake-clerk"]


def test_a_reading_is_refused_for_another_registry_a_lost_right_or_other_disclosures(town: Town) -> None:
    position, act, disclosures, standing = a_reading(town)
    with pytest.raises(BadSignature):
        check_reading(act, disclosures, standing, "registry.example/sea", position=position)
    with pytest.raises(Malformed):
        check_reading(act, disclosures[:-1], standing, ORIGIN, position=position)
    with pytest.raises(ProofFailed):
        check_reading(
            act, [*disclosures, disclose(bytes(32), "officer", "officer/1")], standing, ORIGIN, position=position
        )
    clerk = town.references["intake-clerk"]
    standing.apply((), standing.role_rows(clerk), position)
    with pytest.raises(NotPermitted):
        check_reading(act, disclosures, standing, ORIGIN, position=position)


def test_a_row_of_the_catalogue_that_was_changed_is_named(town: Town) -> None:
    town.office.services.caught_up()
    with administrator(town, "catalogue.db") as catalogue:
        ((last,),) = catalogue.execute("SELECT max(position) FROM record").fetchall()
        catalogue.execute("UPDATE record SET number = number + 1 WHERE position = ?", (last,))
    audited = audit(town.office)
    assert [fault.position for fault in audited.faults] == [last]
    assert audited.faults[0].what.startswith("the catalogue: ")
    assert audited.faults[0].subject


def test_an_old_copy_meets_the_mark(town: Town) -> None:
    """Yesterday's ledger and catalogue, today's signer."""
    town.close()
    files = [town.settings.registry / name for name in ("ledger.db", "catalogue.db")]
    yesterday = [file.read_bytes() for file in files]
    size = town.open().store.head().size
    town.lodge()
    town.close()
    for file, raw in zip(files, yesterday, strict=True):
        file.write_bytes(raw)
    with Office.reading(town.settings) as office:
        (fault,) = audit(office).faults
    assert fault.position == size
    assert f"the signer's mark knows {size + 1} entries, here they end at {size}" in fault.what


def test_acts_recorded_while_the_audit_runs_are_no_fault(town: Town) -> None:
    """One lodges at every step of the pass; what was not there when it began is not looked at."""
    recorded: list[int] = []

    def progress(done: int, total: int) -> None:
        recorded.append(town.lodge().position)
        town.office.services.seal()

    audited = audit(town.office, progress=progress)
    assert recorded
    assert audited.ok, audited.faults
    assert audited.size <= recorded[0]
