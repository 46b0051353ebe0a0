"""Officers and roles, for administrators: who is here, what waits for a second word, and the acts on them.

Every key here is an act signed by this officer. With two administrators each such act waits for the other's word
(`c`); the list shows what waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from re import sub
from typing import ClassVar

from textual import on
from textual.widget import Widget
from textual.widgets import Static

from registry.desk.desk import Desk
from registry.desk.officers import DepartmentView, OfficerView
from registry.errors import RegistryError
from registry.records.text import safe
from tui import wording
from tui.actions import Action
from tui.handed import Answer
from tui.screens.appointing import AppointScreen, EnrolScreen, RevokeScreen
from tui.screens.confirmation import Confirmation
from tui.screens.page import Page
from tui.screens.roles import RolesScreen
from tui.widgets.acts import day
from tui.widgets.rows import Rows

COLUMNS = ("Officer", "Name", "Dept", "Roles and state")
SHOWN = 200  # characters of one cell
Listed = tuple[tuple[OfficerView, ...], tuple[DepartmentView, ...]]


class OfficersScreen(Page):
    """The list; `a`, `x` and `c` are about the officer under the cursor."""

    PLACE: ClassVar[str] = "Officers"
    ACTIONS: ClassVar[tuple[str, ...]] = ("enrol", "appoint", "confirm", "revoke", "roles", "refresh")

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[str, OfficerView] = {}
        self._departments: tuple[DepartmentView, ...] = ()
        self._recording = False

    def body(self) -> Iterable[Widget]:
        yield Static("Officers", classes="head", markup=False)
        yield Rows(COLUMNS, classes="first")
        yield Static("", id="chosen", classes="hint", markup=False)

    def opened(self) -> None:
        self.do_refresh()

    def do_refresh(self) -> None:
        desk = self.bench.desk
        self.ask(partial(_listed, desk), self._show)

    def _show(self, listed: Listed) -> None:
        officers, self._departments = listed
        self._found = {one.officer: one for one in officers}
        rows = self.query_one(Rows)
        cells = [(one.officer, one.name, one.department, state_of(one)) for one in officers]
        rows.fill((row[0], [safe(cell, SHOWN) for cell in row]) for row in cells)
        self._moved()

    @on(Rows.RowHighlighted)
    def _moved(self) -> None:
        one = self.chosen
        shown = f"{one.officer} {one.name}: {state_of(one)}" if one else ""
        self.query_one("#chosen", Static).update(safe(shown, 2 * SHOWN))
        self.show_keys()

    @property
    def chosen(self) -> OfficerView | None:
        """The officer under the cursor."""
        return self._found.get(self.query_one(Rows).current)

    def why_not(self, action: Action) -> str:
        one = self.chosen
        if action.id == "enrol" and self.bench.enrol is None:
            return "the office is not open at this desk, so no key file can be made here"
        if action.id in ("appoint", "confirm", "revoke") and one is None:
            return "there is no officer under the cursor"
        if action.id in ("appoint", "revoke") and one is not None and one.revoked is not None:
            return f"{one.officer} was revoked at position {one.revoked:,}"
        if action.id == "confirm" and one is not None and not one.awaits:
            return f"nothing about {one.officer} waits for a second administrator"
        return ""

    # ---- acts ----

    def do_enrol(self) -> None:
        if self.bench.enrol is not None:
            self.bench.push_screen(EnrolScreen(self.bench.enrol, self._departments))

    def do_appoint(self) -> None:
        if (one := self.chosen) is not None:
            self.bench.push_screen(AppointScreen(one))

    def do_revoke(self) -> None:
        if (one := self.chosen) is not None:
            self.bench.push_screen(RevokeScreen(one))

    def do_roles(self) -> None:
        self.bench.push_screen(RolesScreen())

    def do_confirm(self) -> None:
        one = self.chosen
        if one is None or not one.awaits or self._recording:
            return
        position = one.awaits[0]
        question = (
            f"The act at position {position:,} on {one.officer} {one.name} comes into force with your word.\n"
            "Look at it first: its officer signed it, you answer for it."
        )
        dialog = Confirmation("Give the second administrator's word?", question, "Yes, confirm it")
        self.bench.push_screen(dialog, partial(self._confirmed, position))

    def _confirmed(self, position: int, yes: bool | None) -> None:
        if yes:
            self._recording = True
            self.bench.say(wording.FILING.say())
            desk = self.bench.desk
            self.record(lambda: desk.officers.confirm(position), self._in_force, self._refused, late=self._in_force)

    def _in_force(self, answer: Answer) -> None:
        self._recording = False
        self.bench.say(wording.CONFIRMED.say(position=answer.position, kind=answer.kind, subject=answer.subject))
        self.do_refresh()

    def _refused(self, error: RegistryError) -> None:
        self._recording = False
        self._tell(error)


def _listed(desk: Desk) -> Listed:
    return desk.officers.list(), desk.officers.departments()


def state_of(one: OfficerView) -> str:
    """`registrar (until 31 Dec 2027) · may open the office`; what waits for a second administrator stands first."""
    if one.revoked is not None:
        return f"✗ revoked at {wording.counted(one.revoked)}"
    roles = [sub(r"\d{4}-\d\d-\d\d", lambda found: day(found[0]), role) for role in one.roles]
    waits = [f"… waits for a second administrator: {wording.counted(position)}" for position in one.awaits]
    return " · ".join([*waits, *(roles or ["no role"]), *(["may open the office"] if one.may_open else [])])
