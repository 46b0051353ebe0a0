"""Ask a gateway for a token, as a department: the one thing that curl cannot do by itself is sign."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Annotated, Any

import typer

from registry.commands import output
from registry.commands.asked import Asked, command
from registry.commands.keyfiles import algorithm_of, read_private
from registry.commands.manual import counter
from registry.errors import Busy, Malformed, Misuse, NotPermitted
from registry.records.clients import ClientKey, thumbprint
from registry.records.encoding import decode_strict
from registry.records.identifiers import check_department

app = counter()
METADATA = "/.well-known/oauth-authorization-server"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFE_S = 300
PATIENCE_S = 20
LONGEST_ANSWER = 65_536


@command(app, "token", officer=False, registry=False)
def token(
    asked: Asked,
    client: Annotated[str, typer.Option("--client", metavar="CODE", help="The department that asks.")],
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="Its private key, PEM without a passphrase.")],
    url: Annotated[str, typer.Option("--url", metavar="URL", help="The gateway, like https://registry.example.")],
    purpose: Annotated[
        str | None, typer.Option("--purpose", metavar="TEXT", help="What it reads for; recorded with each reading.")
    ] = None,
    algorithm: Annotated[
        str | None, typer.Option("--algorithm", metavar="NAME", help="The one that an RSA key was enrolled with.")
    ] = None,
    assertion: Annotated[
        bool, typer.Option("--assertion", help="Print the signed assertion and ask for no token.")
    ] = False,
) -> None:
    """Ask a gateway for a department's token.

    Signs a client assertion (RFC 7523) with the department's key, hands it to
    the gateway and prints the token that it gives. A token lives five minutes
    and no longer than the key is in force. The key never leaves this machine.

    A purpose is wanted to read withheld material; it is recorded with each
    reading, and signed for here.

    Example:
        muniment token --client POL --key police.pem \\
            --url http://127.0.0.1:8080 --purpose "fraud 117"
    Prints:
        The token alone, so that it can stand in another command. With --json:
        {"access_token", "expires_in"}.
    Exit codes: 0, 1, 2, 4
    See also: department key add, gateway
    """
    check_department(client)
    base = _base(url)
    pem, public = read_private(key)
    pinned = algorithm_of(public, algorithm)
    try:
        ClientKey.of(pinned, public)
    except Malformed as error:
        raise Misuse(f"key file {key}: {error}") from error
    told = _ask(base + METADATA)
    issuer = told.get("issuer")
    if not isinstance(issuer, str):
        raise Misuse(f"{base} does not say who it is: no issuer in {METADATA}")
    signed = _signed(pem, public, pinned, client, issuer, purpose)
    if assertion:
        output.say(signed)
        return
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}
    given = _ask(base + "/oauth/token", urllib.parse.urlencode(form).encode())
    found = given.get("access_token")
    if not isinstance(found, str):
        raise Misuse(f"{base}/oauth/token gave no token")
    if asked.as_json:
        output.say_json({"access_token": found, "expires_in": given.get("expires_in")})
    else:
        output.say(found)


def _signed(pem: bytes, public: dict[str, str], algorithm: str, client: str, issuer: str, purpose: str | None) -> str:
    from joserfc import jws
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    from registry.ledger.assertion import Pinned

    kinds: dict[str, type[OKPKey | ECKey | RSAKey]] = {"OKP": OKPKey, "EC": ECKey, "RSA": RSAKey}
    now = int(time.time())
    claims: dict[str, Any] = {
        "aud": issuer,
        "exp": now + LIFE_S,
        "iat": now,
        "iss": client,
        "jti": os.urandom(16).hex(),
        "sub": client,
    }
    if purpose is not None:
        claims["purpose"] = purpose
    header = {"alg": algorithm, "kid": thumbprint(public), "typ": "JWT"}
    key = kinds[public["kty"]].import_key(pem)
    return jws.serialize_compact(header, json.dumps(claims).encode(), key, registry=Pinned(algorithm))


def _base(url: str) -> str:
    """The gateway's address. Raises Misuse for one over which a token would travel in the clear."""
    try:
        found = urllib.parse.urlsplit(url)
        host = found.hostname or ""
    except ValueError as error:
        raise Misuse(f"--url: {url[:80]!a} is not an address") from error
    here = host in ("127.0.0.1", "::1", "localhost")
    if found.scheme not in ("http", "https") or not host or found.query or found.fragment:
        raise Misuse(f"--url: found {url[:80]!a}, expected an address like https://registry.example")
    if found.scheme == "http" and not here:
        raise Misuse(f"--url: http would send the token in the clear to {host[:80]}; use https")
    return url.rstrip("/")


def _ask(url: str, form: bytes | None = None) -> dict[str, Any]:
    request = urllib.request.Request(url, data=form, headers={"Accept": "application/json"})
    try:
        with _opener().open(request, timeout=PATIENCE_S) as answer:
            raw = answer.read(LONGEST_ANSWER)
    except urllib.error.HTTPError as error:
        with error:
            if error.code in (401, 403):
                raise NotPermitted(
                    f"{url} gave no token: key, department, clock or audience is not what it expects; why is in the "
                    "gateway's log"
                ) from error
            raise Busy(f"{url} answered {error.code}; ask again later") from error
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        raise Busy(f"{url} cannot be reached ({getattr(error, 'reason', error)}); is the gateway running?") from error
    try:
        told = decode_strict(raw, "answer")
    except Malformed as error:
        raise Misuse(f"{url} did not answer as a gateway does: {error}") from error
    if not isinstance(told, dict):
        raise Misuse(f"{url} did not answer as a gateway does")
    return told


def _opener() -> urllib.request.OpenerDirector:
    """No proxy for this machine's own addresses is asked, and a redirection is not followed: it would carry the
    assertion elsewhere."""

    class _Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *given: Any, **named: Any) -> None:
            return None

    return urllib.request.build_opener(_Stay(), urllib.request.HTTPSHandler(context=ssl.create_default_context()))
