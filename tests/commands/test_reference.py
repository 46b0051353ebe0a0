"""Every command explains itself, its examples parse, and the two pages made from the program say what it says."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

from registry.commands import LATER, PANELS, app
from registry.commands.exits import MEANINGS
from registry.commands.manual import SECTIONS, ManualGroup, Page
from registry.records.roles import Role, Verb

HERE = Path(__file__).parent


def _maker() -> ModuleType:
    """make_reference.py, which stands beside the tests and in no package."""
    spec = importlib.util.spec_from_file_location("make_reference", HERE / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAKER = _maker()
ROOT: Any = typer.main.get_command(app)
CONTEXT = ROOT.make_context("muniment", [], resilient_parsing=True)


def _commands() -> dict[str, Any]:
    """Our own commands by name, groups and what is in them."""

    def below(group: Any, before: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, command in group.commands.items():
            found[before + name] = command
            if isinstance(command, ManualGroup):
                found |= below(command, f"{before}{name} ")
        return found

    return below(ROOT, "")


COMMANDS = _commands()
SINGLE = {name: command for name, command in COMMANDS.items() if not isinstance(command, ManualGroup)}

ISSUE = {
    "init": "--origin --department --officer",
    "status": "--json",
    "roles": "--json",
    "officer enrol": "--department --role --may-open --new-passphrase-file",
    "officer appoint": "--until",
    "officer revoke": "",
    "officer confirm": "",
    "officer passphrase": "",
    "officer list": "--json",
    "department add": "",
    "department list": "--json",
    "department key add": "--algorithm",
    "department key revoke": "--reason",
    "department key list": "--json",
    "token": "--client --key --url --purpose --assertion",
    "lodge": "--kind --detail --withheld --visibility",
    "revise": "--detail --withheld",
    "withdraw": "--reason",
    "open": "--version -o",
    "load": "--dry-run --as --json",
    "loads": "--json",
    "find": "--json",
    "show": "--json",
    "history": "--json",
    "receipt": "-o --with-disclosures",
    "verify": "--policy --content --any-key",
    "verify-answer": "--policy --any-key",
    "checkpoint": "--list --adopt",
    "policy": "",
    "audit": "--json --ledger-only --against",
    "rebuild": "--check",
    "export-log": "",
    "office": "--registry --officer",
}
"""What was asked for; `demo`, `workbench` and `gateway` are loaded when they are called."""


def test_all_commands_that_were_asked_for_are_there() -> None:
    assert set(SINGLE) == set(ISSUE)


@pytest.mark.parametrize("name", sorted(ISSUE))
def test_a_command_takes_the_options_that_were_asked_for(name: str) -> None:
    there = {option for one in SINGLE[name].params for option in one.opts}
    assert set(ISSUE[name].split()) <= there


def test_every_command_stands_in_the_list_once() -> None:
    listed = [name for _, names in PANELS for name in names]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(ROOT.commands) | set(LATER)


@pytest.mark.parametrize("name", sorted(SINGLE))
def test_a_page_says_what_it_does_with_an_example_and_its_exit_codes(name: str) -> None:
    page = Page.of(SINGLE[name].help)
    assert page.summary
    assert set(page.sections) == set(SECTIONS)
    assert page.codes() == tuple(sorted(set(page.codes()))), "each once, in order"
    assert set(page.codes()) <= set(MEANINGS)
    assert page.codes()[0] == 0
    assert 2 in page.codes()
    assert all(one.help for one in SINGLE[name].params if one.name != "help"), "every option is explained"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_see_also_points_to_commands_that_exist(name: str) -> None:
    also = Page.of(COMMANDS[name].help).see_also()
    assert set(also) <= set(COMMANDS) | set(LATER) - {name}


@pytest.mark.parametrize("name", ["", *sorted(SINGLE)])
def test_the_examples_of_a_page_parse(name: str) -> None:
    examples = Page.of(SINGLE[name].help if name else ROOT.help).examples()
    assert examples
    for line in examples:
        words = shlex.split(re.split(r"\s[>|]\s", line)[0])
        assert words[0] == "muniment"
        command = next(one for one in (" ".join(words[1:4]), " ".join(words[1:3]), words[1]) if one in SINGLE)
        assert name in ("", command)
        arguments = words[1 + len(command.split()) :]
        SINGLE[command].make_context(command, arguments, parent=CONTEXT)


def test_no_line_of_the_manual_is_wider_than_a_terminal() -> None:
    wide = [(name, line) for _, name, text in MAKER.pages() for line in text.splitlines() if len(line) > 80]
    assert wide == []


def test_the_reference_of_commands_is_what_the_program_says() -> None:
    assert MAKER.COMMANDS.read_text() == MAKER.commands_text(), "run tests/commands/make_reference.py"


def test_the_reference_of_roles_is_the_table() -> None:
    text = MAKER.ROLES.read_text()
    assert text == MAKER.roles_text(), "run tests/commands/make_reference.py"
    assert all(f"`{one}`" in text for one in (*Verb, *Role))


def test_the_printed_table_of_roles_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    ROOT.main(["roles"], prog_name="muniment", standalone_mode=False)
    told = capsys.readouterr().out.splitlines()
    assert max(map(len, told[:-1])) <= 80
    assert len(told) == 2 + len(Verb) + 2
