"""Our own format, JSON Lines: what is read, what is rejected and in which words (bad input, rows 9, 10, 16, 18, 23)."""

from __future__ import annotations

import io
import json
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import Malformed
from registry.loading import json_lines
from registry.loading.json_lines import MUNIMENTS, recognise
from registry.loading.rows import MunimentRow, Reject

ID = "7d1f3c9e-52a4-4b6e-9c1d-0a8e5b7f2d31"
WHOLE: dict[str, Any] = {
    "id": ID,
    "kind": "LEASE",
    "visibility": "departments",
    "details": {"title": "Lease of 4 Hollow Place", "term_years": 99},
    "withheld": {"lessee": "A. Example"},
    "body": "bodies/lease-4.pdf",
    "op": "A",
    "occurred_at": "1961-04-03",
}
LEAST = {"id": ID, "kind": "DEED", "visibility": "own"}


def line(**changed: object) -> bytes:
    return json.dumps(LEAST | changed).encode()


def read(raw: bytes) -> list[MunimentRow | Reject]:
    return list(json_lines.read(io.BytesIO(raw)))


def test_a_whole_line_is_read() -> None:
    assert read(json.dumps(WHOLE).encode() + b"\n") == [
        MunimentRow(
            line=1,
            source_id=ID,
            op="A",
            kind="LEASE",
            visibility="departments",
            details={"title": "Lease of 4 Hollow Place", "term_years": 99},
            withheld={"lessee": "A. Example"},
            body=PurePosixPath("bodies/lease-4.pdf"),
            occurred_at="1961-04-03",
        )
    ]


def test_the_least_that_is_read() -> None:
    assert read(line()) == [MunimentRow(1, ID, "A", "DEED", "own", {}, {}, None, None)]


def test_an_id_in_capitals_is_the_same_muniment() -> None:
    assert read(line(id=ID.upper())) == read(line())


def test_bom_crlf_blank_lines_and_line_numbers() -> None:
    raw = b"\xef\xbb\xbf" + line() + b"\r\n\r\n" + b"nonsense\n" + line(op="C") + b"\n\n" + line(op="D")
    assert [(one.line, type(one)) for one in read(raw)] == [
        (1, MunimentRow),
        (3, Reject),
        (4, MunimentRow),
        (6, MunimentRow),
    ]


