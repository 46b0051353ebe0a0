"""A vault on a real file, with the wrapping key at hand."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from registry.storage.vault import VaultStore, open_vault
from registry.vault.keys import WrappingKey
from registry.vault.vault import Vault


@dataclass(frozen=True)
class Room:
    folder: Path
    store: VaultStore
    vault: Vault
    secret: bytes

    def body(self, envelope_id: str) -> bytes:
        sink = io.BytesIO()
        self.vault.open(envelope_id, sink)
        return sink.getvalue()

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """What a database administrator does behind the office's back."""
        return list(self.store.database.execute_sql(statement, values).fetchall())


@pytest.fixture
def room(tmp_path: Path) -> Room:
    store = open_vault(tmp_path / "vault.db", create=True)
    secret = os.urandom(32)
    return Room(tmp_path, store, Vault(store, WrappingKey(secret)), secret)
