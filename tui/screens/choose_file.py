"""F4 in a field for a file: folders and files to choose from. Esc leaves the field as it was."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from registry.errors import RegistryError
from registry.records.text import safe
from tui.files import Folder, Shown, look
from tui.forms import size_words
from tui.screens.dialog import Dialog


class ChooseFile(Dialog[str]):
    """Folders and files; Enter goes into a folder or takes the file. Gives the path."""

    ACTIONS: ClassVar[tuple[str, ...]] = ("back", "folder-up")
    KEYS: ClassVar[str] = "Enter opens or takes · Backspace goes up · F3 Esc leaves it"

    def __init__(self, start: str) -> None:
        super().__init__("Choose a file")
        self._start = start
        self._rows: tuple[Shown, ...] = ()

    def body(self) -> Iterable[Widget]:
        yield Static("", id="folder", classes="hint", markup=False)
        yield OptionList(classes="first", markup=False, compact=True)

    def on_mount(self) -> None:
        self._look(Path(self._start or "."))

    def _look(self, path: Path) -> None:
        self.ask(lambda: look(path), self._show, self._say, group="folder")

    def _say(self, error: RegistryError) -> None:
        self.query_one("#folder", Static).update(safe(str(error)))

    def _show(self, found: Folder) -> None:
        self._rows = found.rows
        more = f" · {found.more} more: type the path" if found.more else ""
        self.query_one("#folder", Static).update(safe(f"{found.path}{more}"))
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(_row(row)) for row in found.rows])
        options.highlighted = 0 if found.rows else None

    def do_folder_up(self) -> None:
        if self._rows and self._rows[0].name == "..":
            self._look(self._rows[0].path)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        row = self._rows[event.option_index]
        if row.size is None:
            self._look(row.path)
        else:
            self.dismiss(str(row.path))


def _row(row: Shown) -> str:
    size = "" if row.size is None else f"  {size_words(row.size)}"
    return f"{'▸' if row.size is None else ' '} {safe(row.name)}{size}"
