"""Keys of the workbench: each has an id of its own, a name on the key line, and is one that arrives."""

from __future__ import annotations

import re

from textual.binding import Binding

from tui.app import Workbench
from tui.screens.status import StatusScreen
from tui.widgets.key_line import NAMES

# What terminals and multiplexers swallow or turn into something else.
NEVER_ARRIVES = re.compile(r"ctrl\+[him]|alt\+\d|ctrl\+enter|f11")


def declared() -> list[Binding]:
    found = [*StatusScreen.BINDINGS, *Workbench.BINDINGS]
    return [binding for binding in found if isinstance(binding, Binding)]


def test_every_binding_has_an_id_and_no_two_share_one() -> None:
    ids = [binding.id for binding in declared()]
    assert None not in ids
    assert len(set(ids)) == len(ids)


def test_every_key_arrives_and_has_a_name() -> None:
    for binding in declared():
        assert not NEVER_ARRIVES.fullmatch(binding.key)
        assert NAMES[binding.key]
        assert binding.description
