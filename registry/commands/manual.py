"""How a command explains itself: `--help` as a page of a manual, written from the docstring of its function.

    Take the registry's word away.                     the summary, also in the list of commands

    What it does, in a few plain lines.

    Example:
        muniment receipt 17 -o deed.tlog-proof         lines that can be typed; a test parses them
    Prints:
        What is seen, with a piece of it.
    Exit codes: 0, 1, 2                                each is printed with its meaning
    See also: verify, policy

Text stands as it was written, so lines keep to 76 columns. Options are described where they are declared. The one
fault of a command line that the parser lets pass is refused here: an option given twice, of which the last would win
unseen.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

from registry.commands.exits import MEANINGS
from registry.errors import Misuse

HELP = {"help_option_names": ["-h", "--help"]}
SECTIONS = ("Example", "Prints", "Exit codes", "See also")

_SECTION = re.compile(rf"^({'|'.join(SECTIONS)}):[ ]*(.*)$")


@dataclass(frozen=True, slots=True)
class Page:
    """A docstring taken apart: the summary without its full stop, the paragraphs below it, the sections by name."""

    summary: str
    text: str
    sections: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, docstring: str) -> Page:
        """The page of a docstring."""
        summary, *rest = inspect.cleandoc(docstring).split("\n")
        text: list[str] = []
        sections: dict[str, list[str]] = {}
        into = text
        for line in rest:
            found = _SECTION.match(line)
            if found:
                into = sections.setdefault(found[1], [found[2]] if found[2] else [])
            else:
                into.append(line)
        kept = {name: tuple(inspect.cleandoc("\n".join(lines)).split("\n")) for name, lines in sections.items()}
        return cls(summary.rstrip("."), "\n".join(text).strip("\n"), kept)

    def codes(self) -> tuple[int, ...]:
        """The exit codes that the page promises."""
        return tuple(int(code) for line in self.sections.get("Exit codes", ()) for code in re.findall(r"\d", line))

    def examples(self) -> tuple[str, ...]:
        """The command lines of the page, continued lines joined."""
        joined = re.sub(r"\\\n\s*", "", "\n".join(self.sections.get("Example", ())))
        return tuple(line.strip() for line in joined.split("\n") if line.strip())

    def see_also(self) -> tuple[str, ...]:
        """The commands that the page points to."""
        names = ", ".join(self.sections.get("See also", ()))
        return tuple(name.strip() for name in names.split(",") if name.strip())


def write_page(command: Any, context: Any, formatter: Any) -> None:
    """Write the page of a command: summary, usage, text, options, and the sections of its docstring."""
    page = Page.of(command.help or "")
    parameters = command.get_params(context)
    arguments = [one for one in parameters if one.param_type_name == "argument"]
    words = [context.command_path, *map(_in_usage, arguments), "[OPTIONS]"]
    title = textwrap.fill(f"{context.command_path}: {page.summary}", formatter.width)
    formatter.write(f"{title}\n\nUsage: {' '.join(words)}{command.takes}\n")
    if page.text:
        formatter.write("\n" + "".join(f"  {line}".rstrip() + "\n" for line in page.text.split("\n")))
    if arguments:
        with formatter.section("Arguments"):
            formatter.write_dl([(_shown(one), one.help or "") for one in arguments])
    with formatter.section("Options"):
        told = (one.get_help_record(context) for one in parameters if one.param_type_name == "option")
        formatter.write_dl([record for record in told if record is not None])
    command.format_commands(context, formatter)
    for name in SECTIONS:
        lines = page.sections.get(name)
        if lines is None:
            continue
        if name == "Exit codes":
            lines = tuple(f"{code}  {MEANINGS[code]}" for code in page.codes())
        formatter.write(f"\n{name}:\n" + "".join(f"  {line}".rstrip() + "\n" for line in lines))


def _shown(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _in_usage(argument: Any) -> str:
    name = _shown(argument) + ("…" if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def refuse_doubled(command: Any, context: Any, arguments: Sequence[str]) -> None:
    """Misuse where an option that is given once stands twice, also before and after the command's name."""
    _, _, order = command.make_parser(context).parse_args(args=list(arguments))
    before = {} if context.parent is None else context.find_root().params
    seen: set[str] = set()
    for parameter in order:
        name = parameter.name
        if parameter.param_type_name != "option" or parameter.multiple or name == "help":
            continue
        if name in seen or before.get(name) is not None:
            raise Misuse(f"{parameter.opts[0]} is given twice; give it once")
        seen.add(name)


class ManualCommand(TyperCommand):
    """A command with a page."""

    takes = ""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """It has none."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        write_page(self, ctx, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        refuse_doubled(self, ctx, args)
        return super().parse_args(ctx, args)


class ManualGroup(TyperGroup):
    """A group of commands, listed under headings; some of them are loaded only when they are called."""

    panels: ClassVar[Sequence[tuple[str, Sequence[str]]]] = ()
    """Heading and names of commands, in the order of the list; empty: all commands under one heading."""
    takes = " COMMAND …"

    def format_help(self, ctx: Any, formatter: Any) -> None:
        write_page(self, ctx, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        refuse_doubled(self, ctx, args)
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        panels = self.panels or (("Commands", self.list_commands(ctx)),)
        width = max(len(name) for _, names in panels for name in names)
        for heading, names in panels:
            with formatter.section(heading):
                # One width for all headings, so that the summaries stand under one another.
                formatter.write_dl([(name.ljust(width), self.summary(ctx, name)) for name in names])

    def summary(self, ctx: Any, name: str) -> str:
        """The line of the list for a command."""
        command = self.get_command(ctx, name)
        return Page.of(command.help or "").summary if command else ""


def counter(*, name: str | None = None, cls: type[ManualGroup] = ManualGroup) -> typer.Typer:
    """An empty application that commands are added to."""
    return typer.Typer(
        name=name,
        cls=cls,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=HELP,
    )


def loaded(function: Callable[..., object] | typer.Typer, name: str) -> Any:
    """A command that another package brought along, as the parser wants it."""
    if isinstance(function, typer.Typer):
        return typer.main.get_command(function)
    alone = counter()
    alone.command(name, cls=ManualCommand, context_settings=HELP)(function)
    return typer.main.get_command(alone)


def help_when_alone(context: typer.Context) -> None:
    """Print the page of a group that was called without a command."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit
