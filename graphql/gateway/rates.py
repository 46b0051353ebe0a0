"""How much a client may ask in an hour, in points: one for each begun 100 of an operation's cost.

Counted in this process alone and forgotten when it ends: a limit against floods, not an account.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from gateway.errors import Coded, ErrorCode

POINT = 100
MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `points` in each window of `seconds`."""

    points: int
    seconds: int


DEPARTMENT = Rate(5_000, 3_600)
NOBODY = Rate(60, 60)
"""Of callers without a token, by address."""


@dataclass(slots=True)
class _Window:
    ends: float
    spent: int


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a window."""

    limit: int
    cost: int
    remaining: int
    resets_in_s: int


class Meter:
    """Counts points by client. `clock` gives seconds that never go back. May be asked from any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows: dict[str, _Window] = {}
        self._lock = threading.Lock()

    def spend(self, client: str, rate: Rate, cost: int) -> Left:
        """Take the points of an operation of that cost. Raises RATE_LIMITED with the seconds to wait."""
        points = max((cost + POINT - 1) // POINT, 1)
        now = self._clock()
        with self._lock:
            window = self._windows.get(client)
            if window is None or window.ends <= now:
                if len(self._windows) >= MOST_REMEMBERED:
                    self._windows = {name: one for name, one in self._windows.items() if one.ends > now}
                if len(self._windows) >= MOST_REMEMBERED:  # strangers by the thousand share what is left
                    client = ""
                window = self._windows.setdefault(client, _Window(now + rate.seconds, 0))
                if window.ends <= now:
                    window.ends, window.spent = now + rate.seconds, 0
            if window.spent + points > rate.points:
                wait = max(int(window.ends - now) + 1, 1)
                raise Coded(
                    ErrorCode.RATE_LIMITED,
                    f"{rate.points:,} points in {rate.seconds:,} seconds are spent; ask again in {wait:,} seconds",
                    retryAfter=wait,
                )
            window.spent += points
            return Left(rate.points, points, rate.points - window.spent, int(window.ends - now) + 1)
