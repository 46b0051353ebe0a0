"""Five minutes of schemathesis over the published schema, as a department with a token: no server error, no hang.

Whether an error is the server's is judged by status and code. schemathesis knows none of our codes, and calls each
error that has a path a "GraphQL server error", a wrong id too.

It is a tool of its own (`pip install schemathesis` anywhere, on the path), and in none of our locks: it brings 25
packages, one of them compiled, for one test.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import subprocess
import time
from collections import Counter as Counts
from pathlib import Path

import pytest

from gateway.errors import ErrorCode
from tests.gateway.answering import ROOT, Counter, gateway_town
from tests.gateway.clients import enrol
from tests.gateway.served import serving

SECONDS = int(os.environ.get("FUZZ_SECONDS", "300"))
HOURS_A_SECOND = 60


SCALARS = """
import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

DIGESTS, IDS = {digests!r}, {ids!r}
digests = st.sampled_from(DIGESTS) | st.binary(min_size=32, max_size=32).map(lambda raw: "sha256:" + raw.hex())
schemathesis.graphql.scalar("Digest", (digests | st.text()).map(nodes.String))
schemathesis.graphql.scalar("UInt53", (st.integers(0, 5_000) | st.integers(0, 2**53)).map(nodes.Int))
schemathesis.graphql.scalar("ID", (st.sampled_from(IDS) | st.text()).map(nodes.String))
"""
"""Our scalars, and values that lead somewhere beside those that lead nowhere."""


class _Codes(logging.Handler):
    """Counts what the gateway's log tells of each error: its code stands in front."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counts[str] = Counts()
        self.internal: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        told = record.getMessage()
        code = told.partition(" ")[0]
        self.counts[code] += 1
        if code == ErrorCode.INTERNAL or record.levelno >= logging.ERROR:
            self.internal.append(f"{told} {record.exc_info}")


def _ids(counter: Counter) -> list[str]:
    """Ids of a deed, a sale, an entry, an officer, a department and a load."""
    asked = """query($r: String!) {muniment(by: {reference: $r}) {id currentVersion {id} generatedBy {id
      ... on Act {officer {id} department {id}} ... on LoadedRow {load {id}}}}}"""
    found = [counter.data(asked, r=each)["muniment"] for each in (counter.deed, counter.sales()[0])]
    text = json.dumps(found)
    return sorted(set(re.findall(r'"id": "([^"]+)"', text)))


@pytest.mark.soak
def test_schemathesis_finds_no_server_error(tmp_path: Path) -> None:
    tool = shutil.which("schemathesis")
    if tool is None:
        pytest.skip("schemathesis is not on the path, so nobody fuzzes the schema: pip install schemathesis")
    town = gateway_town(tmp_path)
    counter = Counter(town, tmp_path)
    ledger = town.office.log
    hooks = tmp_path / "scalars.py"
    hooks.write_text(
        SCALARS.format(
            digests=[f"sha256:{ledger.leaf(position).hex()}" for position in (0, 7, 300, counter.size() - 1)],
            ids=_ids(counter),
        )
    )
    enrol(town, "POL", "police")
    codes = _Codes()
    logs = [logging.getLogger(name) for name in ("gateway", "uvicorn.error")]
    before = [(log, log.level) for log in logs]
    for log in logs:
        log.addHandler(codes)
        log.setLevel(logging.INFO)
    try:
        with serving(town, clock=lambda: time.monotonic() * 3_600 * HOURS_A_SECOND) as gate:
            done = subprocess.run(
                [
                    tool, "run", str(ROOT / "docs" / "schema.graphql"), "--url", f"{gate.url}/graphql",
                    "--header", f"Authorization:Bearer {gate.token()}", "--phases", "fuzzing",
                    "--max-time", str(SECONDS), "--continue-on-failure", "--request-timeout", "10",
                    "--checks", "not_a_server_error", "--suppress-health-check", "all", "--report", "ndjson",
                    "--report-ndjson-path", str(tmp_path / "report.ndjson"),
                ],
                env=os.environ | {"SCHEMATHESIS_HOOKS": str(hooks)}, cwd=tmp_path, check=False,
                capture_output=True, text=True, timeout=SECONDS * 2 + 120,
            )  # fmt: skip
            assert gate.http.get("/livez").status_code == 200
    finally:
        for log, level in before:
            log.removeHandler(codes)
            log.setLevel(level)
        town.close()
    print(done.stdout[-2_000:], dict(codes.counts))
    assert not codes.internal, codes.internal[:3]
    assert codes.counts[ErrorCode.INVALID] + codes.counts[ErrorCode.NOT_FOUND] > 100, "it hardly asked anything"
    assert "Unknown GraphQL Scalar" not in done.stdout
    assert " Server error" not in done.stdout, "an answer of 5xx"
