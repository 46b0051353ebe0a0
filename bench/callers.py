"""Clients that do not dominate: keep-alive connections on plain sockets, driven by one selector, in the process that
measures and not in the one that answers."""

from __future__ import annotations

import itertools
import selectors
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Line:
    """One connection: what came of an answer so far, and how long it will be."""

    socket: socket.socket
    held: bytearray = field(default_factory=bytearray)
    length: int = 0


def request(path: str, body: bytes, token: str | None) -> bytes:
    """A request as it is sent."""
    head = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", "Accept: application/json"]
    if token is not None:
        head.append(f"Authorization: Bearer {token}")
    head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def ask(port: int, requests: Iterable[bytes], *, connections: int, seconds: float) -> tuple[int, float]:
    """(answers, seconds) of asking these requests in turn, each connection its next one when it has its answer, until
    the time is up. Raises ConnectionError for any answer but 200."""
    turn = itertools.cycle(requests)
    with selectors.DefaultSelector() as selector:
        lines = [_Line(socket.create_connection(("127.0.0.1", port))) for _ in range(connections)]
        try:
            for line in lines:
                line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(line.socket, selectors.EVENT_READ, line)
            began = time.perf_counter()
            for line in lines:
                line.socket.sendall(next(turn))
            answered, waiting = 0, connections
            while waiting:
                for key, _ in selector.select():
                    line = key.data
                    if not _whole(line):
                        continue
                    answered += 1
                    if time.perf_counter() - began < seconds:
                        line.socket.sendall(next(turn))
                    else:
                        waiting -= 1
            return answered, time.perf_counter() - began
        finally:
            for line in lines:
                line.socket.close()


def _whole(line: _Line) -> bool:
    """Take what came; whether an answer is whole with it, which is then dropped."""
    piece = line.socket.recv(262_144)
    if not piece:
        raise ConnectionError("the server closed a connection")
    line.held += piece
    if not line.length:
        end = line.held.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(line.held[:end]).lower()
        if not head.startswith(b"http/1.1 200"):
            raise ConnectionError(bytes(line.held).decode(errors="replace")[:600])
        line.length = end + 4 + int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    if len(line.held) < line.length:
        return False
    line.held.clear()
    line.length = 0
    return True
