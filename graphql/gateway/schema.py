"""The schema, each of its fields under its rule: a field without one keeps the gateway from starting.

python -m gateway.schema > docs/schema.graphql     prints it; a test compares the two
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import strawberry
from graphql import GraphQLError, GraphQLField, GraphQLInputObjectType, GraphQLObjectType
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from gateway.agents import Department, Officer
from gateway.entries import Act
from gateway.loads import LoadedRow
from gateway.muniments import Version
from gateway.query import Query
from gateway.resolvers import give_resolver, know_types, make_inputs
from gateway.scalars import SCALARS
from registry.records.fields import rule_of

CACHED_DOCUMENTS = 500  # bounded: texts come from strangers


class Schema(strawberry.Schema):
    """Strawberry's, without its log: `errors.told` writes down what is ours to mend, once, and no query's text."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Write nothing here."""


def build_schema() -> Schema:
    """The schema. Raises NotPermitted for a field without a rule."""
    schema = Schema(
        Query,
        types=[Act, Department, LoadedRow, Officer, Version],
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
        extensions=[
            lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
            lambda: ValidationCache(maxsize=CACHED_DOCUMENTS),
        ],
    )
    for kind, name, field in fields_of(schema):
        give_resolver(field, rule_of(kind, name))
    for one in schema._schema.type_map.values():
        if isinstance(one, GraphQLInputObjectType):
            make_inputs(one)
        know_types(one)
    return schema


def fields_of(schema: strawberry.Schema) -> Iterator[tuple[str, str, GraphQLField]]:
    """(type, name, field) of every field of every object type of ours."""
    for kind in schema._schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                yield kind.name, name, field


if __name__ == "__main__":
    sys.stdout.write(build_schema().as_str() + "\n")
