"""Execution in one thread: graphql-core's executor without what is there for coroutines, deferral and strangers' types.

The algorithm, the order of fields, the errors and what becomes null stay graphql-core's: a test runs both over the same
questions and compares the answers. What is left out, or done once:

- nothing is asked whether it is a coroutine or an error: our resolvers are functions, and raise theirs;
- which fields a selection comes to is worked out once a document, where no directive makes it hang on variables;
- scalar fields of one operation share an `info`, of which resolvers use `context` alone, and want no path until one of
  them fails; lists of scalars want none for each item.

Fields of introspection go graphql-core's own way.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeGuard

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLAbstractType,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_nullable_type,
    is_leaf_type,
    is_non_null_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import (
    CollectedFields,
    FieldDetailsList,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path


@dataclass(frozen=True, slots=True)
class Plan:
    """What a document's selections come to, as far as that is known: of an operation by its name, and of an object type
    below a list of fields by the list's `id`; the list is kept beside, so that no other can have it. `fixed`: no
    directive stands in the document, so that it is the same for all variables, and may be shared by threads."""

    fixed: bool
    roots: dict[str | None, CollectedFields] = field(default_factory=dict)
    below: dict[tuple[str, int], tuple[FieldDetailsList, CollectedFields]] = field(default_factory=dict)


def run(
    schema: GraphQLSchema,
    document: DocumentNode,
    plan: Plan,
    context: Any,
    variables: Mapping[str, Any],
    name: str | None,
) -> ExecutionResult:
    """The result of the document's operation of that name."""
    built = Prompt.build(
        schema,
        document,
        context_value=context,
        raw_variable_values=dict(variables),
        operation_name=name,
        is_awaitable=_never,
        is_async_iterable=_never,
        hide_suggestions=True,
        plan=plan if plan.fixed else Plan(fixed=False),
    )
    if isinstance(built, list):  # variables that do not fit
        return ExecutionResult(None, errors=built)
    found = built.execute_operation()
    assert isinstance(found, ExecutionResult)
    return found


def _never(value: Any) -> TypeGuard[Any]:
    return False


