"""One labelled field: label, box, the meaning echoed beside it, and what is wrong with it, on the spot.

     Name ‹j.patel        ›
     Type ‹LOAD 88203     ›   ✗ wanted

Forms of several fields, judged together, are `tui.widgets.entries`.
"""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Static

from registry.errors import Misuse
from registry.records.text import safe, warnings

Check = Callable[[str], str]
"""What the value means, to be echoed; raises Misuse with what is wrong with it."""


def nothing(value: str) -> str:
    """Echo nothing, accept everything."""
    return ""


class Field(Horizontal):
    """`wanted`: may not be empty. `secret`: never shown. `help_text` is what F1 says. `first`: takes the focus."""

    def __init__(
        self,
        name: str,
        label: str,
        *,
        help: str,
        check: Check = nothing,
        value: str = "",
        wanted: bool = False,
        secret: bool = False,
        first: bool = False,
    ) -> None:
        super().__init__(id=f"field-{name}", classes="field")
        self._box = "first" if first else ""
        self.label, self.help_text = label, help
        self._wanted, self._check, self._secret, self._first = wanted, check, secret, value

    def compose(self) -> ComposeResult:
        yield Static(self.label, classes="entry-label", markup=False)
        yield Input(self._first, password=self._secret, compact=True, select_on_focus=False, classes=self._box)
        yield Static("", classes="entry-echo", markup=False)

    @property
    def input(self) -> Input:
        """The box."""
        return self.query_one(Input)

    @property
    def value(self) -> str:
        """What stands in it, as typed."""
        return self.input.value

    def put(self, text: str) -> None:
        """Set it."""
        self.input.value = text
        self.input.cursor_position = len(text)

    def check(self) -> bool:
        """Check it and show what was found; False where something is wrong."""
        try:
            if self._wanted and not self.value.strip():
                raise Misuse("wanted")
            meaning = "" if self._secret else self._check(self.value)
        except Misuse as error:
            self._echo(f"✗ {safe(str(error))}", wrong=True)
            return False
        hidden = "" if self._secret else "; ".join(warnings(self.value))
        self._echo(f"! {hidden}" if hidden else safe(meaning), wrong=False)
        return True

    def _echo(self, text: str, *, wrong: bool) -> None:
        echo = self.query_one(".entry-echo", Static)
        echo.update(text)
        echo.set_class(wrong, "refused")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value:
            self.check()
