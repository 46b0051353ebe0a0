"""How much work a question is: a bounded number of questions to the stores, however long the page, and CPU time beside
that of what must be quicker or slower in the same run. Never a wall clock, never an absolute time.

Nothing of it is kept beyond the request: what was recorded a moment ago is told, and who may no longer is told nothing.
"""

from __future__ import annotations

import logging
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from graphql import build_schema, parse
from graphql.execution import execute_sync

from gateway.context import Caller
from gateway.documents import Documents
from gateway.execution import run
from tests.gateway.answering import EVIDENCE, SCHEMA, Counter, gateway_town
from tests.town import document

MOST = 25
MOST_BY_ID = 5
RUNS = 30


class _Statements(logging.Handler):
    """Counts what peewee sends."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


@contextmanager
def _counted() -> Iterator[_Statements]:
    log, statements = logging.getLogger("peewee"), _Statements()
    level, propagated = log.level, log.propagate
    log.addHandler(statements)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    try:
        yield statements
    finally:
        log.removeHandler(statements)
        log.setLevel(level)
        log.propagate = propagated


@pytest.mark.parametrize("evidence", ["", EVIDENCE])
def test_a_page_of_a_hundred_sales_is_few_questions(counter: Counter, evidence: str) -> None:
    asked = (
        """query($first: Int!) {search(text: "ROAD", first: $first) {edges {node {... on Muniment {
        reference status recordedAt custodian {name} currentVersion {number details {name value}} %s}}}}}"""
        % evidence
    )
    counter.data(asked, first=1)
    counts = []
    for first in (10, 100):
        with _counted() as statements:
            assert len(counter.data(asked, first=first)["search"]["edges"]) == first
        counts.append(statements.count)
    print(counts)
    assert counts[1] <= MOST


BY_ID = """query($r: String!) {muniment(by: {reference: $r}) {
  id reference kind status visibility recordedAt custodian {code name} currentVersion {number size recordedAt}}}"""


def test_a_muniment_is_few_questions(counter: Counter) -> None:
    for reference in (counter.deed, counter.sales()[0]):
        counter.data(BY_ID, "police-reader", r=reference)
        with _counted() as statements:
            counter.data(BY_ID, "police-reader", r=reference)
        print(statements.count)
        assert 0 < statements.count <= MOST_BY_ID


def _ratio(one: Callable[[], object], other: Callable[[], object], runs: int = RUNS) -> float:
    """CPU time of the one by that of the other: the median of five rounds, in each of which they take turns."""
    ratios = []
    for _ in range(5):
        spent = []
        for work in (one, other):
            began = time.thread_time_ns()
            for _ in range(runs):
                work()
            spent.append(time.thread_time_ns() - began)
        ratios.append(spent[0] / spent[1])
    print(ratios)
    return statistics.median(ratios)


def _asked(counter: Counter, caller: Caller, documents: Documents, question: str, **variables: str) -> object:
    ready = documents.ready(question, variables)
    context = counter.answering.operation(caller)
    found = run(documents.schema, ready.document, ready.plan, context, variables, None)
    assert found.errors is None
    return found.data


def test_a_document_that_was_seen_costs_a_quarter_of_a_new_one(counter: Counter) -> None:
    kept, caller = Documents(SCHEMA._schema), counter.caller("police-reader")

    def seen() -> object:
        return _asked(counter, caller, kept, BY_ID, r=counter.deed)

    def new() -> object:
        return _asked(counter, caller, Documents(SCHEMA._schema), BY_ID, r=counter.deed)

    assert seen() == new()
    assert _ratio(new, seen) >= 4


def test_the_registry_costs_a_small_multiple_of_bare_graphql_core(counter: Counter) -> None:
    """The floor: the same document over dicts. Measured 2.2 to 2.9; over ten with SQL written anew each time."""
    documents, caller = Documents(SCHEMA._schema), counter.caller("police-reader")
    answer = counter.data(BY_ID, "police-reader", r=counter.deed)
    bare = build_schema(SCHEMA.as_str())
    query = bare.query_type
    assert query is not None
    query.fields["muniment"].resolve = lambda source, info, **given: answer["muniment"]
    parsed = parse(BY_ID)
    assert execute_sync(bare, parsed, variable_values={"r": "x"}).data == answer

    def ours() -> object:
        return _asked(counter, caller, documents, BY_ID, r=counter.deed)

    def floor() -> object:
        return execute_sync(bare, parsed, variable_values={"r": "x"})

    assert _ratio(ours, floor) <= 5


def test_evidence_costs_at_most_three_times_the_page(counter: Counter) -> None:
    documents, caller = Documents(SCHEMA._schema), counter.caller("police-reader")
    page = """query($t: String!) {search(text: $t, first: 100) {edges {cursor node {... on Muniment {
      __typename id reference kind status recordedAt %s}}}}}"""

    def asked(evidence: str) -> Callable[[], object]:
        return lambda: _asked(counter, caller, documents, page % evidence, t="ROAD")

    assert _ratio(asked(EVIDENCE), asked(""), runs=8) <= 4  # 2.8 as measured by bench.gateway, where three is the aim


# ---- nothing is kept ----


def test_what_was_recorded_a_moment_ago_is_told(tmp_path: Path) -> None:
    town = gateway_town(tmp_path)
    counter = Counter(town, tmp_path)
    asked = "query($r: String!) {muniment(by: {reference: $r}) {status currentVersion {number} history {total}}}"
    found = "query($t: String!) {search(text: $t) {edges {node {... on Muniment {currentVersion {number}}}}}}"
    clerk, registrar = town.desk("intake-clerk").muniments, town.desk("registrar").muniments
    for number in (3, 4, 5):
        clerk.revise(counter.deed, document(f"version {number}"), details={"title": f"NEW{number}"})
        told = counter.data(asked, r=counter.deed)["muniment"]
        assert told == {"status": "CURRENT", "currentVersion": {"number": number}, "history": {"total": number}}
        assert counter.data(found, t=f"NEW{number}")["search"]["edges"][0]["node"]["currentVersion"]["number"] == number
    registrar.withdraw(counter.deed, "entered twice")
    assert counter.data(asked, r=counter.deed)["muniment"]["status"] == "WITHDRAWN"
    proven = counter.data("query($r: String!) {muniment(by: {reference: $r}) {%s}}" % EVIDENCE, r=counter.deed)
    before = proven["muniment"]["evidence"]["proof"]["treeSize"]
    town.lodge()
    proven = counter.data("query($r: String!) {muniment(by: {reference: $r}) {%s}}" % EVIDENCE, r=counter.deed)
    assert proven["muniment"]["evidence"]["proof"]["treeSize"] > before
    town.close()
