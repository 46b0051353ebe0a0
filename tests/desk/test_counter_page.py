"""The counter page: a receipt in plain words on one printed page, made from receipt and policy alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.desk.counter_page import COLUMNS, LINES, counter_page
from registry.errors import Unproven
from registry.ledger.receipt import verify
from registry.records.encoding import from_base64, to_base64
from tests.town import Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path).staff()
    yield town
    town.close()


def test_it_fits_a_page_says_what_it_proves_and_what_not_and_tells_no_withheld_detail(town: Town) -> None:
    subject = town.lodge().subject
    desk = town.desk("reader")
    receipt, policy = desk.receipts.take(subject)[1], desk.receipts.policy()
    page = counter_page(receipt, policy, receipt_file="deed.tlog-proof")
    lines = page.split("\n")
    assert len(lines) <= LINES + 1
    assert max(map(len, lines)) <= COLUMNS
    words = " ".join(page.split())
    for sentence in (
        "this record was lodged on 22 November 2025, by HMLR.",
        "That this is the latest word on the matter, or that what the record says is true.",
        "Sealed; no witnesses appointed.",
        "muniment verify deed.tlog-proof --policy POLICY-FILE",
        f"({subject})",
    ):
        assert sentence in words
    assert "Okafor" not in page


def test_its_hashes_are_those_of_the_receipt_and_stand_in_its_second_half(town: Town) -> None:
    desk = town.desk("reader")
    receipt, policy = desk.receipts.take(town.lodge().subject)[1], desk.receipts.policy()
    page = counter_page(receipt, policy, receipt_file="r")
    found = verify(receipt, policy)
    root = next(line.split()[1] for line in page.split("\n") if line.startswith("  root"))
    assert from_base64(root) == found.satisfied.checkpoint.root
    assert f"position  {found.index}\n" in page
    half = page.split("\n")[: len(page.split("\n")) // 2]
    assert to_base64(found.satisfied.checkpoint.root) not in "\n".join(half)


def test_no_page_is_made_of_a_receipt_that_does_not_hold(town: Town) -> None:
    desk = town.desk("reader")
    receipt, policy = desk.receipts.take(town.lodge().subject)[1], desk.receipts.policy()
    at = verify(receipt, policy).index
    with pytest.raises(Unproven):
        counter_page(receipt.replace(f"index {at}".encode(), f"index {at - 1}".encode()), policy, receipt_file="r")
