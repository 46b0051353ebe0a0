"""First light, as the README tells it: the demonstration, a clerk at the workbench, a department at the gateway.

All of it in a terminal as people use it, through tmux, at 80x24 and 100x30: what is typed and read here is what a
visitor types and reads. The department follows docs/departments.md in a shell of its own, and checks its answer when
office and gateway are closed.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tests.tui.multiplexer import Pane

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "departments.md").read_text()
TITLE = "FIRSTLIGHT"
CLEAR = "\x05\x15"  # to the end of the field, and all before it away


def blocks(*words: str) -> str:
    """The shell blocks of the departments' page that hold the words, in order."""
    found = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return "".join(next(block for block in found if word in block) for word in words)


def muniment(folder: Path, *words: str) -> str:
    """What the command says; it must end well."""
    done = subprocess.run(
        [sys.executable, "-m", "registry.commands", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


def lodged(pane: Pane, folder: Path) -> None:
    """Lodge a document, from anywhere."""
    (folder / "deed.pdf").write_bytes(b"%PDF-1.7 a deed of gift")
    pane.type(f"gl{folder / 'deed.pdf'}\rdeed\r\rdepartments\rtitle = {TITLE}")
    pane.until("1 in clear")
    pane.press("C-s")
    pane.until("M0411")
    pane.press("F3")


def opened(pane: Pane, words: str) -> str:
    """Search, open the first row, and wait for the seal and for what the record says."""
    pane.type(f"/{CLEAR}{words}\r")
    pane.until("Found")
    pane.type("\r\r")
    return pane.until("✓ SEALED, no witnesses appointed", "every link agrees with the tree", words.split()[0].upper())


def a_clerk_at_work(pane: Pane, folder: Path, street: str) -> None:
    """Find a sale, read its history, take a receipt, lodge, revise, audit."""
    opened(pane, street)
    pane.type("e")
    pane.until("Save the receipt as")
    pane.type(f"{CLEAR}{folder / 'sale.tlog-proof'}\r")
    pane.until("M0302")
    pane.press("F3")
    lodged(pane, folder)
    opened(pane, TITLE)
    (folder / "deed-2.pdf").write_bytes(b"%PDF-1.7 a deed of gift, signed")
    pane.press("F6")
    pane.type(f"{CLEAR}{folder / 'deed-2.pdf'}\rtitle = {TITLE}")
    pane.press("C-s")
    pane.until("M0423", "all 2 entries")
    pane.type("gvv")
    pane.until("M0701", patience_s=60)


@pytest.mark.slow
def test_a_visitor_follows_the_readme_and_then_a_department_its_page(tmp_path: Path) -> None:
    if not entry_points(group="muniment.commands", name="workbench"):
        pytest.skip("muniment is not installed as a package here, so it has no workbench and no gateway to open")
    for program in ("curl", "tmux"):
        if shutil.which(program) is None:
            pytest.skip(f"the README was not followed in a terminal: {program} is not on the path")
    folder = tmp_path / "demo"
    command = shlex.join([sys.executable, "-m", "registry.commands", "demo", str(folder)])
    with Pane(tmp_path, f"cd {shlex.quote(str(ROOT))} && exec {command}") as pane:
        sheet = pane.until("Enter opens the workbench", patience_s=120)
        street, url = re.search(r"try ([a-z' ]+)\)", sheet), re.search(r"http://127\.0\.0\.1:\d+", sheet)
        assert street
        assert url
        pane.press("Enter")
        pane.until("M0100")
        pane.type("demonstration\r")
        pane.until("M0102", "Newest acts")
        a_clerk_at_work(pane, folder, street[1])
        pane.resize(100, 30)
        reference = re.search(r"muniment/[0-9a-f-]{36}", opened(pane, TITLE))
        assert reference
        script = "set -e\n" + blocks("curl -o land.policy", "muniment token")
        asked = subprocess.run(
            ["bash", "-c", script.replace("http://127.0.0.1:8080", url[0])],
            cwd=folder,
            env=os.environ
            | {
                "MUNIMENT_REGISTRY": "office",
                "REFERENCE": reference[0],
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert asked.returncode == 0, asked.stderr
        pane.press("C-q")
        assert pane.gone()
    told = muniment(folder, "verify-answer", "answer.json", "--policy", "land.policy")
    assert "data.muniment.history.edges[1].node.kind: REVISED" in told
    assert "numbers 1 to 2 without a gap, each link fitting" in told
    assert f"data.muniment.reference: {reference[0]}" in told
    assert "covered by load" in muniment(folder, "verify", "sale.tlog-proof", "--policy", "land.policy")
    muniment(folder, "audit", "--registry", "office")
