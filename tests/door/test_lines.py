"""A desk's connections: a long verb keeps nobody waiting, and a desk comes back with its office."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.door import frames, lines
from registry.door.frames import Line, Message, Signed
from registry.door.lines import MOST
from registry.errors import Away, NotPermitted, Unsettled
from registry.records.muniment import MunimentKind, Visibility
from registry.records.roles import Role
from tests.door.behind import DoorTown
from tests.town import document

PATIENCE_S = 20.0


class Held:
    """A verb that goes on until it may end: a dry run that is told how far it is."""

    def __init__(self, ask: Callable[[Callable[..., None]], object]) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=ask, args=(self._told,))
        self._thread.start()
        assert self.begun.wait(PATIENCE_S)

    def _told(self, *_: object) -> None:
        self.begun.set()
        assert self.may_end.wait(PATIENCE_S)

    def end(self) -> None:
        """Let it end, and wait."""
        self.may_end.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@pytest.fixture
def sales() -> Path:
    return Path(__file__).parents[2] / "fixtures" / "adds.csv"


def test_a_load_keeps_none_of_its_clerks_other_questions_waiting(town: DoorTown, sales: Path) -> None:
    desk = town.desk("loader")
    run = Held(lambda told: desk.loads.dry_run(sales, told=told))
    assert desk.lookups.find("K871204") == ()
    assert desk.status().size > 0
    run.end()
    assert town.door.connections() == 2


def test_what_records_does_not_wait_for_what_reads(town: DoorTown, sales: Path) -> None:
    town.desk("founder").officers.appoint("officer/2", Role.LOADER)
    desk = town.desk("registrar")
    runs = [Held(lambda told: desk.loads.dry_run(sales, told=told)) for _ in range(4)]
    waiting = threading.Thread(target=desk.status)
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    subject = town.lodge().subject
    assert desk.muniments.withdraw(subject, "lodged by mistake").position > 0
    for run in runs:
        run.end()
    waiting.join(PATIENCE_S)
    assert not waiting.is_alive()
    assert town.door.connections() <= MOST


def test_a_desk_comes_back_with_its_office_by_the_key_it_holds(town: DoorTown) -> None:
    desk = town.knock().sign_in(town.references["intake-clerk"], town.sign("intake-clerk"), town.office.origin)
    assert desk.away() == ""
    town.door.close()
    assert "the office is closing" in desk.away()
    with pytest.raises(Away, match="nothing recorded"):
        desk.status()
    town.office.close()
    town.open()
    assert desk.away() == ""
    assert desk.muniments.lodge(document(), MunimentKind.DEED).position > 0


def test_an_officer_revoked_while_the_office_was_away_does_not_come_back(town: DoorTown) -> None:
    desk = town.knock().sign_in(town.references["intake-clerk"], town.sign("intake-clerk"), town.office.origin)
    town.desk("founder").officers.revoke(town.references["intake-clerk"], "left the office")
    town.door.close()
    town.office.close()
    town.open()
    assert "was revoked" in desk.away()
    with pytest.raises(NotPermitted, match="was revoked"):
        desk.status()


def test_a_desk_that_was_left_asks_nothing_more(town: DoorTown) -> None:
    desk = town.knock().sign_in(town.references["intake-clerk"], town.sign("intake-clerk"), town.office.origin)
    desk.leave()
    with pytest.raises(Away, match="was left"):
        desk.status()


def test_leaving_at_once_breaks_off_what_reads(town: DoorTown, sales: Path) -> None:
    """As the workbench does when it ends: an office that stands still must not keep it."""
    desk = town.knock().sign_in(town.references["loader"], town.sign("loader"), town.office.origin)
    with pytest.raises(Away):
        desk.loads.dry_run(sales, told=lambda progress: desk.leave(at_once=True))


def test_leaving_at_once_lets_what_records_end(town: DoorTown, sales: Path, tmp_path: Path) -> None:
    desk = town.knock().sign_in(town.references["loader"], town.sign("loader"), town.office.origin)
    report = desk.loads.load(sales, rejects=tmp_path / "rejects", told=lambda progress: desk.leave(at_once=True))
    assert report.recorded == 60


def test_leaving_waits_for_what_records_no_longer_than_a_minute(
    town: DoorTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An office that stands still may never answer; what it had signed is looked up later."""
    monkeypatch.setattr(lines, "LAST_WAIT_S", 0.1)
    recorded, may_answer = threading.Event(), threading.Event()

    def stand_still(milestone: str) -> None:
        if milestone == "ledger committed":
            recorded.set()
            may_answer.wait(PATIENCE_S)

    town.reopen(stand_still)
    desk = town.knock().sign_in(town.references["intake-clerk"], town.sign("intake-clerk"), town.office.origin)
    lost: list[Unsettled] = []

    def lodge() -> None:
        with pytest.raises(Unsettled) as raised:
            desk.muniments.lodge(document(), MunimentKind.DEED)
        lost.append(raised.value)

    thread = threading.Thread(target=lodge)
    thread.start()
    assert recorded.wait(PATIENCE_S)
    desk.leave(at_once=True)
    thread.join(PATIENCE_S)
    may_answer.set()
    assert town.desk("intake-clerk").day.outcome(lost[0].key) is not None


