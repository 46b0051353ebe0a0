"""Connections that keep nobody waiting: one that sends no whole request head in time is closed.

uvicorn counts time only between two requests of a connection. A socket that is opened and says nothing, or a header a
minute, would stay for ever.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle


class Impatient(HttpToolsProtocol):
    """uvicorn's connection, with `patience_s` seconds for a request's head."""

    patience_s: ClassVar[float] = 10.0
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """The clock starts with the connection.

        asyncio sets TCP_NODELAY on sockets that name their protocol, and `socket.create_server` makes none of those: an
        answer's body, the second packet, would wait for the first one's acknowledgement, 40 ms with most clients.
        """
        super().connection_made(transport)
        line = transport.get_extra_info("socket")
        if line.family in (socket.AF_INET, socket.AF_INET6):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """The clock starts with a further request's first byte, too; it is not set back by any byte after it."""
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request, whatever its type says
        if self._waiting is None and (cycle is None or cycle.response_complete):
            self._wait()
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._stop()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.patience_s, self._close)

    def _stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _close(self) -> None:
        self._waiting = None
        if not self.transport.is_closing():
            self.transport.close()
