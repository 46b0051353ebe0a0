"""Where to: one field with a file's path. A file that is there already is never written over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.widget import Widget
from textual.widgets import Input

from tui.files import free_place
from tui.screens.dialog import Dialog
from tui.widgets.form import Field


class Save(Dialog[str]):
    """Returns the path, or None."""

    AUTO_FOCUS = "Input"
    KEYS: ClassVar[str] = "Enter Save  F3 Back"

    def __init__(self, title: str, name: str) -> None:
        super().__init__(title)
        self._proposed = name

    def body(self) -> Iterable[Widget]:
        yield Field("path", "File", help="A path; ~ is your home.", value=self._proposed, check=free_place, wanted=True)

    @on(Input.Submitted)
    def _enter(self) -> None:
        field = self.query_one(Field)
        if field.check():
            self.dismiss(field.value.strip())
