"""Questions go before loads, and no load stands still for them."""

from __future__ import annotations

import threading
from time import monotonic

from registry.sequencer import Courtesy
from registry.sequencer.courtesy import LONGEST_S


def test_nobody_waits_where_nobody_asks() -> None:
    courtesy = Courtesy()
    assert courtesy.give_way() == 0.0
    with courtesy.first():
        assert courtesy.asked_within(0.0)
    assert courtesy.give_way() == 0.0
    assert courtesy.asked_within(60.0)


def test_who_gives_way_goes_on_as_soon_as_the_question_is_answered() -> None:
    courtesy = Courtesy()
    asked, answered, went_on = threading.Event(), threading.Event(), threading.Event()

    def ask() -> None:
        with courtesy.first():
            asked.set()
            answered.wait(20)

    def load() -> None:
        courtesy.give_way(20)
        went_on.set()

    threads = [threading.Thread(target=ask), threading.Thread(target=load)]
    threads[0].start()
    assert asked.wait(20)
    threads[1].start()
    assert not went_on.wait(LONGEST_S)
    answered.set()
    assert went_on.wait(20)
    for thread in threads:
        thread.join()


def test_a_question_without_end_holds_a_load_up_for_a_moment_only() -> None:
    courtesy = Courtesy()
    with courtesy.first():
        began = monotonic()
        assert LONGEST_S <= courtesy.give_way() <= monotonic() - began
