"""The one message line: the last message with its number stays until the next; F1 opens its second level."""

from __future__ import annotations

from textual.widgets import Static

from tui.wording import Said


class MessageLine(Static):
    """`M0302 Receipt saved: …`; a refusal has a cross as well as a colour."""

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def show(self, said: Said | None) -> None:
        """Show it, or nothing."""
        self.update("" if said is None else f"✗ {said}" if said.refused else str(said))
        self.set_class(said is not None and said.refused, "refused")