def test_text_comes_back_as_it_was() -> None:
    hostile = {
        "a": "=HYPERLINK(1)",
        "b": "[bold]x",
        "c": "'; DROP TABLE x; --",
        "d": "\x1b]52;c;x\x07",
        "e": "\u202egpj",
    }
    (found,) = read(line(details=hostile))
    assert isinstance(found, MunimentRow)
    assert found.details == hostile


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        # 9, 10: text
        (line(details={"a": "x"}).replace(b'"x"', b'"\xc3"'), "line 1: not valid UTF-8 at byte"),
        (line(details={"a": "\ud800"}), "line 1: detail a: half a character (U+D800) at character 1"),
        (line(details={"a": "x\0"}), "line 1: detail a: a NUL at character 2"),
        (line(details={"a": "e" + "\u0301" * 500}), "line 1: detail a: too many marks on the letter"),
        # 16: JSON
        (b'{"id":"x","id":"y"}', "line 1: id: the name 'id' stands twice in one object"),
        (line(details={"a": 0}).replace(b'"a": 0', b'"a":1,"a":2'), "line 1: details.a: the name 'a' stands twice"),
        (line(details={"a": float("nan")}), "line 1: details.a: NaN is not allowed"),
        (line(details={"a": float("-inf")}), "line 1: details.a: -Infinity is not allowed"),
        (line(details={"a": 1.5}), "line 1: details.a: 1.5 is not allowed; write whole numbers, or text"),
        (line(details={"a": 0}).replace(b'"a": 0', b'"a":1e309'), "line 1: details.a: 1e309 is not allowed"),
        (line(details={"a": 10**400}), "line 1: details.a: the number 100000000000000000000000 is beyond 2^53 - 1"),
        (line(details={"a": 2**53}), "line 1: details.a: the number 9007199254740992 is beyond 2^53 - 1"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "line 1: nested deeper than 32"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "line 1: nested deeper than 32"),
        (b"[" * 30_000, "line 1: nested deeper than 32"),
        (line()[:-1], "line 1: not JSON at column"),
        (line() + b"}", "line 1: not JSON at column"),
        (b"{'id':1}", "line 1: not JSON at column 2"),
        (b"[]", "line 1: found an array, expected an object"),
        (b"null", "line 1: found null, expected an object"),
        (b"7", "line 1: found 7, expected an object"),
        (line(details={"a": "x" * 66_000}), "line 1: 66,"),
        (b'"' + b"x" * (1 << 25), "line 1: 16,777,216 bytes; a line may hold at most 65,536"),
        # members
        (
            line(colour="red"),
            "line 1: 'colour': unknown member; expected id, kind, visibility, details, withheld, body",
        ),
        (line(Body="x"), "line 1: 'Body': unknown member"),
        (
            b'{"id":"%s","kind":"DEED"}' % ID.encode(),
            "line 1: visibility: missing; id, kind and visibility must be there",
        ),
        (line(visibility="secret"), "line 1: visibility: found 'secret', expected one of own, departments, public"),
        (line(visibility=None), "line 1: visibility: found null, expected text"),
        (line(kind="deed"), "line 1: kind: found 'deed', expected one of DEED, TRANSFER"),
        (
            line(kind="SALE_RECORD"),
            "line 1: kind: found 'SALE_RECORD' (sales are loaded from Price Paid Data), expected",
        ),
        (line(kind=["DEED"]), "line 1: kind: found an array, expected text"),
        (line(op="B"), "line 1: op: found 'B', expected one of A, C, D"),
        (line(op=None), "line 1: op: found null, expected text"),
        (line(details=None), "line 1: details: found null, expected an object of names and values"),
        (line(details=["a"]), "line 1: details: found an array, expected an object"),
        (line(details={"a": {"b": 1}}), "line 1: details.a: found an object, expected text or a whole number"),
        (line(details={"a": True}), "line 1: details.a: found true, expected text or a whole number"),
        (line(details={"a": None}), "line 1: details.a: found null, expected text or a whole number"),
        (line(details={"_sd": "x"}), "line 1: detail name '_sd': expected a letter, then"),
        (line(withheld={"_sd": "x"}), "line 1: withheld detail name '_sd': expected a letter, then"),
        (line(details={"": "x"}), "line 1: detail name '': expected a letter, then"),
        (line(details={"é": "x"}), "line 1: detail name '\\xe9': expected a letter, then"),
        (line(details={f"a{n}": n for n in range(65)}), "line 1: 65 details; at most 64"),
        (line(details={f"a{n}": "é" * 3_000 for n in range(10)}).decode().encode(), "line 1: 180,"),
        (line(withheld={"a": 1}), "line 1: withheld.a: found 1, expected text"),
        (line(details={"a": "x"}, withheld={"a": "x"}), "line 1: 'a' stands in details and in withheld"),
        # 18: ids and paths
        (line(id="../../x"), "line 1: id: '../../x' is not a muniment id; expected a uuid of version 4"),
        (line(id="%2e%2e"), "line 1: id: '%2e%2e' is not a muniment id"),
        (line(id=f"{ID}\0"), "line 1: id: '7d1f3c9e-52a4-4b6e-9c1d-0a8e5b7f2d31\\x00' is not a muniment id"),
        (line(id=f"{{{ID}}}"), "line 1: id: '{7d1f3c9e-52a4-4b6e-9c1d-0a8e5b7f2d31}' is not a muniment id"),
        (line(id=ID.replace("-4b6e", "-1b6e")), "line 1: id: '7d1f3c9e-52a4-1b6e-"),
        (line(id=7), "line 1: id: found 7, expected text"),
        (line(body="../../x"), "line 1: body: '../../x' leaves the folder; expected a path within it"),
        (line(body="a/../../x"), "line 1: body: 'a/../../x' leaves the folder"),
        (line(body=".."), "line 1: body: '..' leaves the folder"),
        (line(body="/etc/passwd"), "line 1: body: '/etc/passwd' leaves the folder"),
        (line(body="//host/x"), "line 1: body: '//host/x' leaves the folder"),
        (line(body="..\\x"), "line 1: body: '..\\\\x' leaves the folder"),
        (line(body="C:/x"), "line 1: body: 'C:/x' leaves the folder"),
        (line(body="x\0.pdf"), "line 1: body: a NUL at character 2"),
        (line(body="x\n.pdf"), "line 1: body: 'x\\n.pdf' is not a plain path"),
        (line(body=""), "line 1: body: '' is not a plain path"),
        (line(body="."), "line 1: body: '.' is not a plain path"),
        (line(body="a//b"), "line 1: body: 'a//b' is not a plain path"),
        (line(body="./a"), "line 1: body: './a' is not a plain path"),
        (line(body="a/"), "line 1: body: 'a/' is not a plain path"),
        (line(body="x" * 1_025), "line 1: body: 1,025 characters, at most 1,024"),
        (line(body=None), "line 1: body: found null, expected a path relative to this file"),
        (line(body="a", op="D"), "line 1: body: a line that withdraws (op D) brings none"),
        # 23: dates
        (line(occurred_at="2026-02-30"), "line 1: occurred_at: found '2026-02-30', which is no day of the calendar"),
        (line(occurred_at="1900-02-29"), "line 1: occurred_at: found '1900-02-29', which is no day of the calendar"),
        (line(occurred_at="0000-01-01"), "line 1: occurred_at: found '0000-01-01', a year outside 600 to 2199"),
        (line(occurred_at="9999-01-01"), "line 1: occurred_at: found '9999-01-01', a year outside 600 to 2199"),
        (
            line(occurred_at="01/02/03"),
            "line 1: occurred_at: found '01/02/03', expected YYYY-MM-DD, such as 1995-12-21",
        ),
        (line(occurred_at="1995-12-21T00:00"), "line 1: occurred_at: found '1995-12-21T00:00', expected YYYY-MM-DD"),
        (line(occurred_at=0), "line 1: occurred_at: found 0, expected YYYY-MM-DD"),
    ],
    ids=lambda value: value[:56] if isinstance(value, str) else "",
)
def test_a_bad_line_is_rejected_with_the_member_and_the_accepted_form(raw: bytes, told: str) -> None:
    (found,) = read(raw)
    assert isinstance(found, Reject)
    assert str(found).startswith(told)
    assert found.original == raw[: 1 << 24]
    assert str(found).isprintable()
    assert len(str(found)) < 400


