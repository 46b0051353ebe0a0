"""One gateway over one town for a file's tests that record nothing but readings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.answering import Counter, gateway_town


@pytest.fixture(scope="session")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """A town with deeds and sales, open, and its gateway."""
    town = gateway_town(tmp_path_factory.mktemp("answering"))
    try:
        yield Counter(town, tmp_path_factory.mktemp("files"))
    finally:
        town.close()
