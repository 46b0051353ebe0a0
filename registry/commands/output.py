"""What the commands print: text that a terminal cannot be made to obey, JSON that holds the values exactly.

No colours and no cursor movements come from here; only `progress` draws, and only on a terminal. Whatever came from
outside (a title, a file's name, a reason) reaches a terminal through `registry.records.text.safe`, in JSON as well:
there the same characters are written as `\\u009b`, so that a program reads back what was recorded.
"""

from __future__ import annotations

import datetime
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

import msgspec

from registry.records.text import safe, warnings

LONGEST_LINE = 20_000

_DOUBTFUL = re.compile(r"[^ -~]")  # printable ASCII needs no second look


def say(text: str = "") -> None:
    """One line on standard output, made safe."""
    _print(text, sys.stdout)


def note(text: str) -> None:
    """One line on standard error that is no error: progress, warnings, what was passed over."""
    _print(text, sys.stderr)


def complain(text: str) -> None:
    """The one sentence of an error, on standard error."""
    _print(f"muniment: {text}", sys.stderr)


def _print(text: str, stream: TextIO) -> None:
    print(safe(text, LONGEST_LINE), file=stream, flush=True)


def warn(name: str, text: str) -> None:
    """Tell what a reader should know of a text before trusting its looks: hidden direction marks, mixed alphabets."""
    found = warnings(text)
    if found:
        note(f"note: {name}: {', '.join(found)}")


def say_json(value: object) -> None:
    """One JSON document on one line of standard output; `value` is a struct or made of plain values."""
    print(json_text(value), flush=True)


def json_text(value: object) -> str:
    """JSON with every character that could move a terminal, or mislead its reader, written as an escape."""
    return _DOUBTFUL.sub(_escaped, msgspec.json.encode(value).decode())


def _escaped(found: re.Match[str]) -> str:
    character = found.group()
    if safe(character) in (character, "◌" + character):  # a letter of some alphabet, or a mark on one
        return character
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def rows(lines: Sequence[Sequence[str]], gap: str = "  ") -> None:
    """Lines of columns, each as wide as its widest cell; the last one is not filled up."""
    shown = [[safe(cell) for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for line in shown:
        say(gap.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def members(pairs: Iterable[tuple[str, object]], indent: str = "") -> None:
    """`name  value` lines, values under one another; empty values are left out."""
    kept = [(name, str(value)) for name, value in pairs if value not in (None, "", ())]
    width = max((len(safe(name)) for name, _ in kept), default=0)
    for name, value in kept:
        say(f"{indent}{safe(name).ljust(width)}  {safe(value)}")


def details(found: Mapping[str, object], indent: str = "  ") -> None:
    """The details of an entry, one a line, with what a reader should be told of them."""
    members(((name, _plain(value)) for name, value in found.items()), indent)
    for name, value in found.items():
        if isinstance(value, str):
            warn(name, value)


def _plain(value: object) -> object:
    return ", ".join(f"{name} {one}" for name, one in value.items()) if isinstance(value, dict) else value


def moment(at_ms: int) -> str:
    """`2026-11-24T18:30:01.123Z` of milliseconds UTC, for JSON."""
    at = datetime.datetime.fromtimestamp(at_ms // 1_000, datetime.UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1_000:03}Z"


def told(at_ms: int) -> str:
    """`2026-11-24 18:30:01 UTC` of milliseconds UTC, for people."""
    return f"{datetime.datetime.fromtimestamp(at_ms // 1_000, datetime.UTC):%Y-%m-%d %H:%M:%S} UTC"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 entry`, `12,000 entries`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
