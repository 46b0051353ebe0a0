"""Health, asked over HTTP of a real server on a loopback port."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2
import pytest
import uvicorn
from msgspec.structs import replace

from gateway.app import build
from registry.desk.status import Status
from registry.errors import Busy, LedgerHalted, Misuse, RegistryError

STATUS = Status(
    origin="registry.example/land",
    size=1_204_913,
    root="gRVgA0BBDDbGKn/x2XQPxDzTdvUPzS7DzAk0Tjn8j0Y=",
    engine="sqlite 3.54.1",
    not_yet_searchable=0,
    sealed=1_204_900,
    state="13 entries recorded, not sealed yet",
    departments=2,
    officers=4,
    open_loads=0,
)
LAGGING = replace(STATUS, not_yet_searchable=3)


@contextmanager
def served(status: Callable[[], Status]) -> Iterator[httpx2.Client]:
    """The application behind uvicorn and httptools, as `muniment gateway` serves it; the kernel picks the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:  # listens already: an early request waits for the server
        server = uvicorn.Server(uvicorn.Config(build(status), http="httptools", lifespan="off", log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", trust_env=False) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(timeout=20)
            assert not thread.is_alive()


def raising(error: RegistryError) -> Callable[[], Status]:
    def status() -> Status:
        raise error

    return status


def test_livez_answers_without_asking_the_registry() -> None:
    with served(raising(LedgerHalted("nobody may ask"))) as client:
        answer = client.get("/livez")
    assert answer.status_code == 200
    assert answer.json() == {"alive": True}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"


def test_readyz_tells_what_every_checkpoint_tells() -> None:
    with served(lambda: STATUS) as client:
        answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "state": "ready",
        "origin": "registry.example/land",
        "size": 1_204_913,
        "sealed": 1_204_900,
        "root": STATUS.root,
        "engine": "sqlite 3.54.1",
        "not_yet_searchable": 0,
    }


def test_a_lagging_catalogue_is_degraded_and_still_answers() -> None:
    with served(lambda: LAGGING) as client:
        answer = client.get("/readyz")
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["not_yet_searchable"]) == ("degraded", 3)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (LedgerHalted("Head and tree disagree in /srv/registry/ledger.db."), "halted"),
        (Busy("The registry in /srv/registry is being restored."), "busy"),
        (Misuse("There is no registry in /srv/registry."), "away"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_registry_that_cannot_be_read_is_503_and_the_answer_names_no_file(
    error: RegistryError, state: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="gateway"), served(raising(error)) as client:
        answer = client.get("/readyz")
        assert client.get("/livez").status_code == 200
    assert answer.status_code == 503
    assert answer.json() == {"state": state}
    assert str(error) in caplog.text


def test_the_reason_in_the_log_cannot_command_a_terminal(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.WARNING, logger="gateway"),
        served(raising(Busy("full\x1b]0;x\x07\nforged line"))) as client,
    ):
        client.get("/readyz")
    messages = [record.getMessage() for record in caplog.records if record.name == "gateway"]
    assert messages
    assert all(character.isprintable() for character in messages[0])


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_health_can_only_be_read(method: str, path: str) -> None:
    with served(lambda: STATUS) as client:
        assert client.request(method, path).status_code == 405


def test_nothing_else_is_served() -> None:
    with served(lambda: STATUS) as client:
        assert [client.get(path).status_code for path in ("/", "/graphql", "/docs", "/metrics")] == [404] * 4


def test_hostile_names_stay_inside_the_json() -> None:
    hostile = 'x"}\n\x1b]52;c;AA==\x07\u202e'
    with served(lambda: replace(STATUS, origin=hostile, engine=hostile)) as client:
        answer = client.get("/readyz")
    assert json.loads(answer.content)["origin"] == hostile
    assert b"\x1b" not in answer.content
