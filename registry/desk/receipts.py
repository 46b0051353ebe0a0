"""The counter for receipts: an entry with all that makes it mean something, to be checked for ever without us."""

from __future__ import annotations

from registry.desk.lookups import Lookups, not_held
from registry.desk.services import Services
from registry.desk.session import Session
from registry.desk.views import Entries
from registry.errors import LedgerHalted, NotHeld
from registry.ledger.issuance import Included, issue, leans_on
from registry.ledger.merkle import leaf_hash
from registry.ledger.receipt import Findings, verify
from registry.records.acts import Entry
from registry.records.disclosure import unpack
from registry.records.identifiers import parse_position
from registry.records.muniment import SubjectState
from registry.records.roles import Verb


def check(receipt: bytes, policy: bytes) -> Findings:
    """Recompute a receipt against a policy in this process: see `registry.ledger.receipt.verify`. Asks no office.

    Raises a kind of Unproven at the first thing that does not fit.
    """
    return verify(receipt, policy)


class Receipts:
    """Receipts for whoever may see the subject; the public takes those of what is public."""

    def __init__(self, services: Services, lookups: Lookups, session: Session | None = None) -> None:
        self._services, self._lookups, self._session = services, lookups, session
        self._entries = Entries(services)

    def policy(self) -> bytes:
        """The policy file of this registry: the log's keys, and the witnesses that are appointed."""
        return self._services.policy.to_bytes()

    def take(self, what: str, *, disclosures: bool = False, purpose: str = "office") -> tuple[int, bytes]:
        """(position, receipt) of a subject's last entry, or of a bare position.

        With `disclosures` the withheld details are in it. Whatever is not for everyone to see is a recorded reading,
        durable before the receipt is handed out. Raises NotHeld (also before it is sealed), Refused, Busy.
        """
        bare = parse_position(what)
        position = self._lookups.last_seen(what) if bare is None else bare
        entry = self._entries.entry(position)
        state = self._may_take(entry, what)
        opened: tuple[str, ...] = ()
        if disclosures:
            opened = self._disclosures(entry, purpose)
        else:
            self._lookups.record_reading(entry.subject, state, "receipt", purpose)
        return position, self._issue(position, opened)

    def issue(self, position: int) -> bytes:
        """The receipt of the entry at the position, if it may be taken; whoever asks has noted the reading. Raises
        NotHeld, Refused."""
        self._may_take(self._entries.entry(position), str(position))
        return self._issue(position, ())

    def _may_take(self, entry: Entry, what: str) -> SubjectState | None:
        """The subject's state. Who reads about whom is not public, though the reading's entry does not say it."""
        if self._session is not None:
            self._session.permit(Verb.RECEIPT_TAKE)
        state = self._lookups.may_see(entry.subject)
        if not self._lookups.sees(entry, state):
            raise not_held(what)
        return state

    def _issue(self, position: int, disclosures: tuple[str, ...]) -> bytes:
        services = self._services
        if services.sequencer is not None:
            services.seal()
        sealed = services.checkpoints.latest()
        if sealed is None or sealed.size <= position:
            raise NotHeld(
                f"position {position} is recorded but not sealed yet: ask again when the office has sealed it"
            )
        size = sealed.size

        def included(at: int) -> Included:
            return Included(at, services.log.entry(at), services.log.inclusion(at, size))

        raw = services.log.entry(position)
        if leaf_hash(raw) != services.log.leaf(position):
            raise LedgerHalted(f"the entry at {position} does not hash to its leaf in the tree: run an audit")
        supports = map(included, leans_on(position, raw, services.log.entry, self._came_into_force))
        return issue(included(position), sealed.cosigned, supports=supports, disclosures=disclosures)

    def _came_into_force(self, reference: str) -> int:
        officer = self._services.standing().officer(reference)
        if officer is None:
            raise NotHeld(f"{reference} is not an officer here")
        return officer.enrolled

    def _disclosures(self, entry: Entry, purpose: str) -> tuple[str, ...]:
        if self._session is None:
            raise NotHeld("withheld details are disclosed to a signed-in officer only; give --officer")
        said = self._entries.versioned(entry)
        if said.vault is None or self._entries.state(entry.subject) is None:
            return ()
        self._session.read(entry.subject, "withheld details", purpose)
        return unpack(self._services.vault.withheld(said.vault.id))