def test_percent_signs_in_a_path_are_taken_literally() -> None:
    (found,) = read(line(body="%2e%2e/x"))
    assert isinstance(found, MunimentRow)
    assert found.body == PurePosixPath("%2e%2e/x")


@given(st.binary(max_size=200), st.integers(0, 150), st.integers(0, 60))
def test_no_bytes_stop_the_rest(noise: bytes, at: int, cut: int) -> None:
    whole = json.dumps(WHOLE).encode()
    spoiled = whole[:at] + noise.replace(b"\n", b"") + whole[at + cut :]
    found = read(spoiled + b"\n" + line() + b"\n")
    assert isinstance(found[-1], MunimentRow)
    assert found[-1].line == 2
    for one in found[:-1]:
        if isinstance(one, Reject):
            assert one.original == spoiled.rstrip(b"\r").removeprefix(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (b"", "no records: the file is empty"),
        (b"\xef\xbb\xbf\n\r\n", "no records: the file is empty"),
        (b'[{"id":1}]', "a JSON array; --as muniments wants one object a line"),
        (b'{\n  "id": 1\n}', "a JSON object over several lines; --as muniments wants each object on one line"),
        (b'"{0A1B","1"\n', '\'"{0A1B","1"\'… is not JSON; --as muniments wants one object a line'),
        (b"\xff\xfe{\0", "'\\ufffd\\ufffd{\\x00'… is not JSON"),
    ],
)
def test_another_shape_is_named(head: bytes, told: str) -> None:
    with pytest.raises(Malformed) as caught:
        recognise(head)
    assert str(caught.value).startswith(told)


def test_the_format_is_recognised() -> None:
    assert recognise(b"\xef\xbb\xbf\n" + line()) == MUNIMENTS
