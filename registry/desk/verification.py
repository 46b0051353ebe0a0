"""The counter where anyone asks: is this registered? By a digest, and never by what a digest could be guessed from.

Known by it are a body whose muniment is public, and a withheld member by its *salted* digest, which only who holds the
disclosure can name: a plain digest of guessable content would be an oracle. Told are kind, time and status; never
parties or content.
"""

from __future__ import annotations

from dataclasses import dataclass

from registry.desk.holdings import Holdings
from registry.desk.services import Services
from registry.desk.views import Entries
from registry.errors import NotHeld
from registry.records.encoding import to_base64
from registry.records.facts import Fact, withheld_digests
from registry.records.muniment import MunimentKind, Status


@dataclass(frozen=True, slots=True)
class Verified:
    """The entry that names the digest; kind and status of its muniment now; whether a newer version stands above it,
    and whether the entry itself is this desk's to know."""

    position: int
    recorded_at: int
    kind: MunimentKind
    status: Status
    superseded: bool
    shown: bool


class Verification:
    """Questions that want nobody's leave."""

    def __init__(self, services: Services, holdings: Holdings) -> None:
        self._services, self._holdings = services, holdings
        self._entries = Entries(services)

    def of(self, digest: bytes) -> Verified | None:
        """What is registered under a digest of 32 bytes; None where nothing is."""
        content = to_base64(digest)
        salted = content.replace("+", "-").replace("/", "_").rstrip("=")
        for position in self._services.catalogue.with_digest(digest):
            entry = self._entries.entry(position)
            fact = Fact(position, entry)
            state = self._entries.state(entry.subject)
            if state is None or (fact.members().get("content") != content and salted not in withheld_digests(fact)):
                continue
            version = self._entries.versioned(entry).version
            shown = self._shown(position)
            return Verified(position, entry.at, state.kind, state.status, version < state.version, shown)
        return None

    def _shown(self, position: int) -> bool:
        try:
            self._holdings.entry(position)
        except NotHeld:
            return False
        return True
