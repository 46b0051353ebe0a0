"""The workbench's application: theme, modes, key pump, the registry of actions, and one function to sign in with.

It opens no registry. Homes are Textual modes, each with a stack of its own; only details and dialogs are pushed.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, cast

from textual import events
from textual.app import App
from textual.screen import Screen

from registry.desk.desk import Desk
from registry.desk.status import Status
from registry.errors import Misuse
from tui import compat, themes, wording
from tui.actions import ACTIONS, Action, bindings
from tui.drafts import Drafts
from tui.handed import Clock, Enrol, RunAudit
from tui.homes import HOMES
from tui.pump import KeyPump
from tui.screens.acting import Acting
from tui.screens.go import Go
from tui.screens.help import Help
from tui.screens.lock import Lock
from tui.screens.palette import Palette
from tui.screens.sign_in import SignInScreen
from tui.seat import Seat, SignIn
from tui.widgets.bar import Bar
from tui.widgets.message_line import MessageLine
from tui.wording import Said

IDLE_S = 300.0
CURSOR_S = 0.05
EVERYWHERE = ("help", "palette", "back", "go", "search-box", "lock", "quit", "theme")
KEPT = 200  # messages in the history


class Workbench(App[None]):
    """`sign_in` is called in a thread with name and passphrase; `idle_s` seconds without a key lock the desk."""

    CSS_PATH = "workbench.tcss"
    TITLE = "Muniment"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]]] = [(0, "-narrow"), (96, "-wide"), (140, "-xwide")]
    BINDINGS = bindings(EVERYWHERE)
    MODES: ClassVar[dict[str, Any]] = {home.mode: home.screen for home in HOMES}

    def __init__(self, sign_in: SignIn, clock: Clock, *, name: str = "", idle_s: float = IDLE_S) -> None:
        compat.guard()
        super().__init__()
        self.animation_level = "none"
        for theme in themes.themes():
            self.register_theme(theme)
        self.theme = themes.NIGHT
        self.sign_in, self.clock, self.first_name = sign_in, clock, name
        self.pump = KeyPump(self._forward, self._settled)
        self.seat: Seat | None = None
        self.status: Status | None = None
        self.said: list[Said] = []
        self.filed: dict[str, dict[str, str]] = {}  # form → what was filed last, for Ctrl+D
        self._idle_s, self._last_key = idle_s, 0.0

    @property
    def desk(self) -> Desk:
        """The signed-in officer's desk. Raises Misuse while nobody sits here, or the desk is locked."""
        if self.seat is None:
            raise Misuse("nobody is signed in at this desk")
        return self.seat.desk

    @property
    def drafts(self) -> Drafts | None:
        """The signed-in officer's drafts."""
        return self.seat.entered.drafts if self.seat else None

    @property
    def enrol(self) -> Enrol | None:
        """Enrolment with a key file, where the office is open here."""
        return self.seat.entered.enrol if self.seat else None

    @property
    def audit(self) -> RunAudit | None:
        """The audit of everything."""
        return self.seat.entered.audit if self.seat else None

    @property
    def last_said(self) -> Said | None:
        """The newest message."""
        return self.said[-1] if self.said else None

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return themes.defaults()

    def get_default_screen(self) -> Screen[Any]:
        return SignInScreen()

    # ---- keys ----

    def on_mount(self) -> None:
        task = asyncio.create_task(self.pump.run())
        task.add_done_callback(self._pump_ended)
        self._pumping = task
        self._last_key = asyncio.get_running_loop().time()
        self.set_interval(CURSOR_S, lambda: compat.follow_focus(self))
        if self._idle_s:
            self.set_interval(min(self._idle_s / 4, 5.0), self._check_idle)
        self.call_after_refresh(compat.show_cursor, self)

    def on_unmount(self) -> None:
        self._pumping.cancel()

    def _pump_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            compat.fail(self, error)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded:
            self._last_key = asyncio.get_running_loop().time()
            self.pump.put(event)
        else:
            await super().on_event(event)

    async def _forward(self, event: events.Event) -> None:
        await super().on_event(event)

    async def _settled(self) -> None:
        await compat.handled(self)

    def drop_keys(self) -> None:
        """Throw away what was typed ahead, and say so."""
        dropped = self.pump.drop()
        if dropped:
            self.say(wording.DROPPED.say(count=dropped))

    # ---- actions ----

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
            self.say(wording.NOT_ALLOWED.say(why=why))
            return
        method = "do_" + action.id.replace("-", "_")
        owner = screen if hasattr(screen, method) else self
        getattr(owner, method)()

    def why_not(self, action: Action) -> str:
        """A sentence where the action is not allowed now: by the table of roles, or on this screen."""
        if action.verb is not None:
            why = "nobody is signed in" if self.seat is None else self.seat.why_not.get(action.verb, "")
            if why:
                return why
        return "" if self.acting is None else self.acting.why_not(action)

    @property
    def acting(self) -> Acting[Any] | None:
        """The current screen."""
        screen = self.screen
        return cast("Acting[Any]", screen) if isinstance(screen, Acting) else None

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

    def go(self, mode: str) -> None:
        """To another home; its stack stands as it was left."""
        self.switch_mode(mode)

    def do_search_box(self) -> None:
        self.go("search")

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

    # ---- who sits here ----

    def sit(self, seat: Seat) -> None:
        """Somebody signed in."""
        self.seat = seat
        self.say(wording.SIGNED_IN.say(name=seat.name))
        if seat.reads_only:
            self.say(wording.READ_ONLY.say(why=seat.reads_only))
        if seat.desk.wrong_passphrases:
            self.say(wording.TRIED.say(count=seat.desk.wrong_passphrases))
        self.go("home")

    def do_lock(self) -> None:
        if self.seat is not None:
            name, self.seat = self.seat.name, None
            self.push_screen(Lock(name))

    def _check_idle(self) -> None:
        if asyncio.get_running_loop().time() - self._last_key >= self._idle_s:
            self.do_lock()

    # ---- messages ----

    def say(self, said: Said) -> None:
        """Show it in the message line, and keep it."""
        self.said = [*self.said[-KEPT:], said]
        for line in self.screen.query(MessageLine):
            line.show(said)

    def show_status(self, status: Status) -> None:
        """The bar's figures, newly read."""
        self.status = status
        for bar in self.screen.query(Bar):
            bar.show(self.seat, status)
