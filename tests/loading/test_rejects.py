"""The file of rejects: each row comes back byte for byte, a resumed load leaves none twice, none is lost."""

from __future__ import annotations

import csv
import io
import stat
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import Busy, Misuse
from registry.loading import price_paid
from registry.loading.rejects import HEADER, Rejects
from registry.loading.rows import Reject, SourceRow

BAD = (
    b'"{0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9}","42000","1995-12-21 00:00","QZ4 9DN',
    b'"{0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9}","\xc3\x28"',
    b"=HYPERLINK(1)",
    b"'=HYPERLINK(1)",
    b"@x\0\x1b[31m",
    b'\t"',
    b"-1,+1",
)


def originals(raw: bytes) -> list[bytes]:
    """As the documentation says it: the last column, without the one `'` that may stand before it.

    The judge is the csv module; Latin-1, since it maps every byte to one character and back.
    """
    header, *rows = csv.reader(io.StringIO(raw.decode("latin-1"), newline=""), strict=True)
    assert header == ["line", "column", "reason", "original"]
    return [original.removeprefix("'").encode("latin-1") for _, _, _, original in rows]


def rejects_of(raw: bytes) -> list[Reject]:
    return [found for found in price_paid.read(io.BytesIO(raw)) if isinstance(found, Reject)]


def test_rejects_are_given_back_with_line_column_and_reason(tmp_path: Path) -> None:
    with Rejects(tmp_path / "rejects.csv") as rejects:
        length = rejects.write(rejects_of(b"\n".join(BAD)))
        assert rejects.flush() == length
    raw = (tmp_path / "rejects.csv").read_bytes()
    assert len(raw) == length
    assert raw.startswith(HEADER + b'"1","4","quote not closed","""{0A1B2C3D-')
    assert originals(raw) == list(BAD)


def test_a_repaired_row_loads(tmp_path: Path) -> None:
    whole = (
        b'"{0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9}","1","1995-12-21 00:00","","S","N","F","","","","","","","","A","A"'
    )
    spoiled = whole.replace(b"1995-12-21", b"1995-02-30")
    with Rejects(tmp_path / "rejects.csv") as rejects:
        rejects.write(rejects_of(spoiled))
    (row,) = originals((tmp_path / "rejects.csv").read_bytes())
    (found,) = price_paid.read(io.BytesIO(row.replace(b"1995-02-30", b"1995-12-21")))
    assert isinstance(found, SourceRow)


@given(st.binary(max_size=60).map(lambda raw: raw.replace(b"\n", b"")))
def test_any_bytes_come_back(original: bytes) -> None:
    with TemporaryDirectory() as folder, Rejects(Path(folder) / "rejects.csv") as rejects:
        rejects.write([Reject(1, None, "=x", original)])
        rejects.flush()
        raw = rejects.path.read_bytes()
    assert originals(raw) == [original]
    assert b'"\'=x"' in raw  # the reason, too, is no formula


def test_no_rejects_leave_an_empty_file(tmp_path: Path) -> None:
    with Rejects(tmp_path / "rejects.csv") as rejects:
        assert rejects.write([]) == 0
        assert rejects.flush() == 0
    assert (tmp_path / "rejects.csv").read_bytes() == b""


def test_a_resumed_load_writes_no_reject_twice(tmp_path: Path) -> None:
    """Killed after writing a batch's rejects but before its commit: the next run cuts back to what was committed."""
    path = tmp_path / "rejects.csv"
    found = rejects_of(b"\n".join(BAD))
    with Rejects(path) as rejects:
        rejects.write(found[:3])
        committed = rejects.flush()
        rejects.write(found[3:5])
    with Rejects(path) as rejects:
        rejects.truncate(committed)
        rejects.write(found[3:])
        rejects.flush()
    assert originals(path.read_bytes()) == list(BAD)


def test_a_new_load_begins_an_old_file_afresh(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    path.write_bytes(b"of last year\n")
    with Rejects(path) as rejects:
        rejects.truncate(0)
        rejects.write(rejects_of(BAD[0]))
    assert originals(path.read_bytes()) == [BAD[0]]


def test_a_file_shorter_than_it_was_is_refused(tmp_path: Path) -> None:
    with (
        Rejects(tmp_path / "rejects.csv") as rejects,
        pytest.raises(Misuse, match="0 bytes, but this load had written 9"),
    ):
        rejects.truncate(9)


def test_withheld_details_in_a_rejected_row_are_for_the_owner_alone(tmp_path: Path) -> None:
    with Rejects(tmp_path / "rejects.csv") as rejects:
        assert stat.S_IMODE(rejects.path.stat().st_mode) == 0o600


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"no/rejects\.csv: the rejects cannot be written there \(No such file"):
        Rejects(tmp_path / "no" / "rejects.csv")
    with pytest.raises(Misuse, match="Is a directory"):
        Rejects(tmp_path)


def test_a_full_disk_is_told_in_a_sentence() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system, the one disk that is always full")
    rejects = Rejects(full)
    rejects.write([Reject(1, None, "x", b"x")])
    with pytest.raises(Busy, match=r"/dev/full: the rejects cannot be written \(No space left on device\); make room"):
        rejects.flush()
    with pytest.raises(Busy, match="No space left"):
        rejects.close()
