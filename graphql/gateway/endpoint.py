"""GraphQL over HTTP: `POST /graphql`, one operation a request, JSON in and out.

    Authorization: Bearer <token>          nobody without it: then only what anyone may ask
    Content-Type: application/json         else 415; a foreign Origin 403; another method 405
    Accept: application/graphql-response+json   or application/json; neither 406

    {"query":"query($r:String!){muniment(by:{reference:$r}){status}}","variables":{"r":"…"},"operationName":null}

1 headers · 2 who asks (one neutral 401) · 3 the body · then in one worker thread, with a deadline: 4 whether the key
still holds · 5 parse, measure, validate · 6 points · 7 execution · 8 readings recorded, the answer signed. Under
`graphql-response+json` a request error is 400, under `application/json` 200 (GraphQL over HTTP, section 6.4).

No batches, no GET, no subscriptions, no uploads, no cookies. Strawberry's own view is not used: it takes sockets, forms
and batches, masks errors by dropping their codes, and passes 53 of the 61 audits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from graphql import ExecutionResult, GraphQLError, OperationDefinitionNode
from starlette.requests import Request
from starlette.responses import Response

from gateway.answers import Answering
from gateway.bodies import PATIENCE_S, Unread, read_body
from gateway.context import Caller
from gateway.credentials import Credentials, Presented, Unauthenticated
from gateway.documents import Documents, Invalid, Ready, operation_of
from gateway.errors import Coded, ErrorCode, new_correlation, told
from gateway.execution import run
from gateway.negotiation import GRAPHQL, JSON, is_json, media_type
from gateway.operation import Operation
from gateway.rates import DEPARTMENT, NOBODY, Left, Meter
from gateway.workers import NobodyFree, Workers
from registry.desk.desk import PublicDesk
from registry.errors import Malformed, RegistryError
from registry.records.encoding import decode_strict
from registry.records.fields import Reach, rule_of

log = logging.getLogger("gateway")

MOST_BYTES = 262_144
DEADLINE_S = 5.0
WORKERS = 8
WAIT_FOR_WORKER_S = 2.0
FIXED = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_encoder = msgspec.json.Encoder()

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks, read and not yet judged."""

    text: str
    variables: dict[str, Any]
    name: str | None
    presented: Presented | None
    client: str


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, its status where the newer media type is spoken, and headers."""

    status: int
    answer: Answer
    headers: dict[str, str]


class Endpoint:
    """The route's function. `public` gives the public's desk."""

    def __init__(
        self,
        answering: Answering,
        credentials: Credentials,
        meter: Meter,
        public: Callable[[], PublicDesk],
        *,
        deadline_s: float = DEADLINE_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._answering, self._credentials, self._meter, self._public = answering, credentials, meter, public
        self.documents = Documents(answering.schema._schema)
        self._deadline_s, self._patience_s = deadline_s, patience_s
        self._workers = Workers(WORKERS, WAIT_FOR_WORKER_S)

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        correlation = new_correlation()
        media = media_type(request.headers.get("accept"))
        try:
            if media is None:  # 1
                raise _Refused(406, f"answers are {GRAPHQL} or {JSON}")
            _check_headers(request)
            presented = self._credentials.presented(request.headers.get("authorization"))  # 2
            text, variables, name = _read(await read_body(request, MOST_BYTES, self._patience_s))  # 3
            client = request.client.host if request.client is not None else "?"
            found = await self._work(Asked(text, variables, name, presented, client), correlation)
        except _Refused as error:
            return _refusal(error.status, str(error), correlation, error.headers)
        except Unread as error:
            # What is left of the body would be read as the next request.
            return _refusal(error.status, str(error), correlation, {"Connection": "close"})
        except Unauthenticated as error:
            log.warning("%s %s: %s", ErrorCode.UNAUTHENTICATED.value, correlation, error)
            return unauthenticated(correlation)
        status = 200 if found.status == 400 and media == JSON else found.status
        return _answer(status, found.answer, media, found.headers)

    async def _work(self, asked: Asked, correlation: str) -> Told:
        """Hand it to a thread, unless all are busy: one that is late cannot be stopped, and counts until it is done."""
        try:
            return await self._workers.run(lambda: self._ask(asked, correlation), self._deadline_s)
        except NobodyFree:
            return _failed(Coded(ErrorCode.UNAVAILABLE, "every worker is busy"), correlation)
        except TimeoutError:
            late = f"no answer within {self._deadline_s:g} seconds; ask for less"
            return _failed(Coded(ErrorCode.TIMEOUT, late), correlation)

    # ---- in the operation's own thread ----

    def _ask(self, asked: Asked, correlation: str) -> Told:
        try:
            caller = self._credentials.caller(asked.presented, self._public)  # 4
            ready = self.documents.ready(asked.text, asked.variables)  # 5
            operation = operation_of(ready.document, asked.name)
            if caller.department is None:
                _check_public(operation)
            cost = ready.measures[operation.name.value if operation.name else ""].cost
            left = self._spend(caller, asked.client, cost)  # 6
            return self._execute(asked, ready, caller, cost, left, correlation)  # 7, 8
        except Invalid as error:
            return _request_errors(error.errors, correlation)
        except (RegistryError, Coded) as error:
            return _failed(error, correlation)

    def _spend(self, caller: Caller, client: str, cost: int) -> Left:
        if caller.department is None:
            return self._meter.spend(f"address {client}", NOBODY, cost)
        return self._meter.spend(f"department {caller.department}", DEPARTMENT, cost)

    def _execute(self, asked: Asked, ready: Ready, caller: Caller, cost: int, left: Left, correlation: str) -> Told:
        def execute(context: Operation) -> ExecutionResult:
            context.left, context.resets_at = left, self._answering.now() + left.resets_in_s * 1_000
            return run(self.documents.schema, ready.document, ready.plan, context, asked.variables, asked.name)

        context = self._answering.operation(caller)
        result = execute(context)
        if result.data is None and result.errors and all(one.path is None for one in result.errors):
            return _request_errors(result.errors, correlation)  # variables that do not fit
        more = {"cost": cost}
        answer = self._answering.finish(context, result, execute, asked.text, asked.variables, correlation, more)
        codes = {one["extensions"]["code"] for one in answer.get("errors", ())}
        if ErrorCode.UNAUTHENTICATED in codes:
            without = "asked without a token for what wants one"
            raise Unauthenticated(without if caller.department is None else "the token held no more meanwhile")
        headers = {
            "RateLimit-Limit": str(left.limit),
            "RateLimit-Remaining": str(left.remaining),
            "RateLimit-Reset": str(left.resets_in_s),
        }
        if answer["data"] is None and ErrorCode.UNAVAILABLE in codes:
            return Told(503, answer, {"Retry-After": "1"})
        return Told(200, answer, headers)


class _Refused(Exception):
    """The request is none that is answered here, whatever stands in its body."""

    def __init__(self, status: int, what: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(what)
        self.status, self.headers = status, headers or {}


def _check_headers(request: Request) -> None:
    if request.method != "POST":
        raise _Refused(405, "GraphQL is asked by POST", {"Allow": "POST"})
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    if origin is not None and origin.partition("://")[2] != host:
        raise _Refused(403, "pages of other origins are not answered")
    if not is_json(request.headers.get("content-type")):
        raise _Refused(415, f"a request is {JSON} in UTF-8")


def _read(body: bytes) -> tuple[str, dict[str, Any], str | None]:
    """(query, variables, operation name) of the body. Raises _Refused 400."""
    try:
        found = decode_strict(body, "body")
        _encoder.encode(found)  # a lone surrogate passes JSON and nothing else
    except Malformed as error:
        raise _Refused(400, str(error)) from error
    except UnicodeEncodeError as error:
        raise _Refused(400, "body: a lone surrogate is no character") from error
    if isinstance(found, list):
        raise _Refused(400, "batches are not taken; send one operation a request")
    if not isinstance(found, dict):
        raise _Refused(400, 'body: expected an object like {"query": "…"}')
    text, variables, name = found.get("query"), found.get("variables"), found.get("operationName")
    if not isinstance(text, str):
        raise _Refused(400, "query: expected the text of a document")
    if variables is not None and not isinstance(variables, dict):
        raise _Refused(400, "variables: expected an object")
    if name is not None and not isinstance(name, str):
        raise _Refused(400, "operationName: expected a text")
    extensions = found.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise _Refused(400, "extensions: expected an object")
    return text, variables or {}, name


def _check_public(operation: OperationDefinitionNode) -> None:
    """Without a token only root fields that anyone may ask for; raises Unauthenticated for the first other one. A
    fragment at the root wants a token as well: nobody needs one there."""
    for one in operation.selection_set.selections:
        name = one.name.value if one.kind == "field" else ""  # type: ignore[attr-defined]
        if name != "__typename" and (not name or name.startswith("__") or rule_of("Query", name) is not Reach.ANYONE):
            raise Unauthenticated("asked without a token for what wants one")


def _request_errors(errors: Sequence[GraphQLError], correlation: str) -> Told:
    """Nothing was run. What a parser or a scalar of ours raised beneath is the caller's mistake too, so it is left
    out: else it would be masked as ours."""
    bare = (GraphQLError(one.message, one.nodes, one.source, one.positions) for one in errors)
    return Told(400, {"errors": [told(one, correlation).formatted for one in bare]}, {})


def _failed(error: RegistryError | Coded, correlation: str) -> Told:
    """Nothing of the answer leaves but what went wrong."""
    failure = told(GraphQLError(str(error), original_error=error), correlation)
    code = (failure.extensions or {})["code"]
    answer = {"errors": [failure.formatted]}
    if code == ErrorCode.RATE_LIMITED and isinstance(error, Coded):
        return Told(429, answer, {"Retry-After": str(error.extras["retryAfter"])})
    if code == ErrorCode.UNAVAILABLE:
        return Told(503, answer, {"Retry-After": "1"})
    return Told(400, answer, {})


def unauthenticated(correlation: str) -> Response:
    """The one answer to credentials that do not hold, whatever is wrong with them (RFC 6750 section 3)."""
    failure = {
        "message": "a token is wanted here, and none that holds was given",
        "extensions": {"code": ErrorCode.UNAUTHENTICATED.value, "correlationId": correlation},
    }
    return _answer(401, {"errors": [failure]}, JSON, {"WWW-Authenticate": 'Bearer realm="muniment"'})


def _refusal(status: int, what: str, correlation: str, headers: dict[str, str]) -> Response:
    failure = {"message": what, "extensions": {"code": ErrorCode.INVALID.value, "correlationId": correlation}}
    return _answer(status, {"errors": [failure]}, JSON, headers)


def _answer(status: int, answer: Answer, media: str, headers: dict[str, str]) -> Response:
    return Response(_encoder.encode(answer), status, FIXED | headers, media_type=f"{media}; charset=utf-8")
