"""How much an operation may ask for: one linear pass over the document, after parsing and before validation.

Each selection set is visited once. A spread takes its fragment's remembered measure; a fragment met while it is being
measured counts 0 (validation then reports the circle). A field adds its weight and multiplies the cost of what is below
it by its page size: the literal, the variable, or the schema's default where neither is given. Numbers saturate at 10⁹.

Before validation, because the rule on overlapping fields is quadratic: 400 repeats of `t{id t{id}}` cost 650 ms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
)

from gateway.errors import Coded, ErrorCode

MOST = 10**9
UNKNOWN_PAGE = 100
DEEPEST_WALK = 100
"""Nested selections that the pass itself follows; far beyond any cap, far below Python's own limit."""

PAGE_ARGUMENTS = ("first", "last", "ids")
WEIGHTS: dict[tuple[str, str], int] = {
    ("Query", "search"): 20,
    ("Query", "property"): 10,
    ("Query", "nodes"): 10,
    ("Muniment", "provenance"): 25,
    ("Ledger", "receipt"): 10,
    ("Ledger", "entryByLeafHash"): 500,
}
"""What a field costs beyond the 1 of any field."""


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that is answered. `introspection` is the depth below `__schema` and `__type`."""

    tokens: int = 1_000
    operations: int = 5
    roots: int = 20
    depth: int = 12
    introspection: int = 16
    aliases: int = 30
    directives: int = 8
    fields: int = 400
    cost: int = 5_000


CAPS = Caps()


class Measure(NamedTuple):
    """What a selection set comes to, fragments expanded. `introspection` is the depth below a field that begins with
    two underscores, `depth` that below any other."""

    depth: int = 0
    introspection: int = 0
    aliases: int = 0
    fields: int = 0
    directives: int = 0
    cost: int = 0


class _Pass:
    """One pass over one document, for one set of variables."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._schema, self._variables = schema, variables
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, Measure] = {}
        self._defaults: dict[str, ValueNode | None] = {}

    def operation(self, node: OperationDefinitionNode) -> Measure:
        """The measure of one operation."""
        self._defaults = {one.variable.name.value: one.default_value for one in node.variable_definitions or ()}
        self._known.clear()
        own = self._schema.get_root_type(node.operation)
        found = self._selections(node.selection_set, own, 0)
        return found._replace(directives=_add(found.directives, len(node.directives or ())))

    def _selections(self, selections: SelectionSetNode, own: GraphQLNamedType | None, level: int) -> Measure:
        if level > DEEPEST_WALK:
            raise _too_complex("depth", CAPS.depth, level)
        total = Measure()
        for node in selections.selections:
            match node:
                case FieldNode():
                    one = self._field(node, own, level)
                case InlineFragmentNode():
                    named = node.type_condition.name.value if node.type_condition else None
                    inner = self._schema.get_type(named) if named else own
                    one = self._selections(node.selection_set, inner, level + 1)
                case _:
                    one = self._fragment(node.name.value, level)  # type: ignore[attr-defined]
            total = Measure(
                max(total.depth, one.depth),
                max(total.introspection, one.introspection),
                _add(total.aliases, one.aliases),
                _add(total.fields, one.fields),
                _add(total.directives, one.directives + len(node.directives or ())),
                _add(total.cost, one.cost),
            )
        return total

    def _fragment(self, name: str, level: int) -> Measure:
        found = self._known.get(name)
        if found is None:
            node = self._fragments.get(name)
            if node is None:
                return Measure()
            self._known[name] = Measure()  # met again below itself: a circle, which validation reports
            inner = self._schema.get_type(node.type_condition.name.value)
            found = self._known[name] = self._selections(node.selection_set, inner, level + 1)
        return found

    def _field(self, node: FieldNode, own: GraphQLNamedType | None, level: int) -> Measure:
        name = node.name.value
        field: GraphQLField | None = getattr(own, "fields", {}).get(name)
        inner = get_named_type(field.type) if field is not None else None
        below = Measure()
        if node.selection_set is not None:
            below = self._selections(node.selection_set, inner, level + 1)
        weight = 1 + WEIGHTS.get((own.name, name), 0) if own is not None else 1
        cost = min(weight + self._page(node, field) * below.cost, MOST)
        depth = max(below.depth, below.introspection) + 1
        hidden = name.startswith("__") and name != "__typename"
        return Measure(
            0 if hidden else depth,
            depth if hidden else 0,
            below.aliases + (node.alias is not None),
            _add(below.fields, 1),
            below.directives,
            cost,
        )

    def _page(self, node: FieldNode, field: GraphQLField | None) -> int:
        """The page size that the field is asked for; 1 where it has none."""
        if field is None:
            return 1
        size = 1
        given = {one.name.value: one.value for one in node.arguments or ()}
        for name in PAGE_ARGUMENTS:
            argument = field.args.get(name)
            if argument is None:
                continue
            if name in given:
                size = max(size, self._size(given[name]))
            elif argument.default_value is not Undefined:
                size = max(size, page_size(argument.default_value))
            elif argument.default is not None:  # as a schema read from its text has it
                size = max(size, self._size(argument.default.literal))
        return min(size, MOST)

    def _size(self, value: ValueNode | None) -> int:
        match value:
            case IntValueNode():
                return int(value.value[:20])
            case ListValueNode():
                return len(value.values)
            case VariableNode():
                name = value.name.value
                if name in self._variables:
                    return page_size(self._variables[name])
                default = self._defaults.get(name)
                return UNKNOWN_PAGE if default is None or isinstance(default, VariableNode) else self._size(default)
            case NullValueNode():
                return 1
        return UNKNOWN_PAGE


