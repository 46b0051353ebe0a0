"""A form: labels on the left, one field beside each, and beside the field what it means or what is wrong with it.

All fields are mounted at once, so that keys typed ahead have where to go. Enter goes on to the next field, as Tab does;
in a field of several lines it begins a line. The form judges nothing: it tells what changed and shows what it is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.widgets import Input, Static, TextArea

from registry.records.text import safe
from tui.forms import Judged

Field = Input | TextArea


@dataclass(frozen=True, slots=True)
class Entry:
    """One field: `lines` of it (1 is an Input), `lookup` whether F4 knows its codes, `hidden` for a passphrase."""

    name: str
    label: str
    help: str
    lines: int = 1
    lookup: bool = False
    hidden: bool = False


class Form(VerticalScroll, can_focus=False):
    """Fields by name, as text. Posts `Changed` after each change that a clerk makes."""

    HELP: ClassVar[str] = "form"

    class Changed(Message):
        """A clerk changed the field of that name; `before` is what stood in it."""

        def __init__(self, name: str, before: str) -> None:
            super().__init__()
            self.name, self.before = name, before

    def __init__(self, entries: Iterable[Entry], values: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.entries = tuple(entries)
        start = dict(values or {})
        self._values = {entry.name: start.get(entry.name, "") for entry in self.entries}

    def compose(self) -> ComposeResult:
        for entry in self.entries:
            with Horizontal(classes="entry"):
                yield Static(entry.label, classes="entry-label", markup=False)
                yield self._field(entry)
                yield Static("F4" if entry.lookup else "", classes="entry-lookup", markup=False)
                yield Static("", id=f"echo-{entry.name}", classes="entry-echo", markup=False)

    def _field(self, entry: Entry) -> Field:
        name, start = f"field-{entry.name}", self._values[entry.name]
        first = "first" if entry is self.entries[0] else None
        if entry.lines == 1:
            return Input(start, id=name, classes=first, compact=True, password=entry.hidden, select_on_focus=False)
        area = TextArea(start, id=name, classes=first, compact=True, soft_wrap=True, highlight_cursor_line=False)
        area.styles.height = entry.lines
        return area

    # ---- values ----

    @property
    def values(self) -> dict[str, str]:
        """What stands in the fields now."""
        return {entry.name: self._read(entry.name) for entry in self.entries}

    def put(self, values: Mapping[str, str]) -> None:
        """Set these fields; nothing is told of it."""
        for name, text in values.items():
            self._values[name] = text
            field = self.field(name)
            if isinstance(field, Input):
                field.value = text
                field.cursor_position = len(text)
            else:
                field.load_text(text)

    def field(self, name: str) -> Field:
        """The widget of that name."""
        found = self.query_one(f"#field-{name}")
        assert isinstance(found, (Input, TextArea))
        return found

    @property
    def current(self) -> str:
        """The name of the field that has the focus, or an empty string."""
        focused = self.screen.focused
        return (focused.id or "").removeprefix("field-") if isinstance(focused, (Input, TextArea)) else ""

    def entry(self, name: str) -> Entry | None:
        """The field's description."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def _read(self, name: str) -> str:
        field = self.field(name)
        return field.value if isinstance(field, Input) else field.text

    # ---- what is shown ----

    def judge(self, found: Mapping[str, Judged], *, quiet: frozenset[str] = frozenset()) -> None:
        """Show meanings and faults; the faults of `quiet` fields, which nobody has come to yet, are kept back."""
        for name, one in found.items():
            shown = self.query_one(f"#echo-{name}", Static)
            fault = bool(one.fault) and name not in quiet
            text = f"✗ {one.fault}" if fault else one.echo
            if str(shown.content) != safe(text):  # each update lays out the whole screen anew
                shown.update(safe(text))
            shown.set_class(fault, "refused")

    def go(self, name: str) -> None:
        """Put the keyboard into that field."""
        self.field(name).focus()

    # ---- what is told ----

    @on(Input.Changed)
    @on(TextArea.Changed)
    def _changed(self, event: Input.Changed | TextArea.Changed) -> None:
        event.stop()
        widget = event.input if isinstance(event, Input.Changed) else event.text_area
        name = (widget.id or "").removeprefix("field-")
        before, now = self._values[name], self._read(name)
        if before != now:
            self._values[name] = now
            self.post_message(self.Changed(name, before))

    @on(Input.Submitted)
    def _on(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()
