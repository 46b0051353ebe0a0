"""What every screen knows of the application: who sits here, the desk, messages, keys, the way to other homes.

Screens see this much and no more; `tui.app` adds the screens themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from textual import events, on
from textual.app import App
from textual.message import Message
from textual.screen import Screen

from registry.desk.day import Outcome
from registry.desk.desk import Desk
from registry.desk.status import Status
from registry.errors import Misuse, RegistryError
from tui import compat, garbage, themes, wording
from tui.actions import Action
from tui.drafts import Drafts
from tui.handed import Clock, Enrol, RunAudit
from tui.pump import KeyPump
from tui.seat import Seat, SignIn
from tui.submits import Submits
from tui.widgets.bar import Bar
from tui.widgets.message_line import MessageLine
from tui.wording import Said

IDLE_S = 300.0
CURSOR_S = 0.05
TERMINAL_S = 0.5  # between two looks whether the terminal still stands
LOOK_S = 1.0  # between two looks whether the office is there
THREADS = 24
KEPT = 200  # messages in the history


@dataclass(frozen=True, slots=True)
class Place:
    """A home: `mode` is the name of the Textual mode, `action` the id of the action that goes there."""

    mode: str
    action: str
    screen: type[Screen[Any]]


@runtime_checkable
class Acts(Protocol):
    """A screen that knows which actions it has: see `tui.screens.acting`."""

    ACTIONS: tuple[str, ...]
    EVERYWHERE: tuple[str, ...]

    def why_not(self, action: Action) -> str: ...


class Looked(Message):
    """A look for the office: see `Bench.look_for_office`."""

    def __init__(self, seat: Seat, why: str, found: Mapping[str, Outcome | None]) -> None:
        super().__init__()
        self.seat, self.why, self.found = seat, why, found


class Bench(App[None]):
    """`sign_in` is called in a thread; after `idle_s` seconds without a key the desk is locked (0: never)."""

    homes: tuple[Place, ...] = ()

    def __init__(self, sign_in: SignIn, clock: Clock, *, name: str = "", idle_s: float = IDLE_S) -> None:
        compat.guard()
        super().__init__(driver_class=compat.Terminal)
        self.animation_level = "none"
        for theme in themes.themes():
            self.register_theme(theme)
        self.theme = themes.NIGHT
        self.sign_in, self.clock, self.first_name = sign_in, clock, name
        self.pump = KeyPump(self._forward, self._settled)
        self.seat: Seat | None = None
        self.status: Status | None = None
        self.said: list[Said] = []
        self.submits = Submits()
        self.away = ""  # why the office cannot be asked now
        self._looking = False
        self._unsettled: dict[str, Callable[[Outcome | None], None]] = {}
        self.leaving = False
        self._here: asyncio.AbstractEventLoop | None = None
        self.filed: dict[str, dict[str, str]] = {}  # form → what was filed last, for Ctrl+D
        self._idle_s, self._last_key, self._tidied = idle_s, 0.0, 0.0

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

    # ---- keys ----

    def on_mount(self) -> None:
        task = asyncio.create_task(self.pump.run())
        task.add_done_callback(self._pump_ended)
        self._pumping = task
        self._last_key = asyncio.get_running_loop().time()
        self.set_interval(CURSOR_S, lambda: compat.follow_focus(self))
        self.set_interval(TERMINAL_S, self._check_terminal)
        self.set_interval(LOOK_S, self.look_for_office)
        self.set_interval(garbage.PAUSE_S, self._tidy)
        if self._idle_s:
            self.set_interval(min(self._idle_s / 4, 5.0), self._check_idle)
        self.call_after_refresh(compat.show_cursor, self)
        self._here = asyncio.get_running_loop()
        # More than are ever busy but in an office that stands still: an act must not wait for a thread that reads.
        self._here.set_default_executor(ThreadPoolExecutor(THREADS, "desk"))
        if self.leaving:
            self.exit()

    def on_unmount(self) -> None:
        self._here = None
        self._pumping.cancel()

    def leave(self) -> None:
        """Leave as Ctrl+Q does: what is being recorded is recorded, and told. From a signal's handler, at any time."""
        self.leaving = True
        if self._here is not None:
            self._here.call_soon_threadsafe(self.exit)

    def exit(self, *arguments: Any, **options: Any) -> None:
        """Leave: nothing that comes from now on is seen by the clerk."""
        self.leaving = True
        if self.seat is not None and self.seat.entered.presence is not None:
            self.seat.entered.presence.leave(at_once=True)
        super().exit(*arguments, **options)

    def _check_terminal(self) -> None:
        if compat.terminal_is_gone(self):
            self.exit()

    def was_told(self, number: int) -> None:
        """The answer to that act stands in the message line: once it is drawn, the clerk has seen it."""
        self.screen.call_after_refresh(self._drawn, number)

    def _drawn(self, number: int) -> None:
        if not self.leaving:
            self.submits.seen(number)

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

    # ---- what is allowed ----

    def why_not(self, action: Action, screen: Screen[Any] | None = None) -> str:
        """Why the action is not allowed now, by the table of roles or on this screen (the current one); else empty."""
        if action.verb is not None:
            why = "nobody is signed in" if self.seat is None else self.seat.why_not.get(action.verb, "")
            if why:
                return why
        screen = screen or self.screen
        return screen.why_not(action) if screen.is_mounted and isinstance(screen, Acts) else ""

    def go(self, mode: str) -> None:
        """To another home; its stack stands as it was left."""
        self.switch_mode(mode)

    # ---- who sits here ----

    def sit(self, seat: Seat) -> None:
        """Somebody signed in."""
        self.seat = seat
        self.say(wording.SIGNED_IN.say(name=seat.name))
        if seat.reads_only:
            self.say(wording.READ_ONLY.say(why=seat.reads_only))
        if seat.drafts_told:
            self.say(wording.DRAFTS_LOST.say(why=seat.drafts_told))
        elif seat.drafts:
            self.say(wording.DRAFTS_BACK.say(count=seat.drafts))
        if seat.desk.wrong_passphrases:
            self.say(wording.TRIED.say(count=seat.desk.wrong_passphrases))
        self.go("home")

    def do_lock(self) -> None:
        """Lock the desk."""
        raise NotImplementedError

    def _tidy(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._tidied < self._last_key <= now - garbage.PAUSE_S:
            self._tidied = now
            garbage.collect()

    def _check_idle(self) -> None:
        if asyncio.get_running_loop().time() - self._last_key >= self._idle_s:
            self.do_lock()

    # ---- an office elsewhere ----

    def look_for_office(self) -> None:
        """Look, in a thread, whether the office is there, and what became of acts whose answer was lost."""
        seat = self.seat
        if seat is None or self._looking or (seat.entered.presence is None and not self._unsettled):
            return
        self._looking = True
        keys = tuple(self._unsettled)
        self.run_worker(lambda: self._look(seat, keys), thread=True, exit_on_error=False, group="office")

    def _look(self, seat: Seat, keys: tuple[str, ...]) -> None:
        presence, found = seat.entered.presence, dict[str, Outcome | None]()
        why = presence.away() if presence is not None else ""
        if not why:
            try:
                found = {key: seat.desk.day.outcome(key) for key in keys}
            except RegistryError as error:
                why = str(error)
        self.post_message(Looked(seat, why, found))

    @on(Looked)
    def _looked(self, looked: Looked) -> None:
        self._looking = False
        if looked.seat is not self.seat:
            return
        self.office_is(looked.why)
        for key, outcome in looked.found.items():
            if (tell := self._unsettled.pop(key, None)) is not None:
                tell(outcome)

    def office_is(self, why: str) -> None:
        """Away, as the sentence says, or there, where it is empty."""
        if bool(why) == bool(self.away):
            return
        self.away = why
        if why:
            self.drop_keys()
        self.say(wording.AWAY.say(why=why) if why else wording.BACK.say())
        for bar in self.screen.query(Bar):
            bar.show(self.seat, self.status, away=bool(why))

    def settle_later(self, key: str, tell: Callable[[Outcome | None], None]) -> None:
        """The answer to the act with that request key was lost: told once the office is back, None where it was not
        recorded."""
        self._unsettled[key] = tell

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
            bar.show(self.seat, status, away=bool(self.away))
