"""The baseline: bare graphql-core behind the same server. What the fastest honest gateway without a registry would be.

- The schema is ours as printed, so that types, nullability and scalars are the same; each field has a plain resolver
  that takes a member out of a dict. Nothing is authorised, looked up, limited, recorded or signed.
- The data are the gateway's own answers, already in memory: a muniment is one lookup in a dict, a page a list.
- Documents are parsed and validated once and kept by their text.
- Execution runs in a worker thread, one hop an operation, as ours does: a database would block the loop.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anyio.to_thread
from graphql import DocumentNode, GraphQLObjectType, build_schema, parse, validate
from graphql.execution import execute_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Data = dict[str, Any]


def bare(schema_text: str, muniments: dict[str, Data], pages: dict[str, Data]) -> Starlette:
    """The application. `muniments`: id → object; `pages`: document → its `search`."""
    schema = build_schema(schema_text)
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                field.resolve = _member(name)
    assert schema.query_type is not None
    asked = schema.query_type.fields
    asked["muniment"].resolve = lambda source, info, by, **_: muniments[by["id"]]
    asked["search"].resolve = lambda source, info, **_: pages[info.context]
    documents: dict[str, DocumentNode] = {}

    def ready(text: str) -> DocumentNode:
        document = documents.get(text)
        if document is None:
            document = parse(text)
            assert not validate(schema, document)
            documents[text] = document
        return document

    async def graphql(request: Request) -> Response:
        given = json.loads(await request.body())
        text, variables = given["query"], given["variables"]

        def work() -> bytes:
            result = execute_sync(schema, ready(text), variable_values=variables, context_value=text)
            assert result.errors is None
            return json.dumps({"data": result.data}, ensure_ascii=False, separators=(",", ":")).encode()

        return Response(await anyio.to_thread.run_sync(work), media_type="application/json")

    return Starlette(routes=[Route("/graphql", graphql, methods=["POST"])])


def _member(name: str) -> Callable[..., Any]:
    return lambda source, info, **arguments: source[name]
