"""The command line: `muniment COMMAND …`, one file a group of commands.

    exits        errors → exit codes, one table          output       safe text, JSON
    manual       `--help` as a page of a manual          progress     how far, how fast, how long yet
    asked        options that every command has          arguments    what is typed, read strictly
    opening      how a command gets at the registry      files        read, and written whole or not at all
    passphrases  asked for, or from a file               interruption Ctrl-C in the middle of a save

    founding     init status roles policy                loads        load loads
    officers     officer …                               lookups      find show history receipt
    departments  department …                            verifying    verify
    muniments    lodge revise withdraw open              answers      verify-answer
    office       office                                  checkpoints  checkpoint
    demo         demo                                    audits       audit rebuild export-log
    keyfiles     departments' keys in PEM                tokens       token

Whatever happens is one sentence on standard error and an exit code; no traceback. What opens a registry is imported by
the command that opens one, so `verify` loads no database. Commands of other packages (`workbench`, `gateway`) are found
through the entry-point group `muniment.commands` and loaded when they are called.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any

import typer

from registry.commands import (
    answers,
    audits,
    checkpoints,
    departments,
    founding,
    loads,
    lookups,
    muniments,
    office,
    officers,
    output,
    tokens,
    verifying,
)
from registry.commands.asked import OfficerName, RegistryPath, SignerPath
from registry.commands.exits import BUSY, DONE, HALTED, USAGE, code_of
from registry.commands.files import file_fault
from registry.commands.manual import ManualGroup, counter, help_when_alone, loaded
from registry.errors import Misuse, RegistryError
from registry.settings import OFFICER, REGISTRY, SIGNER

GROUP = "muniment.commands"

PANELS = (
    ("The registry", ("init", "status", "roles", "policy")),
    ("Who may act", ("officer", "department")),
    ("Documents", ("lodge", "revise", "withdraw", "open")),
    ("Historical records", ("load", "loads")),
    ("Looking up", ("find", "show", "history")),
    ("Proof", ("receipt", "verify", "verify-answer", "checkpoint", "audit", "rebuild", "export-log")),
    ("Screens and services", ("office", "demo", "workbench", "gateway", "token")),
)

LATER = {
    "demo": "See all of it work, tampering included, in a registry made for the purpose",
    "workbench": "Open the clerks' terminal",
    "gateway": "Serve other departments over HTTP",
}
"""Commands loaded only when they are called, with their line in the list."""


class Muniment(ManualGroup):
    """The commands, those of other packages too."""

    panels = PANELS

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for _, names in PANELS for name in names]

    def summary(self, ctx: Any, name: str) -> str:
        return LATER[name] if name in LATER else super().summary(ctx, name)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name == "demo":
            return loaded(import_module("registry.commands.demo").demo, cmd_name)
        if cmd_name in LATER:
            return _abroad(cmd_name)
        return super().get_command(ctx, cmd_name)


def _abroad(name: str) -> Any:
    """The command of that name which another package brings. Raises Misuse where none does, or it lacks something."""
    for found in entry_points(group=GROUP, name=name):
        try:
            return loaded(found.load(), name)
        except ImportError as error:
            raise Misuse(
                f"'muniment {name}' wants more than is installed ({error}): pip install 'muniment[{name}]'"
            ) from error
    raise Misuse(f"'muniment {name}' is not installed here: install muniment as a package, with pip")


app = counter(cls=Muniment)
for _each in (founding, muniments, loads, lookups, verifying, checkpoints, audits, office, answers, tokens):
    app.add_typer(_each.app)
for _named in (officers, departments):
    app.add_typer(_named.app)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            output.say(f"muniment {version('muniment')}")
        except PackageNotFoundError:
            output.say("muniment, not installed as a package")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def muniment(
    context: typer.Context,
    registry: RegistryPath = None,
    signer: SignerPath = None,
    officer: OfficerName = None,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Say which version this is.")
    ] = False,
) -> None:
    """A registry of documents that nobody can rewrite unseen.

    Records every act of every officer in one append-only ledger, hands out
    receipts that anyone can check for ever without it, and finds out when
    somebody tampered or went beyond his role.

    --registry, --signer and --officer may stand before the command or after
    it. A passphrase is asked for at the terminal, or read from the first line
    of the file that MUNIMENT_PASSPHRASE_FILE names. Reading what is public,
    status, policy, checkpoint, audit and export-log want none.

    'muniment COMMAND --help' is the manual of a command.

    Example:
        muniment init --origin registry.example/land --department HMLR \\
            --officer a.clerk
        muniment lodge deed.pdf --kind DEED --officer a.clerk
        muniment receipt 4 -o deed.tlog-proof --officer a.clerk
        muniment policy -o land.policy
        muniment verify deed.tlog-proof --policy land.policy
    Exit codes: 0, 1, 2, 3, 4
    """
    # Options before the command are handed on as the environment that every command reads, those of other packages too.
    for name, given in ((REGISTRY, registry), (SIGNER, signer), (OFFICER, officer)):
        if given is not None:
            os.environ[name] = str(given)
    help_when_alone(context)


def run(arguments: list[str]) -> int:
    """Run one command line; returns its exit code. Every foreseen error becomes one sentence on standard error."""
    try:
        code = typer.main.get_command(app).main(arguments, prog_name="muniment", standalone_mode=False)
    except RegistryError as error:
        output.complain(str(error))
        return code_of(error)
    except typer.TyperException as error:
        output.complain(_sentence(error))
        return USAGE
    except typer.Abort:
        output.complain("broken off; nothing was recorded")
        return BUSY
    except OSError as error:
        fault = file_fault(error, error.filename if error.filename is not None else "this machine")
        output.complain(str(fault))
        return code_of(fault)
    if code == 128 + signal.SIGINT:
        output.complain("broken off; nothing was recorded")
        return BUSY
    return code if isinstance(code, int) else DONE


def _sentence(error: typer.TyperException) -> str:
    """The parser's own complaint, with where to read on."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "muniment"
    told = error.format_message().strip().rstrip(".")
    return f"{' '.join(told.split())}; see '{command} --help'"


def _unforeseen(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Instead of a traceback: what, and where, in a sentence. `python -X dev` shows all of it."""
    if sys.flags.dev_mode:
        sys.__excepthook__(kind, error, trace)
        raise SystemExit(HALTED)
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in {Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}" if trace is not None else ""
    output.complain(
        f"stopped by an unforeseen fault ({kind.__name__}{where}): what was recorded stays; run 'muniment audit'"
    )
    raise SystemExit(HALTED)


def main() -> None:
    """The program `muniment`."""
    sys.excepthook = _unforeseen
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # absent where a test has put something in its place
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")  # a terminal without ✓ gets \u2713, and no fault
    sys.exit(run(sys.argv[1:]))
