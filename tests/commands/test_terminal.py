"""At a real terminal: passphrases are asked for and never shown, progress is drawn there and nowhere else."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.conftest import FIXTURES, START, Place, found

SECRET = "a secret phrase"
LONG_S = 60


def at_a_terminal(
    place: Place, *arguments: str | Path, typed: tuple[str, ...] = (), more: dict[str, str] | None = None
) -> tuple[int, str]:
    """Run the program with a pseudo-terminal as its three streams; `typed` answers its prompts, one after another.

    Returns the exit code and all that was drawn.
    """
    ours, theirs = pty.openpty()
    environment = place.variables(None) | {"TERM": "xterm", "PYTHONPATH": os.pathsep.join(sys.path)} | (more or {})
    process = subprocess.Popen(
        [sys.executable, "-c", START, *map(str, arguments)],
        cwd=place.folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    drawn, answers = b"", list(typed)
    while select.select([ours], [], [], LONG_S)[0]:
        try:
            piece = os.read(ours, 65_536)
        except OSError:  # the terminal's other side is closed: Linux says EIO
            break
        if not piece:
            break
        drawn += piece
        if answers and piece.endswith(b": "):
            os.write(ours, answers.pop(0).encode() + b"\n")
    os.close(ours)
    return process.wait(LONG_S), drawn.decode()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return found(tmp_path_factory.mktemp("terminal"))


def test_a_passphrase_is_asked_for_twice_at_founding_and_never_shown(tmp_path: Path) -> None:
    place = Place(tmp_path)
    code, drawn = at_a_terminal(place, "init", "--officer", "f.first", typed=(SECRET, SECRET))
    assert code == 0, drawn
    assert "New passphrase for f.first: " in drawn
    assert "The same again: " in drawn
    assert SECRET not in drawn
    code, drawn = at_a_terminal(place, "officer", "list", "--officer", "f.first", typed=(SECRET,))
    assert code == 0, drawn
    assert "Passphrase of f.first: " in drawn
    assert SECRET not in drawn


def test_two_passphrases_that_differ_found_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path)
    code, drawn = at_a_terminal(place, "init", typed=(SECRET, "another"))
    assert code == 2
    assert "muniment: the two passphrases differ; nothing was changed" in drawn
    assert not place.registry.exists()


def test_without_a_terminal_the_passphrase_file_is_named(place: Place) -> None:
    answer = place.program("officer", "list", "--officer", "a.admin")
    assert answer.code == 2
    assert "no terminal to ask at: name a file in MUNIMENT_PASSPHRASE_FILE" in answer.err


@pytest.mark.parametrize(
    ("more", "draws"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
    ids=["colours", "NO_COLOR", "dumb"],
)
def test_progress_is_drawn_where_it_may_be(more: dict[str, str], draws: bool, place: Place) -> None:
    signed_in = {"MUNIMENT_OFFICER": "a.admin", "MUNIMENT_PASSPHRASE_FILE": str(place.phrase("a.admin"))}
    code, drawn = at_a_terminal(place, "load", FIXTURES / "sales.csv", "--dry-run", more=signed_in | more)
    assert code == 0, drawn
    assert ("\x1b" in drawn) == draws
    assert ("trying sales.csv" in drawn) == draws
    assert "4,000 would be recorded" in drawn


def test_a_pipe_gets_no_escape_sequence(place: Place) -> None:
    answer = place.program("load", FIXTURES / "sales.csv", "--dry-run", officer="a.admin").done()
    assert re.search(r"[\x00-\x09\x0b-\x1f]", answer.out + answer.err) is None


def test_a_terminal_without_unicode_gets_escapes_and_no_fault(place: Place) -> None:
    plain = Place(place.folder, {"PYTHONIOENCODING": "ascii"})
    answer = plain.program("history", "officer/1", officer="a.admin").done()
    assert r"1 \xb7 " in answer.out
