"""Which assertions an office has taken: each once, remembered until it would be refused for its age."""

from __future__ import annotations

import threading

from registry.errors import Busy, NotPermitted
from registry.ledger.assertion import Claims

MOST_REMEMBERED = 100_000


class Taken:
    """One for the life of an office. May be asked from any thread.

    What an office took before it closed is forgotten, so an assertion that was issued before it opened is refused:
    closing and opening does not let one in twice.
    """

    def __init__(self, opened: int) -> None:
        """`opened`: when the office opened, ms UTC."""
        self._opened = opened
        self._lock = threading.Lock()
        self._until: dict[tuple[str, str], int] = {}

    def take(self, claims: Claims, now: int) -> None:
        """Take it now (ms UTC). Raises NotPermitted where it was taken before or is older than the office, Busy where
        more were taken in five minutes than are remembered."""
        if claims.issued + 999 < self._opened:
            raise NotPermitted("the assertion was issued before the office opened", rule="assertion-time")
        name = claims.department, claims.jti
        with self._lock:
            if self._until.get(name, -1) >= now:
                raise NotPermitted(f"the assertion {claims.jti!a} was used before", rule="assertion-once")
            if len(self._until) >= MOST_REMEMBERED:
                self._until = {one: until for one, until in self._until.items() if until >= now}
                if len(self._until) >= MOST_REMEMBERED:
                    raise Busy("too many sign-ins in five minutes; ask again in a minute")
            self._until[name] = claims.expires
