"""The counter for what is published of the ledger: checkpoint, policy, tiles; bundles of entries with `ledger.read`.

Everything here lies below the newest signed checkpoint. What is recorded and not sealed yet is nobody's to read as a
tile.
"""

from __future__ import annotations

from registry.desk.services import Services
from registry.desk.session import Session
from registry.errors import LedgerHalted, NotHeld, NotPermitted
from registry.ledger.merkle import HASH_SIZE
from registry.ledger.tiles import WIDTH, frame, parse_bundle_path, parse_tile_path
from registry.records.roles import Verb


class Publication:
    """Of one officer or department, or of the public without a session, who gets no bundles."""

    def __init__(self, services: Services, session: Session | None = None) -> None:
        self._services, self._session = services, session

    def checkpoint(self) -> bytes:
        """The newest checkpoint with every cosignature. Raises NotHeld before the first."""
        sealed = self._services.checkpoints.latest()
        if sealed is None:
            raise NotHeld("no checkpoint is sealed yet")
        return sealed.cosigned

    def policy(self) -> bytes:
        """The policy file: whom to trust for this registry."""
        return self._services.policy.to_bytes()

    def tile(self, path: str) -> bytes:
        """The hashes of a tile, 32 bytes each, by its path (`tile/0/x001/067`, partial `tile/0/273.p/112`).

        Raises Malformed for no such path, NotHeld beyond what is published.
        """
        level, n, width = parse_tile_path(path)
        self._check(n, width, self._size() >> 8 * level, path)
        store = self._services.store
        body = store.tile(level, n)
        if body is None:
            head = store.head()
            if n == head.size >> 8 * (level + 1):
                body = head.edge.levels[level]
            else:  # it was filled between the two looks
                body = store.tile(level, n) or b""
        if len(body) < width * HASH_SIZE:
            raise LedgerHalted(f"{path} is missing or too short: run an audit")
        return body[: width * HASH_SIZE]

    def bundle(self, path: str) -> bytes:
        """The framed entries of a bundle, by its path. Raises NotPermitted, Malformed, NotHeld."""
        if self._session is None:
            raise NotPermitted("entries are for who holds ledger.read", rule="role:ledger.read")
        self._session.permit(Verb.LEDGER_READ)
        n, width = parse_bundle_path(path)
        self._check(n, width, self._size(), path)
        return frame(self._services.log.bundle(n, n * WIDTH + width))

    def _size(self) -> int:
        sealed = self._services.checkpoints.latest()
        return sealed.size if sealed is not None else 0

    @staticmethod
    def _check(n: int, width: int, hashes: int, path: str) -> None:
        """`hashes`: how many there are on the tile's level."""
        if n * WIDTH + width > hashes:
            raise NotHeld(f"{path} is not published")
