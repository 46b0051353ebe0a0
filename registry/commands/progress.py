"""How far a long command is, with rate and time left: a bar on a terminal, else a plain line every ten seconds.

All of it goes to standard error, so that what a command reports can be piped on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from registry.commands.output import note
from registry.records.text import safe

EVERY_S = 10.0
FEWEST_S = 0.5  # before that a rate is a guess

Tell = Callable[[float, int], None]
"""Told the share that is done, 0 to 1 (0 throughout: not known), and how many there are so far."""


@contextmanager
def meter(what: str, unit: str) -> Iterator[Tell]:
    """Show how far `what` is, in so many of `unit`."""
    began = perf_counter()
    if _draws():
        with _bar(what, unit, began) as tell:
            yield tell
        return
    yield _lines(what, unit, began)


def _lines(what: str, unit: str, began: float) -> Tell:
    last = began

    def tell(share: float, done: int) -> None:
        nonlocal last
        now = perf_counter()
        if now - last >= EVERY_S:
            last = now
            note(f"{what}: {told(share, done, unit, now - began)}")

    return tell


def counting(tell: Tell) -> Callable[[int, int], None]:
    """The same, told how many of how many."""
    return lambda done, total: tell(done / total if total else 0.0, done)


def told(share: float, done: int, unit: str, seconds: float) -> str:
    """`34 % · 12,000 rows · 8,400/s · 12 s left`; what cannot be known yet is left out."""
    parts = [f"{share:.0%}".replace("%", " %")] if share else []
    parts.append(f"{done:,} {unit}")
    if seconds >= FEWEST_S:
        parts.append(f"{done / seconds:,.0f}/s")
        if 0 < share < 1:
            parts.append(f"{_duration(seconds * (1 - share) / share)} left")
    return " · ".join(parts)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _draws() -> bool:
    return sys.stderr.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM", "dumb") != "dumb"


@contextmanager
def _bar(what: str, unit: str, began: float) -> Iterator[Tell]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[told]}", markup=False),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as progress:
        task = progress.add_task(safe(what, 40), total=1.0, told="")

        def tell(share: float, done: int) -> None:
            line = told(share, done, unit, perf_counter() - began)
            progress.update(task, completed=share, total=1.0 if share else None, told=line)

        yield tell
