"""Who is who, for an office that only reads: read anew once something was recorded, and not before."""

from __future__ import annotations

from registry.records.standing import Standing
from registry.storage.ledger import LedgerStore


class FollowedStanding:
    """As of the last commit, whoever made it. May be asked from any thread."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store
        self._known: tuple[int, Standing] | None = None

    def standing(self) -> Standing:
        """Who is who now. The ledger's size is asked each time: a revocation holds from the next question on."""
        size, known = self._store.size(), self._known
        if known is None or known[0] != size:
            known = self._known = size, self._store.standing()  # the size first: it may be older than what was read
        return known[1]
