"""Towns made once: tests take a copy each, which is open in a twentieth of a second."""

from __future__ import annotations

import pytest

from tests.town import Town


@pytest.fixture(scope="session")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Two departments and one officer of each role; closed."""
    town = Town(tmp_path_factory.mktemp("staffed")).staff()
    town.close()
    return town
