"""A gateway as a department meets it: a town's registry, open, behind a real server on a loopback port."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import uvicorn

from gateway.answers import Answering
from gateway.app import Service, build
from gateway.connections import Impatient
from gateway.credentials import ASSERTION_TYPE, Credentials
from gateway.operation import House
from gateway.schema import build_schema
from registry.ledger.assertion import issuer
from registry.records.roles import Role
from tests.gateway.clients import assertion, enrol
from tests.town import Town

SCHEMA = build_schema()


def staffed(town: Town) -> Town:
    """Officers, the gateway's own among them, and keys of two departments."""
    town.staff()
    town.enrol("gateway", Role.READER)
    enrol(town, "POL", "police")
    enrol(town, "HMLR", "land")
    return town


def service(town: Town) -> Service:
    """The town's registry, as the gateway serves it."""
    desk = town.desk("gateway")
    admission = town.office.admission(desk.departments)
    credentials = Credentials(issuer(town.office.origin), admission.admit, lambda: town.clock.now / 1_000)
    answering = Answering(SCHEMA, House.of(desk), town.clock)
    return Service(answering, credentials)


@dataclass(frozen=True, slots=True)
class Served:
    """A gateway that listens."""

    town: Town
    url: str
    port: int
    http: httpx2.Client

    def token(self, code: str = "POL", name: str = "police", **claims: Any) -> str:
        """A token for a fresh assertion."""
        answer = self.sign_in(assertion(code, name, now=self.town.clock.now, **claims))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def sign_in(self, signed: str) -> httpx2.Response:
        """The answer to an assertion."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": signed,
        }
        return self.http.post("/oauth/token", data=form)

    def ask(
        self, query: str, variables: dict[str, Any] | None = None, *, token: str | None = None, **headers: str
    ) -> httpx2.Response:
        """The answer to a query."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            given["Authorization"] = f"Bearer {token}"
        return self.http.post("/graphql", json={"query": query, "variables": variables}, headers=given)


def codes(answer: httpx2.Response) -> list[str]:
    """The codes of an answer's errors."""
    return [one["extensions"]["code"] for one in answer.json().get("errors", ())]


@contextmanager
def serving(town: Town, served: Service | None = None, **options: Any) -> Iterator[Served]:
    """Serve the town until the block ends, by another `served` than its own where given. `options` are `build`'s."""
    app = build(town.office.public().status, town.office.public, served or service(town), **options)
    config = uvicorn.Config(app, port=0, http=Impatient, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    listening = config.bind_socket()
    port = listening.getsockname()[1]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx2.Client(base_url=url, trust_env=False, timeout=20) as http:
            while not server.started and thread.is_alive():
                threading.Event().wait(0.005)
            yield Served(town, url, port, http)
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()
