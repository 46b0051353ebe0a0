"""The parts of the workbench that `g` goes to. Each is a Textual mode: it stands as it was left.

A new one: its action `go-…` with a letter in `tui/actions.py`, its screen, and a line here.
"""

from __future__ import annotations

from tui.bench import Place
from tui.screens.audit import AuditScreen
from tui.screens.home import Home
from tui.screens.load import LoadScreen
from tui.screens.lodge import LodgeScreen
from tui.screens.officers import OfficersScreen
from tui.screens.search import Search

HOMES: tuple[Place, ...] = (
    Place("home", "go-home", Home),
    Place("search", "go-search", Search),
    Place("lodge", "go-lodge", LodgeScreen),
    Place("load", "go-load", LoadScreen),
    Place("audit", "go-audit", AuditScreen),
    Place("officers", "go-officers", OfficersScreen),
)
