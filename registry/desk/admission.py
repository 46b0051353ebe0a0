"""Where departments' systems sign in: a client assertion is checked once, and opens the department's own desk.

The desk lives as long as a token, five minutes, and no longer than the key: each question asks the standing again. It
looks up and proves by what lies here, and does nothing else. What only an office can do, to take the assertion, to open
what is withheld and to record a reading, it asks of `departments`: the counter of the gateway's own officer, in this
process or behind the door. Who reads there is the department itself: its assertion stands in the reading, withheld,
where an officer's reading has his signature (ADR 0010, 0011).
"""

from __future__ import annotations

from collections.abc import Callable

from registry.desk.departments import Admitted, Departments, named, never, reads_only
from registry.desk.desk import Desk
from registry.desk.services import Services
from registry.desk.session import Session
from registry.errors import NotPermitted
from registry.ledger.assertion import check_assertion, check_time
from registry.records.acts import Details, Kind
from registry.records.roles import READ_IN_CLEAR
from registry.records.standing import Officer
from registry.sequencer import Proposal


class DepartmentSession(Session):
    """A department that signed in by assertion: reads, and acts on nothing."""

    def __init__(self, services: Services, assertion: str, admitted: Admitted, departments: Departments) -> None:
        self._assertion, self.admitted, self._departments = assertion, admitted, departments
        super().__init__(services, f"department/{admitted.department}", never)

    def standing_officer(self) -> Officer:
        """The department as it stands now. Raises NotPermitted when its key was revoked meanwhile, or time is up."""
        services, admitted = self.services, self.admitted
        standing = services.standing()
        key = standing.client(admitted.department, admitted.kid)
        if key is None or key.revoked is not None:
            raise NotPermitted(
                f"key {admitted.kid} of {admitted.department} is not in force", rule="client-key-revoked"
            )
        if services.clock() >= admitted.expires:
            raise NotPermitted("the token has expired: ask for a new one", rule="token-expired")
        found = standing.officer(self.officer)
        if found is None:
            raise NotPermitted(f"{self.officer} has no key in force", rule="client-key-revoked")
        return found

    def propose(self, kind: Kind, details: Details, subject: str | None, *, key: str | None = None) -> Proposal:
        """A department signs in to read."""
        raise reads_only(self.officer)

    def read(self, concerning: str, fields: str, purpose: str) -> None:
        """Have it recorded that details in clear were read; nothing else is read by this way."""
        named(self.admitted.purpose)
        if fields not in READ_IN_CLEAR:
            raise NotPermitted(f"{self.officer} is handed no bodies here", rule="department-reads")
        self.open((), (concerning,), purpose)

    def open(self, positions: tuple[int, ...], clear: tuple[str, ...], purpose: str) -> tuple[tuple[str, ...], ...]:
        """As `Departments.read`, under this department's assertion and for the purpose in it."""
        self.standing_officer()
        return self._departments.read(self._assertion, positions, clear)


class DepartmentDesk(Desk):
    """A department's desk, until `expires` (ms UTC)."""

    def __init__(self, services: Services, session: DepartmentSession, milestone: Callable[[str], None]) -> None:
        super().__init__(services, session, milestone)
        admitted = session.admitted
        self.purpose, self.kid, self.expires = admitted.purpose, admitted.kid, admitted.expires
        self._department = session

    def check(self) -> None:
        """Return if the desk is still good. Raises NotPermitted: the key was revoked, or time is up."""
        self._department.standing_officer()


class Admission:
    """Opens departments' desks. May be asked from any thread."""

    def __init__(self, services: Services, departments: Departments, milestone: Callable[[str], None]) -> None:
        self._services, self._departments, self._milestone = services, departments, milestone

    def admit(self, assertion: str) -> DepartmentDesk:
        """The desk of the department that signed the assertion. One that does not hold is refused here, so that
        strangers do not come as far as the office.

        Raises Malformed, BadSignature, NotPermitted with the reason, which is for the log and never for the caller;
        Busy where no office takes it now.
        """
        services = self._services
        check_time(check_assertion(assertion, services.standing(), services.origin), services.clock())
        admitted = self._departments.admit(assertion)
        return DepartmentDesk(
            services, DepartmentSession(services, assertion, admitted, self._departments), self._milestone
        )
