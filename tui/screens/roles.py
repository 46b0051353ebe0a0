"""The table of roles that this program adopts: each verb over the own department, over all, or never."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget
from textual.widgets import Static

from registry.records.roles import TABLE, WORDS, Role, Scope, Verb, scope_of
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


class RolesScreen(Page):
    """Verbs down, roles across: `own` over what is the own department's, `all` over everything, `–` never."""

    PLACE: ClassVar[str] = "Officers › Roles"
    ACTIONS: ClassVar[tuple[str, ...]] = ()

    def body(self) -> Iterable[Widget]:
        yield Static("What each role may do", classes="head", markup=False)
        yield Rows(("May", *HEADS.values()), classes="first")
        yield Static(LEGEND, classes="hint", markup=False)

    def on_mount(self) -> None:
        rows = [
            (
                verb,
                (
                    WORDS[verb].removesuffix(" of this muniment"),
                    *(SHOWN[scope_of(TABLE, role, verb)] for role in HEADS),
                ),
            )
            for verb in Verb
        ]
        self.query_one(Rows).fill(rows)
