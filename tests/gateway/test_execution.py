"""Our executor beside graphql-core's: the same data, the same errors in the same places, whatever is asked."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from graphql import GraphQLObjectType, GraphQLUnionType, build_schema, parse, validate
from graphql.execution import execute_sync
from hypothesis import given
from hypothesis import strategies as st

from gateway.documents import Documents
from gateway.execution import Plan, run
from tests.gateway.answering import EVIDENCE, SCHEMA, Counter

ZOO = build_schema("""
  type Query { one: Animal! maybe: Animal many: [Animal!]! sparse: [Animal] any: [Beast] number(n: Int! = 3): Int! }
  type Animal { name: String! nick: String sound: Sound! legs: Int! bad: Int! worse: Int missing: String!
                numbers: [Int!] gaps: [Int] broken: [Int!] mate: Animal young: [Animal!] }
  enum Sound { ROAR PURR }
  type Stone { weight: Int! }
  union Beast = Animal | Stone
""")


def _fails(source: Any, info: Any) -> Any:
    raise ValueError(f"no {info.context['word']}")


def _animal(depth: int = 3) -> dict[str, Any]:
    young = [] if depth == 0 else [_animal(depth - 1)] * 2
    return {
        "kind": "Animal", "name": "Elsa", "nick": None, "sound": "ROAR", "legs": 4, "missing": None,
        "numbers": [1, 2, 3], "gaps": [1, None, 3], "broken": [1, None, "x"], "mate": None if depth else young,
        "young": young,
    }  # fmt: skip


def _set_up() -> None:
    for kind in ZOO.type_map.values():
        if isinstance(kind, GraphQLUnionType):
            kind.resolve_type = lambda value, info, abstract: str(value["kind"])
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                field.resolve = lambda source, info, name=name: source[name]
    animal, query = ZOO.type_map["Animal"], ZOO.query_type
    assert isinstance(animal, GraphQLObjectType)
    assert query is not None
    animal.fields["bad"].resolve = animal.fields["worse"].resolve = _fails
    made: dict[str, Any] = {
        "one": _animal(), "maybe": None, "many": [_animal(), _animal()], "sparse": [None, _animal(), None],
        "any": [_animal(), {"kind": "Stone", "weight": 7}, {"kind": "Query"}, None],
    }  # fmt: skip
    for name, value in made.items():
        query.fields[name].resolve = lambda source, info, value=value: value
    query.fields["number"].resolve = lambda source, info, n: None if n == 13 else n


_set_up()
SCALARS = "name nick sound legs bad worse missing numbers gaps broken __typename".split()
OBJECTS = {"Query": ("one", "maybe", "many", "sparse"), "Animal": ("mate", "young")}


def _document(seed: int) -> str:
    """A random question to the zoo, with fragments, aliases and directives."""
    chance = random.Random(seed)

    def body(kind: str, depth: int) -> str:
        parts = []
        for number in range(chance.randint(1, 4)):
            alias = f"a{chance.randint(0, 2)}_{depth}_{number}: " if chance.random() < 0.3 else ""
            seen = chance.choice(["", "", "", " @skip(if: $no)", " @include(if: $no)"])
            if chance.random() < 0.5 and depth < 4:
                parts.append(f"{alias}{chance.choice(OBJECTS[kind])}{seen} {{{body('Animal', depth + 1)}}}")
            elif kind == "Query":
                parts.append(f"{alias}number(n: {chance.randint(11, 13)}) any {{... on Stone {{weight}} ...f}}")
            elif chance.random() < 0.2:
                parts.append(f"... on Animal{seen} {{{chance.choice(SCALARS)}}} ...f")
            else:
                parts.append(alias + chance.choice(SCALARS) + seen)
        return " ".join(parts)

    return f"query q($no: Boolean! = {chance.choice(['true', 'false'])}) {{{body('Query', 0)} any {{...f}}}} " + (
        f"fragment f on Animal {{{chance.choice(SCALARS)} young {{{chance.choice(SCALARS)}}}}}"
    )


@given(st.integers(0, 10**9))
def test_answers_and_errors_are_those_of_graphql_core(seed: int) -> None:
    document = parse(_document(seed))
    if validate(ZOO, document):  # fields that do not merge
        return
    context = {"word": "claws"}
    expected = execute_sync(ZOO, document, context_value=context, hide_suggestions=True)
    for plan in (Plan(fixed="@" not in _document(seed)), Plan(fixed=False)):
        for _ in range(2):  # the second time from what the plan holds
            found = run(ZOO, document, plan, context, {}, None)
            assert found.data == expected.data
            assert [one.formatted for one in found.errors or ()] == [one.formatted for one in expected.errors or ()]


def test_the_random_questions_are_answered_and_fail() -> None:
    results = [execute_sync(ZOO, parse(_document(seed)), context_value={"word": "x"}) for seed in range(300)]
    assert sum(result.data is not None for result in results) > 50
    assert sum(result.data is None for result in results) > 20
    assert sum(len(result.errors or ()) > 1 for result in results) > 50


def test_an_operation_that_the_schema_has_not_is_an_error() -> None:
    found = run(ZOO, parse("mutation {x}"), Plan(fixed=True), None, {}, None)
    assert found.data is None
    assert found.errors


HISTORY = "history {edges {node {__typename ... on Act {kind officer {number}}}}}"
PROVENANCE = "provenance {provJson nodes {id} edges {from to relation}}"
QUESTIONS = (
    "{ledger {checkpoint {size note} keys {id} checkpoints(first: 3) {edges {node {number previousSize}}}}}",
    "query($r: String!) {muniment(by: {reference: $r}) {__typename id %s %s %s}}" % (EVIDENCE, HISTORY, PROVENANCE),
    "query($t: String!) {search(text: $t, first: 40) {edges {cursor node {__typename ... on Muniment {kind}}}}}",
    '{__type(name: "Muniment") {name fields {name type {name ofType {name}}}}}',
    "query($r: String!) {muniment(by: {reference: $r}) {a: kind evidence {entry}}}",
    '{node(id: "x") {id}}',
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_register_is_told_as_graphql_core_tells_it(counter: Counter, question: str) -> None:
    given = {"r": counter.deed, "t": "ROAD"}
    schema, document = SCHEMA._schema, parse(question)
    wanted = {name: value for name, value in given.items() if f"${name}" in question}

    def context() -> Any:
        return counter.answering.operation(counter.caller())

    expected = execute_sync(schema, document, context_value=context(), variable_values=wanted, hide_suggestions=True)
    found = run(schema, document, Plan(fixed=True), context(), wanted, None)
    assert found.data == expected.data
    assert [one.formatted for one in found.errors or ()] == [one.formatted for one in expected.errors or ()]


def test_threads_share_a_plan_and_none_its_answers(counter: Counter) -> None:
    documents = Documents(SCHEMA._schema)
    asked = "query($r: String!) {muniment(by: {reference: $r}) {reference kind currentVersion {number}}}"
    ready = documents.ready(asked, {"r": counter.deed})
    assert ready.plan.fixed
    references = [counter.deed, *counter.sales()[:7]]
    wrong: list[object] = []

    def ask(reference: str) -> None:
        for _ in range(30):
            context = counter.answering.operation(counter.caller())
            found = run(documents.schema, ready.document, ready.plan, context, {"r": reference}, None)
            if found.data is None or found.data["muniment"]["reference"] != reference:
                wrong.append(found)

    threads = [threading.Thread(target=ask, args=(reference,)) for reference in references]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(ready.plan.below) == 2


def test_a_document_with_directives_shares_nothing(counter: Counter) -> None:
    documents = Documents(SCHEMA._schema)
    asked = "query($no: Boolean!) {viewer {purpose @skip(if: $no) scopes}}"
    for no in (True, False, True):
        ready = documents.ready(asked, {"no": no})
        context = counter.answering.operation(counter.caller())
        found = run(documents.schema, ready.document, ready.plan, context, {"no": no}, None)
        assert found.data is not None
        assert ("purpose" in found.data["viewer"]) is not no
