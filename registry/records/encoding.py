"""The one codec: canonical JSON (RFC 8785 for the values we allow), base64 that is checked, and strict reading of
foreign JSON.

Allowed in an entry: objects with ASCII names, arrays, strings, booleans and integers within ±(2^53 − 1). No floats,
no null. An entry looks like `{"at":1763798400123,"details":{…},…}`: names sorted, no white space, UTF-8.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from typing import Any, NoReturn, TypeVar

import msgspec

from registry.errors import Malformed

MAX_ENTRY_BYTES = 65_535  # what a bundle's uint16 length can frame (C2SP tlog-tiles)
MAX_DEPTH = 32  # msgspec raises RecursionError far beyond; nothing of ours nests deeper than 6
MAX_INTEGER = 2**53 - 1  # RFC 8785 section 3.2.2.3: beyond it, JSON numbers lose digits elsewhere

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"')
_encoder = msgspec.json.Encoder(order="sorted")

T = TypeVar("T")


def canonical(value: object) -> bytes:
    """The canonical JSON bytes of a struct or of plain values; names sorted."""
    return _encoder.encode(value)


def decode_canonical(raw: bytes, kind: type[T], what: str = "entry") -> T:
    """Read canonical JSON into a struct.

    Raises Malformed when the bytes are not JSON of that shape, nest deeper than 32, or are not the canonical bytes
    of what they say (a doubled name, white space, another order): encoding again must give the same bytes.
    """
    check_depth(raw, what)
    try:
        value = msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(f"{what}: not of the expected form ({error})") from error
    if canonical(value) != raw:
        raise Malformed(f"{what}: not in canonical form (sorted names, none doubled, no white space)")
    return value


def decode_strict(raw: bytes, what: str = "JSON") -> Any:
    """Read foreign JSON that need not be canonical: doubled names, floats, NaN, null-free numbers beyond 2^53 and
    depth are refused.

    Raises Malformed naming the fault.
    """
    check_depth(raw, what)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            names = [name for name, _ in items]
            doubled = next(name for name in names if names.count(name) > 1)
            raise Malformed(f"{what}: the name {doubled[:64]!a} stands twice in one object")
        return found

    def integer(text: str) -> int:
        if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
            raise Malformed(f"{what}: the number {text[:24]} is beyond 2^53 - 1")
        return int(text)

    def refuse(text: str) -> NoReturn:
        raise Malformed(f"{what}: {text[:24]} is not allowed; write whole numbers, or text")

    try:
        return json.loads(
            raw.decode("utf-8"), object_pairs_hook=pairs, parse_int=integer, parse_float=refuse, parse_constant=refuse
        )
    except UnicodeDecodeError as error:
        raise Malformed(f"{what}: not valid UTF-8 at byte {error.start + 1} (byte 0x{raw[error.start]:02X})") from error
    except json.JSONDecodeError as error:
        raise Malformed(f"{what}: not JSON at line {error.lineno}, column {error.colno} ({error.msg})") from error


def check_depth(raw: bytes, what: str) -> None:
    """Raise Malformed where brackets outside strings nest deeper than 32."""
    if raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH:
        return
    depth = 0
    for byte in _STRINGS.sub(b"", raw):
        if byte in b"{[":
            depth += 1
            if depth > MAX_DEPTH:
                raise Malformed(f"{what}: nested deeper than {MAX_DEPTH}")
        elif byte in b"}]":
            depth -= 1


def to_base64(value: bytes) -> str:
    """Standard base64 with padding, as the C2SP formats use it."""
    return base64.b64encode(value).decode("ascii")


def from_base64(text: str, size_bytes: int | None = None, what: str = "base64") -> bytes:
    """The bytes; Malformed unless the text is the one canonical encoding of them (and of `size_bytes`, if given)."""
    try:
        value = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(f"{what}: not base64") from error
    if to_base64(value) != text:
        raise Malformed(f"{what}: base64 that is not canonical")
    if size_bytes is not None and len(value) != size_bytes:
        raise Malformed(f"{what}: {len(value)} bytes, expected {size_bytes}")
    return value


def digest64(value: bytes) -> str:
    """Base64 of the SHA-256 of the bytes."""
    return to_base64(hashlib.sha256(value).digest())
