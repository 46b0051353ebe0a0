"""A service's desks at the door: a few at once, bounded in number and time, and knocked for again."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from registry.door.desks import MOST_DESKS, REST_S, Desks
from registry.door.verbs import VERBS
from registry.errors import Busy, NotPermitted
from tests.door.behind import DoorTown
from tests.gateway.clients import assertion, enrol
from tests.town import ORIGIN


def desks(town: DoorTown, registry: Path | None = None) -> Desks:
    sign = town.sign("reader")
    return Desks(registry or town.settings.registry, town.references["reader"], sign, ORIGIN, patience_s=0.5)


def until(true: Callable[[], bool], within_s: float = 20) -> None:
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_many_ask_at_once_through_a_few_desks_and_each_assertion_is_taken_once(town: DoorTown) -> None:
    enrol(town)
    words = [assertion(now=town.clock.now) for _ in range(40)]
    with desks(town) as service, ThreadPoolExecutor(16) as threads:
        before = town.door.connections()
        admitted = list(threads.map(service.departments.admit, words))
        assert {one.department for one in admitted} == {"POL"}
        assert town.door.connections() - before <= MOST_DESKS
        for word in words:
            with pytest.raises(NotPermitted, match="used before"):
                service.departments.admit(word)


def test_an_office_that_came_back_is_knocked_for_again(town: DoorTown) -> None:
    enrol(town)
    with desks(town) as service:
        assert service.there()
        service.departments.admit(assertion(now=town.clock.now))
        town.close()
        assert not service.there()
        for _ in range(2):
            with pytest.raises(Busy):
                service.departments.admit(assertion(now=town.clock.now))
        town.clock.now += 2_000
        town.open()

        def again() -> bool:
            try:
                return service.departments.admit(assertion(now=town.clock.now)).department == "POL"
            except Busy:
                return False

        until(again, REST_S + 5)


def test_a_door_behind_which_nobody_answers_costs_a_moment_and_then_nothing(town: DoorTown, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent, desks(town, tmp_path) as service:
        silent.bind(str(tmp_path / "door"))
        silent.listen(8)
        for most_s in (5.0, 0.4):
            began = time.monotonic()
            with pytest.raises(Busy):
                service.departments.admit("x")
            assert time.monotonic() - began < most_s


def test_an_officer_who_was_revoked_is_busy_to_departments_and_not_their_fault(town: DoorTown) -> None:
    with desks(town) as service:
        town.desk("founder").officers.revoke("reader", "left")
        with pytest.raises(Busy, match=r"does not let officer/\d+ in"):
            service.departments.admit(assertion(now=town.clock.now))


def test_an_office_that_is_older_is_busy_to_departments(town: DoorTown, monkeypatch: pytest.MonkeyPatch) -> None:
    enrol(town)
    with desks(town) as service:
        admit = service.departments.admit
        monkeypatch.delitem(VERBS, "departments.admit")
        with pytest.raises(Busy, match=r"does not know departments\.admit"):
            admit(assertion(now=town.clock.now))


def test_leaving_leaves_the_office_also_where_somebody_still_asks(town: DoorTown) -> None:
    enrol(town)
    before = town.door.connections()
    service = desks(town)
    asking = threading.Thread(target=service.departments.admit, args=(assertion(now=town.clock.now),))
    asking.start()
    service.close()
    asking.join()
    until(lambda: town.door.connections() == before)
