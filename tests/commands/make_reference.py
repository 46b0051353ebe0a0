"""Makes docs/commands.md and docs/roles.md from the program itself.

    PYTHONPATH=.:graphql python tests/commands/make_reference.py

A test compares them with what this makes, so what is documented is what there is.
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from registry.commands import GROUP, LATER, PANELS, app
from registry.commands.exits import MEANINGS
from registry.commands.manual import ManualGroup, loaded
from registry.records.roles import ROLES_VERSION, TABLE, VERB_OF, WORDS, Role, Scope, Verb

ROOT = Path(__file__).parents[2]
COMMANDS, ROLES = ROOT / "docs" / "commands.md", ROOT / "docs" / "roles.md"
COLUMNS = 78

IN_ROLES = {
    Role.FOUNDER: "what is needed to begin, beside *administrator*; ends with the first appointment of another officer",
    Role.ADMINISTRATOR: "departments, officers, roles, keys; reads no withheld details, lodges and loads nothing",
    Role.REGISTRAR: "withdraws; reads what the own department withholds",
    Role.INTAKE_CLERK: "lodges and revises; reads what the own department withholds",
    Role.LOADER: "loads historical records",
    Role.READER: "reads, withheld details of the own department too",
    Role.AUDITOR: "reads everything but withheld details, writes nothing",
}


def command_of(root: Any, context: Any, name: str) -> Any:
    """A command of the root, those of other packages taken from this checkout and not from what is installed."""
    if name not in LATER:
        return root.get_command(context, name)
    if name == "demo":
        return root.get_command(context, name)
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"][GROUP]
    module, _, attribute = table[name].partition(":")
    return loaded(getattr(importlib.import_module(module), attribute), name)


def pages() -> Iterator[tuple[str, str, str]]:
    """(heading, command, help text) of every command, in the order of the list."""
    root: Any = typer.main.get_command(app)
    context = root.make_context("muniment", [], resilient_parsing=True, terminal_width=COLUMNS)
    yield "", "muniment", root.get_help(context)
    for heading, names in PANELS:
        for name in names:
            command = command_of(root, context, name)
            here = command.make_context(name, [], parent=context, resilient_parsing=True)
            yield from _page(heading, f"muniment {name}", command, here)


def _page(heading: str, name: str, command: Any, here: Any) -> Iterator[tuple[str, str, str]]:
    """The page of a command, and of those below it."""
    yield heading, name, command.get_help(here)
    if isinstance(command, ManualGroup):
        for below in command.list_commands(here):
            lower: Any = command.get_command(here, below)
            at = lower.make_context(below, [], parent=here, resilient_parsing=True)
            yield from _page(heading, f"{name} {below}", lower, at)


def commands_text() -> str:
    """docs/commands.md."""
    parts = [
        "# The command line\n\n"
        "What `muniment COMMAND --help` prints, of every command. Made by `tests/commands/make_reference.py`;\n"
        "do not edit.\n\n"
        "`--registry`, `--signer` and `--officer` may stand before the command or after it, or in the environment:\n\n"
        "| option | environment | else |\n|---|---|---|\n"
        "| `--registry PATH` | `MUNIMENT_REGISTRY` | `./muniment-data` |\n"
        "| `--signer PATH` | `MUNIMENT_SIGNER` | `<registry>.signer` |\n"
        "| `--officer NAME` | `MUNIMENT_OFFICER` | nobody: what is public |\n"
        "| the passphrase | `MUNIMENT_PASSPHRASE_FILE` (mode 0600, first line) | asked for at the terminal |\n\n"
        "Every command that reports takes `--json`: one document a line, times in UTC, hashes and roots in base64\n"
        "(the `hash` of a history in hex, as it is printed). Characters that could move a terminal are escaped.\n\n"
        "Exit codes, of every command:\n\n| code | means |\n|---|---|\n"
        + "".join(f"| {code} | {meaning} |\n" for code, meaning in MEANINGS.items())
    ]
    before = ""
    for heading, name, text in pages():
        if heading != before:
            parts.append(f"## {heading}\n")
            before = heading
        level = "##" if not heading else "###"
        parts.append(f"{level} {name}\n\n```\n{text.rstrip()}\n```\n")
    return "\n".join(parts)


def roles_text() -> str:
    """docs/roles.md."""
    kinds: dict[Verb, list[str]] = {}
    for kind, verb in VERB_OF.items():
        kinds.setdefault(verb, []).append(kind.value)
    head = ["verb", "is to", *Role, "recorded as"]
    lines = [
        f"# Who may do what (table {ROLES_VERSION})\n",
        "Made by `tests/commands/make_reference.py` from `registry/records/roles.py`; do not edit. `muniment roles`",
        "prints the same. The table drives every surface, and its text is recorded in the ledger by an act",
        "(RULES_ADOPTED), so that an audit judges each act by the rules of its day.\n",
        f"`{Scope.OWN}`: things of the officer's own department. `{Scope.ALL}`: of every department.",
        f"`{Scope.NEVER}`: not at all.",
        "An officer may hold several roles; the widest cell counts. Withheld details are a right of their own.\n",
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
    ]
    for verb in Verb:
        cells = [TABLE[role][verb] for role in Role]
        recorded = ", ".join(kinds.get(verb, [])) or "–"
        lines.append(f"| {' | '.join([f'`{verb}`', WORDS[verb], *cells, recorded])} |")
    lines.append("\n## The roles\n")
    lines += [f"- `{role}`: {IN_ROLES[role]}." for role in Role]
    lines.append(
        "\nAppointments end on a date, an administrator's may be without one. Nobody appoints himself; the last\n"
        "administrator without an end date cannot go. Once there are two administrators, acts on roles and keys want\n"
        "both: the first act waits, the second is `muniment officer confirm POSITION`."
    )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    COMMANDS.write_text(commands_text())
    ROLES.write_text(roles_text())
