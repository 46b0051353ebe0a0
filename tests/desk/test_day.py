"""An officer's day: what he may do, the newest acts that are his to know, the loads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.errors import NotPermitted
from registry.records.muniment import Visibility
from registry.records.roles import Role, Verb
from tests.town import Town

SALES = Path(__file__).parents[2] / "fixtures" / "sales.csv"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path).staff()
    yield town
    town.close()


def test_what_may_not_be_done_is_told_with_who_can(town: Town) -> None:
    day = town.desk("reader").day
    assert day.roles() == ("reader",)
    assert day.why_not(Verb.SEARCH) == ""
    assert f"{town.references['intake-clerk']}" in day.why_not(Verb.MUNIMENT_LODGE)
    assert day.reads_only() == ""


def test_acts_stay_on_the_day_behind_a_load_of_thousands(town: Town) -> None:
    town.lodge()
    town.desk("loader").loads.load(SALES)
    kinds = [view.kind for view in town.desk("reader").day.newest()]
    assert kinds[:3] == ["LOAD_CLOSED", "LOAD_OPENED", "LODGED"]
    assert "SALE_RECORD" not in kinds
    assert len(town.desk("reader").day.loads()) == 1


def test_what_is_not_yours_to_know_is_not_on_your_day(town: Town) -> None:
    mine = town.lodge(visibility=Visibility.OWN).subject
    assert mine in [view.subject for view in town.desk("reader").day.newest()]
    assert mine not in [view.subject for view in town.desk("police-reader").day.newest()]
    shown = next(view for view in town.desk("reader").day.newest() if view.subject == mine)
    assert "title" not in shown.details


def test_loads_are_told_to_those_who_may_look_at_them(town: Town) -> None:
    town.enrol("nobody", None)
    with pytest.raises(NotPermitted):
        town.desk("nobody").day.loads()
    assert Role.READER.value in town.desk("reader").day.roles()


def test_a_key_of_the_officers_own_is_the_same_each_time_and_anothers_differs(town: Town) -> None:
    def make(sign: object, origin: str) -> bytes:
        assert callable(sign)
        signature = sign(origin.encode())
        assert isinstance(signature, bytes)
        return signature

    assert town.desk("reader").derive(make) == town.desk("reader").derive(make)
    assert town.desk("reader").derive(make) != town.desk("loader").derive(make)
