"""The table of roles in force, as the ledger has it: each verb over the own department, over all, or never."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget
from textual.widgets import Static

from registry.records.roles import WORDS, Role, Scope, Table, Verb, scope_of
from tui.screens.page import Page
from tui.widgets.rows import Rows

SHOWN: dict[str, str] = {Scope.OWN: "own", Scope.ALL: "all", Scope.NEVER: "–"}
HEADS: dict[Role, str] = {
    Role.FOUNDER: "Fnd",
    Role.ADMINISTRATOR: "Adm",
    Role.REGISTRAR: "Reg",
    Role.INTAKE_CLERK: "Int",
    Role.LOADER: "Loa",
    Role.READER: "Rea",
    Role.AUDITOR: "Aud",
}
LEGEND = " · ".join(f"{head} {role}" for role, head in HEADS.items())
SCOPES = "own: of the own department · all: of every department · –: not at all"


class RolesScreen(Page):
    """Verbs down, roles across: `own` over what is the own department's, `all` over everything, `–` never."""

    PLACE: ClassVar[str] = "Officers › Roles"
    ACTIONS: ClassVar[tuple[str, ...]] = ("refresh",)

    def body(self) -> Iterable[Widget]:
        yield Static("What each role may do, by the rules in force", classes="head", markup=False)
        yield Rows(("May", *HEADS.values()), classes="first")
        yield Static(f"{SCOPES}\n{LEGEND}", classes="hint", markup=False)

    def on_mount(self) -> None:
        self.do_refresh()

    def do_refresh(self) -> None:
        self.ask(self.bench.desk.officers.role_table, self._show)

    def _show(self, table: Table) -> None:
        rows = [
            (verb, (_may(verb), *(SHOWN[scope_of(table, role, verb)] for role in HEADS)))
            for verb in sorted(Verb, key=lambda verb: _may(verb))
        ]
        self.query_one(Rows).fill(rows)


def _may(verb: Verb) -> str:
    """`look at a muniment`: the verb in words that are about no muniment in particular."""
    return WORDS[verb].removesuffix(" of this muniment").replace("this muniment", "a muniment")
