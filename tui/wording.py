"""Every sentence that the workbench says by itself: a number, words, what to do. Each number is used once.

A registry's error brings its own sentence; it is quoted, and made safe for the terminal here.
"""

from __future__ import annotations

from registry.errors import RegistryError
from registry.records.text import safe

READING = "M0400 Reading the registry…"


def counted(number: int) -> str:
    """A count with its thousands apart: 1204913 → `1 204 913`."""
    return f"{number:,}".replace(",", " ")


def read(size: int) -> str:
    """After a reading that succeeded."""
    return f"M0401 Read at size {counted(size)}. F5 reads again."


def unreadable(error: RegistryError, shown_before: bool) -> str:
    """After a reading that failed; `shown_before` when older figures still stand on the screen."""
    older = " What stands above was read before." if shown_before else ""
    return f"M0402 {safe(str(error))}{older} F5 tries again."


def searchable(not_yet: int) -> str:
    """How far searching lags behind recording."""
    return "everything recorded" if not_yet == 0 else f"all but {counted(not_yet)} recorded and not searchable yet"


NOT_A_PROOF = "This is what the registry says of itself. A proof is a receipt, checked against a policy that you trust."
