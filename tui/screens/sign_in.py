"""Signing in: name and passphrase. How long a wrong one makes wait is the office's word, and is told."""

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
from tui.seat import take_seat
from tui.widgets.form import Field


class SignInScreen(Page):
    """Enter in the name goes on to the passphrase, Enter there signs in."""

    PLACE = "Sign in"
    EVERYWHERE: ClassVar[tuple[str, ...]] = ("help", "theme", "quit")

    def body(self) -> Iterable[Widget]:
        with Vertical(id="sign-in"):
            yield Static("M U N I M E N T", classes="head", markup=False)
            name = self.bench.first_name
            help_name, help_phrase = "Your sign-in name, like j.patel.", "It never leaves this desk."
            yield Field("name", "Name", help=help_name, value=name, wanted=True, first=not name)
            yield Field("passphrase", "Passphrase", help=help_phrase, wanted=True, secret=True, first=bool(name))

    def on_mount(self) -> None:
        self.bench.say(wording.WELCOME.say())

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        name, passphrase = self.query_one("#field-name", Field), self.query_one("#field-passphrase", Field)
        for field in (name, passphrase):
            if not field.value.strip():
                if event.input is not field.input:
                    field.input.focus()
                else:
                    self.bench.say(wording.EMPTY.say(field=field.label))
                return
        self.bench.say(wording.SIGNING_IN.say(name=name.value))
        self.wait_for(
            partial(take_seat, self.bench.sign_in, name.value.strip(), passphrase.value), self.bench.sit, self._wrong
        )

    def _wrong(self, error: RegistryError) -> None:
        field = self.query_one("#field-passphrase", Field)
        field.put("")
        field.input.focus()
        self.bench.say(wording.NOT_SIGNED_IN.say(error=error))
