"""The history of one record, the newest act on top, with numbers and the links that can be followed.

● 2 · 22 Nov 2025 10:40  revised
│   j.patel HMLR · position 4 023
│   2 → 1 · ab7b… ✓
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from registry.desk.views import View
from registry.records.text import safe
from tui.widgets.acts import act_word, moment, short
from tui.wording import counted

LINE = 300  # characters


class Timeline(VerticalScroll):
    """Scrolls; the arrows move it when it has the focus."""

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)

    def clear(self) -> None:
        """Nothing is told."""
        self.query_one(Static).update("")

    def show(self, history: tuple[View, ...], gaps: tuple[str, ...], names: Mapping[str, str]) -> None:
        """Draw it; `names` are officers' by reference, where they may be told."""
        lines = [f"✗ {gap}" for gap in gaps] or ["numbers run on; every link agrees with the tree ✓"]
        for view in reversed(history):
            lines += entry_lines(view, names)
        self.query_one(Static).update("\n".join(safe(line, LINE) for line in lines))


def entry_lines(view: View, names: Mapping[str, str]) -> list[str]:
    """One act: what and when; by whom and where; its link."""
    by = f"{names.get(view.officer, view.officer)} {view.department}".strip() or "not told"
    load = f" · load {view.load}, row {counted(view.row or 0)}" if view.load is not None else ""
    lines = [
        f"● {view.number} · {moment(view.recorded_at)}  {act_word(view)}",
        f"│   {by} · position {counted(view.position)}{load}",
    ]
    if view.previous is None:
        lines.append("│   the first" if view.number == 1 else "│   no link ✗")
    else:
        tick = "✓" if view.link else "✗"
        lines.append(f"│   {view.number} → {view.number - 1} · {short(view.previous['hash'])} {tick}")
    if view.flag:
        lines.append(f"│   ! {view.flag.lower().replace('_', ' ')}")
    return lines
