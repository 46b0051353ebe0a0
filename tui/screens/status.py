"""The registry's status: origin, size, root, state, engine, and how far searching lags. F5 reads it again.

The figures come from the function that the application was started with, called in a thread; the worker touches no
widget, it posts what it found, and the handlers below own the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import get_current_worker

from registry.desk.status import Status
from registry.errors import RegistryError
from registry.records.text import safe
from tui import wording
from tui.widgets.key_line import KeyLine

ROWS = (
    ("origin", "Origin"),
    ("size", "Size"),
    ("root", "Root"),
    ("state", "State"),
    ("engine", "Engine"),
    ("searchable", "A search finds"),
)
NOTHING_YET = "–"


class StatusScreen(Screen[None]):
    """What the registry says of itself."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f5", "read_again", "Refresh", id="refresh")]

    class Read(Message):
        """The registry answered."""

        def __init__(self, status: Status) -> None:
            super().__init__()
            self.status = status

    class Unreadable(Message):
        """The registry did not answer, and said why."""

        def __init__(self, error: RegistryError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, status: Callable[[], Status]) -> None:
        super().__init__()
        self._status = status
        self._shown = False

    def compose(self) -> ComposeResult:
        with Horizontal(id="bar"):
            yield Static("MUNIMENT", id="place", markup=False)
            yield Static("", id="bar-origin", markup=False)
            yield Static("", id="bar-size", markup=False)
        with VerticalScroll(id="body", can_focus=False):
            yield Static("Status", classes="head", markup=False)
            for name, label in ROWS:
                with Horizontal(classes="row"):
                    yield Static(label, classes="label", markup=False)
                    yield Static(NOTHING_YET, id=name, classes="value", markup=False)
            yield Static(wording.NOT_A_PROOF, id="not-a-proof", markup=False)
        with Vertical(id="feet"):
            yield Static(wording.READING, id="message", markup=False)
            yield KeyLine([*_bindings(self), *_bindings(self.app)])

    def on_mount(self) -> None:
        self.action_read_again()

    def action_read_again(self) -> None:
        self._say(wording.READING)
        self._read()

    @work(thread=True, exclusive=True, exit_on_error=False, group="status")
    def _read(self) -> None:
        worker = get_current_worker()
        found: StatusScreen.Read | StatusScreen.Unreadable
        try:
            found = self.Read(self._status())
        except RegistryError as error:
            found = self.Unreadable(error)
        if not worker.is_cancelled:  # a thread that was superseded runs on, and its answer is stale
            self.post_message(found)

    @on(Read)
    def _show(self, message: Read) -> None:
        status = message.status
        self._shown = True
        self._write("bar-origin", status.origin)
        self._write("bar-size", f"● {wording.counted(status.size)}")
        self._write("origin", status.origin)
        self._write("size", wording.counted(status.size))
        self._write("root", status.root)
        self._write("state", status.state)
        self._write("engine", status.engine)
        self._write("searchable", wording.searchable(status.not_yet_searchable))
        self._say(wording.read(status.size))

    @on(Unreadable)
    def _explain(self, message: Unreadable) -> None:
        self._say(wording.unreadable(message.error, self._shown), refused=True)

    def _write(self, name: str, text: str) -> None:
        self.query_one(f"#{name}", Static).update(safe(text))

    def _say(self, sentence: str, refused: bool = False) -> None:
        line = self.query_one("#message", Static)
        line.update(sentence)
        line.set_class(refused, "refused")


def _bindings(owner: object) -> list[Binding]:
    """The bindings that a screen or an application declares itself."""
    return [binding for binding in getattr(owner, "BINDINGS", ()) if isinstance(binding, Binding)]
