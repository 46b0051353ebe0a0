"""The desk: where one signed-in officer acts and asks. An identity is given once, when the desk is opened.

A desk without an officer is the public's: it looks up what is public and takes receipts of it, and acts on nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from registry.desk.access import Access
from registry.desk.answers import Answers
from registry.desk.day import Day
from registry.desk.departments import Departments
from registry.desk.evidence import Evidence
from registry.desk.holdings import Holdings
from registry.desk.keys import Keys
from registry.desk.load_register import LoadRegister
from registry.desk.loads import Loads
from registry.desk.lookups import Lookups
from registry.desk.muniments import Muniments
from registry.desk.officers import Officers
from registry.desk.properties import Properties
from registry.desk.provenance import Provenance
from registry.desk.publication import Publication
from registry.desk.receipts import Receipts
from registry.desk.services import Services
from registry.desk.session import Session, Sign
from registry.desk.status import Status, status
from registry.desk.verification import Verification
from registry.errors import NotPermitted
from registry.ledger.signature import verify_ed25519
from registry.records.encoding import from_base64


class PublicDesk:
    """What anyone may ask."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.lookups = Lookups(services)
        self.receipts = Receipts(services, self.lookups)
        self._look_through(services, None)

    def _look_through(self, services: Services, session: Session | None) -> None:
        """The counters that read through this desk's `lookups`."""
        self.access = Access(services, session)
        self.publication = Publication(services, session)
        self.holdings = Holdings(services, self.lookups)
        self.evidence = Evidence(services, self.holdings)
        self.properties = Properties(services)
        self.provenance = Provenance(services, self.holdings)
        self.verification = Verification(services, self.holdings)

    def status(self) -> Status:
        """Size, root and how far sealing and searching are."""
        return status(self._services)


class Desk(PublicDesk):
    """One officer's desk. Signed intents leave it; the key that signs them does not."""

    def __init__(self, services: Services, session: Session, milestone: Callable[[str], None]) -> None:
        super().__init__(services)
        self.officer, self.department = session.officer, session.department
        self.wrong_passphrases = 0
        """How many were tried on the key file since it was last opened; the officer is told at sign-in."""
        self.lookups = Lookups(services, session)
        self.receipts = Receipts(services, self.lookups, session)
        self.muniments = Muniments(session, self.lookups)
        self.loads = Loads(session, milestone)
        self.officers = Officers(session)
        self.load_register = LoadRegister(services, session)
        self.answers = Answers(session)
        self.departments = Departments(session)
        self._look_through(services, session)
        self.keys = Keys(session)
        self.day = Day(services, session, self.lookups)
        self._sign: Sign = session.sign
        self._origin = services.origin

    def derive(self, make: Callable[[Sign, str], bytes]) -> bytes:
        """A key of this officer's own, made from a signature of his (and the origin), which leaves this process no more
        than his seed does."""
        return make(self._sign, self._origin)


CHALLENGE_BYTES = 32


def challenge_bytes(origin: str, nonce: bytes, peer: bytes = b"") -> bytes:
    """What an officer signs to sign in: `muniment-signin@v1⏎` ‖ origin ‖ `⏎` ‖ 32 random bytes of the office ‖ peer.

    `peer` says who signs in from another process: `⏎uid 1000`. A challenge passed on to somebody else is of no use.
    """
    return b"muniment-signin@v1\n" + origin.encode() + b"\n" + nonce + peer


def sign_in(
    services: Services, officer: str, sign: Sign, milestone: Callable[[str], None], *, peer: bytes = b""
) -> Desk:
    """Open a desk: the office's challenge is signed with the officer's key, checked against the one enrolled.

    Raises NotPermitted for an unknown or revoked officer, BadSignature for another key than the enrolled one.
    """
    enrolled = services.standing().officer(officer)
    if enrolled is None:
        raise NotPermitted(f"{officer} is not enrolled in {services.origin}", rule="enrolled")
    if enrolled.revoked is not None:
        raise NotPermitted(f"the key of {officer} was revoked at position {enrolled.revoked}", rule="key-revoked")
    challenge = challenge_bytes(services.origin, services.random(CHALLENGE_BYTES), peer)
    verify_ed25519(from_base64(enrolled.key, 32, "officer's key"), sign(challenge), challenge)
    return Desk(services, Session(services, officer, sign), milestone)
