"""How much work a question is: a bounded number of questions to the stores, however long the page."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.gateway.answering import EVIDENCE, Counter

MOST = 40


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