def cut_after(town: DoorTown, monkeypatch: pytest.MonkeyPatch, *, signed: bool) -> None:
    """Cut the client off just before, or just after, it has handed its signature over an act to the office."""
    send = Line.send
    left = [2]  # the challenge, then the act

    def sent(self: Line, message: Message) -> None:
        if isinstance(message, Signed):
            left[0] -= 1
            if not left[0]:
                if signed:
                    send(self, message)
                self.close()
                raise frames.Gone("cut")
        send(self, message)

    monkeypatch.setattr(Line, "send", sent)


@pytest.mark.parametrize("signed", [True, False])
def test_an_act_whose_answer_was_lost_is_found_by_its_request_key_or_was_not_recorded(
    town: DoorTown, monkeypatch: pytest.MonkeyPatch, signed: bool
) -> None:
    cut_after(town, monkeypatch, signed=signed)
    before = town.office.store.head().size
    desk = town.desk("intake-clerk")
    with pytest.raises(Unsettled, match="looked up by its request key") as raised:
        desk.muniments.lodge(document(), MunimentKind.DEED)
    town.door.close()  # whatever was on its way ends here
    town.office.close()
    monkeypatch.undo()
    town.open()
    found = desk.day.outcome(raised.value.key)
    if signed:
        assert found is not None
        assert (found.position, found.kind, found.refused) == (before, "LODGED", False)
    else:
        assert found is None
    assert town.office.store.head().size == before + (1 if signed else 0)


def test_a_request_key_tells_its_own_officer_alone(town: DoorTown) -> None:
    town.lodge()
    position = town.office.store.head().size - 1
    act = town.office.services.act(position)
    assert act is not None
    assert town.desk("intake-clerk").day.outcome(act.intent.key) is not None
    assert town.desk("auditor").day.outcome(act.intent.key) is None
    assert town.desk("intake-clerk").day.outcome("no such key") is None


def test_a_refused_act_is_found_as_refused(town: DoorTown, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = town.lodge().subject
    cut_after(town, monkeypatch, signed=True)
    desk = town.desk("reader")
    with pytest.raises(Unsettled) as raised:
        desk.muniments.withdraw(subject, "not mine to withdraw")
    monkeypatch.undo()
    town.door.close()
    town.office.close()
    town.open()
    found = desk.day.outcome(raised.value.key)
    assert found is not None
    assert found.refused


def test_a_reading_whose_answer_was_lost_is_just_asked_again(town: DoorTown, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = town.lodge(visibility=Visibility.OWN).subject
    cut_after(town, monkeypatch, signed=True)
    desk = town.desk("intake-clerk")
    with pytest.raises(Away) as raised:
        desk.lookups.show(subject)
    assert not isinstance(raised.value, Unsettled)
    monkeypatch.undo()
    assert desk.lookups.show(subject).subject == subject
