"""The lock: the desk is blank, the key dropped; the same officer's passphrase opens it again."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual import on
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input, Static

from registry.errors import RegistryError
from tui import wording
from tui.screens.page import Page
from tui.seat import Seat, take_seat
from tui.widgets.form import Field


class Lock(Page):
    """Covers everything until the passphrase was right."""

    PLACE = "Locked"
    EVERYWHERE: ClassVar[tuple[str, ...]] = ("quit",)
    AUTO_FOCUS = "Input"

    def __init__(self, name: str) -> None:
        super().__init__()
        self.officer_name = name

    def body(self) -> Iterable[Widget]:
        with Vertical(id="sign-in"):
            yield Static("M U N I M E N T", classes="head", markup=False)
            yield Field("passphrase", "Passphrase", help="Yours, as at sign-in.", wanted=True, secret=True)

    def on_mount(self) -> None:
        self.bench.say(wording.LOCKED.say(name=self.officer_name))

    @on(Input.Submitted)
    def _open(self) -> None:
        field = self.query_one(Field)
        if field.check():
            take = partial(take_seat, self.bench.sign_in, self.officer_name, field.value)
            self.wait_for(take, self._opened, self._wrong)

    def _opened(self, seat: Seat) -> None:
        self.bench.seat = seat
        self.bench.say(wording.UNLOCKED.say())
        self.bench.pop_screen()

    def _wrong(self, error: RegistryError) -> None:
        self.query_one(Field).put("")
        self.bench.say(wording.NOT_SIGNED_IN.say(error=error))
