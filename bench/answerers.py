"""The two that answer, each in a process of its own: the gateway over a real registry, and the baseline.

A child serves on a loopback port with the settings of `muniment gateway`, and takes orders through a pipe:

    ("spent",)                       its CPU seconds so far
    ("direct", body, token, n)       (wall, CPU) seconds of n requests handed to the application without a socket
    ("stop",)                        end
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette

from bench.bare import bare
from gateway.app import build
from gateway.connections import Impatient
from registry.desk.muniments import Document
from registry.records.muniment import MunimentKind, Visibility
from tests.gateway.clients import assertion
from tests.gateway.served import service, staffed
from tests.town import Town, document

MOST_CONNECTIONS = 500
SPEED_OF_THE_HOUR = 3_600
"""The limiter counts on, but its hour is a second: a department may ask 5,000 points in it."""

_spawn = multiprocessing.get_context("spawn")


class Answerer:
    """A child that answers."""

    def __init__(self, pipe: Connection, port: int) -> None:
        self._pipe, self.port = pipe, port

    def order(self, *what: Any) -> Any:
        """Give an order and wait for what comes of it."""
        self._pipe.send(what)
        return self._pipe.recv()


@contextmanager
def answering(make: Callable[..., Any], *given: Any) -> Iterator[Answerer]:
    """A child that serves what `make(*given)` gives, until the block ends."""
    ours, theirs = _spawn.Pipe()
    child = _spawn.Process(target=_serve, args=(theirs, make, given), daemon=True)
    child.start()
    theirs.close()
    try:
        yield Answerer(ours, ours.recv())
        ours.send(("stop",))
    finally:
        child.join(20)
        child.terminate()


def _serve(pipe: Connection, make: Callable[..., tuple[Starlette, dict[str, Any]]], given: tuple[Any, ...]) -> None:
    app, options = make(*given)
    config = uvicorn.Config(
        app,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        **options,
    )
    server = uvicorn.Server(config)
    # Of that protocol by name, as asyncio sets TCP_NODELAY on no other: else an answer's second packet waits 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(MOST_CONNECTIONS)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    pipe.send(listening.getsockname()[1])
    while True:
        match pipe.recv():
            case ("spent",):
                pipe.send(time.process_time())
            case ("direct", bytes() as body, token, int() as times):
                pipe.send(asyncio.run(_directly(app, body, token, times)))
            case _:
                break
    server.should_exit = True
    thread.join()


async def _directly(app: Starlette, body: bytes, token: str | None, times: int) -> tuple[float, float]:
    headers = [(b"content-type", b"application/json"), (b"accept", b"application/json"), (b"host", b"127.0.0.1")]
    if token is not None:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    began, spent = time.perf_counter(), time.process_time()
    for _ in range(times):
        await app(dict(scope), receive, send)
    found = time.perf_counter() - began, time.process_time() - spent
    assert statuses == [200] * times, statuses[:3]
    return found


# ---- the registry ----


def town_with(folder: Path, sales: Path, deeds: int) -> Town:
    """A founded registry with officers, two departments' keys, those sales loaded and deeds lodged."""
    town = staffed(Town(folder, milestone=_unseen))
    town.desk("loader").loads.load(sales)
    clerk = town.desk("intake-clerk").muniments
    for number in range(deeds):
        body: Document = document(f"This deed witnesseth, number {number}")
        clerk.lodge(
            body,
            MunimentKind.DEED,
            details={"title": f"K{number}"},
            withheld={"proprietor": "Amara Okafor"},
            visibility=Visibility.DEPARTMENTS,
        )
    return town


def _unseen(name: str) -> None:
    """A function that a child can be handed."""


def closed(town: Town) -> Town:
    """The town without its office, so that a child can be handed it and open it."""
    town.close()
    del town.office
    return town


def gateway(town: Town) -> tuple[Starlette, dict[str, Any]]:
    """Ours: the office in-line, rules checked, the limiter on."""
    app = build(
        town.office.public().status,
        town.office.public,
        service(town),
        clock=lambda: time.monotonic() * SPEED_OF_THE_HOUR,
    )
    return app, {"http": Impatient}


def opened(town: Town) -> tuple[Starlette, dict[str, Any]]:
    """Ours in a child: the closed town's registry, opened there."""
    town.open()
    return gateway(town)


def baseline(schema: str, muniments: dict[str, Any], pages: dict[str, Any]) -> tuple[Starlette, dict[str, Any]]:
    """Theirs in a child."""
    return bare(schema, muniments, pages), {"http": "httptools"}


def signed_in(town: Town) -> str:
    """The police's assertion for a token."""
    return assertion(now=town.clock.now)