def page_variables(document: DocumentNode) -> tuple[str, ...]:
    """The variables, in order, that a page size may hang on: a document measures the same for the same sizes."""
    found: set[str] = set()
    waiting: list[SelectionSetNode] = [
        one.selection_set for one in document.definitions if hasattr(one, "selection_set")
    ]
    while waiting:
        for node in waiting.pop().selections:
            for argument in getattr(node, "arguments", None) or ():
                if argument.name.value in PAGE_ARGUMENTS and isinstance(argument.value, VariableNode):
                    found.add(argument.value.name.value)
            inner = getattr(node, "selection_set", None)
            if inner is not None:
                waiting.append(inner)
    return tuple(sorted(found))


def page_size(value: Any) -> int:
    """What a variable's value comes to as a page size: a list's length, 100 for what is no whole number."""
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else UNKNOWN_PAGE


def _add(one: int, other: int) -> int:
    return min(one + other, MOST)


def check_document(
    schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any], caps: Caps = CAPS
) -> dict[str, Measure]:
    """The measure of each operation, by name ("" without one). Raises QUERY_TOO_COMPLEX where any is over a cap, the
    one that will not run too."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) > caps.operations:
        raise _too_complex("operations", caps.operations, len(operations))
    walk = _Pass(schema, document, variables)
    found: dict[str, Measure] = {}
    for node in operations:
        roots = len(node.selection_set.selections)
        if roots > caps.roots:
            raise _too_complex("root fields", caps.roots, roots)
        measure = walk.operation(node)
        for what, most, value in (
            ("depth", caps.depth, measure.depth),
            ("depth of introspection", caps.introspection, measure.introspection),
            ("aliases", caps.aliases, measure.aliases),
            ("directives", caps.directives, measure.directives),
            ("fields", caps.fields, measure.fields),
            ("cost", caps.cost, measure.cost),
        ):
            if value > most:
                raise _too_complex(what, most, value)
        found[node.name.value if node.name else ""] = measure
    return found


def _too_complex(what: str, most: int, value: int) -> Coded:
    return Coded(
        ErrorCode.QUERY_TOO_COMPLEX,
        f"the query asks for too much: {what} {value:,}, at most {most:,}; ask in several",
        cap=what,
        most=most,
        measured=value,
    )
