"""Query texts made ready: parsed, measured and validated once, kept by their text. Bounded, as texts come from
strangers.

1 parse (tokens capped) · 2 measure, with the page sizes of this request's variables · 3 validate. The second stands
before the third, is kept by those sizes too, and adds no rule, so it costs the caches nothing. What is over a cap is
kept nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from gateway.execution import Plan
from gateway.limits import CAPS, Caps, Measure, check_document, page_size, page_variables

KEPT = 500
LONGEST_KEPT = 16_384
"""A longer text is parsed each time: 500 of them would be 8 MB of text, and no client of ours writes such."""
MOST_ERRORS = 20
_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)


@dataclass(frozen=True, slots=True)
class Ready:
    """A document that may run, the measure of each of its operations by name, and what is known of its selections."""

    document: DocumentNode
    measures: Mapping[str, Measure]
    plan: Plan


class Documents:
    """The documents of one schema. May be asked from any thread."""

    def __init__(self, schema: GraphQLSchema, caps: Caps = CAPS) -> None:
        self.schema, self._caps = schema, caps
        self.parsed = lru_cache(maxsize=KEPT)(self._parse)
        self.measured = lru_cache(maxsize=KEPT)(self._measure)
        self.validated = lru_cache(maxsize=KEPT)(self._validate)
        self._planned = lru_cache(maxsize=KEPT)(lambda text: Plan(fixed=True))
        self._page_variables = lru_cache(maxsize=KEPT)(lambda text: page_variables(self.parsed(text)))

    def ready(self, text: str, variables: Mapping[str, Any]) -> Ready:
        """The document, measured and valid. Raises Coded (QUERY_TOO_COMPLEX), Invalid."""
        short = len(text) <= LONGEST_KEPT
        try:
            document = self.parsed(text) if short else self._parse(text)  # 1
        except GraphQLSyntaxError as error:
            raise Invalid([error]) from error
        if short:
            sizes = ((name, page_size(variables[name])) for name in self._page_variables(text) if name in variables)
            measures = self.measured(text, tuple(sizes))  # 2
            errors = self.validated(text)  # 3
        else:
            measures = check_document(self.schema, document, variables, self._caps)
            errors = self._errors(document)
        if errors:
            raise Invalid(list(errors))
        fixed = short and not any(measure.directives for measure in measures.values())
        return Ready(document, measures, self._planned(text) if fixed else Plan(fixed=False))

    def _measure(self, text: str, sizes: tuple[tuple[str, int], ...]) -> Mapping[str, Measure]:
        return check_document(self.schema, self.parsed(text), dict(sizes), self._caps)

    def _parse(self, text: str) -> DocumentNode:
        return parse(text, max_tokens=self._caps.tokens)

    def _validate(self, text: str) -> tuple[GraphQLError, ...]:
        return self._errors(self.parsed(text))

    def _errors(self, document: DocumentNode) -> tuple[GraphQLError, ...]:
        # Suggestions would tell names of fields to who may not see the schema.
        return tuple(validate(self.schema, document, _RULES, max_errors=MOST_ERRORS, hide_suggestions=True))


class Invalid(Exception):
    """The document is none that this schema can run."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = errors


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation that is to run. Raises Invalid."""
    found = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        found = [node for node in found if node.name is not None and node.name.value == name]
    if len(found) != 1:
        told = "no operation of that name" if name is not None else "which operation? Name one as operationName"
        raise Invalid([GraphQLError(told)])
    if found[0].operation is OperationType.SUBSCRIPTION:
        raise Invalid([GraphQLError("subscriptions are not served here")])
    return found[0]
