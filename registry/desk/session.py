"""One signed-in officer: who, of which department, and the signature that only his process can make."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import UNSET

from registry.desk.services import Services, tell_names
from registry.errors import NotPermitted, Refused
from registry.records.acts import Details, Kind, Reading, make_intent, signed_bytes
from registry.records.disclosure import digest, disclose, pack, withhold
from registry.records.encoding import to_base64
from registry.records.roles import Verb
from registry.records.rules import permit
from registry.records.standing import Officer
from registry.sequencer import Proposal, Recorded

Sign = Callable[[bytes], bytes]
KEY_BYTES = 16
SALT_BYTES = 32


class Session:
    """Signs intents and hands them to the sequencer."""

    def __init__(self, services: Services, officer: str, sign: Sign) -> None:
        self.services, self.officer, self.sign = services, officer, sign
        self.department = self.standing_officer().department

    def standing_officer(self) -> Officer:
        """The officer as he stands now. Raises NotPermitted when revoked meanwhile."""
        officer = self.services.standing().officer(self.officer)
        if officer is None or officer.revoked is not None:
            raise NotPermitted(f"{self.officer} is not, or no longer, an officer here", rule="key-revoked")
        return officer

    def permit(self, verb: Verb, department: str | None = None) -> None:
        """Ask the table for something that is looked at and not recorded. Raises NotPermitted."""
        permit(self.services.standing(), self.standing_officer(), verb, department, self.services.clock())

    def new_key(self) -> str:
        """A request key: 128 random bits in hex."""
        return self.services.random(KEY_BYTES).hex()

    def salts(self, count: int) -> list[bytes]:
        """Fresh salts for withheld members."""
        return [self.services.random(SALT_BYTES) for _ in range(count)]

    def propose(self, kind: Kind, details: Details, subject: str | None, *, key: str | None = None) -> Proposal:
        """The act, signed, not yet entered."""
        intent = make_intent(
            kind,
            details,
            department=self.department,
            key=key or self.new_key(),
            officer=self.officer,
            subject=UNSET if subject is None else subject,
        )
        return Proposal(intent, self.officer, self.sign(signed_bytes(self.services.origin, intent)))

    def act(self, kind: Kind, details: Details, subject: str | None, *, key: str | None = None) -> Recorded:
        """Sign and record. Raises Refused with the position of the refusal, NotHeld, Busy."""
        return self._enter(self.propose(kind, details, subject, key=key))

    def read(self, concerning: str, fields: str, purpose: str) -> Recorded:
        """Record a reading of withheld material, durable before anything is handed out.

        Officer, subject, fields and signature are withheld: a holder of receipts or entries learns only that this
        department read something, and for which purpose. Raises Busy where nothing can be recorded.
        """
        self.services.writer()  # asked before the vault, which would only say that it seals nothing
        withheld = {"fields": fields, "officer": self.officer, "subject": concerning}
        sd, disclosures = withhold(withheld, self.salts(len(withheld)))
        key = self.new_key()
        intent = make_intent(
            Kind.READ,
            Reading(sd=sd, purpose=purpose),
            department=self.department,
            key=key,
            officer=UNSET,
            subject=f"department/{self.department}",
        )
        signature = self.sign(signed_bytes(self.services.origin, intent))
        hidden = disclose(self.salts(1)[0], "signature", to_base64(signature))
        sealed = self.services.vault.seal(f"reading/{key}", 1, withheld=pack((*disclosures, hidden)))
        proposal = Proposal(
            intent,
            self.officer,
            signature,
            concerning=concerning,
            fields=fields,
            sealed=sealed,
            sd=(digest(hidden),),
        )
        return self._enter(proposal)

    def _enter(self, proposal: Proposal) -> Recorded:
        try:
            return self.services.writer().enter(proposal)
        except Refused as error:
            raise tell_names(error, self.services.names()) from error
