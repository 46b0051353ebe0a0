"""The registry of actions: every key has one meaning on a screen, a sentence, a method, and arrives in a terminal."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Any

import pytest

import tui.screens
from tui.actions import ACTIONS, bindings, key_name, keys_of
from tui.app import EVERYWHERE, Workbench
from tui.homes import HOMES
from tui.screens.acting import Acting

# What terminals and multiplexers swallow or turn into something else.
NEVER_ARRIVES = re.compile(r"ctrl\+[him]|alt\+\d|ctrl\+(enter|space|backspace)|ctrl\+shift\+.*|f11|f1[3-9]|f2\d")
ABSTRACT = {"Acting", "Page", "Dialog", "Choose"}


def screens() -> list[type[Acting[Any]]]:
    for module in pkgutil.iter_modules(tui.screens.__path__):
        importlib.import_module(f"tui.screens.{module.name}")
    found: list[type[Acting[Any]]] = []
    waiting: list[type[Any]] = [Acting]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if one.__name__ not in ABSTRACT and one.__module__.startswith("tui.") and one not in found:
            found.append(one)
    return sorted(found, key=lambda one: one.__name__)


def test_every_binding_has_an_id_of_its_own() -> None:
    ids = [binding.id for binding in bindings(ACTIONS)]
    assert None not in ids
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.id)
def test_every_action_is_documented_and_its_keys_arrive(action: Any) -> None:
    assert action.name
    assert action.sentence.endswith(".")
    assert action.keys or action.go or not action.shown, "it can be reached from the palette alone, and is not shown"
    for key in action.keys:
        assert not NEVER_ARRIVES.fullmatch(key), key
        assert key_name(key)
    assert keys_of(action) or action.id in ("theme",)


@pytest.mark.parametrize("screen", screens(), ids=lambda screen: screen.__name__)
def test_on_a_screen_every_key_means_one_thing_and_every_action_can_be_done(screen: type[Acting[Any]]) -> None:
    here = (*screen.ACTIONS, *screen.EVERYWHERE)
    assert len(set(here)) == len(here)
    taken: dict[str, str] = {}
    for name in here:
        for key in ACTIONS[name].keys:
            assert key not in taken, f"{key} is {taken.get(key)} and {name}"
            taken[key] = name
        method = "do_" + name.replace("-", "_")
        assert hasattr(screen, method) or hasattr(Workbench, method), method
    for name in screen.EVERYWHERE:
        assert name in EVERYWHERE, f"{name} has no key there"


def test_no_action_is_dead() -> None:
    used = {name for screen in screens() for name in (*screen.ACTIONS, *screen.EVERYWHERE)}
    used |= {home.action for home in HOMES}
    assert set(ACTIONS) == used


def test_homes_have_letters_of_their_own() -> None:
    letters = [ACTIONS[home.action].go for home in HOMES]
    assert all(letters)
    assert len(set(letters)) == len(letters)
    assert {home.action for home in HOMES} == {action.id for action in ACTIONS.values() if action.go}
