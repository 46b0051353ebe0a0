"""Every error has its exit code in one table, and whatever happens is a sentence and never a traceback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from registry import errors
from registry.commands.exits import CODES, MEANINGS, code_of
from tests.commands.conftest import Place, Run

EXPECTED = {
    errors.Refused: 1,
    errors.NotPermitted: 1,
    errors.WrongState: 1,
    errors.Stale: 1,
    errors.KeyReused: 1,
    errors.SecondPerson: 1,
    errors.OnHold: 1,
    errors.NotHeld: 1,
    errors.Unproven: 1,
    errors.Malformed: 1,
    errors.BadSignature: 1,
    errors.ProofFailed: 1,
    errors.TooFewWitnesses: 1,
    errors.Shredded: 1,
    errors.Misuse: 2,
    errors.LedgerHalted: 3,
    errors.RegistryError: 3,
    errors.Busy: 4,
    errors.Away: 4,
    errors.Unsettled: 4,
}


def _tree(kind: type[errors.RegistryError]) -> Iterator[type[errors.RegistryError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)


def test_every_error_of_the_tree_has_an_exit_code() -> None:
    ours = {kind for kind in _tree(errors.RegistryError) if kind.__module__ == "registry.errors"}
    assert ours == set(EXPECTED)
    assert {kind: code_of(kind("told")) for kind in ours} == EXPECTED
    assert set(CODES.values()) | {0} == set(MEANINGS)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["stauts"], "Did you mean 'status'?"),
        (["status", "--colour"], "No such option: --colour"),
        (["status", "surplus"], "unexpected extra argument"),
        (["show"], "Missing argument 'SUBJECT'"),
        (["officer", "nonsense"], "No such command 'nonsense'"),
        (["verify", "x"], "Missing option '--policy'"),
        (["status", "--registry"], "requires an argument"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_sentence_and_2(arguments: list[str], sentence: str, land: Place, ask: Run) -> None:
    answer = ask(land, *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("muniment: ")
    assert answer.err.count("\n") == 1
    assert sentence in answer.err
    assert "--help'" in answer.err


def test_without_a_command_the_manual_is_printed(land: Place, ask: Run) -> None:
    assert ask(land) == ask(land, "--help")
    assert ask(land, "officer") == ask(land, "officer", "--help")
    assert ask(land, "--version").done().out.startswith("muniment")


def test_an_unforeseen_fault_is_a_sentence_too(land: Place) -> None:
    start = (
        "import registry.commands as line; "
        "line.output.rows = lambda *given: {}['secret']; "
        "import registry.commands.founding; line.main()"
    )
    answer = land.program("roles", start=start)
    assert answer.code == 3
    assert answer.err.startswith("muniment: stopped by an unforeseen fault (KeyError in <string>, line 1)")
    assert answer.err.count("\n") == 1
    assert "Traceback" not in answer.err
    assert "secret" not in answer.err


def test_a_reader_that_stops_listening_is_no_fault(land: Place) -> None:
    deaf = "import os; read, write = os.pipe(); os.close(read); os.dup2(write, 1)"
    start = f"{deaf}; from registry.commands import main; main()"
    answer = land.program("roles", "--json", start=start)
    assert (answer.code, answer.err) == (1, "")
