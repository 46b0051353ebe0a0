"""The counter for muniments: lodge, revise, withdraw, open; and what of it lies in clear where."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.desk.muniments import Document
from registry.errors import Busy, Misuse, NotHeld, Refused, Stale, WrongState
from registry.ledger import known
from registry.ledger.receipt import verify
from registry.office import Office
from registry.records.acts import REFUSED
from registry.records.muniment import MAX_DETAILS, MunimentKind, Visibility
from tests.acts.examination import examined
from tests.town import Town, document

CLERK = "intake-clerk"


@pytest.fixture(scope="module")
def town(kind_of_town: type[Town], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Whatever is lodged, the audit finds nothing wrong."""
    found = kind_of_town(tmp_path_factory.mktemp("town")).staff()
    yield found
    assert examined(found).faults == ()
    found.close()


def size(town: Town) -> int:
    """How many entries are recorded."""
    return town.office.store.head().size


def opened(town: Town, subject: str, version: int | None = None, by: str = "reader") -> bytes:
    """The body that this officer gets."""
    sink = io.BytesIO()
    assert town.desk(by).muniments.open(subject, sink, version=version) == "deed.txt"
    return sink.getvalue()


# ---- versions ----


def test_a_filter_that_is_often_mistaken_never_lets_a_history_begin_again(
    staffed: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it took for known by mistake was lost when it grew, and its no was taken for certain then."""
    monkeypatch.setattr(known, "BITS_AN_ID", 2)
    monkeypatch.setattr(known, "_SMALLEST", 8)
    town = staffed.copied(tmp_path)
    muniments = town.desk(CLERK).muniments
    lodged = [muniments.lodge(document(f"deed {n}"), MunimentKind.DEED).subject for n in range(150)]
    assert [muniments.revise(one, document("again")).number for one in lodged] == [2] * len(lodged)
    assert examined(town).faults == ()
    town.close()


def test_every_version_can_be_opened_again_and_the_newest_is_the_default(town: Town) -> None:
    subject = town.lodge().subject
    for number in (2, 3):
        revised = town.desk(CLERK).muniments.revise(
            subject, document(f"version {number}"), details={"title": f"K{number}"}
        )
        assert (revised.subject, revised.number) == (subject, number)
    assert opened(town, subject) == opened(town, subject, 3) == b"version 3"
    assert (opened(town, subject, 1), opened(town, subject, 2)) == (b"This deed witnesseth", b"version 2")
    with pytest.raises(NotHeld, match="has no version 4 with a body here"):
        opened(town, subject, 4)
    shown = town.desk("reader").lookups.show(subject)
    assert (shown.version, shown.details["title"], shown.number) == (3, "K3", 3)


def test_a_withdrawn_muniment_keeps_body_versions_and_proofs_and_takes_nothing_more(town: Town) -> None:
    subject = town.lodge().subject
    town.desk("registrar").muniments.withdraw(subject, "lodged twice")
    assert opened(town, subject) == b"This deed witnesseth"
    assert town.desk("reader").lookups.show(subject).status == "WITHDRAWN"
    town.desk("reader").receipts.take(subject)
    with pytest.raises(WrongState, match="what is withdrawn is not revised"):
        town.desk(CLERK).muniments.revise(subject, document("again"))
    with pytest.raises(WrongState, match="was withdrawn before"):
        town.desk("registrar").muniments.withdraw(subject, "again")


def test_a_revision_of_what_somebody_revised_meanwhile_is_stale(town: Town) -> None:
    subject = town.lodge().subject
    muniments = town.desk(CLERK).muniments
    muniments.revise(subject, document("mine"), version=1)
    before = size(town)
    with pytest.raises(Stale, match="is at version 2, you looked at 1; look again, then revise"):
        muniments.revise(subject, document("theirs"), version=1)
    assert size(town) == before


def test_what_is_lodged_at_another_reference_is_not_lodged_there_again(town: Town) -> None:
    subject = town.lodge().subject
    with pytest.raises(WrongState, match="is held already; revise it instead") as caught:
        town.desk(CLERK).muniments.lodge(document(), MunimentKind.DEED, subject=subject)
    assert caught.value.position == size(town) - 1
    assert opened(town, subject) == b"This deed witnesseth"


def test_a_sale_record_is_loaded_and_never_lodged(town: Town) -> None:
    with pytest.raises(WrongState, match="loaded"):
        town.desk(CLERK).muniments.lodge(document(), MunimentKind.SALE_RECORD)


# ---- bodies ----


@pytest.mark.parametrize("length", [1, 65_535, 65_536, 65_537, 200_000])
def test_a_body_of_any_length_comes_back_byte_for_byte(town: Town, length: int) -> None:
    raw = bytes(range(256)) * (length // 256 + 1)
    lodged = town.desk(CLERK).muniments.lodge(
        Document(io.BytesIO(raw[:length]), length, "scan.bin"), MunimentKind.PLAN, visibility=Visibility.PUBLIC
    )
    sink = io.BytesIO()
    town.desk("police-reader").muniments.open(lodged.subject, sink)
    assert sink.getvalue() == raw[:length]


def nothing_recorded(town: Town, given: Document, match: str) -> None:
    """Refused as a slip, with nothing in the ledger and nothing left in the vault."""
    before, held = size(town), set(town.office.vault.ids())
    with pytest.raises(Misuse, match=match):
        town.desk(CLERK).muniments.lodge(given, MunimentKind.DEED)
    assert (size(town), set(town.office.vault.ids())) == (before, held)


def test_a_body_of_no_bytes_is_refused(town: Town) -> None:
    nothing_recorded(town, Document(io.BytesIO(b""), 0, "empty.txt"), "1 byte to 256 TiB, this one 0 bytes")


@pytest.mark.parametrize("size_bytes", [3, 5])
def test_a_body_cut_short_or_longer_than_said_is_refused(town: Town, size_bytes: int) -> None:
    nothing_recorded(town, Document(io.BytesIO(b"four"), size_bytes, "cut.txt"), "bytes")


def test_a_file_that_changes_while_it_is_read_is_refused(town: Town) -> None:
    class Changing(io.BytesIO):
        """Other bytes of the same length once it was read to its end."""

        def seek(self, at: int, whence: int = 0, /) -> int:
            self.getbuffer()[:5] = b"That "
            return super().seek(at, whence)

    nothing_recorded(town, Document(Changing(b"This deed"), 9, "deed.txt"), "changed while it was read")


@pytest.mark.parametrize("name", ["a\x00b", "x" * 256])
def test_a_file_name_that_cannot_be_recorded_is_refused(town: Town, name: str) -> None:
    nothing_recorded(town, Document(io.BytesIO(b"four"), 4, name), "file name")


def test_a_hostile_file_name_is_kept_as_it_came(town: Town) -> None:
    """What would drive a terminal is shown as text by whoever shows it; the record is what was lodged."""
    name = "a\x1b]52;c;x\x07\u202egpj.exe"
    lodged = town.desk(CLERK).muniments.lodge(Document(io.BytesIO(b"four"), 4, name), MunimentKind.OTHER)
    assert town.desk(CLERK).muniments.open(lodged.subject, io.BytesIO()) == name


# ---- details ----


@pytest.mark.parametrize(
    ("details", "withheld", "match"),
    [
        ({"a": "x"}, {"a": "y"}, "both in clear and withheld"),
        ({"content": "x"}, {}, "taken by the registry itself"),
        ({}, {"file_name": "x"}, "taken by the registry itself"),
        ({"1st": "x"}, {}, "expected a letter"),
        ({"a b": "x"}, {}, "expected a letter"),
        ({"a": "x\x00"}, {}, "detail a"),
        ({"a": "x" * 4_001}, {}, "detail a"),
        ({f"a{n}": "x" for n in range(MAX_DETAILS + 1)}, {}, "at most 64"),
    ],
)
def test_details_that_cannot_be_recorded_are_refused(
    town: Town, details: dict[str, str | int], withheld: dict[str, str | int], match: str
) -> None:
    before = size(town)
    with pytest.raises(Misuse, match=match):
        town.desk(CLERK).muniments.lodge(document(), MunimentKind.DEED, details=details, withheld=withheld)
    assert size(town) == before


def test_details_too_many_for_one_entry_are_refused_and_their_body_taken_away(town: Town) -> None:
    before, held = size(town), set(town.office.vault.ids())
    with pytest.raises(Misuse, match="put what is large into the body"):
        town.desk(CLERK).muniments.lodge(
            document(), MunimentKind.DEED, details={f"a{n}": "x" * 3_000 for n in range(30)}
        )
    assert (size(town), set(town.office.vault.ids())) == (before, held)


@pytest.mark.parametrize("reason", ["", "   ", "\t", "a\x00b", "x" * 1_001])
def test_a_withdrawal_wants_a_reason_that_can_be_recorded(town: Town, reason: str) -> None:
    subject, before = town.lodge().subject, size(town)
    with pytest.raises(Misuse, match="reason"):
        town.desk("registrar").muniments.withdraw(subject, reason)
    assert size(town) == before


# ---- what lies in clear ----


def secrets() -> tuple[str, str, str]:
    """Name, value and body that nobody else has."""
    return f"secret_{uuid.uuid4().hex[:12]}", f"Amara {uuid.uuid4().hex}", f"The body {uuid.uuid4().hex}"


@pytest.mark.parametrize("visibility", [Visibility.OWN, Visibility.DEPARTMENTS])
def test_nothing_withheld_lies_in_clear_in_any_file(tmp_path: Path, visibility: Visibility) -> None:
    """Not the name, not the value, not the body, not the body's own digest or file name; nor who read it."""
    town = Town(tmp_path).staff()
    name, value, text = secrets()
    lodged = town.desk(CLERK).muniments.lodge(
        document(text, "okafor-transfer.txt"), MunimentKind.TRANSFER, withheld={name: value}, visibility=visibility
    )
    assert opened_as(town, lodged.subject) == text.encode()
    town.desk("reader").receipts.take(lodged.subject, disclosures=True)
    town.office.services.seal()
    kept = [path for path in town.settings.registry.rglob("*") if path.is_file()]
    assert {"ledger.db", "vault.db", "catalogue.db"} <= {path.name for path in kept}
    for closed in (False, True):
        for path in kept:
            raw = path.read_bytes() if path.exists() else b""
            for told in (name, value, text, "okafor"):
                assert told.encode() not in raw, (path.name, told, closed)
        if not closed:
            town.close()


def opened_as(town: Town, subject: str) -> bytes:
    """The body, read by the reader."""
    sink = io.BytesIO()
    town.desk("reader").muniments.open(subject, sink)
    return sink.getvalue()


def test_a_receipt_without_disclosures_tells_nothing_withheld_and_with_them_all(town: Town) -> None:
    name, value, text = secrets()
    lodged = town.desk(CLERK).muniments.lodge(
        document(text), MunimentKind.DEED, withheld={name: value}, visibility=Visibility.DEPARTMENTS
    )
    raw = town.office.log.entry(lodged.position)
    _, closed = town.desk("reader").receipts.take(lodged.subject)
    for told in (name, value, text):
        assert told.encode() not in raw + closed
    _, laid_open = town.desk("reader").receipts.take(lodged.subject, disclosures=True)
    members = verify(laid_open, town.office.policy_text()).disclosed
    assert members[name] == value
    assert set(members) == {name, "content", "file_name", "media_type"}
    assert verify(closed, town.office.policy_text()).disclosed == {}


def test_equal_muniments_do_not_give_equal_digests(town: Town) -> None:
    """A fresh salt each: else whoever guesses the content compares."""
    first, second = town.lodge(), town.lodge()
    entries = [town.office.log.entry(one.position) for one in (first, second)]
    digests = [set(re.findall(rb'"[A-Za-z0-9_-]{43}"', raw)) for raw in entries]
    assert [len(one) for one in digests] == [4, 4]
    assert not digests[0] & digests[1]


# ---- refusals leave their mark ----


def test_a_refused_lodging_stands_in_the_ledger_and_is_nobodys_muniment(town: Town) -> None:
    with pytest.raises(Refused) as caught:
        town.lodge("reader")
    assert caught.value.position is not None
    act = town.office.services.act(caught.value.position)
    assert act is not None
    assert act.outcome == REFUSED
    desk = town.desk("reader")
    assert desk.lookups.history(act.subject)[0].outcome == REFUSED
    for other in (town.desk("police-clerk"), town.office.public()):
        with pytest.raises(NotHeld, match="is not held here, or is not yours to know of"):
            other.lookups.history(act.subject)
        with pytest.raises(NotHeld):
            other.receipts.take(str(caught.value.position))
        with pytest.raises(NotHeld):
            other.lookups.show(act.subject)


def test_where_nobody_has_opened_the_office_nothing_is_lodged(town: Town) -> None:
    town.office.services.seal()
    with Office.reading(town.settings) as beside:
        desk = beside.desk_of("officer/1", town.founder_seed)
        with pytest.raises(Busy, match=r"nobody has opened the office here.*officer/1 can open it"):
            desk.muniments.lodge(document(), MunimentKind.DEED)
