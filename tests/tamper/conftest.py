"""Registries to tamper with: built once, honestly, and copied for each attack."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry.records.roles import Role
from tests.day import a_day
from tests.honest import Person, Registry
from tests.simulator import Operator

Attack = Callable[[], Operator]


@pytest.fixture(scope="session")
def honest_day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Person]]:
    """649 entries with one of everything, and the people whose keys signed them."""
    folder = tmp_path_factory.mktemp("day")
    registry = a_day(folder)
    registry.close()
    return folder, registry.people


@pytest.fixture(scope="session")
def large_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """70,010 entries: full tiles of levels 0 and 1, partial ones of levels 0, 1 and 2."""
    folder = tmp_path_factory.mktemp("large")
    registry = Registry(folder, create=True)
    founder = registry.found()
    loader = registry.enrol(founder, "loader", Role.LOADER)
    load = registry.load_rows(registry.open_load(loader), registry.sales(40_000))
    registry.seal()
    registry.close_load(loader, registry.load_rows(load, registry.sales(70_000)[40_000:]))
    for _ in range(2):
        registry.enrol(founder, "clerk")
    registry.seal()
    registry.close()
    return folder


@pytest.fixture
def people(honest_day: tuple[Path, dict[str, Person]]) -> dict[str, Person]:
    """Those whose keys signed the day, by name."""
    return honest_day[1]


@pytest.fixture
def operator(honest_day: tuple[Path, dict[str, Person]], tmp_path: Path) -> Iterator[Operator]:
    """The dishonest operator of a copy of the day."""
    yield from _of_a_copy(honest_day[0], tmp_path)


@pytest.fixture
def large_operator(large_day: Path, tmp_path: Path) -> Iterator[Operator]:
    """The dishonest operator of a copy of the large ledger."""
    yield from _of_a_copy(large_day, tmp_path)


def _of_a_copy(folder: Path, to: Path) -> Iterator[Operator]:
    shutil.copytree(folder, to / "copy")
    operator = Operator(to / "copy")
    yield operator
    operator.close()
