"""A client assertion (RFC 7521, RFC 7523): a department's signed word that it asks, for which purpose, and only now.

    header   {"alg":"EdDSA","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","typ":"JWT"}
    claims   {"aud":"https://registry.example/land","exp":1763798700,"iat":1763798400,"iss":"POL",
              "jti":"0c6f…","purpose":"fraud investigation 117","sub":"POL"}

The audience is the issuer's name, `https://` ‖ origin, whatever address the gateway listens on: so an assertion made
for one registry is worth nothing at another, and an audit can check it years later. A reading by a department withholds
its assertion as an officer's reading withholds his signature (ADR 0010): the office can make up neither.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from registry.errors import BadSignature, Malformed, NotPermitted
from registry.ledger.signature import check_public_key
from registry.records.clients import ClientKey
from registry.records.encoding import MAX_INTEGER, canonical, decode_strict
from registry.records.standing import Standing
from registry.records.text import check_text

MAX_BYTES = 4_096
LONGEST_LIFE_S = 300
TOKEN_LIFE_MS = 300_000
"""How long what was given for an assertion may be used, beyond the assertion's own end."""
LEEWAY_MS = 30_000
"""How far a department's clock may be ahead of ours."""
LONGEST_JTI, LONGEST_PURPOSE = 128, 100
_HEADER = {"alg", "kid", "typ"}
_CLAIMS = {"aud", "exp", "iat", "iss", "jti", "nbf", "purpose", "sub"}


@dataclass(frozen=True, slots=True)
class Claims:
    """What an assertion says, its signature checked: times in ms UTC, `purpose` "" where it names none."""

    department: str
    purpose: str
    kid: str
    jti: str
    issued: int
    expires: int


class Pinned(JWSRegistry):
    """Exactly one algorithm, by its registered name; without the library's word on which it would rather see."""

    def __init__(self, algorithm: str) -> None:
        super().__init__(algorithms=[algorithm])
        self._algorithm = algorithm

    def get_alg(self, name: str) -> Any:
        """The algorithm of that name, if it is the pinned one; else BadSignature."""
        if name != self._algorithm:
            raise BadSignature(f"signed with {name[:20]!a}, and the key is pinned to {self._algorithm}")
        return self.algorithms[name]


def issuer(origin: str) -> str:
    """The registry's name as an issuer of tokens and as the audience of assertions (RFC 8414, section 2)."""
    return f"https://{origin}"


def check_assertion(assertion: str, standing: Standing, origin: str) -> Claims:
    """What the assertion says, if a key that is in force in `standing` signed it for this registry.

    1 the form · 2 the key, by issuer and key id · 3 the algorithm pinned to it · 4 the signature · 5 the claims.
    Raises Malformed, NotPermitted (no such key, or revoked), BadSignature. Whether it holds now is `check_time`'s.
    """
    if len(assertion) > MAX_BYTES or not assertion.isascii() or assertion.count(".") != 2:  # 1
        raise Malformed(f"not a compact JWS of at most {MAX_BYTES:,} bytes")
    try:
        parts = jws.extract_compact(assertion.encode())
        header, payload = parts.headers(), parts.payload
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise Malformed("not a compact JWS that can be read") from error
    claims: Any = decode_strict(payload, "claims")
    if not isinstance(claims, dict) or not set(header) <= _HEADER or header.get("typ", "JWT") != "JWT":
        raise Malformed(f"a header with other members than {', '.join(sorted(_HEADER))}, or claims that are no object")
    code, kid, algorithm = _text(claims, "iss"), _text(header, "kid"), _text(header, "alg")
    key = standing.client(code, kid)  # 2
    if key is None:
        raise NotPermitted(f"department {code!a} has no key {kid!a}", rule="client-key-known")
    if key.revoked is not None:
        raise NotPermitted(f"key {kid} of {code} was revoked at position {key.revoked}", rule="client-key-revoked")
    if algorithm != key.algorithm:  # 3
        raise BadSignature(f"signed with {algorithm[:20]!a}, and key {kid} of {code} is pinned to {key.algorithm}")
    try:
        jws.deserialize_compact(assertion, _public(canonical(key.key)), registry=Pinned(key.algorithm))  # 4
    except (JoseError, ValueError) as error:
        raise BadSignature(f"the signature is not that of key {kid} of {code}") from error
    return _claims(claims, key, code, origin)


def _claims(claims: dict[str, Any], key: ClientKey, code: str, origin: str) -> Claims:
    """Step 5."""
    if not set(claims) <= _CLAIMS:
        raise Malformed(f"claims that are not known: {', '.join(sorted(set(claims) - _CLAIMS))[:80]}")
    audience = claims.get("aud")
    if audience != issuer(origin) and audience != [issuer(origin)]:
        raise Malformed(f"for the audience {str(audience)[:80]!a}, expected {issuer(origin)}")
    if _text(claims, "sub") != code:
        raise Malformed(f"issued by {code}, about another: expected the same in iss and sub")
    issued, expires = _second(claims, "iat"), _second(claims, "exp")
    if not 0 < expires - issued <= LONGEST_LIFE_S:
        raise Malformed(f"it lives {expires - issued} seconds; expected 1 to {LONGEST_LIFE_S}")
    if "nbf" in claims and _second(claims, "nbf") > expires:
        raise Malformed("it begins to hold after its end")
    jti = _text(claims, "jti")
    if not 1 <= len(jti) <= LONGEST_JTI:
        raise Malformed(f"its jti has {len(jti)} characters, expected 1 to {LONGEST_JTI}")
    purpose = _text(claims, "purpose") if "purpose" in claims else ""
    check_text("purpose", purpose, LONGEST_PURPOSE)
    return Claims(code, purpose.strip(), key.kid, jti, max(issued, claims.get("nbf", 0)) * 1_000, expires * 1_000)


def check_time(claims: Claims, at: int, *, used: bool = False) -> None:
    """Return if the assertion holds at that time (ms UTC); `used`: if what was given for it may still be used then."""
    if at < claims.issued - LEEWAY_MS:
        raise NotPermitted("the assertion does not hold yet: look at the clock", rule="assertion-time")
    if at > claims.expires + (TOKEN_LIFE_MS if used else 0):
        raise NotPermitted("the assertion holds no more: sign a new one", rule="assertion-time")


@lru_cache(maxsize=256)
def _public(key: bytes) -> OKPKey | ECKey | RSAKey:
    members: Any = decode_strict(key, "key")
    match members["kty"]:
        case "OKP":
            check_public_key(base64.urlsafe_b64decode(members["x"] + "="))  # one of small order would sign anything
            return OKPKey.import_key(members)
        case "EC":
            return ECKey.import_key(members)
        case _:
            return RSAKey.import_key(members)


def check_client_key(key: ClientKey) -> None:
    """Malformed if the key may not be used: an Ed25519 key of small order, or one that cannot be read at all."""
    try:
        _public(canonical(key.key))
    except (JoseError, ValueError) as error:
        raise Malformed(f"the public key {key.kid} cannot be used; ask for another") from error


def _text(members: dict[str, Any], name: str) -> str:
    found = members.get(name)
    if not isinstance(found, str):
        raise Malformed(f"{name} is missing, or no text")
    return found


def _second(members: dict[str, Any], name: str) -> int:
    found = members.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 < found < MAX_INTEGER // 1_000:
        raise Malformed(f"{name} is missing, or no whole seconds since 1970")
    return found
