"""Withheld details as SD-JWT disclosures (RFC 9901 section 4.2): the entry holds digests, the vault holds what they
hide.

A disclosure is base64url of the JSON array `[salt, name, value]`; its digest is base64url of the SHA-256 of those
ASCII characters. `WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsImZhbWlseV9uYW1lIiwiTcO2Yml1cyJd` hides `family_name` =
`Möbius` under the digest `TZjouOTrBKEwUNjNDs9yeMzBoQn8FFLPaJjRRmAtwrM` (an example of the RFC). Names are hidden
too. Salts are 32 random bytes, given in by the caller.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from registry.errors import Malformed, ProofFailed

SALT_BYTES = 32  # RFC 9901 section 9.3 asks for at least 16

Value = str | int


class Disclosed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What one disclosure hides: `[salt, name, value]`."""

    salt: str
    name: str
    value: str | int


def _url64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def disclose(salt: bytes, name: str, value: Value) -> str:
    """The disclosure string of one member."""
    return _url64(msgspec.json.encode([_url64(salt), name, value]))


def digest(disclosure: str) -> str:
    """What stands in `_sd` for it: 43 characters."""
    return _url64(hashlib.sha256(disclosure.encode("ascii")).digest())


def read(disclosure: str) -> Disclosed:
    """What the disclosure hides. Raises Malformed."""
    try:
        raw = base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4))
        found = msgspec.json.decode(raw, type=Disclosed)
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise Malformed("a disclosure is not base64url of [salt, name, value]") from error
    if _url64(raw) != disclosure:
        raise Malformed("a disclosure is not canonical base64url")
    return found


def withhold(members: Mapping[str, Value], salts: Iterable[bytes]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(`_sd`, disclosures) of the members, one salt each. `_sd` is sorted, so that its order tells nothing."""
    disclosures = tuple(disclose(salt, name, value) for (name, value), salt in zip(members.items(), salts, strict=True))
    return tuple(sorted(map(digest, disclosures))), disclosures


def reveal(disclosures: Iterable[str], sd: Iterable[str]) -> dict[str, Value]:
    """The members that the disclosures hide. Raises ProofFailed where one has no digest in `sd`, or a name stands
    twice."""
    known = set(sd)
    members: dict[str, Value] = {}
    for disclosure in disclosures:
        found = read(disclosure)
        if digest(disclosure) not in known:
            raise ProofFailed(f"the disclosure of {found.name[:64]!a} has no digest in the entry")
        if found.name in members:
            raise ProofFailed(f"{found.name[:64]!a} is disclosed twice")
        members[found.name] = found.value
    return members


def pack(disclosures: Iterable[str]) -> bytes:
    """The disclosures as one blob for the vault: a JSON array of strings."""
    return msgspec.json.encode(list(disclosures))


def unpack(blob: bytes) -> tuple[str, ...]:
    """The disclosures of a blob. Raises Malformed."""
    try:
        return msgspec.json.decode(blob, type=tuple[str, ...])
    except msgspec.MsgspecError as error:
        raise Malformed("a withheld blob does not hold a list of disclosures") from error
