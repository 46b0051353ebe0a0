"""F9: what was recomputed for this record, line by line, and the whole receipt as it would be given away."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from registry.records.text import safe
from tui.proof import Proof
from tui.screens.dialog import Dialog

RECEIPT_LINES = 60
LINE = 400  # characters


class ProofScreen(Dialog[None]):
    """Scrolls."""

    def __init__(self, reference: str, proof: Proof) -> None:
        super().__init__(f"Proof of {reference}")
        self._proof = proof

    def body(self) -> Iterable[Widget]:
        proof = self._proof
        with VerticalScroll(classes="first"):
            yield Static(safe(f"{proof.seal.words}: {proof.more}"), markup=False)
            for line in proof.lines:
                yield Static(safe(line, LINE), markup=False)
            if proof.receipt:
                yield Static("The receipt of the newest entry", classes="head", markup=False)
                text = proof.receipt.decode("utf-8", "backslashreplace")
                for line in text.split("\n")[:RECEIPT_LINES]:
                    yield Static(safe(line, LINE), classes="muted", markup=False)
