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
    pace = Pace(unit)
    if _draws():
        with _bar(what, pace) as tell:
            yield tell
    else:
        yield _lines(what, pace)


def counting(tell: Tell) -> Callable[[int, int], None]:
    """The same, told how many of how many."""
    return lambda done, total: tell(done / total if total else 0.0, done)


class Pace:
    """What can be said of rate and time left, from what was told so far.

    Measured from the first that is told: a load that goes on where it was broken off has most of its rows already.
    """

    def __init__(self, unit: str, clock: Callable[[], float] = perf_counter) -> None:
        self._unit, self._clock = unit, clock
        self._began: tuple[float, float, int] | None = None

    def told(self, share: float, done: int) -> str:
        """`34 % · 12,000 rows · 8,400/s · 12 s left`; what cannot be known yet is left out."""
        now = self._clock()
        began_at, began_share, began_done = self._began = self._began or (now, share, done)
        parts = [f"{share * 100:.0f} %"] if share else []
        parts.append(f"{done:,} {self._unit}")
        seconds = now - began_at
        if seconds >= FEWEST_S:
            parts.append(f"{(done - began_done) / seconds:,.0f}/s")
            if began_share < share < 1:
                parts.append(f"{_duration(seconds * (1 - share) / (share - began_share))} left")
        return " · ".join(parts)


def _lines(what: str, pace: Pace) -> Tell:
    last = perf_counter()

    def tell(share: float, done: int) -> None:
        nonlocal last
        line = pace.told(share, done)
        if perf_counter() - last >= EVERY_S:
            last = perf_counter()
            note(f"{what}: {line}")

    return tell


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _draws() -> bool:
    return sys.stderr.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM", "dumb") != "dumb"


@contextmanager
def _bar(what: str, pace: Pace) -> Iterator[Tell]:
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
            progress.update(task, completed=share, total=1.0 if share else None, told=pace.told(share, done))

        yield tell
