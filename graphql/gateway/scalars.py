"""Scalars of the schema. All but `UInt53` are texts that the resolvers have written already; none is a float."""

from __future__ import annotations

import datetime
import re
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from registry.errors import Misuse
from registry.records.encoding import MAX_INTEGER, to_base64
from registry.records.facts import moment

Date = NewType("Date", str)
DateTime = NewType("DateTime", str)
Digest = NewType("Digest", str)
Bytes = NewType("Bytes", str)
UInt53 = NewType("UInt53", int)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


def at(milliseconds: int) -> DateTime:
    """A moment of the ledger's, ms UTC."""
    return DateTime(moment(milliseconds))


def sha256(raw: bytes) -> Digest:
    """Of 32 bytes."""
    return Digest(f"sha256:{raw.hex()}")


def raw_digest(digest: Digest) -> bytes:
    """Its 32 bytes. Raises Misuse."""
    if not _DIGEST.fullmatch(digest):
        raise Misuse("that is no digest; expected sha256: and 64 lower-case hex digits")
    return bytes.fromhex(digest.removeprefix("sha256:"))


def octets(raw: bytes) -> Bytes:
    """Any bytes."""
    return Bytes(to_base64(raw))


def read_time(text: str) -> datetime.datetime:
    """RFC 3339 with a zone. Raises Misuse."""
    try:
        time = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise Misuse(f"{text[:40]!a} is not a moment; expected one like 2025-11-22T08:00:00Z") from error
    if time.tzinfo is None:
        raise Misuse(f"{text[:40]!a} names no zone; end it with Z or +01:00")
    return time


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("expected a string")  # graphql-core tells the place and refuses the request
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_INTEGER:
        raise ValueError("expected a whole number from 0 to 2^53 - 1")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    Date: strawberry.scalar(name="Date", description="YYYY-MM-DD", serialize=str, parse_value=_text),
    DateTime: strawberry.scalar(
        name="DateTime", description="RFC 3339 with a zone; answers are in UTC", serialize=str, parse_value=_text
    ),
    Digest: strawberry.scalar(
        name="Digest", description="sha256:<64 lower-case hex>", serialize=str, parse_value=_text
    ),
    Bytes: strawberry.scalar(
        name="Bytes", description="standard base64, padded, of raw bytes", serialize=str, parse_value=_text
    ),
    UInt53: strawberry.scalar(
        name="UInt53",
        description="whole number 0 to 2^53-1 as a JSON number: ledger positions, tree sizes, byte counts",
        serialize=_whole,
        parse_value=_whole,
    ),
}
