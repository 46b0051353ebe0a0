"""The counter that tells what this desk may do: by the role × verb table in force, as of now."""

from __future__ import annotations

from registry.desk.lookups import not_held
from registry.desk.readings import Readings
from registry.desk.services import Services
from registry.desk.session import Session
from registry.errors import NotPermitted
from registry.records.fields import Reach, Rule
from registry.records.roles import Scope, Verb


class Access:
    """Of one officer, or of the public without one."""

    def __init__(self, services: Services, session: Session | None = None) -> None:
        self._services, self._session = services, session

    def may(self, rule: Rule) -> bool:
        """Whether a field under this rule is this desk's to ask for; of which objects is decided with each of them."""
        if rule in (Reach.ANYONE, Reach.OBJECT):
            return True
        if self._session is None:
            return False
        try:
            officer = self._session.standing_officer()
        except NotPermitted:
            return False
        if not isinstance(rule, Verb):
            return True
        return self._reach(officer.reference, rule) is not Scope.NEVER

    def verbs(self) -> tuple[Verb, ...]:
        """The verbs that the desk's officer reaches, in the table's order; none for the public."""
        return tuple(verb for verb in Verb if self.may(verb))

    def roles(self, officer: str) -> tuple[str, ...] | None:
        """The roles that an officer holds now; None where this desk may not list officers of his department."""
        services = self._services
        if self._session is None:
            return None
        reach = self._reach(self._session.standing_officer().reference, Verb.OFFICER_LIST)
        own = reach is Scope.OWN and self.department_of(officer) == self._session.department
        if reach is not Scope.ALL and not own:
            return None
        return tuple(row.value for row in services.standing().roles(officer, services.clock()))

    def department_name(self, code: str) -> str:
        """The name of the department, its code where none is held."""
        return self._services.standing().department_name(code)

    def department_of(self, officer: str) -> str:
        """The department that enrolled the officer; "" for nobody's."""
        found = self._services.standing().officer(officer)
        return found.department if found else ""

    def check_agent(self, reference: str) -> None:
        """Return if the officer or department is held, and this desk may know. Raises NotHeld."""
        standing, code = self._services.standing(), reference.partition("/")[2]
        known = code in standing.departments() if reference.startswith("department/") else standing.officer(reference)
        if not known or self._session is None:
            raise not_held(reference)

    def readings(self, purpose: str) -> Readings:
        """The readings of one question for that purpose."""
        return Readings(self._services, self._session, purpose)

    def _reach(self, officer: str, verb: Verb) -> Scope:
        return self._services.standing().reach(officer, verb, self._services.clock())
