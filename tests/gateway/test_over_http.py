"""GraphQL over HTTP, asked of a real server: methods, types, statuses, tokens, hostile queries, slow clients."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.connections import Impatient
from registry.records.facts import moment
from tests.gateway.clients import assertion, claims, key_of, signed
from tests.gateway.served import Served, codes, serving, staffed
from tests.town import Town

GRAPHQL = "application/graphql-response+json"
VIEWER = "{viewer{department{code}}}"


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    town = staffed(Town(tmp_path_factory.mktemp("town")))
    with serving(town, patience_s=0.4, clock=lambda: 0.0) as served:
        yield served
    town.close()


@pytest.fixture(scope="module")
def token(gate: Served) -> str:
    return gate.token()


# ---- methods, types, statuses ----


def test_a_question_is_answered(gate: Served, token: str) -> None:
    answer = gate.ask(VIEWER, token=token)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")
    assert answer.json()["data"] == {"viewer": {"department": {"code": "POL"}}}
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["ratelimit-remaining"]) < int(answer.headers["ratelimit-limit"])


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (GRAPHQL, GRAPHQL),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        (f"{GRAPHQL}, application/json;q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.5, application/json", "application/json"),
        (f"{GRAPHQL};q=0, */*", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
    ],
)
def test_the_media_type_is_negotiated(gate: Served, token: str, accept: str, kind: str) -> None:
    answer = gate.ask(VIEWER, token=token, Accept=accept)
    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{kind}; charset=utf-8")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", f"{GRAPHQL};q=0"])
def test_another_media_type_is_not_acceptable(gate: Served, token: str, accept: str) -> None:
    assert gate.ask(VIEWER, token=token, Accept=accept).status_code == 406


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_another_method_is_refused(gate: Served, method: str) -> None:
    answer = gate.http.request(method, "/graphql?query=%7B__typename%7D")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=UTF-8", 200),
        ("application/json; charset=latin-1", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/graphql", 415),
        ("", 415),
    ],
)
def test_a_request_is_json(gate: Served, token: str, kind: str, status: int) -> None:
    headers = {"Content-Type": kind, "Authorization": f"Bearer {token}"}
    assert gate.http.post("/graphql", content=json.dumps({"query": VIEWER}), headers=headers).status_code == status


def test_a_page_of_another_origin_is_refused(gate: Served, token: str) -> None:
    assert gate.ask(VIEWER, token=token, Origin="https://evil.example").status_code == 403
    assert gate.ask(VIEWER, token=token, Origin="null").status_code == 403
    assert gate.ask(VIEWER, token=token, Origin=gate.url).status_code == 200


BODIES = {
    "nothing": b"",
    "no JSON": b"{query",
    "a batch": b'[{"query":"{__typename}"}]',
    "a text": b'"{__typename}"',
    "no query": b"{}",
    "a query that is a number": b'{"query":7}',
    "variables that are a list": b'{"query":"{__typename}","variables":[]}',
    "variables that are a text": b'{"query":"{__typename}","variables":"{}"}',
    "a name that is a number": b'{"query":"{__typename}","operationName":7}',
    "extensions that are a text": b'{"query":"{__typename}","extensions":"x"}',
    "a doubled name": b'{"query":"{viewer{purpose}}","query":"{__typename}"}',
    "NaN": b'{"query":"{__typename}","variables":{"x":NaN}}',
    "10^400": b'{"query":"{__typename}","variables":{"x":1' + b"0" * 400 + b"}}",
    "a depth of 10,000": b'{"query":"{__typename}","variables":{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}}",
    "a lone surrogate": b'{"query":"{__typename}","variables":{"x":"\\ud800"}}',
    "bytes that are no UTF-8": b'{"query":"{__typename}\xff"}',
    "a NUL": b'{"query":"\x00"}',
}


@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_asks_nothing_is_400_in_both_types(gate: Served, token: str, what: str) -> None:
    for accept in ("application/json", GRAPHQL):
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", "Accept": accept}
        answer = gate.http.post("/graphql", content=BODIES[what], headers=headers)
        assert (answer.status_code, codes(answer)) == (400, ["INVALID"])


REQUEST_ERRORS = {
    "no syntax": "{",
    "an unknown field": "{viewre{purpose}}",
    "a subscription": "subscription{x}",
    "a mutation": "mutation{x}",
    "two operations and no name": "query a{__typename} query b{__typename}",
    "no operation": "fragment f on Query{__typename}",
    "an unknown fragment": "{...f}",
    "a circle": "{...f} fragment f on Query{...g} fragment g on Query{...f}",
    "an empty text": "",
    "a missing variable": "query($by:MunimentRef!){muniment(by:$by){id}}",
}


@pytest.mark.parametrize("what", REQUEST_ERRORS)
def test_a_request_error_keeps_the_watershed(gate: Served, token: str, what: str) -> None:
    old, new = (gate.ask(REQUEST_ERRORS[what], token=token, Accept=kind) for kind in ("application/json", GRAPHQL))
    assert (old.status_code, new.status_code) == (200, 400)
    for answer in (old, new):
        assert set(codes(answer)) == {"INVALID"}
        assert "data" not in answer.json()
        assert "did you mean" not in answer.text.lower()


# ---- who asks ----


def test_nobody_asks_only_what_anyone_may(gate: Served) -> None:
    assert gate.ask("{ledger{checkpoint{size}}}").status_code == 200
    for query in (VIEWER, "{__schema{types{name}}}", '{__type(name:"Query"){name}}', "{...{__typename}}"):
        answer = gate.ask(query)
        assert (answer.status_code, codes(answer)) == (401, ["UNAUTHENTICATED"])
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert gate.ask("{ledger{entries(from:0){edges{cursor}}}}").status_code == 401


def test_introspection_is_for_who_signed_in(gate: Served, token: str) -> None:
    answer = gate.ask('{__type(name:"Query"){name kind}}', token=token)
    assert answer.json()["data"] == {"__type": {"name": "Query", "kind": "OBJECT"}}


def test_whatever_is_wrong_with_an_assertion_the_answer_is_the_same(
    gate: Served, caplog: pytest.LogCaptureFixture
) -> None:
    once = assertion(now=gate.town.clock.now)
    assert gate.sign_in(once).status_code == 200
    caplog.set_level(logging.WARNING, "gateway")
    wrong = (
        once,
        assertion("HMLR", "police"),
        assertion(aud="https://registry.example/sea"),
        assertion(exp=1),
        signed(key_of("a stranger"), claims()),
        "a.b.c",
    )
    answers = [gate.sign_in(one) for one in wrong]
    assert {(one.status_code, one.text) for one in answers} == {(401, '{"error":"invalid_client"}')}
    reasons = [record.message for record in caplog.records if "no token was given" in record.message]
    assert len(set(reasons)) == len(wrong)
    assert not any(one in reason for one in wrong[:-1] for reason in reasons)


@pytest.mark.parametrize(
    "form",
    [
        "",
        "grant_type=client_credentials",
        "grant_type=password&username=a&password=b",
        "grant_type=client_credentials&client_assertion_type=x&client_assertion=y",
        "grant_type=client_credentials&grant_type=client_credentials",
        "&".join(f"a{n}=b" for n in range(50)),
        "%ff",
    ],
)
def test_a_form_that_asks_for_no_token_is_400(gate: Served, form: str) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert gate.http.post("/oauth/token", content=form, headers=kind).status_code == 400


def test_a_token_names_its_department_and_purpose(gate: Served) -> None:
    given = gate.token(purpose="fraud 117")
    assert gate.ask("{viewer{department{code} purpose}}", token=given).json()["data"]["viewer"] == {
        "department": {"code": "POL"},
        "purpose": "fraud 117",
    }
    told = gate.http.get("/.well-known/oauth-authorization-server").json()
    assert told["issuer"] == "https://registry.example/land"
    assert told["token_endpoint"] == f"{gate.url}/oauth/token"
    assert gate.http.get("/oauth/jwks").json()["keys"][0]["kty"] == "OKP"
    assert "d" not in gate.http.get("/oauth/jwks").json()["keys"][0]


def test_a_department_is_told_when_its_token_ends_and_what_it_may_still_ask(gate: Served) -> None:
    answer = gate.ask("{viewer{tokenExpiresAt} rateLimit{limit cost remaining resetAt}}", token=gate.token())
    found = answer.json()["data"]
    assert found["viewer"]["tokenExpiresAt"] == moment(gate.town.clock.now + 300_000)
    rate = found["rateLimit"]
    assert (rate["limit"], rate["cost"]) == (5_000, 1)
    assert str(rate["remaining"]) == answer.headers["ratelimit-remaining"]
    assert rate["resetAt"] == moment(gate.town.clock.now + 1_000 * int(answer.headers["ratelimit-reset"]))
    nobody = gate.ask("{rateLimit{limit}}")
    assert (nobody.status_code, nobody.json()["data"]) == (200, {"rateLimit": {"limit": 60}})


def test_a_body_beyond_the_cap_is_413_before_it_is_read(gate: Served, token: str) -> None:
    assert gate.ask("#" * 262_144, token=token).status_code == 413
    with socket.create_connection(("127.0.0.1", gate.port), timeout=5) as line:
        kind = b"Content-Type: application/json\r\n"
        line.sendall(b"POST /graphql HTTP/1.1\r\nHost: x\r\n" + kind + b"Content-Length: 99999999999\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 413")


def test_a_compressed_body_is_not_taken(gate: Served, token: str) -> None:
    assert gate.ask(VIEWER, token=token, Content_Encoding="gzip").status_code == 415


def test_an_answers_second_packet_waits_for_nothing(gate: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Head and body are two packets; without TCP_NODELAY the second waits 40 ms for the first one's acknowledgement."""
    made = Impatient.connection_made
    found: list[int] = []

    def seen(self: Impatient, transport: Any) -> None:
        made(self, transport)
        found.append(transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(Impatient, "connection_made", seen)
    with socket.create_connection(("127.0.0.1", gate.port), timeout=5) as line:
        line.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 200")
    assert found
    assert all(found)


# ---- what must not go wrong ----


def test_the_caches_are_hit_and_not_spoilt_by_the_limiter(gate: Served, token: str, tmp_path: Path) -> None:
    from gateway.documents import Documents
    from tests.gateway.served import SCHEMA

    documents = Documents(SCHEMA._schema)
    for n in range(10):
        documents.ready('query($n:Int){search(text:"x",first:$n){edges{cursor}}}', {"n": n + 1})
    assert documents.parsed.cache_info().misses == 1
    assert documents.validated.cache_info().misses == 1


def test_revoking_a_key_ends_its_token_at_the_next_question(tmp_path: Path) -> None:
    town = staffed(Town(tmp_path))
    with serving(town) as gate:
        given, other = gate.token(), gate.token("HMLR", "land")
        assert gate.ask(VIEWER, token=given).status_code == 200
        town.desk("founder").keys.revoke("POL", town.office.services.standing().clients("POL")[0].kid, "lost")
        assert gate.ask(VIEWER, token=given).status_code == 401
        assert gate.http.get("/tile/entries/000.p/4", headers={"Authorization": f"Bearer {given}"}).status_code == 401
        assert gate.ask(VIEWER, token=other).status_code == 200
        town.clock.now += 300_000
        assert gate.ask(VIEWER, token=other).status_code == 401
    town.close()


def test_points_run_out_and_come_back(tmp_path: Path) -> None:
    now = [0.0]
    town = staffed(Town(tmp_path))
    with serving(town, clock=lambda: now[0]) as gate:
        answers = [gate.ask("{ledger{checkpoint{size}}}") for _ in range(61)]
        assert [one.status_code for one in answers] == [200] * 60 + [429]
        assert codes(answers[-1]) == ["RATE_LIMITED"]
        assert answers[-1].headers["retry-after"] == "61"
        assert gate.ask(VIEWER, token=gate.token()).status_code == 200
        now[0] = 61.0
        assert gate.ask("{ledger{checkpoint{size}}}").status_code == 200
    town.close()


def test_an_operation_that_is_late_is_a_timeout(tmp_path: Path) -> None:
    town = staffed(Town(tmp_path))
    with serving(town, deadline_s=0.0) as gate:
        answer = gate.ask(VIEWER, token=gate.token())
        assert codes(answer) == ["TIMEOUT"]
    town.close()


def test_what_is_not_ours_is_masked(gate: Served, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from registry.desk.access import Access

    def broken(self: Access) -> None:
        raise ValueError("db password is hunter2")

    monkeypatch.setattr(Access, "verbs", broken)
    answer = gate.ask("{viewer{scopes}}", token=token)
    assert codes(answer) == ["INTERNAL"]
    assert "hunter2" not in answer.text
    assert answer.json()["errors"][0]["extensions"]["correlationId"]
