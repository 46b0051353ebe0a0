"""The counter for receipts: what is taken away verifies with nothing but the policy, closed or laid open."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.errors import BadSignature, Malformed, NotHeld, NotPermitted, ProofFailed, Unproven
from registry.ledger.receipt import Findings, verify
from registry.office import Office
from registry.records.acts import Act, Row
from registry.records.muniment import Visibility
from tests.town import Town, document

FIXTURES = Path(__file__).parents[2] / "fixtures"
BODY = b"This deed witnesseth"


@pytest.fixture(scope="module")
def town(kind_of_town: type[Town], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    found = kind_of_town(tmp_path_factory.mktemp("town")).staff()
    found.desk("loader").loads.load(FIXTURES / "differing.csv", rejects=found.settings.registry.parent / "rejects.csv")
    yield found
    found.close()


def checked(town: Town, receipt: bytes, content: bytes | None = None) -> Findings:
    """What the verifier says, given receipt, policy and perhaps the body, and no registry."""
    return verify(receipt, town.office.policy_text(), content=None if content is None else (content,))


def test_a_receipt_says_who_signed_and_where_he_was_enrolled(town: Town) -> None:
    lodged = town.lodge()
    position, receipt = town.desk("police-reader").receipts.take(lodged.subject)
    found = checked(town, receipt)
    clerk = town.office.services.standing().officer("officer/3")
    assert clerk is not None
    assert position == found.index == lodged.position
    assert (found.officer, found.enrolled, found.load, dict(found.disclosed)) == ("officer/3", clerk.enrolled, None, {})
    assert isinstance(found.entry, Act)
    assert found.entry.subject == lodged.subject


def test_the_receipt_of_a_subject_is_that_of_its_last_act_and_of_a_position_its_own(town: Town) -> None:
    lodged = town.lodge()
    revised = town.desk("intake-clerk").muniments.revise(lodged.subject, document("again"))
    desk = town.desk("reader")
    assert desk.receipts.take(lodged.subject)[0] == revised.position
    assert desk.receipts.take(str(lodged.position))[0] == lodged.position


def test_the_receipt_of_a_loaded_row_names_its_load_and_the_loader(town: Town) -> None:
    rows = [at for at in range(town.office.store.head().size) if b'"row":' in town.office.log.entry(at)]
    for at in rows:
        found = checked(town, town.office.public().receipts.take(str(at))[1])
        assert isinstance(found.entry, Row)
        assert (found.officer, found.load) == ("officer/4", found.entry.load)
        assert [text for text, proven in found.sentences() if proven][2] == f"covered by load {found.load}"


def test_the_body_of_what_is_public_is_held_to_its_receipt(town: Town) -> None:
    subject = town.lodge(visibility=Visibility.PUBLIC).subject
    _, receipt = town.office.public().receipts.take(subject)
    assert checked(town, receipt, BODY).content
    with pytest.raises(ProofFailed, match="the content does not fit"):
        checked(town, receipt, BODY + b".")


def test_the_body_of_what_is_not_public_wants_the_disclosures(town: Town) -> None:
    """A digest in clear would let anyone guess the body; it is among the disclosures."""
    subject = town.lodge().subject
    desk = town.desk("reader")
    closed, laid_open = desk.receipts.take(subject)[1], desk.receipts.take(subject, disclosures=True)[1]
    with pytest.raises(Unproven, match="the digest of the content is withheld here: ask for a receipt with"):
        checked(town, closed, BODY)
    found = checked(town, laid_open, BODY)
    assert found.content
    assert found.disclosed["proprietor"] == "Amara Okafor"
    assert found.disclosed["file_name"] == "deed.txt"
    with pytest.raises(ProofFailed):
        checked(town, laid_open, b"Another deed")


def test_the_receipt_of_a_version_lays_that_version_open(town: Town) -> None:
    lodged = town.lodge()
    town.desk("intake-clerk").muniments.revise(lodged.subject, document("again"), withheld={"proprietor": "J. Brown"})
    desk = town.desk("reader")
    first = desk.receipts.take(str(lodged.position), disclosures=True)[1]
    last = desk.receipts.take(lodged.subject, disclosures=True)[1]
    told = [checked(town, one).disclosed["proprietor"] for one in (first, last)]
    assert told == ["Amara Okafor", "J. Brown"]


def test_a_reading_can_be_laid_open_by_nobody_through_a_receipt(town: Town) -> None:
    town.desk("reader").muniments.open(town.lodge().subject, io.BytesIO())
    position = town.office.store.head().size - 1
    found = checked(town, town.desk("reader").receipts.take(str(position), disclosures=True)[1])
    assert (found.officer, dict(found.disclosed)) == (None, {})


def test_a_name_that_the_enrolment_withholds_is_not_laid_open(town: Town) -> None:
    _, receipt = town.desk("auditor").receipts.take("officer/3", disclosures=True)
    assert checked(town, receipt).disclosed == {}


def test_one_byte_changed_anywhere_in_a_receipt_is_refused(town: Town) -> None:
    """Every seventh byte of one: no change verifies, and none gives another error than `Unproven`."""
    subject = town.lodge(visibility=Visibility.PUBLIC).subject
    _, receipt = town.office.public().receipts.take(subject)
    policy = town.office.policy_text()
    for at in range(0, len(receipt), 7):
        spoilt = receipt[:at] + bytes([receipt[at] ^ 1]) + receipt[at + 1 :]
        with pytest.raises(Unproven):
            verify(spoilt, policy)


def test_a_receipt_of_another_registry_is_refused(town: Town, tmp_path: Path) -> None:
    other = Town(tmp_path, origin="registry.example/elsewhere")
    _, receipt = other.office.public().receipts.take("registry")
    with pytest.raises((BadSignature, ProofFailed, Malformed)):
        checked(town, receipt)
    other.close()


def test_the_public_is_disclosed_nothing(town: Town) -> None:
    subject = town.lodge(visibility=Visibility.PUBLIC).subject
    with pytest.raises(NotHeld, match="disclosed to a signed-in officer only; give --officer"):
        town.office.public().receipts.take(subject, disclosures=True)


@pytest.mark.parametrize("what", ["999999", "9007199254740991"])
def test_a_position_that_is_not_recorded_is_told_so(town: Town, what: str) -> None:
    with pytest.raises(NotHeld, match=f"position {what} is not recorded here; the ledger holds"):
        town.office.public().receipts.take(what)


def test_without_a_role_no_receipt_is_taken(town: Town) -> None:
    town.enrol("nobody", None)
    with pytest.raises(NotPermitted, match="you may not take a receipt: officer/9 is without a role in HMLR"):
        town.desk("nobody").receipts.take("registry")


def test_beside_the_office_receipts_are_taken_of_what_is_sealed(town: Town) -> None:
    subject = town.lodge(visibility=Visibility.PUBLIC).subject
    town.office.services.seal()
    with Office.reading(town.settings) as beside:
        assert checked(town, beside.public().receipts.take(subject)[1], BODY).content
