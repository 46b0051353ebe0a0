"""The workbench's application: its screens, its modes, and what keys do everywhere.

It opens no registry. Homes are Textual modes, each with a stack of its own; only details and dialogs are pushed.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import BindingType
from textual.screen import Screen

from tui import themes, wording
from tui.actions import ACTIONS, Action, bindings
from tui.bench import Bench
from tui.homes import HOMES
from tui.screens.acting import Acting
from tui.screens.go import Go
from tui.screens.help import Help
from tui.screens.lock import Lock
from tui.screens.palette import Palette
from tui.screens.search import Search
from tui.screens.sign_in import SignInScreen

EVERYWHERE = ("help", "palette", "back", "go", "search-box", "lock", "quit", "theme")


class Workbench(Bench):
    """Started with the function to sign in with, and a clock: see `Bench`."""

    CSS_PATH = "workbench.tcss"
    TITLE = "Muniment"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (96, "-wide"), (140, "-xwide")]  # noqa: RUF012 (an instance's, to Textual)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(EVERYWHERE)]
    MODES: ClassVar[dict[str, Any]] = {home.mode: home.screen for home in HOMES}
    homes = HOMES

    def get_default_screen(self) -> Screen[Any]:
        return SignInScreen()

    @property
    def acting(self) -> Acting[Any] | None:
        """The current screen."""
        screen = self.screen
        return screen if isinstance(screen, Acting) else None

    def action_do(self, name: str) -> None:
        """A key was pressed."""
        self.do(ACTIONS[name])

    def do(self, action: Action) -> None:
        """Do it where it belongs: on the current screen, else here. What is not allowed says why."""
        screen = self.acting
        if screen is None or action.id not in (*screen.ACTIONS, *screen.EVERYWHERE):
            return
        why = self.why_not(action)
        if why:
            self.drop_keys()  # what was typed ahead was meant for what is not coming
            self.say(wording.NOT_ALLOWED.say(why=why))
            return
        method = "do_" + action.id.replace("-", "_")
        owner = screen if hasattr(screen, method) else self
        getattr(owner, method)()

    def do_back(self) -> None:
        if len(self.screen_stack) > 1:
            self.pop_screen()
        elif self.seat is not None:
            self.go("home")

    def do_go(self) -> None:
        self.push_screen(Go(), self._gone)

    def _gone(self, mode: str | None) -> None:
        if mode is not None:
            self.go(mode)

    def do_search_box(self) -> None:
        self.go("search")
        while len(self.screen_stack) > 1:
            self.pop_screen()
        screen = self.screen
        if isinstance(screen, Search):
            screen.do_search_box()

    def do_help(self) -> None:
        self.push_screen(Help(self.acting))

    def do_palette(self) -> None:
        self.push_screen(Palette(self.acting), self._chosen)

    def _chosen(self, name: str | None) -> None:
        if name is None:
            return
        home = next((home for home in HOMES if home.action == name), None)
        if home is not None:
            self.go(home.mode)
        else:
            self.do(ACTIONS[name])

    def do_theme(self) -> None:
        names = (themes.NIGHT, themes.DAY, themes.CONTRAST)
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
        self.say(wording.COPYING_THEME.say(theme=self.theme.removeprefix("muniment-")))

    def do_quit(self) -> None:
        self.exit()

    def do_lock(self) -> None:
        if self.seat is not None:
            name, presence, self.seat, self.away = self.seat.name, self.seat.entered.presence, None, ""
            if presence is not None:
                presence.leave()
            self.push_screen(Lock(name))
