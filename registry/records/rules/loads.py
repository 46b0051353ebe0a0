"""Loads: opened under their own position, closed once by whoever opened them."""

from __future__ import annotations

from registry.errors import NotHeld, NotPermitted, Stale, WrongState
from registry.records.acts import Kind
from registry.records.rules.case import Case, Decision, Rule


def _open_load(case: Case) -> Decision:
    if case.subject != f"load/{case.position}":
        raise Stale(f"a load is named by its own position, {case.position}", rule="load-position")
    return Decision()


def _close_load(case: Case) -> Decision:
    if case.load is None:
        raise NotHeld(f"{case.subject} is not a load here")
    if not case.load.open:
        raise WrongState(f"{case.subject} was closed before", rule="load-open")
    if case.load.officer != case.officer:
        raise NotPermitted(f"{case.subject} is {case.load.officer}'s to close", rule="own-load")
    return Decision()


RULES: dict[Kind, Rule] = {
    Kind.LOAD_OPENED: _open_load,
    Kind.LOAD_CLOSED: _close_load,
}
