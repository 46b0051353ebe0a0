"""A dialog with a list to choose from, narrowed by typing. The base of palette, going to a home, and lookups (F4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from registry.records.text import safe
from tui.screens.dialog import Dialog

CODE, MEANING = 24, 160  # characters


@dataclass(frozen=True, slots=True)
class Choice:
    """`value` is what the dialog returns; `code` and `meaning` are shown; with `why_not` it cannot be chosen."""

    value: str
    code: str
    meaning: str
    why_not: str = ""


class Choose(Dialog[str]):
    """Returns the chosen value, or None. Typing narrows the list; the arrows move; Enter chooses."""

    KEYS: ClassVar[str] = "Enter Choose  ↑↓ Move  F3 Back"

    def __init__(self, title: str, choices: Sequence[Choice], *, selected: str = "") -> None:
        super().__init__(title)
        self._choices = tuple(choices)
        self._width = max((len(safe(one.code, CODE)) for one in self._choices), default=0) + 1
        self._selected = selected

    def body(self) -> Iterable[Widget]:
        yield Input(placeholder="type to narrow the list", classes="first", select_on_focus=False)
        yield OptionList(markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._fill("")

    def _fill(self, text: str) -> None:
        words = text.casefold().split()
        listed = self.query_one(OptionList)
        listed.clear_options()
        found = [one for one in self._choices if all(word in _line(one).casefold() for word in words)]
        found.sort(key=lambda one: bool(one.why_not))
        for one in found:
            shown = self.hung(safe(one.code, CODE), _meaning(one), self._width)
            listed.add_option(Option(Content(shown), id=one.value, disabled=bool(one.why_not)))
        able = [at for at, one in enumerate(found) if not one.why_not]
        chosen = [at for at, one in enumerate(found) if one.value == self._selected and not one.why_not]
        if able:
            listed.highlighted = chosen[0] if chosen and not text else able[0]

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        self._fill(event.value)

    @on(Input.Submitted)
    def _enter(self) -> None:
        listed = self.query_one(OptionList)
        if listed.highlighted is not None and listed.option_count:
            option = listed.get_option_at_index(listed.highlighted)
            if not option.disabled:
                self.dismiss(option.id)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def on_key(self, event: events.Key) -> None:
        listed = self.query_one(OptionList)
        if event.key == "up":
            listed.action_cursor_up()
        elif event.key == "down":
            listed.action_cursor_down()
        elif event.key == "pageup":
            listed.action_page_up()  # type: ignore[no-untyped-call]
        elif event.key == "pagedown":
            listed.action_page_down()  # type: ignore[no-untyped-call]


def _meaning(one: Choice) -> str:
    return safe(f"✗ {one.why_not}" if one.why_not else one.meaning, MEANING)


def _line(one: Choice) -> str:
    return f"{one.code} {_meaning(one)}"
