"""Registries to be broken, each a copy of one that was made once; and a nursery of children to break them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.generate import main as generate
from registry.records.muniment import MunimentKind, Visibility
from registry.records.roles import Role
from tests.crashes.nursery import Broken, Copies, Nursery
from tests.crashes.scripts import DEED, DEPUTY, document
from tests.town import Town

ROWS, LINES = 1_600, 20


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A registry with its staff, a deed, a deputy who may open the office, and two files to load; closed."""
    place = tmp_path_factory.mktemp("sound")
    defects = "already=0.01,changed=0.01,withdrawn=0.01,rejected=0.01,mangled=0.01"
    generate(["--rows", str(ROWS), "--seed", "2", "--out", str(place), "--defects", defects, "--muniments", str(LINES)])
    town = Town(place).staff()
    town.desk("intake-clerk").muniments.lodge(
        document(7, 50_000),
        MunimentKind.DEED,
        withheld={"proprietor": "Amara Okafor"},
        visibility=Visibility.DEPARTMENTS,
        subject=DEED,
    )
    deputy = town.office.enrol(town.desk("founder"), DEPUTY, "HMLR", f"{DEPUTY}'s", role=Role.REGISTRAR, may_open=True)
    town.references[DEPUTY] = deputy[0].subject
    town.close()
    return place, town.references


@pytest.fixture
def broken(sound: tuple[Path, dict[str, str]], nursery: Nursery, tmp_path: Path) -> Copies:
    """Fresh copies of it."""
    made = 0

    def copy() -> Broken:
        nonlocal made
        made += 1
        folder = tmp_path / str(made)
        shutil.copytree(sound[0], folder)
        return Broken(folder, sound[1], nursery)

    return copy
