"""A SQLite file is opened as asserted or not at all, and its faults are told in sentences."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import apsw
import peewee
import pytest

from registry.errors import Busy, LedgerHalted, Misuse
from registry.storage.sqlite import checkpoint, faults, migrate, open_database, schema_version, translate


class Leaf(peewee.Model):
    position = peewee.BigIntegerField(primary_key=True)
    body = peewee.BlobField()

    class Meta:
        strict_tables = True


def make_leaves(database: peewee.Database) -> None:
    with database.bind_ctx([Leaf]):
        database.create_tables([Leaf], safe=False)


def pragma(database: peewee.Database, name: str) -> object:
    return database.execute_sql(f"PRAGMA {name}").fetchall()[0][0]


def test_a_new_file_is_private_and_its_pragmas_stand(tmp_path: Path) -> None:
    database = open_database(tmp_path / "ledger.db", create=True, secure_delete=True, wal_autocheckpoint=0)
    assert stat.S_IMODE((tmp_path / "ledger.db").stat().st_mode) == 0o600
    found = [pragma(database, name) for name in ("journal_mode", "synchronous", "secure_delete", "wal_autocheckpoint")]
    assert found == ["wal", 2, 1, 0]
    migrate(database, [make_leaves])
    assert stat.S_IMODE((tmp_path / "ledger.db-wal").stat().st_mode) == 0o600


def test_every_thread_gets_a_connection_with_the_same_pragmas(tmp_path: Path) -> None:
    database = open_database(tmp_path / "ledger.db", create=True)
    seen: list[object] = []

    def look() -> None:
        seen.append(database.connection())
        seen.append(pragma(database, "synchronous"))
        database.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen[1] == 2
    assert seen[0] is not database.connection()


def test_the_catalogue_may_be_normal(tmp_path: Path) -> None:
    assert pragma(open_database(tmp_path / "catalogue.db", create=True, synchronous="NORMAL"), "synchronous") == 1


def test_a_mistyped_path_starts_no_second_history(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="no database here"):
        open_database(tmp_path / "ledgre.db")
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="not there"):
        open_database(tmp_path / "nowhere" / "ledger.db", create=True)


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be looked at" * 100])
def test_a_file_that_is_no_database_halts(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ledger.db").write_bytes(content)
    with pytest.raises(LedgerHalted, match=r"ledger\.db"):
        open_database(tmp_path / "ledger.db")


def test_a_file_system_without_wal_is_refused(tmp_path: Path) -> None:
    """A file layer without shared memory answers `delete` to WAL, as some network file systems do."""
    with pytest.raises(Misuse, match="journal_mode=delete where wal was set"):
        open_database(tmp_path / "ledger.db", create=True, vfs="unix-dotfile")


def test_a_full_disk_recorded_nothing_and_reading_goes_on(tmp_path: Path) -> None:
    database = open_database(tmp_path / "ledger.db", create=True)
    migrate(database, [make_leaves])
    pages = pragma(database, "page_count")
    database.execute_sql(f"PRAGMA max_page_count={pages}").fetchall()
    both = [{"position": 0, "body": b"x"}, {"position": 1, "body": bytes(100_000)}]
    with pytest.raises(Busy, match="storage is full, nothing recorded"), faults(database), database.atomic("IMMEDIATE"):
        Leaf.insert_many(both).execute(database)
    assert Leaf.select().count(database) == 0
    database.execute_sql("PRAGMA max_page_count=1000000").fetchall()
    with faults(database), database.atomic("IMMEDIATE"):
        Leaf.insert(position=0, body=b"x").execute(database)
    assert Leaf.select().count(database) == 1


def test_a_file_size_limit_is_a_full_disk_too(tmp_path: Path) -> None:
    """SQLite tells it as a plain I/O error; only the operating system's number says that nothing is broken."""
    migrate(open_database(tmp_path / "ledger.db", create=True), [make_leaves])
    run = in_a_child(
        f"database = open_database(Path({str(tmp_path / 'ledger.db')!r}))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "try:\n"
        "    with faults(database), writing(database):\n"
        "        database.execute_sql('INSERT INTO leaf VALUES (1, zeroblob(400000))')\n"
        "except Busy as error: print(error)\n"
        "print(database.execute_sql('SELECT count(*) FROM leaf').fetchall())\n"
    )
    assert "storage is full, nothing recorded" in run.stdout, run.stderr
    assert run.stdout.endswith("[(0,)]\n")


