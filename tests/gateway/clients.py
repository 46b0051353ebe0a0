"""Departments' keys of every kind, and assertions made with them: right ones, and wrong in one place."""

from __future__ import annotations

import json
import uuid
from functools import cache
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from registry.ledger.assertion import Pinned
from registry.records.clients import thumbprint
from tests.town import ORIGIN, START, Town

ISSUER = f"https://{ORIGIN}"
Key = OKPKey | ECKey | RSAKey


def key_of(name: str, algorithm: str = "EdDSA") -> Key:
    """The key of that name; the same one in every test of a run."""
    return _key(name, algorithm)


@cache
def _key(name: str, algorithm: str) -> Key:
    match algorithm:
        case "EdDSA":
            return OKPKey.generate_key("Ed25519")
        case "ES256":
            return ECKey.generate_key("P-256")
        case _:
            return RSAKey.generate_key(2_048)


def public(key: Key) -> dict[str, str]:
    """The required members of its JWK."""
    return {name: str(value) for name, value in key.as_dict(private=False).items() if name in "crv e kty n x y".split()}


def claims(code: str = "POL", *, purpose: str = "fraud 117", now: int = START, **other: Any) -> dict[str, Any]:
    """Claims as they should be; a member given as None is left out."""
    second = now // 1_000
    found: dict[str, Any] = {
        "aud": ISSUER, "exp": second + 300, "iat": second, "iss": code, "jti": uuid.uuid4().hex, "purpose": purpose,
        "sub": code,
    }  # fmt: skip
    return {name: value for name, value in (found | other).items() if value is not None}


def signed(key: Key, said: dict[str, Any], algorithm: str = "EdDSA", header: dict[str, Any] | None = None) -> str:
    """A compact JWS of the claims."""
    head = {"alg": algorithm, "kid": thumbprint(public(key)), "typ": "JWT"} | (header or {})
    return jws.serialize_compact(head, json.dumps(said).encode(), key, registry=Pinned(algorithm))


def assertion(code: str = "POL", name: str = "police", algorithm: str = "EdDSA", **other: Any) -> str:
    """An assertion as it should be, but for the claims that are given."""
    return signed(key_of(name, algorithm), claims(code, **other), algorithm)


def enrol(town: Town, code: str = "POL", name: str = "police", algorithm: str = "EdDSA") -> str:
    """Enrol that key for the department; returns its id."""
    key = public(key_of(name, algorithm))
    town.desk("founder").keys.add(code, algorithm, key)
    return thumbprint(key)
