"""The web application. It opens nothing: whoever starts it hands it a registry that is open, or how to look at one.

    POST /graphql         endpoint.py: questions
    POST /oauth/token     credentials.py: a department's assertion becomes a token
    GET  /oauth/jwks, /.well-known/oauth-authorization-server
    GET  /checkpoint, /policy, /tile/…    tilesite.py
    GET  /livez    200 {"alive":true}: the process runs; nothing was asked of the registry
    GET  /readyz   200 {"state":"ready","origin":…,"size":…,"sealed":…,"root":…,"engine":…,
                        "not_yet_searchable":…,"office":"open"}
                   200 {"state":"degraded",…}: reads are answered, but a search does not find all that is recorded yet,
                       or "office" is "away": nobody signs in and nothing withheld is read until it is back
                   503 {"state":"busy"|"halted"|"away"}: reads cannot be answered

Nothing in /readyz is withheld from anyone: origin, size and root stand in every public checkpoint. Why a registry is
not ready may name files and officers, so it goes to the log and never into the answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.answers import Answering
from gateway.bodies import PATIENCE_S, Unread, read_body
from gateway.credentials import BadForm, Credentials, Unauthenticated
from gateway.endpoint import DEADLINE_S, Endpoint
from gateway.rates import Meter
from gateway.tilesite import TileSite
from registry.desk.desk import PublicDesk
from registry.desk.status import Status
from registry.errors import Busy, LedgerHalted, RegistryError
from registry.records.text import safe

log = logging.getLogger("gateway")

# An answer about health is true for the moment it was given, and is never anything but JSON.
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
MOST_FORM_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Service:
    """What departments sign in with, and what answers them."""

    answering: Answering
    credentials: Credentials


def build(
    status: Callable[[], Status],
    public: Callable[[], PublicDesk] | None = None,
    service: Service | None = None,
    *,
    there: Callable[[], bool] | None = None,
    deadline_s: float = DEADLINE_S,
    patience_s: float = PATIENCE_S,
    clock: Callable[[], float] = time.monotonic,
) -> Starlette:
    """The application. `status` is called once a /readyz, in a thread: it may block, and raise any RegistryError; so is
    `there`, where the office is another process's: whether it answers.

    With the public's desk the ledger is published, and with a `service` departments are answered. `deadline_s`: for an
    operation; `patience_s`: for a body; `clock` measures the hour of the rate limit.
    """

    async def livez(request: Request) -> JSONResponse:
        return JSONResponse({"alive": True}, headers=HEADERS)

    def readyz(request: Request) -> JSONResponse:
        try:  # not async: Starlette runs this in a thread, where a database may be waited for
            now = status()
        except RegistryError as error:
            log.warning("not ready: %s", safe(str(error)))
            return JSONResponse({"state": _state(error)}, status_code=503, headers=HEADERS)
        away = there is not None and not there()
        office = {} if there is None else {"office": "away" if away else "open"}
        return JSONResponse(
            {
                "state": "degraded" if now.not_yet_searchable or away else "ready",
                "origin": now.origin,
                "size": now.size,
                "sealed": now.sealed,
                "root": now.root,
                "engine": now.engine,
                "not_yet_searchable": now.not_yet_searchable,
                **office,
            },
            headers=HEADERS,
        )

    routes = [Route("/livez", livez, methods=["GET"]), Route("/readyz", readyz, methods=["GET"])]
    if public is not None:
        routes += _published(TileSite(public, service.credentials if service is not None else None))
        if service is not None:
            routes += _served(service, public, Meter(clock), deadline_s, patience_s)
    return Starlette(routes=routes, exception_handlers={Exception: _unforeseen})


def _published(tiles: TileSite) -> list[Route]:
    return [
        Route("/checkpoint", tiles.checkpoint, methods=["GET"]),
        Route("/policy", tiles.policy, methods=["GET"]),
        Route("/tile/{path:path}", tiles.tile, methods=["GET"]),
    ]


def _served(
    service: Service, public: Callable[[], PublicDesk], meter: Meter, deadline_s: float, patience_s: float
) -> list[Route]:
    credentials = service.credentials
    endpoint = Endpoint(service.answering, credentials, meter, public, deadline_s=deadline_s, patience_s=patience_s)

    async def graphql(request: Request) -> Response:
        return await endpoint(request)

    async def token(request: Request) -> Response:
        return await _token(request, credentials, patience_s)

    async def keys(request: Request) -> JSONResponse:
        return JSONResponse(credentials.keys(), headers=HEADERS)

    async def metadata(request: Request) -> JSONResponse:
        return JSONResponse(credentials.metadata(str(request.base_url).rstrip("/")), headers=HEADERS)

    every = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    return [
        Route("/graphql", graphql, methods=every),  # the endpoint itself says what is not taken
        Route("/oauth/token", token, methods=["POST"]),
        Route("/oauth/jwks", keys, methods=["GET"]),
        Route("/.well-known/oauth-authorization-server", metadata, methods=["GET"]),
    ]


async def _token(request: Request, credentials: Credentials, patience_s: float) -> JSONResponse:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind != "application/x-www-form-urlencoded":
            raise BadForm("invalid_request", "expected a form, application/x-www-form-urlencoded")
        form = await read_body(request, MOST_FORM_BYTES, patience_s)
        return JSONResponse(await to_thread.run_sync(credentials.give, form), headers=HEADERS)
    except BadForm as error:
        return JSONResponse({"error": error.error, "error_description": str(error)}, 400, HEADERS)
    except Unread as error:
        said = {"error": "invalid_request", "error_description": str(error)}
        return JSONResponse(said, error.status, HEADERS | {"Connection": "close"})
    except Unauthenticated as error:
        log.warning("%s", error)
        return JSONResponse({"error": "invalid_client"}, 401, HEADERS | {"WWW-Authenticate": 'Bearer realm="muniment"'})
    except (Busy, LedgerHalted) as error:
        log.warning("no token was given: %s", safe(str(error)))
        return JSONResponse({"error": "temporarily_unavailable"}, 503, HEADERS | {"Retry-After": "1"})


def _unforeseen(request: Request, error: Exception) -> Response:
    """Starlette logs the traceback; the client is told nothing of it."""
    return PlainTextResponse("something went wrong here; it was written down\n", 500, HEADERS)


def _state(error: RegistryError) -> str:
    match error:
        case LedgerHalted():
            return "halted"
        case Busy():
            return "busy"
        case _:
            return "away"
