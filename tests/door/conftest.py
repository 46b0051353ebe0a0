"""A staffed town made once; tests take a copy each, its desks behind the office's door."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.door.behind import DoorTown
from tests.town import Town

sys.setswitchinterval(0.001)  # what races, races here


@pytest.fixture(scope="session")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> DoorTown:
    """Two departments and one officer of each role; closed."""
    town = DoorTown(tmp_path_factory.mktemp("staffed"))
    Town.staff(town)
    town.close()
    return town


@pytest.fixture
def town(staffed: DoorTown, tmp_path: Path) -> Iterator[DoorTown]:
    """Open, and every thread of it gone afterwards."""
    before = threading.active_count()
    found = staffed.copied(tmp_path)
    yield found
    found.close()
    assert threading.active_count() == before
