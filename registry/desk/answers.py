"""The counter where an answer is signed as a whole, so that what no entry proves is at least somebody's word."""

from __future__ import annotations

import hashlib
from typing import Any

from registry.desk.session import Session
from registry.ledger.answer import answer_bytes


class Answers:
    """Signs with the key of the desk's officer, which was enrolled by an act."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def sign(self, answer: dict[str, Any]) -> bytes:
        """The Ed25519 signature over the answer, which names this officer under `extensions.answer.key`. Raises
        NotPermitted once the officer is revoked."""
        self._session.standing_officer()
        return self._session.sign(answer_bytes(self._session.services.origin, answer))

    def derive(self, use: str) -> bytes:
        """64 bytes that only this officer's key gives, the same each time, for a named use: Ed25519 signs
        deterministically (RFC 8032 section 5.1.6)."""
        said = f"muniment-derive@v1\n{self._session.services.origin}\n{use}".encode()
        return hashlib.sha512(self._session.sign(said)).digest()
