"""The web application. It opens nothing: whoever starts it hands it a function that tells the registry's status.

    GET /livez    200 {"alive":true}: the process runs; nothing was asked of the registry
    GET /readyz   200 {"state":"ready","origin":…,"size":…,"sealed":…,"root":…,"engine":…,
                       "not_yet_searchable":…}
                  200 {"state":"degraded",…}: reads are answered, but a search does not find all that is recorded yet
                  503 {"state":"busy"|"halted"|"away"}: reads cannot be answered

Nothing here is withheld from anyone: origin, size and root stand in every public checkpoint. Why a registry is not
ready may name files and officers, so it goes to the log and never into the answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from registry.desk.status import Status
from registry.errors import Busy, LedgerHalted, RegistryError
from registry.records.text import safe

log = logging.getLogger("gateway")

# An answer about health is true for the moment it was given, and is never anything but JSON.
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def build(status: Callable[[], Status]) -> Starlette:
    """The application. `status` is called once a /readyz, in a thread: it may block, and raise any RegistryError."""

    async def livez(request: Request) -> JSONResponse:
        return JSONResponse({"alive": True}, headers=HEADERS)

    def readyz(request: Request) -> JSONResponse:
        try:  # not async: Starlette runs this in a thread, where a database may be waited for
            now = status()
        except RegistryError as error:
            log.warning("not ready: %s", safe(str(error)))
            return JSONResponse({"state": _state(error)}, status_code=503, headers=HEADERS)
        return JSONResponse(
            {
                "state": "degraded" if now.not_yet_searchable else "ready",
                "origin": now.origin,
                "size": now.size,
                "sealed": now.sealed,
                "root": now.root,
                "engine": now.engine,
                "not_yet_searchable": now.not_yet_searchable,
            },
            headers=HEADERS,
        )

    return Starlette(routes=[Route("/livez", livez, methods=["GET"]), Route("/readyz", readyz, methods=["GET"])])


def _state(error: RegistryError) -> str:
    match error:
        case LedgerHalted():
            return "halted"
        case Busy():
            return "busy"
        case _:
            return "away"
