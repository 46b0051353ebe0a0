"""A file to be loaded, judged: its form, what a dry run found, and the rejects by reason. No screen here.

A reason names what was found (`found '31/02/1999', expected YYYY-MM-DD`), so rows that fail alike differ in words. They
are put together by the reason with its values taken out, and told by the first of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from registry.desk.loads import MUNIMENTS, SALES, LoadReport
from registry.errors import Misuse
from tui import forms
from tui.wording import counted

FORMS: dict[str, str] = {
    SALES: "Price Paid Data, the publisher's CSV",
    MUNIMENTS: "our own JSON Lines, bodies beside the file",
}
KEPT = 1_000  # rejects that a dry run gives with their reasons
_VALUE = re.compile(r"'[^']*'|\"[^\"]*\"|\b[0-9][0-9,.:/-]*\b|\b[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{27}\b")


class Rejected(Protocol):
    """A row that cannot be recorded; `line` counts from 1, `column` is a field of it."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int | None: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Reason:
    """Rows that fail alike, in the order of the file."""

    words: str
    rows: tuple[Rejected, ...]


def chosen(values: Mapping[str, str]) -> tuple[Path, str]:
    """(file, form) that the fields say; an empty form follows the file's name. Raises Misuse."""
    return forms.file(values["file"])[0], form_of(values)


def form_of(values: Mapping[str, str]) -> str:
    """How the file is read. Raises Misuse."""
    text = values["form"].strip().lower()
    if not text:
        return MUNIMENTS if values["file"].strip().lower().endswith((".jsonl", ".ndjson")) else SALES
    found = [form for form in FORMS if form.startswith(text)]
    if not found:
        raise Misuse(f"{text[:20]!a} is no form of file; F4 shows the list")
    return found[0]


def by_reason(rejects: Iterable[Rejected]) -> tuple[Reason, ...]:
    """The rejects put together, most rows first, then by first line."""
    found: dict[str, list[Rejected]] = {}
    for reject in rejects:
        found.setdefault(_VALUE.sub("…", reject.reason), []).append(reject)
    reasons = [Reason(rows[0].reason, tuple(rows)) for rows in found.values()]
    return tuple(sorted(reasons, key=lambda one: (-len(one.rows), one.rows[0].line)))


def new_rows(report: LoadReport) -> int:
    """Rows that a load of that file would record."""
    return report.recorded + report.changed + report.withdrawn


def tried(report: LoadReport) -> str:
    """What a dry run found, in a line."""
    return (
        f"would add {counted(report.recorded)} · change {counted(report.changed)} · withdraw "
        f"{counted(report.withdrawn)} · reject {counted(report.rejected)} · already there {counted(report.already)}"
        + (f" · {counted(report.flagged)} of them odd" if report.flagged else "")
    )


def loaded(report: LoadReport) -> str:
    """What a load did, in a line."""
    return (
        f"added {counted(report.recorded)} · changed {counted(report.changed)} · withdrawn "
        f"{counted(report.withdrawn)} · rejected {counted(report.rejected)} · already there {counted(report.already)}"
    )


def finished(report: LoadReport, stopped: bool) -> bool:
    """Whether the load was closed: one that was stopped goes on when the file is loaded again."""
    return report.known_before or not stopped


def told(report: LoadReport, stopped: bool) -> str:
    """What became of a load, for the shell: the workbench may be gone when it ends."""
    state = "finished" if finished(report, stopped) else "stopped, and still open: load the same file to go on"
    return f"{report.load} of {report.file} {state}; {counted(report.rows)} rows, {loaded(report)}"
