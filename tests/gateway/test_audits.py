"""The 61 audits of the npm package graphql-http, with a department's token, against a real server.

They want node and npm, and npm's registry or cache; without them this is skipped, and says so.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.served import serving, staffed
from tests.town import Town

HERE = Path(__file__).parent / "audits"
NO_GET = {"5A70", "D6D5", "6A70"}
"""What may be answered by GET, and is not."""


@pytest.fixture(scope="module")
def audits(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("THE 61 AUDITS OF GRAPHQL OVER HTTP WERE NOT RUN: node and npm are not on the path")
    folder = tmp_path_factory.mktemp("audits")
    for name in ("package.json", "package-lock.json", "audit.mjs"):
        shutil.copy(HERE / name, folder)
    command = [npm, "ci", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    if made.returncode:
        pytest.skip(f"THE 61 AUDITS OF GRAPHQL OVER HTTP WERE NOT RUN: npm cannot fetch them ({made.stderr[-200:]})")
    town = staffed(Town(tmp_path_factory.mktemp("town")))
    with serving(town) as gate:
        run = subprocess.run(
            [node, "audit.mjs", f"{gate.url}/graphql", gate.token()],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    town.close()
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_all_audits_pass(audits: list[dict[str, Any]]) -> None:
    assert len(audits) == 61
    failed = [one for one in audits if one["status"] in ("error", "warn")]
    assert failed == []


def test_what_is_only_noted_is_get(audits: list[dict[str, Any]]) -> None:
    noted = {one["id"] for one in audits if one["status"] == "notice"}
    assert noted <= NO_GET, [one for one in audits if one["status"] == "notice"]
