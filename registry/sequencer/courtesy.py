"""Questions go first: whoever loads or projects gives way while one is answered.

Python runs one thread at a time, and a question lets go of its turn at each row that it reads; beside a load and its
projection it came back to wait each time, and took eight times as long. Who gives way waits 50 ms at most, so a load
beside busy clerks is slowed down and never stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

LONGEST_S = 0.05
"""Also of a whole turn of rows: an act may wait behind it."""


class Courtesy:
    """Of one office. Safe from any thread."""

    def __init__(self) -> None:
        self._none = threading.Condition()
        self._asked = 0
        self._asked_at = float("-inf")

    @contextmanager
    def first(self) -> Iterator[None]:
        """A question, while it is answered."""
        with self._none:
            self._asked += 1
        try:
            yield
        finally:
            with self._none:
                self._asked -= 1
                self._asked_at = monotonic()
                self._none.notify_all()

    def give_way(self, longest_s: float = LONGEST_S) -> float:
        """Wait while a question is answered, so long at most; the seconds waited. Costs nothing where none is."""
        if not self._asked:
            return 0.0
        began = monotonic()
        with self._none:
            self._none.wait_for(lambda: not self._asked, longest_s)
        return monotonic() - began

    def asked_within(self, seconds: float) -> bool:
        """Whether somebody asked so lately."""
        return self._asked > 0 or monotonic() - self._asked_at < seconds