class Prompt(Executor[None]):
    """One execution."""

    def __init__(self, *given: Any, plan: Plan, **named: Any) -> None:
        super().__init__(*given, **named)
        self._plan = plan
        self._info: GraphQLResolveInfo[Any] | None = None

    def execute_operation(self, serially: bool | None = None) -> ExecutionResult:
        """The result. Of queries, whose fields may be resolved in any order."""
        try:
            root = self.schema.get_root_type(self.operation.operation)
            if root is None:
                raise GraphQLError(f"the schema has no {self.operation.operation.value}", self.operation)
            data = self.execute_fields(root, self.root_value, None, self._roots(root).grouped_field_set, None)
        except GraphQLError as error:
            self.collected_errors.add(error, None)
            return ExecutionResult(None, self.collected_errors.errors)
        return ExecutionResult(data, self.collected_errors.errors or None)

    def _roots(self, root: GraphQLObjectType) -> CollectedFields:
        name = self.operation.name.value if self.operation.name else None
        found = self._plan.roots.get(name)
        if found is None:
            collected = collect_fields(self.schema, self.fragments, self.variable_values, root, self.operation, True)
            found = self._plan.roots.setdefault(name, collected)
        return found

    def collect_subfields(
        self, return_type: GraphQLObjectType, field_details_list: FieldDetailsList
    ) -> CollectedFields:
        """The fields below, worked out once a plan."""
        key = return_type.name, id(field_details_list)
        found = self._plan.below.get(key)
        if found is None:
            collected = collect_subfields(
                self.schema,
                self.fragments,
                self.variable_values,
                self.operation,
                return_type,
                field_details_list,
                True,
            )
            found = self._plan.below.setdefault(key, (field_details_list, collected))
        return found[1]

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: None,
    ) -> dict[str, Any]:
        """The members of one object."""
        ours = {} if parent_type.name.startswith("__") else parent_type.fields
        results: dict[str, Any] = {}
        for name, details in grouped_field_set.items():
            found = ours.get(details[0].node.name.value)
            if found is not None and found.resolve is not None:
                results[name] = self._member(parent_type, found, source_value, path, name, details)
                continue
            result = self.execute_field(parent_type, source_value, details, Path(path, name, parent_type.name), None)
            if result is not Undefined:
                results[name] = result
        return results

    def _member(
        self,
        parent: GraphQLObjectType,
        asked: GraphQLField,
        source: Any,
        path: Path | None,
        name: str,
        details: FieldDetailsList,
    ) -> Any:
        """One member, resolved and completed; what goes wrong with it is collected, as in `execute_field`."""
        kind, leaf = asked.type, _leaf(asked.type)
        here: Path | None = None
        try:
            if leaf is None:
                here = Path(path, name, parent.name)
                info = self.build_resolve_info(asked, [each.node for each in details], parent, here)
            else:
                if self._info is None:
                    here = Path(path, name, parent.name)
                    self._info = self.build_resolve_info(asked, [each.node for each in details], parent, here)
                info = self._info
            first = details[0]
            assert asked.resolve is not None
            if asked.args:
                arguments = get_argument_values(
                    asked, first.node, self.variable_values, first.fragment_variable_values, True
                )
                value = asked.resolve(source, info, **arguments)
            else:
                value = asked.resolve(source, info)
            if leaf is None:
                assert here is not None
                return self.complete_value(kind, details, info, here, value, None)
            if value is not None:
                return self.complete_leaf_value(leaf, value)
            if is_non_null_type(kind):
                raise TypeError(f"Cannot return null for non-nullable field {parent.name}.{first.node.name.value}.")
        except Exception as error:  # noqa: BLE001  # as graphql-core: whatever it is, it is this field's error
            self.handle_field_error(error, kind, details, here or Path(path, name, parent.name))
        return None

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: None,
    ) -> Any:
        """A value as its type wants it; lists, objects and what may be one of several are taken apart here."""
        kind: Any = get_nullable_type(return_type)
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType) and result is not None:
            assert kind.resolve_type is not None
            kind = self._one_of(kind, kind.resolve_type(result, info, kind))
        if isinstance(kind, GraphQLObjectType) and result is not None:
            if kind.is_type_of is None or kind.is_type_of(result, info):
                below = self.collect_subfields(kind, field_details_list).grouped_field_set
                return self.execute_fields(kind, result, path, below, None)
        elif isinstance(kind, GraphQLList) and isinstance(result, list | tuple):
            return self._items(kind.of_type, field_details_list, info, path, result)
        return super().complete_value(return_type, field_details_list, info, path, result, None)

    def _one_of(self, kind: GraphQLAbstractType, name: Any) -> GraphQLOutputType:
        """The object type of that name, if it is one of these; else the abstract one, for the executor to complain."""
        found = self.schema.get_type(name)
        return found if isinstance(found, GraphQLObjectType) and self.schema.is_sub_type(kind, found) else kind

    def _items(
        self,
        kind: GraphQLOutputType,
        details: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        items: Sequence[Any],
    ) -> list[Any]:
        leaf = _leaf(kind)
        if leaf is not None and None not in items:
            with contextlib.suppress(Exception):  # which one fails, and why, is told below
                found = [leaf.coerce_output_value(item) for item in items]
                if None not in found:
                    return found
        results: list[Any] = []
        for place, item in enumerate(items):
            here = Path(path, place, None)
            try:
                results.append(self.complete_value(kind, details, info, here, item, None))
            except Exception as error:  # noqa: BLE001  # as graphql-core: it is this item's error
                self.handle_field_error(error, kind, details, here)
                results.append(None)
        return results


@lru_cache(maxsize=4_096)
def _leaf(kind: GraphQLOutputType) -> GraphQLLeafType | None:
    """The scalar or enum behind a type that may or may not be null; None for an object's or a list's."""
    found = get_nullable_type(kind)
    return found if is_leaf_type(found) else None
