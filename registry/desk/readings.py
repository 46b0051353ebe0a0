"""What one question read of withheld or restricted material: opened here, noted, and recorded before the answer leaves.

One act of reading a subject, however many of its fields were read. `record` is called once, when everything was read
and before any of it is handed over; where it raises, nothing may be handed over.
"""

from __future__ import annotations

from registry.desk.services import Services
from registry.desk.session import Session
from registry.desk.views import Entries
from registry.errors import NotHeld, NotPermitted, Shredded
from registry.records.disclosure import unpack
from registry.records.muniment import Visibility
from registry.records.roles import Verb
from registry.records.rows import is_sale

CLEAR = "details"
"""What a reading names where nothing withheld was opened: what is visible to its own department only."""


class Readings:
    """The readings of one question. Not for several threads."""

    def __init__(self, services: Services, session: Session | None, purpose: str) -> None:
        self._services, self._session, self._purpose = services, session, purpose
        self._entries = Entries(services)
        self._noted: dict[str, list[str]] = {}

    def clear(self, reference: str) -> bool:
        """Details in clear were read; noted, and True, where only the custodian may see them."""
        if is_sale(reference):  # public, by `rows.follow`
            return False
        state = self._entries.state(reference)
        if state is None or state.visibility is not Visibility.OWN or self._session is None:
            return False
        self._note(reference, CLEAR)
        return True

    def withheld(self, position: int) -> tuple[str, ...]:
        """The disclosures of the entry, noted as read; none where this desk may not read them, or they are shredded."""
        entry = self._entries.entry(position)
        state = self._entries.state(entry.subject)
        said = self._entries.versioned(entry)
        if self._session is None or state is None or said.vault is None or not said.sd:
            return ()
        try:
            self._session.permit(Verb.WITHHELD_READ, state.custodian)
            blob = self._services.vault.withheld(said.vault.id)
        except (NotPermitted, Shredded, NotHeld):
            return ()
        self._note(entry.subject, f"withheld details of version {said.version}")
        return unpack(blob) if blob else ()

    def noted(self) -> bool:
        """Whether there is anything to record."""
        return bool(self._noted)

    def record(self) -> None:
        """Record what was read, durable when this returns. Raises Refused, Busy: then the answer must not leave."""
        for reference, fields in self._noted.items():
            told = [each for each in fields if each != CLEAR] or [CLEAR]
            assert self._session is not None  # nothing is noted without one
            self._session.read(reference, ", ".join(told), self._purpose)
        self._noted.clear()

    def _note(self, reference: str, fields: str) -> None:
        noted = self._noted.setdefault(reference, [])
        if fields not in noted:
            noted.append(fields)
