"""The one message line: the last message with its number stays until the next; F1 opens its second level."""

from __future__ import annotations

from textual.widgets import Static

from tui.wording import Said


class MessageLine(Static):
    """`M0302 Receipt saved: …`; a refusal has a cross as well as a colour."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._shown = ""

    def show(self, said: Said | None) -> None:
        """Show it, or nothing."""
        text = "" if said is None else f"✗ {said}" if said.refused else str(said)
        if text == self._shown:  # else every change of focus would lay the screen out anew
            return
        self._shown = text
        self.update(text)
        self.set_class(said is not None and said.refused, "refused")
