"""Towns made once: tests take a copy each, which is open in a twentieth of a second. Whatever holds at a desk in-line
holds through the door."""

from __future__ import annotations

import pytest

from tests.door.behind import DoorTown
from tests.town import Town


@pytest.fixture(scope="session", params=[Town, DoorTown], ids=["in-line", "door"])
def kind_of_town(request: pytest.FixtureRequest) -> type[Town]:
    """Where its desks stand: in the office's process, or behind its door."""
    kind: type[Town] = request.param
    return kind


@pytest.fixture(scope="session")
def staffed(kind_of_town: type[Town], tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Two departments and one officer of each role; closed."""
    town = kind_of_town(tmp_path_factory.mktemp("staffed")).staff()
    town.close()
    return town
