"""How fast departments are answered, beside bare graphql-core in the same run on the same machine.

    PYTHONPATH=.:graphql python -m bench.gateway [--rows 20000] [--rounds 7] [--seconds 1.5]

Founds a registry in a temporary folder, loads generated sales, lodges deeds, and serves it as `muniment gateway` does
to a department with a token of its own; beside it the baseline of `bare.py`, whose answers must equal ours. Rounds
alternate, medians are told. `requests/s` are those of eight keep-alive connections of another process over loopback;
`CPU µs` is what the answering process spent on a request; `ratio` is ours ÷ baseline, of requests/s and of 1 ÷ CPU.
`no sockets` hands the same requests to the application in its own process, one after another.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import apsw
import httpx2

from bench.answerers import Answerer, answering, baseline, closed, opened, signed_in, town_with
from bench.callers import ask, request
from bench.questions import TEXT, Question, Questions
from gateway.credentials import ASSERTION_TYPE
from gateway.schema import build_schema

CONNECTIONS = 8
DEEDS = 200
BY_ID = 400


@dataclass(frozen=True, slots=True)
class Round:
    """One answerer in one round: requests a second, and CPU µs a request."""

    rate: float
    cpu_us: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="muniment-bench-") as folder, ExitStack() as held:
        _head(options, Path(folder))
        town = town_with(Path(folder), _sales(Path(folder), options.rows), DEEDS)
        size = town.office.store.head().size
        ours = held.enter_context(answering(opened, closed(town)))
        token = _token(ours, signed_in(town))
        questions = Questions.of(_ids(ours, token))
        muniments, pages = _answers(ours, token, questions)
        theirs = held.enter_context(answering(baseline, build_schema().as_str(), muniments, pages))
        print(f"{size:,} entries; {len(questions.by_id)} ids, half of them deeds of another department")
        for name, asked in (
            ("by id", questions.by_id),
            ("page of 100", questions.page),
            ("page of 100 with evidence", questions.proven_page),
        ):
            _compare(name, asked, ours, theirs, token, options)


def _head(options: argparse.Namespace, folder: Path) -> None:
    packages = ", ".join(
        f"{each} {version(each)}"
        for each in ("graphql-core", "strawberry-graphql", "starlette", "uvicorn", "httptools")
    )
    print(f"{_processor()}, {os.cpu_count()} CPUs, {platform.system()}, Python {platform.python_version()}; {packages}")
    print(f"SQLite {apsw.sqlite_lib_version()}, WAL, synchronous=FULL; one worker process, token of a department")
    print(f"{options.rounds} alternating rounds of {options.seconds:g} s, {CONNECTIONS} connections, medians")


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name")), "?")


def _sales(folder: Path, rows: int) -> Path:
    from fixtures.generate import main as generate  # a script with a parser of its own

    generate(["--rows", str(rows), "--seed", "7", "--out", str(folder / "sales")])
    return folder / "sales" / "sales.csv"


_http = httpx2.Client(trust_env=False)


def _post(answerer: Answerer, question: Question, token: str) -> Any:
    answer = _http.post(
        f"http://127.0.0.1:{answerer.port}/graphql",
        content=question.body(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    found = answer.json()
    assert answer.status_code == 200, answer.text[:500]
    assert "errors" not in found, answer.text[:500]
    return found


def _token(answerer: Answerer, signed: str) -> str:
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}
    answer = _http.post(f"http://127.0.0.1:{answerer.port}/oauth/token", data=form)
    return str(answer.json()["access_token"])


def _ids(answerer: Answerer, token: str) -> list[str]:
    """Ids of sales and deeds in turn."""
    asked = """query ($text: String!, $after: String) {
      search(text: $text, first: 100, after: $after) {edges {node {... on Muniment {id}}} pageInfo {endCursor}}}"""

    def found(text: str) -> list[str]:
        ids, after = list[str](), None
        while len(ids) < BY_ID // 2:
            page = _post(answerer, Question(asked, {"text": text, "after": after}), token)["data"]["search"]
            ids += [edge["node"]["id"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
        return ids[: BY_ID // 2]

    return [each for pair in zip(found(TEXT), found("K"), strict=True) for each in pair]


def _answers(answerer: Answerer, token: str, questions: Questions) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the baseline is to answer with: our own answers."""
    muniments = {each.variables["id"]: _post(answerer, each, token)["data"]["muniment"] for each in questions.by_id}
    pages = {
        each.document: _post(answerer, each, token)["data"]["search"] for each in questions.page + questions.proven_page
    }
    return muniments, pages


def _compare(
    name: str,
    asked: tuple[Question, ...],
    ours: Answerer,
    theirs: Answerer,
    token: str,
    options: argparse.Namespace,
) -> None:
    for each in random.Random(7).sample(asked, min(len(asked), 20)):
        assert _post(ours, each, token)["data"] == _post(theirs, each, token)["data"]
    size = len(json.dumps(_post(ours, asked[0], token), ensure_ascii=False, separators=(",", ":")).encode())
    kinds = {"ours": (ours, token), "baseline": (theirs, None)}
    sockets: dict[str, list[Round]] = {kind: [] for kind in kinds}
    direct: dict[str, list[Round]] = {kind: [] for kind in kinds}
    for _ in range(options.rounds):
        for kind, (answerer, bearer) in kinds.items():
            requests = [request("/graphql", each.body(), bearer) for each in asked]
            spent = answerer.order("spent")
            answers, wall = ask(answerer.port, requests, connections=CONNECTIONS, seconds=options.seconds)
            sockets[kind].append(Round(answers / wall, (answerer.order("spent") - spent) / answers * 1e6))
            times = max(int(answers / wall * options.seconds / 3), 1)
            wall, cpu = answerer.order("direct", asked[0].body(), bearer, times)
            direct[kind].append(Round(times / wall, cpu / times * 1e6))
    print(f"\n{name} ({size:,} bytes)")
    print(f"{'':12}{'requests/s':>12}{'CPU µs':>10}   no sockets{'requests/s':>11}{'CPU µs':>10}")
    for kind in kinds:
        one, other = _median(sockets[kind]), _median(direct[kind])
        print(f"{kind:12}{one.rate:12,.0f}{one.cpu_us:10,.0f}{'':13}{other.rate:11,.0f}{other.cpu_us:10,.0f}")
    told = [_ratio(found["ours"], found["baseline"]) for found in (sockets, direct)]
    print(f"{'ratio':12}{told[0].rate:12.2f}{told[0].cpu_us:10.2f}{'':13}{told[1].rate:11.2f}{told[1].cpu_us:10.2f}")


def _median(rounds: list[Round]) -> Round:
    return Round(statistics.median(each.rate for each in rounds), statistics.median(each.cpu_us for each in rounds))


def _ratio(ours: list[Round], theirs: list[Round]) -> Round:
    """Medians of the rounds' ratios: both of a round met the same machine."""
    pairs = list(zip(ours, theirs, strict=True))
    return Round(
        statistics.median(one.rate / other.rate for one, other in pairs),
        statistics.median(other.cpu_us / one.cpu_us for one, other in pairs),
    )


if __name__ == "__main__":
    main()
