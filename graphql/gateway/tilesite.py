"""The ledger as files: what mirrors, witnesses and anyone with a verifier read (C2SP tlog-tiles, version 0.1.0).

    GET /checkpoint                      the newest signed note, text/plain
    GET /tile/<level>/<n>[.p/<width>]    hashes, application/octet-stream, the same for ever
    GET /tile/entries/<n>[.p/<width>]    entries, only with `ledger.read`: who acts when is not the public's
    GET /policy                          whom to trust

Never beyond the published size: a tile, partial or full, is there once a checkpoint covers all of it. No proof is made
and no entry opened here; a reader computes what he needs from the tiles.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from gateway.credentials import Credentials, Unauthenticated
from gateway.endpoint import log, unauthenticated
from gateway.errors import ErrorCode, new_correlation
from registry.desk.desk import PublicDesk
from registry.errors import Busy, LedgerHalted, Malformed, NotHeld, NotPermitted
from registry.records.text import safe

_TEXT = {"X-Content-Type-Options": "nosniff", "Cache-Control": "max-age=2"}
_FOR_EVER = {"X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=31536000, immutable"}
_ENTRIES = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}


class TileSite:
    """The routes' functions; Starlette runs each in a thread. `public` gives the public's desk."""

    def __init__(self, public: Callable[[], PublicDesk], credentials: Credentials | None) -> None:
        self._public, self._credentials = public, credentials

    def checkpoint(self, request: Request) -> Response:
        """The newest published checkpoint."""
        return self._told(lambda: self._text(self._public().publication.checkpoint()))

    def policy(self, request: Request) -> Response:
        """The policy file."""
        return self._told(lambda: self._text(self._public().publication.policy()))

    def tile(self, request: Request) -> Response:
        """A tile of hashes, or with `ledger.read` a bundle of entries."""
        path = str(request.scope["path"]).removeprefix("/")  # to the letter: a route's pattern lets a line feed pass
        if not path.startswith("tile/entries/"):
            return self._told(lambda: self._bytes(self._public().publication.tile(path), _FOR_EVER))
        correlation = new_correlation()
        try:
            if self._credentials is None:
                raise Unauthenticated("no department can sign in here")
            given = self._credentials.presented(request.headers.get("authorization"))
            if given is None:
                raise Unauthenticated("asked for entries without a token")
            desk = self._credentials.caller(given, self._public).desk
            return self._told(lambda: self._bytes(desk.publication.bundle(path), _ENTRIES))
        except Unauthenticated as error:
            log.warning("%s %s: %s", ErrorCode.UNAUTHENTICATED.value, correlation, error)
            return unauthenticated(correlation)

    @staticmethod
    def _text(raw: bytes) -> Response:
        return Response(raw, headers=_TEXT, media_type="text/plain; charset=utf-8")

    @staticmethod
    def _bytes(raw: bytes, headers: dict[str, str]) -> Response:
        return Response(raw, headers=headers, media_type="application/octet-stream")

    @staticmethod
    def _told(answer: Callable[[], Response]) -> Response:
        try:
            return answer()
        except (NotHeld, Malformed):
            return PlainTextResponse("not published here\n", 404, _TEXT)
        except NotPermitted:
            return PlainTextResponse("this wants ledger.read, which this client was not given\n", 403, _TEXT)
        except (Busy, LedgerHalted) as error:
            log.warning("tiles: %s", safe(str(error)))
            return PlainTextResponse("ask again\n", 503, _TEXT | {"Retry-After": "1"})
