"""Who asks: a department's assertion becomes a token, and a token the department's desk.

    POST /oauth/token
      grant_type=client_credentials
      client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer
      client_assertion=<compact JWS>
    200 {"access_token":"eyJ…","token_type":"Bearer","expires_in":300}
    401 {"error":"invalid_client"}

Whatever is wrong with a credential is one neutral 401: the reason stands in the log alone (RFC 6749 section 5.2; RFC
7523 section 3). The office, here or behind its door, takes the assertion. The desk that this opens is kept here for the
life of the token, and asked at each request whether the key is still in force.

A token is a JWT in the form of RFC 9068, signed with a key that this process makes for itself when it starts, so it
ends with the process. It is known again by its SHA-256: only the very bytes that were given out are taken.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import threading
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from gateway.context import Caller
from registry.desk.admission import DepartmentDesk
from registry.desk.desk import PublicDesk
from registry.errors import Busy, LedgerHalted, Refused, RegistryError
from registry.records.text import safe

log = logging.getLogger("gateway")

LIFE_S = 300
GRANT = "client_credentials"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MOST_TOKENS = 20_000
MOST_TOKENS_EACH = 1_000
LONGEST_TOKEN = 4_096


class Unauthenticated(Exception):
    """The credentials do not hold. The reason is for the log."""


class BadForm(Exception):
    """The request for a token is not of the form; `error` is a code of RFC 6749 section 5.2."""

    def __init__(self, error: str, told: str) -> None:
        super().__init__(told)
        self.error = error


@dataclass(frozen=True, slots=True)
class Presented:
    """A token that was given here: the department's desk, and when it ends (seconds since 1970)."""

    desk: DepartmentDesk
    ends: float


class Credentials:
    """Gives tokens and knows them again. May be asked from any thread."""

    def __init__(self, issuer: str, admit: Callable[[str], DepartmentDesk], clock: Callable[[], float]) -> None:
        """`admit` opens a department's desk for its assertion or raises RegistryError; `clock` gives seconds since
        1970."""
        self.issuer, self._admit, self._clock = issuer, admit, clock
        self._key = OKPKey.generate_key("Ed25519")
        self._kid = self._key.thumbprint()
        self._registry = _Plain(algorithms=["EdDSA"])
        self._given: dict[bytes, Presented] = {}
        self._lock = threading.Lock()

    # ---- giving ----

    def give(self, form: bytes) -> dict[str, object]:
        """The answer to a request for a token. Raises BadForm, Unauthenticated, Busy."""
        assertion, client = _read_form(form)
        try:
            desk = self._admit(assertion)
        except (Busy, LedgerHalted):
            raise
        except RegistryError as error:
            if isinstance(error, Refused) and error.rule == "gateway-officer":
                raise Busy(f"this gateway is let in no more, so no department is: {error}") from error
            raise Unauthenticated(f"no token was given: {safe(str(error))}") from error
        if client is not None and client != desk.department:
            raise Unauthenticated(f"no token was given: client_id {client[:20]!a}, assertion of {desk.department}")
        now = int(self._clock())
        claims: dict[str, object] = {
            "aud": self.issuer,
            "client_id": desk.department,
            "exp": now + LIFE_S,
            "iat": now,
            "iss": self.issuer,
            "jti": secrets.token_hex(16),
            "sub": desk.department,
        }
        if desk.purpose:
            claims["purpose"] = desk.purpose
        header = {"alg": "EdDSA", "kid": self._kid, "typ": "at+jwt"}
        token = jws.serialize_compact(header, json.dumps(claims).encode(), self._key, registry=self._registry)
        self._keep(token, desk, now)
        return {"access_token": token, "expires_in": LIFE_S, "token_type": "Bearer"}

    def _keep(self, token: str, desk: DepartmentDesk, now: int) -> None:
        with self._lock:
            if len(self._given) >= MOST_TOKENS // 2:
                self._given = {name: one for name, one in self._given.items() if one.ends > now}
            live = sum(one.desk.department == desk.department for one in self._given.values() if one.ends > now)
            if len(self._given) >= MOST_TOKENS or live >= MOST_TOKENS_EACH:
                raise Busy("more tokens are open than are kept; use one for its five minutes")
            self._given[_digest(token)] = Presented(desk, now + LIFE_S)

    # ---- knowing again ----

    def presented(self, authorization: str | None) -> Presented | None:
        """The token in the header, if it was given here and has not ended; None without a header. Asks nobody. Raises
        Unauthenticated."""
        if authorization is None:
            return None
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
            raise Unauthenticated("the Authorization header holds no bearer token")
        with self._lock:
            given = self._given.get(_digest(token))
        if given is None:
            raise Unauthenticated("the token is none that was given here")
        if given.ends <= self._clock():
            raise Unauthenticated(f"the token of {given.desk.department} has expired")
        return given

    @staticmethod
    def caller(presented: Presented | None, public: Callable[[], PublicDesk]) -> Caller:
        """Who asks: the department of the token, or nobody without one. Asks the office whether its key is still in
        force. Raises Unauthenticated, Busy."""
        if presented is None:
            return Caller(None, "", public())
        try:
            presented.desk.check()
        except (Busy, LedgerHalted):
            raise
        except RegistryError as error:
            raise Unauthenticated(f"the token holds no more: {safe(str(error))}") from error
        return Caller(presented.desk.department, presented.desk.purpose, presented.desk)

    # ---- telling of itself ----

    def keys(self) -> dict[str, object]:
        """The public key of the tokens (RFC 7517)."""
        public = {name: str(value) for name, value in self._key.as_dict(private=False).items()}
        return {"keys": [public | {"alg": "EdDSA", "kid": self._kid, "use": "sig"}]}

    def metadata(self, base: str) -> dict[str, object]:
        """RFC 8414, section 2; `base` is the address at which this was asked. The issuer is the registry's name and not
        an address (ADR 0010)."""
        return {
            "grant_types_supported": [GRANT],
            "issuer": self.issuer,
            "jwks_uri": f"{base}/oauth/jwks",
            "response_types_supported": [],
            "token_endpoint": f"{base}/oauth/token",
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["EdDSA", "ES256", "PS256", "PS512", "RS256", "RS512"],
        }


class _Plain(JWSRegistry):
    """EdDSA by its registered name, whatever the library would rather call it."""

    def get_alg(self, name: str) -> Any:
        return self.algorithms["EdDSA"]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _read_form(raw: bytes) -> tuple[str, str | None]:
    """(assertion, client_id or None) of the form. Raises BadForm."""
    try:
        pairs = urllib.parse.parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=10, errors="strict"
        )
    except (ValueError, UnicodeDecodeError) as error:
        raise BadForm("invalid_request", "the body is no form of at most ten members") from error
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadForm("invalid_request", "a member of the form stands twice")
    if found.get("grant_type") != GRANT:
        raise BadForm("unsupported_grant_type", f"expected grant_type={GRANT}")
    if found.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in found:
        raise BadForm("invalid_request", f"expected client_assertion and client_assertion_type={ASSERTION_TYPE}")
    return found["client_assertion"], found.get("client_id")
