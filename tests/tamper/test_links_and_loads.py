"""Links that lead astray, histories cut or doubled, rows that no load covers: named by the audit from entries alone."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import UNSET

from registry.records import acts
from registry.records.acts import Kind, Previous, Row, decode_entry
from registry.records.encoding import canonical
from tests.honest import START_MS, YEAR_MS, Person
from tests.simulator import Operator
from tests.tamper.audited import UNTIL, lodged, named

People = dict[str, Person]


def test_a_number_that_stands_twice(operator: Operator, people: People) -> None:
    entries = operator.entries()
    at = next(at for at, raw in enumerate(entries) if b'"kind":"REVISED"' in raw and b'"number":2' in raw)
    first = decode_entry(entries[at])
    revised = acts.Revised(vault=lodged().vault, version=2)
    other = operator.composed(people["clerk"].proposal(Kind.REVISED, revised, first.subject, "fork"))
    fork = operator.append(msgspec.structs.replace(other, number=2, previous=first.previous))
    named(operator, fork, first.subject, "number 2 stands twice")


def test_a_subject_that_begins_again(operator: Operator, people: People) -> None:
    deed = decode_entry(operator.entries()[620]).subject
    act = operator.composed(people["clerk"].proposal(Kind.LODGED, lodged(), deed, "again"), number=1, previous=UNSET)
    at = operator.append(act)
    named(operator, at, deed, "begins again", "it began at position 620")


@pytest.mark.parametrize(("previous", "says"), [
    (Previous(hash="A" * 43 + "=", position=620), "the tree holds"),
    (Previous(hash="A" * 43 + "=", position=9_999), "does not lie before it"),
    (Previous(hash="A" * 43 + "=", position=3), "where officer/1 stands"),
])  # fmt: skip
def test_a_broken_link(operator: Operator, people: People, previous: Previous, says: str) -> None:
    deed = decode_entry(operator.entries()[620]).subject
    revised = people["clerk"].proposal(Kind.REVISED, acts.Revised(vault=lodged().vault, version=2), deed, "broken")
    at = operator.append(operator.composed(revised, previous=previous))
    named(operator, at, deed, says)


def test_an_act_that_is_left_out(operator: Operator) -> None:
    entries = operator.entries()
    at = next(at for at, raw in enumerate(entries) if b'"number":3' in raw and b'"kind":"REVISED"' in raw)
    before = decode_entry(entries[at]).previous
    assert before is not UNSET
    deed = decode_entry(entries[at])
    first = decode_entry(entries[before.position]).previous
    operator.rewrite(at, lambda raw: canonical(msgspec.structs.replace(deed, previous=first)))
    named(operator, at, deed.subject, "follows number 1", "numbers do not run on")


def test_recorded_time_that_goes_back(operator: Operator, people: People) -> None:
    deed = "muniment/00000000-0000-4000-8000-00000000000a"
    act = operator.composed(people["late"].proposal(Kind.LODGED, lodged(), deed, "backdated"), at=START_MS + 40)
    at = operator.append(act)
    named(operator, at, deed, "recorded time never goes back")


# ---- rows and loads ----


def test_rows_recorded_after_the_loader_lost_his_role(operator: Operator) -> None:
    first = decode_entry(operator.entries()[641])
    assert isinstance(first, Row)
    late = msgspec.structs.replace(
        first, at=UNTIL + YEAR_MS, row=8, subject="sale/00000000-0000-4000-8000-00000000000B"
    )
    at = operator.append(late)
    named(operator, at, None, "the rows of load/640", "the appointment has ended")


@pytest.mark.parametrize(("members", "says"), [
    ({"load": 42}, "closed at position 563"),
    ({"load": 5}, "no load was opened there"),
    ({"row": 7}, "comes after its row 7"),
])  # fmt: skip
def test_rows_that_no_load_covers(operator: Operator, members: dict[str, int], says: str) -> None:
    entries = operator.entries()
    first = decode_entry(entries[641])
    assert isinstance(first, Row)
    row = msgspec.structs.replace(
        first,
        at=decode_entry(entries[-1]).at,
        subject="sale/00000000-0000-4000-8000-00000000000C",
        **{"row": 8, **members},
    )
    at = operator.append(row)
    named(operator, at, None, says)


def test_a_row_slipped_into_a_load_is_missed_by_its_closing(operator: Operator) -> None:
    entries = operator.entries()
    closed = next(at for at, raw in enumerate(entries) if b'"kind":"LOAD_CLOSED"' in raw)
    last = decode_entry(entries[closed - 1])
    assert isinstance(last, Row)
    slipped = msgspec.structs.replace(
        last, row=last.row + 1, number=1, previous=UNSET, subject="sale/00000000-0000-4000-8000-00000000000D"
    )
    operator.publish([*entries[:closed], canonical(slipped), *entries[closed:]], sizes=[])
    named(operator, closed + 1, "load/42", "LOAD_CLOSED of load/42 says root")
