"""The closed list of codes, walked: each is earned by a question, by one way at least, and told in the documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.context import Caller
from gateway.errors import ErrorCode
from registry.desk import evidence
from registry.desk.access import Access
from registry.records.muniment import Visibility
from tests.gateway.answering import ROOT
from tests.gateway.served import Served, codes, service, serving, staffed
from tests.town import Town

VIEWER = "{viewer{purpose}}"
DEED = "query($r:String!){muniment(by:{reference:$r}){%s}}"
Ask = Callable[[Served, pytest.MonkeyPatch], list[str]]


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    town = staffed(Town(tmp_path_factory.mktemp("town")))
    with serving(town, clock=lambda: 0.0) as served:
        yield served
    town.close()


def _asked(query: str, *, nobody: bool = False, purpose: str | None = "fraud 117") -> Ask:
    """By a department that names that purpose, or by nobody."""

    def ask(gate: Served, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        deed = gate.town.lodge("police-clerk", visibility=Visibility.OWN).subject
        variables = {"r": deed} if "$r" in query else None
        return codes(gate.ask(query, variables, token=None if nobody else gate.token(purpose=purpose)))

    return ask


def _by_a_clerk(gate: Served, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    desk = gate.town.desk("intake-clerk")
    answer = service(gate.town).answering.answer(
        Caller(desk.department, "x", desk), "{ledger{entries(from:0){edges{cursor}}}}"
    )
    return [one["extensions"]["code"] for one in answer["errors"]]


def _too_often(gate: Served, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    answers = [codes(gate.ask("{ledger{catalogueLag}}")) for _ in range(61)]
    return answers[-1]


def _late(gate: Served, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    with serving(gate.town, deadline_s=0.0) as late:
        return codes(late.ask(VIEWER, token=late.token()))


def _busy(gate: Served, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(evidence, "FIND_SECONDS", -1.0)
    query = '{ledger{entryByLeafHash(hash:"sha256:%s"){position}}}' % ("0" * 64)
    return codes(gate.ask(query, token=gate.token()))


def _broken(gate: Served, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    def verbs(self: Access) -> Any:
        raise ValueError("a mistake of ours")

    monkeypatch.setattr(Access, "verbs", verbs)
    return codes(gate.ask("{viewer{scopes}}", token=gate.token()))


EARNED: dict[ErrorCode, Ask] = {
    ErrorCode.UNAUTHENTICATED: _asked(VIEWER, nobody=True),
    ErrorCode.FORBIDDEN: _by_a_clerk,
    ErrorCode.NOT_FOUND: _asked('{muniment(by:{reference:"sale/00000000-0000-0000-0000-000000000000"}){id}}'),
    ErrorCode.INVALID: _asked('{node(id:"TXVuaW1lbnQ6MQ"){id}}'),
    ErrorCode.PURPOSE_REQUIRED: _asked(DEED % "history{total}", purpose=None),
    ErrorCode.ALIASED_EVIDENCE: _asked(DEED % "k:kind evidence{entry}"),
    ErrorCode.RATE_LIMITED: _too_often,
    ErrorCode.QUERY_TOO_COMPLEX: _asked('{search(text:"x",first:1000000){edges{cursor}}}'),
    ErrorCode.TIMEOUT: _late,
    ErrorCode.UNAVAILABLE: _busy,
    ErrorCode.INTERNAL: _broken,
}


def test_there_is_a_question_for_each_code_of_the_list() -> None:
    assert set(EARNED) == set(ErrorCode)
    assert len(ErrorCode) >= 11


@pytest.mark.parametrize("code", EARNED)
def test_a_question_that_earns_the_code_gets_it_and_no_other(
    gate: Served, code: ErrorCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert EARNED[code](gate, monkeypatch) == [code.value]


def _documented(page: Path) -> list[str]:
    return re.findall(r"^\| `([A-Z_]+)` \|", page.read_text(), re.MULTILINE)


def test_each_code_is_told_in_the_documents_once(tmp_path: Path) -> None:
    assert _documented(ROOT / "docs" / "departments.md") == [code.value for code in ErrorCode]
    page = tmp_path / "page.md"
    page.write_text("| `INVALID` | x | y |\n`INTERNAL`\n")
    assert _documented(page) == ["INVALID"]  # a word in passing does not count
