"""The counter where a gateway asks what only an office can do for a department: let it in, open what is withheld, and
record what it reads.

Each time the department's own assertion is handed over as it came, and checked here: whoever asks can make up no
department, and is handed nothing withheld before the reading of it stands in the ledger (ADR 0011). Who asks needs no
right of his own but to be an officer in force; what is read is the department's right and the department's reading.
"""

from __future__ import annotations

import msgspec

from registry.desk.services import Services
from registry.desk.session import Session, Word
from registry.errors import Misuse, NotHeld, NotPermitted
from registry.ledger.assertion import TOKEN_LIFE_MS, Claims, check_assertion, check_time
from registry.records.acts import Details, Intent, Kind
from registry.records.muniment import Visibility
from registry.records.rows import is_sale
from registry.sequencer import Proposal

MOST_AT_ONCE = 1_000
"""Entries and subjects of one reading; a question of the gateway's is measured to less."""


class Admitted(msgspec.Struct, frozen=True):
    """A department that was let in: with which key, for which purpose ("" for none), and until when (ms UTC)."""

    department: str
    kid: str
    purpose: str
    expires: int


class Departments:
    """For whoever serves departments, in-line or through the door. Frees nobody from a rule."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def admit(self, assertion: str) -> Admitted:
        """Take the assertion, once.

        Raises Malformed, BadSignature, NotPermitted with the reason, which is for the log and never for the department;
        Busy where nothing can be recorded, or too many sign in.
        """
        services = self._serving()
        now = services.clock()
        claims = check_assertion(assertion, services.standing(), services.origin)
        check_time(claims, now)
        services.taken.take(claims, now)
        return Admitted(claims.department, claims.kid, claims.purpose, now + TOKEN_LIFE_MS)

    def read(
        self, assertion: str, positions: tuple[int, ...], clear: tuple[str, ...] = ()
    ) -> tuple[tuple[str, ...], ...]:
        """The withheld disclosures of these entries, in their order, as far as the department may have them, once
        their reading is recorded: one act a subject, durable when this returns. `clear`: subjects of whose details
        only those in clear are read, where that is a reading.

        Raises NotPermitted, Refused, Malformed, BadSignature, NotHeld, Misuse, Busy: nothing was handed out.
        """
        services = self._serving()
        claims = check_assertion(assertion, services.standing(), services.origin)
        check_time(claims, services.clock(), used=True)
        if len(positions) + len(clear) > MOST_AT_ONCE:
            raise Misuse(f"{len(positions) + len(clear):,} readings at once; at most {MOST_AT_ONCE:,}")
        reader = ByAssertion(services, assertion, claims)
        for reference in clear:
            reader.check_own(reference)
        return reader.open(positions, clear, claims.purpose)

    def _serving(self) -> Services:
        """The services of an office that records, for an officer who is still one."""
        try:
            self._session.standing_officer()
        except NotPermitted as error:
            raise NotPermitted(str(error), rule="gateway-officer") from error
        self._session.services.writer()
        return self._session.services


class ByAssertion(Session):
    """A department, for one call: reads under its assertion, and acts on nothing."""

    def __init__(self, services: Services, assertion: str, claims: Claims) -> None:
        self._assertion, self._claims = assertion, claims
        super().__init__(services, f"department/{claims.department}", never)

    def check_own(self, reference: str) -> None:
        """Return if looking at the subject's details in clear is a reading. Raises NotHeld."""
        state = None if is_sale(reference) else self.state(reference)
        if state is None or state.visibility is not Visibility.OWN:
            raise NotHeld(f"{reference} is not held here, or its details are nobody's reading")

    def propose(self, kind: Kind, details: Details, subject: str | None, *, key: str | None = None) -> Proposal:
        """A department signs in to read."""
        raise reads_only(self.officer)

    def open(self, positions: tuple[int, ...], clear: tuple[str, ...], purpose: str) -> tuple[tuple[str, ...], ...]:
        """As any session, for the purpose that the department signed for and no other. Raises NotPermitted with the
        rule `purpose-required` where it named none."""
        return super().open(positions, clear, named(purpose))

    def word(self, intent: Intent) -> Word:
        """The department's word is its assertion."""
        return Word("assertion", self._assertion, assertion=self._assertion)


def named(purpose: str) -> str:
    """The purpose. Raises NotPermitted where there is none."""
    if not purpose:
        raise NotPermitted(
            "this wants a purpose: sign in with one, as the claim 'purpose' of the assertion", rule="purpose-required"
        )
    return purpose


def reads_only(officer: str) -> NotPermitted:
    """What a department is told that would act."""
    return NotPermitted(f"{officer} signs in to read; acts are its officers'", rule="department-reads")


def never(message: bytes) -> bytes:
    """A department's key signs nothing here."""
    raise NotPermitted("a department's key signs nothing here", rule="department-reads")
