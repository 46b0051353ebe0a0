"""A request's body, whole and in time, or an answer that says what was wrong with it."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

PATIENCE_S = 10.0
"""For a whole body: 256 KiB in ten seconds is 26 kB a second, less than any line of today."""


class Unread(Exception):
    """The body was not taken; `status` says why to HTTP."""

    def __init__(self, status: int, told: str) -> None:
        super().__init__(told)
        self.status = status


async def read_body(request: Request, most_bytes: int, patience_s: float = PATIENCE_S) -> bytes:
    """The body. Raises Unread: 413 beyond `most_bytes` (before reading on), 408 where it takes too long, 415 where it
    is compressed, 400 where the client goes away."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Unread(415, "a compressed body is not taken; send it plain")
    announced = request.headers.get("content-length", "0")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > most_bytes:
        raise Unread(413, f"the body is larger than {most_bytes:,} bytes")
    found = bytearray()
    try:
        async with asyncio.timeout(patience_s):
            async for piece in request.stream():
                found += piece
                if len(found) > most_bytes:
                    raise Unread(413, f"the body is larger than {most_bytes:,} bytes")
    except TimeoutError as error:
        raise Unread(408, f"the body did not arrive within {patience_s:g} seconds") from error
    except ClientDisconnect as error:
        raise Unread(400, "the body was cut short") from error
    return bytes(found)