def test_a_sync_that_fails_halts(tmp_path: Path) -> None:
    run = in_a_child(
        "import apsw\n"
        "class File(apsw.VFSFile):\n"
        "    failing = False\n"
        "    def xSync(self, flags):\n"
        "        if File.failing: raise apsw.IOError('the disk does not answer')\n"
        "        return super().xSync(flags)\n"
        "class Layer(apsw.VFS):\n"
        "    def __init__(self): super().__init__('failing', '')\n"
        "    def xOpen(self, name, flags): return File('', name, flags)\n"
        "layer = Layer()\n"
        "sys.excepthook = lambda *_: None\n"
        f"database = open_database(Path({str(tmp_path / 'ledger.db')!r}), create=True, vfs='failing')\n"
        "File.failing = True\n"
        "try:\n"
        "    with faults(database), writing(database): database.execute_sql('CREATE TABLE t (x INT) STRICT')\n"
        "except LedgerHalted as error: print(error)\n"
        "sys.stdout.flush(); os._exit(0)\n"
    )
    assert "reading or writing failed" in run.stdout, run.stderr


def test_what_a_killed_writer_committed_is_read_beside_it(tmp_path: Path) -> None:
    """The reader finds a write-ahead log that nobody has open, and may not write the file."""
    migrate(open_database(tmp_path / "ledger.db", create=True), [make_leaves])
    run = in_a_child(
        f"database = open_database(Path({str(tmp_path / 'ledger.db')!r}), wal_autocheckpoint=0)\n"
        "database.execute_sql('INSERT INTO leaf VALUES (7, zeroblob(3))')\n"
        "os._exit(9)\n"
    )
    assert run.returncode == 9, run.stderr
    reader = open_database(tmp_path / "ledger.db", read_only=True)
    assert [leaf.position for leaf in Leaf.select().execute(reader)] == [7]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_reader_who_may_not_write_the_folder_is_told_why(tmp_path: Path) -> None:
    path = Path(tempfile.mkdtemp(dir="/tmp")) / "ledger.db"  # tmp_path lies in a folder that others may not enter
    migrate(open_database(path, create=True), [make_leaves])
    path.chmod(0o644)
    path.parent.chmod(0o755)
    for beside in path.parent.glob("ledger.db-*"):
        beside.unlink()
    run = in_a_child(
        "os.setuid(12345)\n"
        f"try: open_database(Path({str(path)!r}), read_only=True)\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    shutil.rmtree(path.parent)
    assert run.stdout.startswith("Misuse"), run.stderr
    assert "the right to write in its folder" in run.stdout


def in_a_child(code: str) -> subprocess.CompletedProcess[str]:
    start = (
        "import os, resource, sys; from pathlib import Path\n"
        "from registry.errors import Busy, LedgerHalted\n"
        "from registry.storage.sqlite import faults, open_database, writing\n"
    )
    return subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, check=False)


def test_a_second_writer_is_told_to_wait(tmp_path: Path) -> None:
    one = open_database(tmp_path / "ledger.db", create=True)
    migrate(one, [make_leaves])
    two = open_database(tmp_path / "ledger.db")
    two.connection().set_busy_timeout(0)
    with one.atomic("IMMEDIATE"), pytest.raises(Busy, match="another process"), faults(two), two.atomic("IMMEDIATE"):
        pass


def test_a_reader_reads_beside_the_writer_and_cannot_write(tmp_path: Path) -> None:
    writer = open_database(tmp_path / "ledger.db", create=True)
    migrate(writer, [make_leaves])
    Leaf.insert(position=7, body=b"seven").execute(writer)
    reader = open_database(tmp_path / "ledger.db", read_only=True)
    migrate(reader, [make_leaves])
    assert bytes(Leaf.select().get(reader).body) == b"seven"
    with pytest.raises(Busy, match="read-only"), faults(reader):
        Leaf.insert(position=8, body=b"eight").execute(reader)


