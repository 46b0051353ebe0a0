"""One signed-in officer: who, of which department, and the signature that only his process can make.

What is withheld is opened here and nowhere before the reading of it is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass

from msgspec import UNSET

from registry.desk.services import Services, tell_names
from registry.desk.views import Entries
from registry.errors import NotHeld, NotPermitted, Refused, Shredded
from registry.records.acts import Details, Intent, Kind, Reading, make_intent, signed_bytes
from registry.records.disclosure import digest, disclose, pack, unpack, withhold
from registry.records.encoding import to_base64
from registry.records.muniment import SubjectState
from registry.records.roles import Verb
from registry.records.rules import permit
from registry.records.standing import Officer
from registry.sequencer import Proposal, Recorded

Sign = Callable[[bytes], bytes]
KEY_BYTES = 16
SALT_BYTES = 32
CLEAR = "details"
"""What a reading names where nothing withheld was opened: what is visible to its own department only."""


@dataclass(frozen=True, slots=True)
class Word:
    """By what a reading is its reader's: the withheld member's name and value; an officer's signature, or a
    department's assertion."""

    name: str
    value: str
    signature: bytes = b""
    assertion: str = ""


@dataclass(frozen=True, slots=True)
class _Signed:
    """A reading that is signed and not sealed yet: what it withholds, and the digest of its hidden word."""

    intent: Intent
    word: Word
    concerning: str
    fields: str
    withheld: bytes
    digest: str


class Session:
    """Signs intents and hands them to the sequencer."""

    def __init__(self, services: Services, officer: str, sign: Sign) -> None:
        self.services, self.officer, self._sign = services, officer, sign
        self._entries = Entries(services)
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

    def sign(self, message: bytes) -> bytes:
        """The officer's signature over what is no intent; each use begins with words of its own."""
        return self._sign(message)

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
        return Proposal(intent, self.officer, self._sign(signed_bytes(self.services.origin, intent)))

    def act(self, kind: Kind, details: Details, subject: str | None, *, key: str | None = None) -> Recorded:
        """Sign and record. Raises Refused with the position of the refusal, NotHeld, Busy."""
        return self._enter(self.propose(kind, details, subject, key=key))

    def read(self, concerning: str, fields: str, purpose: str) -> None:
        """Record a reading of withheld material, durable before anything is handed out.

        Officer, subject, fields and signature are withheld: a holder of receipts or entries learns only that this
        department read something, and for which purpose. Raises Busy where nothing can be recorded.
        """
        self._record({concerning: fields}, purpose)

    def _record(self, fields: Mapping[str, str], purpose: str) -> None:
        """One reading of each subject, all in one turn. Raises Refused, Busy: then nothing was handed out."""
        writer, vault = (
            self.services.writer(),
            self.services.vault,
        )  # who seals nothing would be told of the vault alone
        said = [self._reading(concerning, told, purpose) for concerning, told in fields.items()]
        with vault.batch() if len(said) > 1 else nullcontext():  # once signed: a batch must wait for nobody
            sealed = [vault.seal(f"reading/{one.intent.key}", 1, withheld=one.withheld) for one in said]
        proposals = [
            Proposal(
                one.intent,
                self.officer,
                one.word.signature,
                assertion=one.word.assertion,
                concerning=one.concerning,
                fields=one.fields,
                sealed=kept,
                sd=(one.digest,),
            )
            for one, kept in zip(said, sealed, strict=True)
        ]
        try:
            writer.enter_together(proposals)
        except Refused as error:
            raise tell_names(error, self.services.names()) from error

    def _reading(self, concerning: str, fields: str, purpose: str) -> _Signed:
        withheld = {"fields": fields, "officer": self.officer, "subject": concerning}
        sd, disclosures = withhold(withheld, self.salts(len(withheld)))
        intent = make_intent(
            Kind.READ,
            Reading(sd=sd, purpose=purpose),
            department=self.department,
            key=self.new_key(),
            officer=UNSET,
            subject=f"department/{self.department}",
        )
        word = self.word(intent)
        hidden = disclose(self.salts(1)[0], word.name, word.value)
        return _Signed(intent, word, concerning, fields, pack((*disclosures, hidden)), digest(hidden))

    def open(self, positions: tuple[int, ...], clear: tuple[str, ...], purpose: str) -> tuple[tuple[str, ...], ...]:
        """The withheld disclosures of these entries, in their order, after one reading of each subject was recorded;
        also of those in `clear`, of which only details in clear are read. None of an entry whose withheld details are
        not this desk's to read, or are shredded.

        Raises NotHeld beyond the ledger, Refused, Busy: then nothing may be handed over.
        """
        found, fields = list[tuple[str, ...]](), dict[str, list[str]]()
        for position in positions:
            entry = self._entries.entry(position)
            said, state = self._entries.versioned(entry), self.state(entry.subject)
            opened = None if state is None or said.vault is None else self._opened(said.vault.id, state)
            found.append(opened or ())
            if opened is not None:
                noted = fields.setdefault(entry.subject, [])
                if (told := f"withheld details of version {said.version}") not in noted:
                    noted.append(told)
        for reference in clear:
            fields.setdefault(reference, [])
        if fields:
            self._record({reference: ", ".join(noted) or CLEAR for reference, noted in fields.items()}, purpose)
        return tuple(found)

    def state(self, reference: str) -> SubjectState | None:
        """The state of a muniment or sale now; None for what has none. Raises Malformed for what is no reference."""
        return self._entries.state(reference)

    def _opened(self, envelope: str, state: SubjectState) -> tuple[str, ...] | None:
        """What the envelope withholds; None where this desk may not read it, or nobody can."""
        try:
            self.permit(Verb.WITHHELD_READ, state.custodian)
            blob = self.services.vault.withheld(envelope)
        except (NotPermitted, Shredded, NotHeld):
            return None
        return unpack(blob) if blob else ()

    def word(self, intent: Intent) -> Word:
        """The officer's signature over the intent of a reading."""
        signature = self._sign(signed_bytes(self.services.origin, intent))
        return Word("signature", to_base64(signature), signature=signature)

    def _enter(self, proposal: Proposal) -> Recorded:
        try:
            return self.services.writer().enter(proposal)
        except Refused as error:
            raise tell_names(error, self.services.names()) from error
