"""A full screen: bar, body, message line, key line. A screen of the workbench is one of these with a `body`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from tui.screens.acting import Acting
from tui.widgets.bar import Bar
from tui.widgets.form import Field
from tui.widgets.key_line import KeyLine
from tui.widgets.message_line import MessageLine


class Page(Acting[None]):
    """`PLACE` stands in the bar. `opened` is called each time it comes to the front, after the first mount too."""

    PLACE: ClassVar[str] = ""
    EVERYWHERE: ClassVar[tuple[str, ...]] = ("back", "help", "palette", "go", "quit", "search-box", "lock", "theme")
    AUTO_FOCUS = ".first"

    def compose(self) -> ComposeResult:
        yield Bar(self.PLACE)
        with Vertical(id="body"):
            yield from self.body()
        with Vertical(id="feet"):
            yield MessageLine()
            yield KeyLine()

    def body(self) -> Iterable[Widget]:
        """The widgets between bar and message line; give the class `first` to what takes the focus."""
        raise NotImplementedError

    def on_screen_resume(self) -> None:
        """It came to the front."""
        self.show_frame()
        self.opened()

    def opened(self) -> None:
        """Override: read again what may have changed."""

    def on_resize(self, event: events.Resize) -> None:
        self.show_frame()

    def on_descendant_focus(self) -> None:
        self.show_keys()

    def show_frame(self) -> None:
        """Bar, message and keys as they are now."""
        for bar in self.query(Bar):
            bar.show(self.bench.seat, self.bench.status, away=bool(self.bench.away))
        for line in self.query(MessageLine):
            line.show(self.bench.last_said)
        self.show_keys()

    def show_keys(self) -> None:
        """The key line: what is allowed now."""
        allowed = [action for action in self.actions() if action.shown and not self.bench.why_not(action, self)]
        for line in self.query(KeyLine):
            line.show(allowed, self.size.width or self.app.size.width)

    def help_here(self) -> str:
        """The help of the focused field."""
        focused = self.focused
        field = focused.parent if focused is not None else None
        return f"{field.label}: {field.help_text}" if isinstance(field, Field) else ""
