"""What every command is asked with: where the registry and its signer lie, who asks, and in which form to answer.

`command(app, name)` adds these options to a function's own, so that they stand on each command; given before the
command's name they reach it through the environment (see `registry.commands`), which other packages' commands read too.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from registry.commands.manual import HELP, ManualCommand
from registry.errors import Misuse
from registry.settings import Settings, read_settings

RegistryPath = Annotated[
    Path | None,
    typer.Option(
        "--registry", metavar="PATH", help="The registry's folder; else MUNIMENT_REGISTRY, else ./muniment-data."
    ),
]
SignerPath = Annotated[
    Path | None,
    typer.Option("--signer", metavar="PATH", help="The signer's folder; else MUNIMENT_SIGNER, else <registry>.signer."),
]
OfficerName = Annotated[
    str | None,
    typer.Option("--officer", metavar="NAME", help="Who you sign in as; else MUNIMENT_OFFICER."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, one document a line.")]


@dataclass(frozen=True, slots=True)
class Asked:
    """The settings of one call, and whether the answer is wanted in JSON."""

    settings: Settings
    as_json: bool = False

    def officer(self) -> str:
        """The sign-in name. Raises Misuse where nobody was named."""
        name = self.settings.officer
        if name is None:
            raise Misuse("who asks? Give --officer NAME, or set MUNIMENT_OFFICER")
        return name


def _with_officer(registry: RegistryPath = None, signer: SignerPath = None, officer: OfficerName = None) -> None:
    """The options of a command that an officer gives."""


def _with_registry(registry: RegistryPath = None, signer: SignerPath = None) -> None:
    """The options of a command that anyone may give."""


def _without(as_json: AsJson = False) -> None:
    """The one option of a command that wants no registry, and of every command that reports."""


def command(
    app: typer.Typer, name: str, *, officer: bool = True, registry: bool = True, json: bool = True
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the decorated function to `app`; its parameter `asked`, first, is made from the options that are added here.

    `officer` and `registry` say which of them the command takes, `json` whether it takes `--json`.
    """
    shared = list(_parameters(_with_officer if officer else _with_registry)) if registry else []
    shared += _parameters(_without) if json else []

    def add(function: Callable[..., None]) -> Callable[..., None]:
        own = [one for one in _parameters(function) if one.name != "asked"]

        def run(**given: Any) -> None:
            place = {one: given.pop(one, None) for one in ("registry", "signer", "officer")}
            as_json = bool(given.pop("as_json", False))
            function(Asked(read_settings(os.environ, **place), as_json), **given)

        parameters = [*own, *shared]
        run.__doc__, run.__name__ = function.__doc__, function.__name__
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what inspect looks for first
        app.command(name, cls=ManualCommand, context_settings=HELP)(run)
        return function

    return add


def _parameters(function: Callable[..., object]) -> Iterable[inspect.Parameter]:
    """A function's parameters, annotations evaluated; by keyword only, as options may follow arguments in any order."""
    found = inspect.signature(function, eval_str=True).parameters.values()
    return [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in found]
