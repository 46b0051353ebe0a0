"""The seal strip: what is proven of one record, by glyph and word, never by colour alone, and never over a list.

▌  muniment/6a2c4b65-…      DEED · K871204
▌  ✓ SEALED, no witnesses appointed · position 19 of 4 022 · its entry recomputed at this desk
▌  current · version 1 · held by HMLR · visible to departments
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from registry.records.text import safe
from tui.proof import Proof

LINE = 200  # characters


class Seal(Vertical):
    """Three lines; at 80 columns the third is left out."""

    def __init__(self) -> None:
        super().__init__()
        self._subject, self._also = "", ""
        self._proof = Proof.unchecked()

    def compose(self) -> ComposeResult:
        yield Static("", classes="subject", markup=False)
        yield Static("", classes="state", markup=False)
        yield Static("", classes="also", markup=False)

    def show_subject(self, subject: str, also: str) -> None:
        """Which record, and what is said of it."""
        self._subject, self._also = subject, also
        self._draw()

    def show(self, proof: Proof) -> None:
        """What was found of it."""
        self._proof = proof
        self._draw()

    def on_mount(self) -> None:
        self._draw()

    def _draw(self) -> None:
        proof = self._proof
        for tone in ("ok", "warn", "error"):
            self.set_class(proof.seal.tone == tone, tone)
        lines = {".subject": self._subject, ".state": f"{proof.seal.words} · {proof.more}", ".also": self._also}
        for name, text in lines.items():
            for line in self.query(name).results(Static):
                line.update(safe(text, LINE))
