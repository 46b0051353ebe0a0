"""A request's body, whole and in time, or an answer that says what was wrong with it."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

PATIENCE_S = 10.0
"""For a whole body: 256 KiB in ten seconds is 26 kB a second, less than any line of today."""

READ_ON_BYTES = 1_048_576
"""So much beyond the cap is still read, and dropped: a connection closed over unread bytes is reset, and a client that
was only a little too long would never see why."""


class Unread(Exception):
    """The body was not taken; `status` says why to HTTP."""

    def __init__(self, status: int, told: str) -> None:
        super().__init__(told)
        self.status = status


async def read_body(request: Request, most_bytes: int, patience_s: float = PATIENCE_S) -> bytes:
    """The body. Raises Unread: 413 beyond `most_bytes` (at once where far more is announced), 408 where it takes too
    long, 415 where it is compressed, 400 where the client goes away."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Unread(415, "a compressed body is not taken; send it plain")
    announced = request.headers.get("content-length", "0")
    too_large = Unread(413, f"the body is larger than {most_bytes:,} bytes")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > most_bytes + READ_ON_BYTES:
        raise too_large
    found, length = bytearray(), 0
    try:
        async with asyncio.timeout(patience_s):
            async for piece in request.stream():
                length += len(piece)
                if length <= most_bytes:
                    found += piece
                elif length > most_bytes + READ_ON_BYTES:
                    break
    except TimeoutError as error:
        raise Unread(408, f"the body did not arrive within {patience_s:g} seconds") from error
    except ClientDisconnect as error:
        raise Unread(400, "the body was cut short") from error
    if length > most_bytes:
        raise too_large
    return bytes(found)
