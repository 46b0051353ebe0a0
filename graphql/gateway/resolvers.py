"""What graphql-core calls for each field: our own functions, with nothing of Strawberry's between.

Strawberry makes the schema. Its road from a field to its function (extensions, an Info object, conversion of arguments)
costs several times the function, so the schema's fields are given these instead:

- an attribute of the object is read;
- a method is called with the object, and with `info` where it asks for one. That is graphql-core's own, of which
  resolvers use `context` alone, as `operation` does;
- arguments and input objects are named and made for Python by graphql-core itself (`out_name`, `out_type`).

A field's rule is asked before the field is resolved, once an operation and rule (`Operation.check`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
)
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField

from gateway.operation import Operation
from registry.records.fields import Reach, Rule

Resolver = Callable[..., Any]
_DEFINITION = "strawberry-definition"


def give_resolver(field: GraphQLField, rule: Rule) -> None:
    """Let the field be resolved by its function, under its rule."""
    definition: StrawberryField = field.extensions[_DEFINITION]
    for (_, argument), ours in zip(field.args.items(), definition.arguments, strict=True):
        argument.out_name = ours.python_name
    plain = _plain(definition)
    field.resolve = plain if rule in (Reach.ANYONE, Reach.OBJECT) else _checked(plain, rule)


def make_inputs(kind: GraphQLInputObjectType) -> None:
    """Let graphql-core make our input objects of this type."""
    definition: StrawberryObjectDefinition = kind.extensions[_DEFINITION]
    for (_, field), ours in zip(kind.fields.items(), definition.fields, strict=True):
        field.out_name = ours.python_name
    kind.out_type = lambda value: definition.origin(**value)  # type: ignore[method-assign]  # graphql-core's own way


def know_types(kind: GraphQLNamedType) -> None:
    """Let an object's type be told by its class, as each type of ours has one, and an enum's member by its name."""
    if isinstance(kind, GraphQLObjectType) and kind.is_type_of is not None:
        definition: StrawberryObjectDefinition = kind.extensions[_DEFINITION]
        origin = definition.origin
        kind.is_type_of = lambda value, info: isinstance(value, origin)
    elif isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
        kind.resolve_type = lambda value, info, abstract: str(value.__strawberry_definition__.name)
    elif isinstance(kind, GraphQLEnumType) and _DEFINITION in kind.extensions:
        members: StrawberryEnumDefinition = kind.extensions[_DEFINITION]
        names: dict[Any, str] = {members.wrapped_cls(value.value): name for name, value in kind.values.items()}
        kind.coerce_output_value = names.__getitem__  # type: ignore[method-assign,assignment]  # Strawberry's seeks it


def _checked(resolve: Resolver, rule: Rule) -> Resolver:
    def checked(source: Any, info: Any, **arguments: Any) -> Any:
        asked: Operation = info.context
        asked.check(rule)
        return resolve(source, info, **arguments)

    return checked


def _plain(field: StrawberryField) -> Resolver:
    assert not field.extensions, f"{field.name}: nothing of Strawberry's is asked when it is resolved"
    assert not field.permission_classes, f"{field.name}: the rules decide who may, and nothing else"
    if field.base_resolver is None:
        return _attribute(field.python_name)
    method = cast(Resolver, field.base_resolver.wrapped_func)
    if field.base_resolver.info_parameter is not None:
        return method
    return lambda source, info: method(source)


def _attribute(name: str) -> Resolver:
    return lambda source, info: getattr(source, name)
