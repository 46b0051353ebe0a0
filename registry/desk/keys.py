"""The counter for departments' keys: enrol one, revoke one, list them. Their private halves never come here."""

from __future__ import annotations

import msgspec

from registry.desk.session import Session
from registry.errors import Misuse
from registry.ledger.assertion import check_client_key
from registry.records.acts import KeyAdded, KeyRevoked, Kind
from registry.records.clients import ClientKey
from registry.records.identifiers import check_department
from registry.records.text import check_text
from registry.sequencer import Recorded


class KeyView(msgspec.Struct, frozen=True):
    """A department's key as listed; `revoked` is the position of the act that ended it."""

    department: str
    kid: str
    algorithm: str
    added: int
    revoked: int | None


class Keys:
    """Acts on departments' keys. With two administrators each wants the other's word."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, code: str, algorithm: str, key: dict[str, str]) -> Recorded:
        """Enrol a public key, a JWK's required members, pinned to its algorithm; the department reads with it as a
        reader of its own. Raises Misuse, Malformed (a key that may not be one), Refused."""
        check_department(code)
        found = ClientKey.of(algorithm, key)
        check_client_key(found)
        details = KeyAdded(algorithm=found.algorithm, key=dict(sorted(found.key.items())), kid=found.kid)
        return self._session.act(Kind.KEY_ADDED, details, f"department/{code}")

    def revoke(self, code: str, kid: str, reason: str) -> Recorded:
        """End a key, and every token given for its word, from this act's position on. Raises Misuse, Refused."""
        check_department(code)
        if not reason.strip():
            raise Misuse("a revocation wants a reason: say why in a sentence")
        check_text("reason", reason, 1_000)
        return self._session.act(Kind.KEY_REVOKED, KeyRevoked(kid=kid, reason=reason), f"department/{code}")

    def list(self, code: str) -> tuple[KeyView, ...]:
        """The department's keys, revoked ones too, in order of their coming."""
        return tuple(
            KeyView(code, one.kid, one.algorithm, one.added, one.revoked)
            for one in self._session.services.standing().client_keys(code)
        )
