"""What one question reads of withheld or restricted material: noted while it is answered, recorded before any of it
leaves.

Withheld details are not open before their reading stands in the ledger, and one question is one reading of a subject,
however many of its versions it looked at. So a question that wants some is answered twice: at the first look they are
noted and stay shut, `settle` has them recorded and opened in one go, and the second look finds them open. Where
`settle` raises, nothing may be handed over.
"""

from __future__ import annotations

from registry.desk.services import Services
from registry.desk.session import Session
from registry.desk.views import Entries
from registry.errors import NotPermitted
from registry.records.muniment import Visibility
from registry.records.roles import Verb
from registry.records.rows import is_sale


class Readings:
    """The readings of one question. Not for several threads."""

    def __init__(self, services: Services, session: Session | None, purpose: str) -> None:
        self._session, self._purpose = session, purpose
        self._entries = Entries(services)
        self._wanted: dict[int, str] = {}
        self._clear: list[str] = []
        self._open: dict[int, tuple[str, ...]] = {}
        self._recorded: set[str] = set()

    def clear(self, reference: str) -> bool:
        """Details in clear were read; noted, and True, where only the custodian may see them."""
        if is_sale(reference):  # public, by `rows.follow`
            return False
        state = self._entries.state(reference)
        if state is None or state.visibility is not Visibility.OWN or self._session is None:
            return False
        if reference not in self._recorded and reference not in self._clear:
            self._clear.append(reference)
        return True

    def withheld(self, position: int) -> tuple[str, ...]:
        """The disclosures of the entry, once they are open; none before, nor where this desk may not read them, or they
        are shredded."""
        if position in self._open:
            return self._open[position]
        entry = self._entries.entry(position)
        state = self._entries.state(entry.subject)
        said = self._entries.versioned(entry)
        if self._session is None or state is None or said.vault is None or not said.sd:
            return ()
        try:
            self._session.permit(Verb.WITHHELD_READ, state.custodian)
        except NotPermitted:
            return ()
        self._wanted[position] = entry.subject
        if not self._open:
            return ()
        self.settle()  # the second look wants what the first did not: somebody acted between them
        return self._open[position]

    def settle(self) -> bool:
        """Have everything noted recorded, durable when this returns, and what is withheld opened: True where any of it
        was, so that the question is to be answered again. Raises Refused, Busy: then the answer must not leave."""
        wanted, clear = tuple(self._wanted), tuple(self._clear)
        if not wanted and not clear:
            return False
        assert self._session is not None  # nothing is noted without one
        self._open.update(zip(wanted, self._session.open(wanted, clear, self._purpose), strict=True))
        self._recorded.update(self._wanted.values(), clear)
        self._wanted.clear()
        self._clear.clear()
        return bool(wanted)
