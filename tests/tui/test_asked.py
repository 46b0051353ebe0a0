"""Every question of a screen's is one that the door answers, or that this process answers by itself."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import tui
from registry.desk.lookups import Lookups
from registry.door.verbs import VERBS


def asked_by_screens() -> set[tuple[str, str]]:
    """(counter, method) of every `desk.counter.method` in the workbench; the counter is empty for the desk's own."""
    found: set[tuple[str, str]] = set()
    counters = {row.name.partition(".")[0] for row in VERBS.values() if "." in row.name}
    for path in Path(inspect.getfile(tui)).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Attribute(attr=method, value=ast.Attribute(attr=counter, value=desk)) if is_desk(desk):
                    found.add((counter, method))
                case ast.Attribute(attr=method, value=desk) if is_desk(desk) and method not in counters:
                    found.add(("", method))
                case ast.Attribute(attr=method, value=ast.Name(id="day")):
                    found.add(("day", method))
    return found


def is_desk(node: ast.AST) -> bool:
    match node:
        case ast.Name(id="desk") | ast.Attribute(attr="desk"):
            return True
    return False


OWN = {"officer", "department", "wrong_passphrases", "derive", "leave"}
"""What a desk behind the door has, or does, in the officer's own process."""


def test_whatever_a_screen_asks_the_door_answers_or_this_process_does() -> None:
    found = asked_by_screens()
    assert {("lookups", "find"), ("muniments", "lodge"), ("day", "why_not"), ("", "status")} <= found
    for counter, method in found:
        kind = {"lookups": Lookups}.get(counter)
        done_here = kind is not None and isinstance(vars(kind).get(method), staticmethod)
        name = f"{counter}.{method}" if counter else method
        assert name in VERBS or done_here or (not counter and method in OWN), name
