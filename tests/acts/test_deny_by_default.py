"""What nobody allowed is not allowed: no role, an unknown role or verb, and what is not one's own to know of."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from functools import partial

import pytest

from registry.errors import Malformed, NotHeld, NotPermitted, WrongState
from registry.records import acts
from registry.records.acts import Kind
from registry.records.encoding import canonical
from registry.records.muniment import MunimentKind, Visibility
from registry.records.roles import TABLE, Scope, Verb, check_table, scope_of
from registry.records.standing import Standing, StandingRow
from tests.acts.borough import HMLR, POL, Borough
from tests.town import document


@pytest.fixture(scope="module")
def borough(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Borough]:
    town = Borough(tmp_path_factory.mktemp("borough"))
    yield town
    town.close()


def test_a_verb_or_role_without_a_cell_reaches_nothing() -> None:
    """A registry whose table is older than the program: what it does not speak of, nobody may."""
    older = {role: {verb: scope for verb, scope in cells.items() if verb != "search"} for role, cells in TABLE.items()}
    assert {scope_of(older, role, Verb.SEARCH) for role in older} == {Scope.NEVER}
    assert {scope_of(TABLE, "king", verb) for verb in Verb} == {Scope.NEVER}
    rows = [StandingRow("officer/1", "officer", HMLR, 3), StandingRow("officer/1", "role", "king", 3)]
    assert {Standing(rows).reach("officer/1", verb, 0) for verb in Verb} == {Scope.NEVER}


def test_the_table_in_force_is_the_one_that_was_adopted_last() -> None:
    """Not the program's: an audit judges each act by the rules of its day."""
    stricter = {**TABLE, "reader": {**TABLE["reader"], "search": "never"}}
    standing = Standing([StandingRow("officer/1", "role", "reader", 3)])
    assert standing.reach("officer/1", Verb.SEARCH, 0) is Scope.ALL
    standing.apply((StandingRow("registry", "rules", canonical(stricter).decode(), 9),), (), 9)
    assert standing.reach("officer/1", Verb.SEARCH, 0) is Scope.NEVER
    assert standing.copy().reach("officer/1", Verb.SEARCH, 0) is Scope.NEVER


@pytest.mark.parametrize("cell", ["everything", "", "ALL", "own "])
def test_a_table_with_a_cell_that_is_no_scope_is_not_adopted(borough: Borough, cell: str) -> None:
    table = {**TABLE, "reader": {**TABLE["reader"], "search": cell}}
    with pytest.raises(Malformed, match="role table: reader × search holds"):
        check_table(table)
    proposal = borough.propose(
        "founder", Kind.RULES_ADOPTED, acts.RulesAdopted(table=table, version=2), "registry", department=HMLR
    )
    with pytest.raises(WrongState, match="role table: reader × search holds") as caught:
        borough.enter(proposal)
    assert caught.value.rule == "rules-text"


def test_who_holds_no_role_may_look_at_what_is_visible_and_nothing_else(borough: Borough) -> None:
    desk = borough.desk("candidate")
    assert desk.lookups.show(borough.muniment(POL)).kind == MunimentKind.DEED
    for ask in (
        partial(desk.lookups.find, "deed"),
        desk.officers.list,
        partial(desk.loads.dry_run, borough.csv()),
        partial(desk.muniments.open, borough.muniment(HMLR), io.BytesIO()),
        partial(desk.lookups.show, borough.muniment(HMLR, Visibility.OWN)),
    ):
        with pytest.raises(NotPermitted, match=r"officer/12.* is without a role in HMLR; officer/"):
            ask()


def test_what_is_forbidden_reads_like_what_is_absent(borough: Borough) -> None:
    """Same class, same words, and no reading recorded of it."""
    desk, hidden, absent = borough.desk("reader"), borough.muniment(POL, Visibility.OWN), f"muniment/{uuid.uuid4()}"
    before = borough.size
    for ask in (
        desk.lookups.show,
        desk.lookups.history,
        desk.receipts.take,
        partial(desk.receipts.take, disclosures=True),
        partial(desk.muniments.open, sink=io.BytesIO()),
        partial(desk.muniments.withdraw, reason="not ours"),
        partial(desk.muniments.revise, document=document()),
    ):
        told = []
        for subject in (hidden, absent):
            with pytest.raises(NotHeld) as caught:
                ask(subject)
            told.append(str(caught.value).replace(subject, "it"))
        assert told == ["it is not held here, or is not yours to know of"] * 2
    assert desk.lookups.find(hidden) == desk.lookups.find(absent) == ()
    assert borough.size == before


def test_a_table_that_would_lock_administrators_out_is_not_adopted(borough: Borough) -> None:
    table: dict[str, dict[str, str]] = {}
    proposal = borough.propose(
        "founder", Kind.RULES_ADOPTED, acts.RulesAdopted(table=table, version=2), "registry", department=HMLR
    )
    with pytest.raises(WrongState, match="nobody could ever mend it") as refused:
        borough.enter(proposal)
    assert refused.value.rule == "rules-mendable"
    assert refused.value.position is not None
