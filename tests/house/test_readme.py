"""What README, SECURITY, CHANGELOG and docs/ tell people to type exists: `muniment …` with its options, and `make …`.

Every file that the README points to is there too.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
START = "import sys; from registry.commands import main; sys.argv[0] = 'muniment'; main()"


def typed(text: str) -> list[str]:
    """The command lines in fenced and indented blocks (continued lines joined, prompts cut) and in `inline code`."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    indented = "\n".join(re.findall(r"^(?: {4}|\t)(.*)$", prose, re.MULTILINE))
    lines = [line.strip() for block in (*fenced, indented) for line in re.sub(r"\\\n\s*", " ", block).splitlines()]
    lines += re.findall(r"`([^`\n]+)`", prose)
    parts = [part for line in lines for part in re.split(r"&&|\|\||;|\$\(", line.removeprefix("$ "))]
    return [re.split(r"\s[|>#]|\)", part)[0].removeprefix(".venv/bin/").strip() for part in parts]


def muniment_lines(text: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """For each `muniment …`: the words that name the command, and the options used with it."""
    found = []
    for line in typed(text):
        words = re.sub(r"[\[\]…]|\.\.\.", " ", line)
        if not re.match(r"muniment(\s|$)", words):
            continue
        _, *rest = shlex.split(words)
        command: list[str] = []
        for word in rest:
            if not re.fullmatch(r"[a-z][a-z-]*", word):
                break
            command.append(word)
        options = tuple(re.match(r"--?[a-z-]+", word)[0] for word in rest if re.match(r"--?[a-z]", word))  # type: ignore[index]  # matched
        found.append((tuple(command), options))
    return found


@cache
def help_of(command: tuple[str, ...]) -> tuple[int, str]:
    environment = os.environ | {
        "COLUMNS": "200",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "PYTHONPATH": os.pathsep.join(["", "graphql"]),
    }
    done = subprocess.run(
        [sys.executable, "-c", START, *command, "--help"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


# docs/commands.md is made from the command line itself, and compared with it by tests/commands.
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = "\n\n".join(page.read_text() for page in PAGES if page.name != "commands.md")
LINES = sorted(set(muniment_lines(TEXT)))


def test_the_readme_shows_the_command_line() -> None:
    assert muniment_lines(README)


@pytest.mark.parametrize(("command", "options"), LINES, ids=lambda value: " ".join(value) or "-")
def test_a_documented_command_exists_with_its_options(command: tuple[str, ...], options: tuple[str, ...]) -> None:
    code, text = help_of(command)
    assert code == 0, text
    everywhere = help_of(())[1]
    for option in options:
        assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text + everywhere), (
            f"{option} is not in the help of {command}"
        )


def test_every_documented_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {line.split()[1] for line in typed(TEXT) if re.match(r"make\s+[a-z]+", line)}
    assert named <= targets
    assert {"make demo", "make test"} <= set(typed(README))


def test_every_file_that_the_readme_points_to_exists() -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", README):
        assert (ROOT / target).exists(), f"README.md points to {target}"


def test_a_wrong_line_would_be_seen() -> None:
    text = (
        "```sh\n$ muniment lodge a.pdf --kind DEED \\\n  --colour red | less\n```\n"
        "Or `muniment fetch`, `make tea`:\n\n    muniment open muniment/0b7c -o x\n"
    )
    found = [(("lodge",), ("--kind", "--colour")), (("open",), ("-o",)), (("fetch",), ())]
    assert muniment_lines(text) == found
    assert "make tea" in typed(text)
