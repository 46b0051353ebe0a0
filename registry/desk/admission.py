"""Where departments' systems sign in: a client assertion is checked once, and opens the department's own desk.

The desk lives as long as a token, five minutes, and no longer than the key: each question asks the standing again. It
reads and does nothing else. Who reads withheld material here is the department itself: its assertion stands in the
reading, withheld, where an officer's reading has his signature (ADR 0010), so nobody who runs the gateway or the office
can make up a department's reading without the department's word.

An assertion is taken once. What was taken is remembered here until it would be refused for its age; one that was issued
before this admission opened is refused, so that closing and opening the office does not let one in twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from registry.desk.desk import Desk
from registry.desk.services import Services
from registry.desk.session import Session, Word
from registry.errors import Busy, NotPermitted
from registry.ledger.assertion import TOKEN_LIFE_MS, Claims, check_assertion, check_time
from registry.records.acts import Details, Intent, Kind
from registry.records.standing import Officer
from registry.sequencer import Proposal, Recorded

MOST_REMEMBERED = 100_000


class DepartmentSession(Session):
    """A department that signed in by assertion: reads, and acts on nothing."""

    def __init__(self, services: Services, assertion: str, claims: Claims, expires: int) -> None:
        self._assertion, self.claims, self.expires = assertion, claims, expires
        super().__init__(services, f"department/{claims.department}", _never)

    def standing_officer(self) -> Officer:
        """The department as it stands now. Raises NotPermitted when its key was revoked meanwhile, or time is up."""
        services, claims = self.services, self.claims
        key = services.standing().client(claims.department, claims.kid)
        if key is None or key.revoked is not None:
            raise NotPermitted(f"key {claims.kid} of {claims.department} is not in force", rule="client-key-revoked")
        if services.clock() >= self.expires:
            raise NotPermitted("the token has expired: ask for a new one", rule="token-expired")
        found = services.standing().officer(self.officer)
        if found is None:
            raise NotPermitted(f"{self.officer} has no key in force", rule="client-key-revoked")
        return found

    def propose(self, kind: Kind, details: Details, subject: str | None, *, key: str | None = None) -> Proposal:
        """A department signs in to read."""
        raise NotPermitted(f"{self.officer} signs in to read; acts are its officers'", rule="department-reads")

    def read(self, concerning: str, fields: str, purpose: str) -> Recorded:
        """Record a reading, for the purpose that the department signed for and no other. Raises NotPermitted with the
        rule `purpose-required` where it named none."""
        self.standing_officer()
        if not self.claims.purpose:
            raise NotPermitted(
                "this wants a purpose: sign in with one, as the claim 'purpose' of the assertion",
                rule="purpose-required",
            )
        return super().read(concerning, fields, self.claims.purpose)

    def word(self, intent: Intent) -> Word:
        """The department's word is its assertion."""
        return Word("assertion", self._assertion, assertion=self._assertion)


class DepartmentDesk(Desk):
    """A department's desk, until `expires` (ms UTC)."""

    def __init__(self, services: Services, session: DepartmentSession, milestone: Callable[[str], None]) -> None:
        super().__init__(services, session, milestone)
        self.purpose, self.kid, self.expires = session.claims.purpose, session.claims.kid, session.expires
        self._department = session

    def check(self) -> None:
        """Return if the desk is still good. Raises NotPermitted: the key was revoked, or time is up."""
        self._department.standing_officer()


class Admission:
    """Checks assertions and opens desks. May be asked from any thread."""

    def __init__(self, services: Services, milestone: Callable[[str], None]) -> None:
        self._services, self._milestone = services, milestone
        self._opened = services.clock()
        self._lock = threading.Lock()
        self._taken: dict[tuple[str, str], int] = {}

    def admit(self, assertion: str) -> DepartmentDesk:
        """The desk of the department that signed the assertion.

        Raises Malformed, BadSignature, NotPermitted with the reason, which is for the log and never for the caller;
        Busy where more assertions were taken in five minutes than are remembered.
        """
        services = self._services
        now = services.clock()
        claims = check_assertion(assertion, services.standing(), services.origin)
        check_time(claims, now)
        if claims.issued + 999 < self._opened:
            raise NotPermitted("the assertion was issued before the office opened", rule="assertion-time")
        self._take(claims, now)
        return DepartmentDesk(
            services, DepartmentSession(services, assertion, claims, now + TOKEN_LIFE_MS), self._milestone
        )

    def _take(self, claims: Claims, now: int) -> None:
        name = claims.department, claims.jti
        with self._lock:
            if self._taken.get(name, -1) >= now:
                raise NotPermitted(f"the assertion {claims.jti!a} was used before", rule="assertion-once")
            if len(self._taken) >= MOST_REMEMBERED:
                self._taken = {one: until for one, until in self._taken.items() if until >= now}
                if len(self._taken) >= MOST_REMEMBERED:
                    raise Busy("too many sign-ins in five minutes; ask again in a minute")
            self._taken[name] = claims.expires


def _never(message: bytes) -> bytes:
    raise NotPermitted("a department's key signs nothing here", rule="department-reads")
