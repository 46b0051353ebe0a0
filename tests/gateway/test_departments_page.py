"""docs/departments.md, followed to the letter: its commands in a shell, its program in a process of its own."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.office import Office
from registry.records.muniment import MunimentKind, Visibility
from registry.settings import Settings
from tests.town import document

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "departments.md"
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
SERVICES = re.findall(r"^    ((?:\w+=\S+ )?muniment (?:office|gateway) .*)$", PAGE.read_text(), re.MULTILINE)
START = """
if sys.argv[1:2] == ["gateway"]:  # found through an entry point where it is installed; here it is this checkout's
    import typer
    from gateway.__main__ import command
    del sys.argv[1]
    typer.run(command)
else:
    from registry.commands import main
    main()
"""
PHRASE = "correct horse battery staple"


def block(word: str, kind: str = "sh") -> str:
    """The block of the page that holds the word."""
    found: list[str] = [text for language, text in BLOCKS if language == kind and word in text]
    assert len(found) == 1
    return found[0]


class Desk:
    """A folder in which a department, and beside it the registry, follow the page."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.url = folder, "http://127.0.0.1:8080"
        programs = folder / "bin"
        programs.mkdir()
        path = programs / "muniment"
        path.write_text(f"#!{sys.executable}\nimport sys\nsys.path[:0] = {[str(ROOT), str(ROOT / 'graphql')]}\n{START}")
        path.chmod(0o755)
        python = programs / "python"  # no symbolic link: by one, Python 3.13 does not find the packages beside it
        python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
        python.chmod(0o755)
        self.phrase = folder / "phrase"
        self.phrase.write_text(PHRASE + "\n")
        self.phrase.chmod(0o600)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MUNIMENT_")}
        self.environment = kept | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "graphql")]),
            "MUNIMENT_PASSPHRASE_FILE": str(self.phrase),
            "MUNIMENT_REGISTRY": str(folder / "data"),
        }

    def here(self, text: str) -> str:
        """The text of the page, with the address at which this gateway listens: 8080 may be another's."""
        return text.replace("http://127.0.0.1:8080", self.url)

    def sh(self, script: str) -> str:
        """What the script says; it must end well."""
        script = self.here(script)
        done = subprocess.run(
            ["sh", "-euc", script], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, (script, done.stdout, done.stderr)
        return done.stdout

    def start(self, line: str) -> subprocess.Popen[str]:
        """A service of the page, in a process of its own."""
        return subprocess.Popen(
            ["sh", "-euc", f"exec env {line}"],
            cwd=self.folder,
            env=self.environment | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, str]]:
    """The registry's side of the page is done, and the gateway listens; with the reference of a sale or deed."""
    for program in ("openssl", "curl"):
        if shutil.which(program) is None:
            pytest.skip(f"docs/departments.md was not followed: {program} is not on the path")
    desk = Desk(tmp_path_factory.mktemp("department"))
    settings = Settings(desk.folder / "data", desk.folder / "data.signer")
    with Office.found(
        settings,
        origin="registry.example/land",
        department="HMLR",
        department_name="Land Registry",
        officer="a.admin",
        passphrase=PHRASE,
    ) as office:
        founder = office.desk("a.admin", PHRASE)
        lodged = founder.muniments.lodge(
            document(),
            MunimentKind.DEED,
            details={"title": "K871204"},
            withheld={"proprietor": "Amara Okafor"},
            visibility=Visibility.DEPARTMENTS,
        )
        founder.officers.add_department("POL", "Police")
    desk.sh(block("openssl"))
    desk.sh(block("department key add"))
    (desk.folder / "gateway.phrase").touch(mode=0o600)
    (desk.folder / "gateway.phrase").write_text("another passphrase of many words\n")
    desk.sh(block("officer enrol gateway"))
    open_office, serve = SERVICES
    with desk.start(open_office) as office_process:
        try:
            assert office_process.stdout is not None
            assert "open at" in office_process.stdout.readline()
            with desk.start(serve.replace("--port 8080", "--port 0")) as gateway:
                try:
                    assert gateway.stdout is not None
                    said = gateway.stdout.readline() + gateway.stdout.readline()
                    address = re.search(r"http://127\.0\.0\.1:\d+", said)
                    assert address, said
                    assert "It stands beside the office" in said
                    desk.url = address[0]
                    yield desk, lodged.subject
                finally:
                    gateway.terminate()
        finally:
            office_process.terminate()


def test_curl_gets_an_answer_that_is_proved_offline(desk: tuple[Desk, str]) -> None:
    at, subject = desk
    began = time.monotonic()
    said = at.sh(
        f"REFERENCE={subject}\n" + block("curl -o land.policy") + block("muniment token") + block("verify-answer")
    )
    assert time.monotonic() - began < 60
    assert "proved" in said
    assert "K871204" in said


def test_the_program_in_python_gets_the_same(desk: tuple[Desk, str]) -> None:
    at, subject = desk
    (at.folder / "ask.py").write_text(at.here(block("client_assertion", "python")))
    at.sh(f"python ask.py {subject} > asked.json")
    assert "K871204" in (at.folder / "asked.json").read_text()
    said = at.sh(block("curl -o land.policy") + "muniment verify-answer asked.json --policy land.policy")
    assert "proved" in said
