"""Our own format for historical muniments: one JSON object a line, bodies in files beside it (`--as muniments`).

    {"id":"7d1f3c9e-52a4-4b6e-9c1d-0a8e5b7f2d31","kind":"LEASE","visibility":"departments",
     "details":{"title":"Lease of 4 Hollow Place","term_years":99},"withheld":{"lessee":"A. Example"},
     "body":"bodies/lease-4.pdf","op":"A","occurred_at":"1961-04-03"}

(one line in the file). `id`, `kind` and `visibility` must be there; docs/loading.md tells the person who loads what
each member means. Strict, since the bytes are evidence: a doubled name, a float, NaN, null, a number beyond 2^53 - 1,
an unknown member, nesting, a path that leaves the file's folder: each makes a Reject that names the member.

Left to the loader: whether a body is there, is a plain file and, its links followed, lies within the folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final, cast

from registry.errors import Malformed, Misuse
from registry.loading.dates import check_day
from registry.loading.lines import BYTE_ORDER_MARK, blocks
from registry.loading.rows import OPS, MunimentRow, Op, Reject
from registry.records.encoding import MAX_INTEGER, canonical, decode_strict
from registry.records.identifiers import check_reference
from registry.records.muniment import MunimentKind, Visibility, check_details
from registry.records.text import check_text

MUNIMENTS: Final = "muniments/json-lines"  # this format's name, as LoadOpened records it
MAX_LINE_BYTES: Final = 65_536
MAX_DETAILS_BYTES: Final = 56_000  # canonical; leaves room for 64 digests and the rest of an entry of 65,535
MAX_PATH_CHARACTERS: Final = 1_024

_MEMBERS: Final = ("id", "kind", "visibility", "details", "withheld", "body", "op", "occurred_at")
_KINDS: Final = tuple(kind.value for kind in MunimentKind if kind is not MunimentKind.SALE_RECORD)
_VISIBILITIES: Final = tuple(visibility.value for visibility in Visibility)
_WHAT: Final = "line"  # what decode_strict is to call it
_ODD: Final = object()  # stands for a number that may not be recorded
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def recognise(head: bytes) -> str:
    """`MUNIMENTS` if the head of a file looks like one JSON object a line. Raises Malformed naming what was found."""
    lines = [line for line in head.removeprefix(BYTE_ORDER_MARK).splitlines() if line]
    if not lines:
        raise Malformed("no records: the file is empty")
    first = lines[0].strip()
    if first.startswith(b"["):
        raise Malformed("a JSON array; --as muniments wants one object a line, without brackets and commas around them")
    if not first.startswith(b"{"):
        raise Malformed(f"{first[:40].decode(errors='replace')!a}… is not JSON; --as muniments wants one object a line")
    if first == b"{":
        raise Malformed("a JSON object over several lines; --as muniments wants each object on one line")
    return MUNIMENTS


def read(stream: BinaryIO) -> Iterator[MunimentRow | Reject]:
    """The rows and rejects of the stream, in order, as they come; blank lines are neither. Raises nothing itself."""
    for first, raw, cut in blocks(stream):
        # A line without end is cut by its block; it is far too long in any case.
        lines = [raw] if cut else raw.removesuffix(b"\n").split(b"\n")
        for line, record in enumerate(lines, first):
            original = record.rstrip(b"\r")
            if original:
                try:
                    yield _row(line, original)
                except _Fault as fault:
                    yield Reject(line, None, str(fault), original)


class _Fault(Exception):
    """Why a line is rejected, the member first; never leaves this file."""


def _row(line: int, original: bytes) -> MunimentRow:
    """One line. 1. its length; 2. JSON, strictly; 3. the members that may and must be there; 4. each of them."""
    if len(original) > MAX_LINE_BYTES:
        raise _Fault(
            f"{len(original):,} bytes; a line may hold at most {MAX_LINE_BYTES:,}: put long text into the body"
        )
    found = _object(original)
    for name in found:
        if name not in _MEMBERS:
            raise _Fault(f"{name[:64]!a}: unknown member; expected {', '.join(_MEMBERS)}")
    op = cast(Op, _one_of(found, "op", OPS)) if "op" in found else "A"
    details, withheld = _object_of(found, "details"), _object_of(found, "withheld")
    for name, value in withheld.items():
        if not isinstance(value, str):
            raise _Fault(f"withheld.{name[:64]}: found {_shown(value)}, expected text")
        if name in details:
            raise _Fault(f"{name[:64]!a} stands in details and in withheld; it is either in clear or not")
    if len(canonical(details)) > MAX_DETAILS_BYTES:
        raise _Fault(f"details: more than {MAX_DETAILS_BYTES:,} bytes; put long text into the body")
    body = _path(found["body"]) if "body" in found else None
    if body is not None and op == "D":
        raise _Fault("body: a line that withdraws (op D) brings none")
    return MunimentRow(
        line=line,
        source_id=_id(found),
        op=op,
        kind=_one_of(found, "kind", _KINDS),
        visibility=_one_of(found, "visibility", _VISIBILITIES),
        details=details,
        withheld=cast(dict[str, str], withheld),
        body=body,
        occurred_at=_day(found["occurred_at"]) if "occurred_at" in found else None,
    )


def _object(original: bytes) -> dict[str, Any]:
    try:
        found = decode_strict(original, _WHAT)
    except Malformed as error:
        # There is but one line, so that its number would only be taken for the file's.
        told = str(error).removeprefix(f"{_WHAT}: ").replace(" at line 1,", " at")
        raise _Fault(f"{_place(original)}{told}") from error
    if not isinstance(found, dict):
        raise _Fault(f"found {_shown(found)}, expected an object")
    return found


def _place(original: bytes) -> str:
    """Where in the object the first float, constant, oversized number or doubled name stands: "details.price: "."""

    def odd_integer(text: str) -> object:
        return _ODD if len(text) > 17 or abs(int(text)) > MAX_INTEGER else 0

    def members(pairs: list[tuple[str, Any]]) -> object:
        seen: set[str] = set()
        for name, value in pairs:
            if name in seen or value is _ODD:
                return (name,)
            if isinstance(value, tuple):
                return (name, *value)
            seen.add(name)
        return None

    def odd(text: str) -> object:
        return _ODD

    try:
        path = json.loads(
            original, object_pairs_hook=members, parse_int=odd_integer, parse_float=odd, parse_constant=odd
        )
    except (ValueError, RecursionError):
        return ""
    return ".".join(name[:64] for name in path) + ": " if isinstance(path, tuple) else ""


def _id(found: dict[str, Any]) -> str:
    text = _text(found, "id")
    try:
        return check_reference(f"muniment/{text.lower()}").removeprefix("muniment/")
    except Malformed as error:
        example = "7d1f3c9e-52a4-4b6e-9c1d-0a8e5b7f2d31"
        raise _Fault(
            f"id: {_shown(text)} is not a muniment id; expected a uuid of version 4, such as {example}"
        ) from error


def _one_of(found: dict[str, Any], name: str, accepted: tuple[str, ...]) -> str:
    text = _text(found, name)
    if text not in accepted:
        only = " (sales are loaded from Price Paid Data)" if text == MunimentKind.SALE_RECORD and name == "kind" else ""
        raise _Fault(f"{name}: found {_shown(text)}{only}, expected one of {', '.join(accepted)}")
    return text


def _object_of(found: dict[str, Any], name: str) -> dict[str, str | int]:
    value = found.get(name, {})
    if not isinstance(value, dict):
        raise _Fault(f"{name}: found {_shown(value)}, expected an object of names and values")
    for member, inner in value.items():
        # True and False are integers to Python, not to a register.
        if isinstance(inner, bool) or not isinstance(inner, str | int):
            raise _Fault(f"{name}.{member[:64]}: found {_shown(inner)}, expected text or a whole number")
    try:
        check_details(value, "withheld detail" if name == "withheld" else "detail")
    except Misuse as error:
        raise _Fault(str(error)) from error
    return value


def _path(value: object) -> PurePosixPath:
    """A path that stays in its folder by its text. Nothing is decoded: `%2e%2e` is a name of six characters."""
    if not isinstance(value, str):
        raise _Fault(f"body: found {_shown(value)}, expected a path relative to this file")
    try:
        check_text("body", value, MAX_PATH_CHARACTERS)
    except Misuse as error:
        raise _Fault(str(error)) from error
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or "\\" in value or re.match(r"[A-Za-z]:", value):
        raise _Fault(f"body: {_shown(value)} leaves the folder; expected a path within it, such as bodies/lease-4.pdf")
    if _CONTROLS.search(value) or str(path) != value or value == ".":
        raise _Fault(f"body: {_shown(value)} is not a plain path; expected one such as bodies/lease-4.pdf")
    return path


def _day(value: object) -> str:
    if not isinstance(value, str):
        raise _Fault(f"occurred_at: found {_shown(value)}, expected YYYY-MM-DD")
    try:
        return check_day(value)
    except Malformed as error:
        raise _Fault(f"occurred_at: {error}") from error


def _text(found: dict[str, Any], name: str) -> str:
    if name not in found:
        raise _Fault(f"{name}: missing; id, kind and visibility must be there")
    value = found[name]
    if not isinstance(value, str):
        raise _Fault(f"{name}: found {_shown(value)}, expected text")
    return value


def _shown(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            return "an object"
        case list():
            return "an array"
        case _:
            return ascii(value if isinstance(value, int) else str(value)[:48])