@pytest.mark.parametrize(
    ("error", "number", "told"),
    [
        (apsw.FullError("full"), 0, Busy),
        (apsw.ReadOnlyError("ro"), 0, Busy),
        (apsw.BusyError("busy"), 0, Busy),
        (apsw.IOError("eio"), errno.EIO, LedgerHalted),
        (apsw.IOError("quota"), errno.EDQUOT, Busy),
        (apsw.CantOpenError("open"), errno.ENOSPC, Busy),
        (apsw.CantOpenError("open"), errno.EACCES, Misuse),
        (apsw.CorruptError("malformed"), 0, LedgerHalted),
        (apsw.NotADBError("no"), 0, LedgerHalted),
    ],
)
def test_each_fault_has_its_meaning(error: apsw.Error, number: int, told: type[Exception]) -> None:
    answer = translate(error, "ledger.db", number)
    assert type(answer) is told
    wrapped = peewee.OperationalError("as peewee tells it")
    wrapped.__cause__ = error
    assert type(translate(wrapped, "ledger.db", number)) is told


def test_a_constraint_is_left_to_the_caller(tmp_path: Path) -> None:
    database = open_database(tmp_path / "ledger.db", create=True)
    migrate(database, [make_leaves])
    with pytest.raises(peewee.IntegrityError), faults(database):
        Leaf.insert_many([{"position": 1, "body": b"a"}, {"position": 1, "body": b"b"}]).execute(database)


def test_a_bit_changed_in_the_file_halts_the_reader(tmp_path: Path) -> None:
    database = open_database(tmp_path / "ledger.db", create=True)
    migrate(database, [make_leaves])
    Leaf.insert_many([{"position": n, "body": bytes(900)} for n in range(50)]).execute(database)
    assert checkpoint(database, "TRUNCATE")
    database.close()
    stored = bytearray((tmp_path / "ledger.db").read_bytes())
    stored[4096] ^= 0xFF  # the kind of the second page
    (tmp_path / "ledger.db").write_bytes(stored)
    damaged = open_database(tmp_path / "ledger.db")
    with pytest.raises(LedgerHalted, match="not a sound database"), faults(damaged):
        list(Leaf.select().execute(damaged))


def test_a_schema_goes_forward_one_whole_step_at_a_time(tmp_path: Path) -> None:
    database = open_database(tmp_path / "ledger.db", create=True)
    assert migrate(database, [make_leaves]) == 0

    def broken(db: peewee.Database) -> None:
        db.execute_sql("CREATE TABLE half (x INT) STRICT").fetchall()
        raise Misuse("stopped in the middle")

    with pytest.raises(Misuse, match="stopped"):
        migrate(database, [make_leaves, broken])
    assert schema_version(database) == 1
    assert database.get_tables() == ["leaf"]
    assert migrate(database, [make_leaves, lambda db: db.execute_sql("CREATE TABLE whole (x INT) STRICT")]) == 1
    assert schema_version(database) == 2


def test_a_database_newer_than_the_program_is_refused(tmp_path: Path) -> None:
    database = open_database(tmp_path / "ledger.db", create=True)
    migrate(database, [make_leaves, lambda db: None])
    with pytest.raises(Misuse, match="newer Muniment"):
        migrate(database, [make_leaves])


def test_an_older_database_is_not_changed_by_a_reader(tmp_path: Path) -> None:
    migrate(open_database(tmp_path / "ledger.db", create=True), [make_leaves])
    reader = open_database(tmp_path / "ledger.db", read_only=True)
    with pytest.raises(Misuse, match="Let the office open"):
        migrate(reader, [make_leaves, lambda db: None])


def test_the_wal_is_emptied_unless_a_reader_holds_it(tmp_path: Path) -> None:
    writer = open_database(tmp_path / "ledger.db", create=True, wal_autocheckpoint=0)
    migrate(writer, [make_leaves])
    writer.connection().set_busy_timeout(0)
    reader = open_database(tmp_path / "ledger.db", read_only=True)
    with reader.atomic():
        Leaf.select().count(reader)
        Leaf.insert(position=1, body=b"x").execute(writer)
        assert not checkpoint(writer, "TRUNCATE")
    assert checkpoint(writer, "TRUNCATE")
    assert os.path.getsize(tmp_path / "ledger.db-wal") == 0
