"""Historical records: load files, try a load, see the loads that were."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from registry.commands import output
from registry.commands.asked import Asked, command
from registry.commands.exits import BUSY
from registry.commands.manual import counter
from registry.commands.opening import Recording, recording, signed_in
from registry.commands.progress import meter
from registry.errors import Misuse

if TYPE_CHECKING:
    from registry.desk.loads import LoadProgress, LoadReport
    from registry.loading.rows import Reject

FORMS = ("sales", "muniments")
REJECTS_SHOWN = 20
COUNTS = ("rows", "recorded", "already", "changed", "withdrawn", "rejected", "flagged")

app = counter()


@command(app, "load")
def load(
    asked: Asked,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="One or several, loaded in this order.")],
    form: Annotated[
        str, typer.Option("--as", metavar="sales|muniments", help="Price Paid Data, or our own JSON Lines.")
    ] = FORMS[0],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report what a load would do; record nothing.")] = False,
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where rejected rows go; else FILE.rejects.csv beside it.")
    ] = None,
) -> None:
    """Load historical records.

    Reads the official Price Paid shape (no header, every field quoted, 15 or
    16 fields), or with --as muniments one JSON object a line with bodies in
    files beside it. Both are described in docs/loading.md.

    A file is known by its digest and a record by its own id, so loading again
    records nothing. A load that was broken off, by Ctrl-C or by a power cut,
    goes on where it was when the same command is given again. Rows that cannot
    be recorded go to a CSV file with line and reason, and never stop the rest.

    rows = recorded + already + changed + withdrawn + rejected. "flagged"
    overlaps: recorded as found, and odd.

    Example:
        muniment load --dry-run pp-1995.csv
        muniment load pp-1995.csv pp-1996.csv --officer l.loader
        muniment load --as muniments deeds.jsonl
    Prints:
        A few lines a file; while it runs, progress with rate and time left.
        With --json one document a file: {"file", "rows", "recorded",
        "already", "changed", "withdrawn", "rejected", "flagged", "first",
        "last", "seconds", "rows_per_second", "load", "dialect", "rejects",
        "known_before", "dry_run", "finished"}; "rejects" names the CSV file.
        A dry run adds "reasons": [{"line", "column", "reason"}…], at most 1,000.
    Exit codes: 0, 1, 2, 3, 4
    See also: loads, find, rebuild
    """
    if form not in FORMS:
        raise Misuse(f"--as: found {form[:40]!a}, expected sales or muniments")
    if rejects is not None and len(files) > 1:
        raise Misuse("--rejects names one file, and there are several to load; load them one by one, or leave it out")
    if rejects is not None and dry_run:
        raise Misuse("--dry-run writes no rejects file; it prints the reasons, with --json up to 1,000 of them")
    doubled = next((file for file in files if files.count(file) > 1), None)
    if doubled is not None:
        raise Misuse(f"{doubled} is given twice; give each file once")
    with recording(asked) as held:
        for file in files:
            held.desk.loads.recognise(file, form)  # a mistyped name is told before anything is recorded
        for file in files:
            if not _one(asked, held, file, form, rejects, dry_run):
                raise typer.Exit(BUSY)


def _one(asked: Asked, held: Recording, file: Path, form: str, rejects: Path | None, dry_run: bool) -> bool:
    """Load one file and report; false where it was broken off."""
    bad: tuple[Reject, ...] = ()
    with meter(f"{'trying' if dry_run else 'loading'} {file.name}", "rows") as tell:

        def told(progress: LoadProgress) -> None:
            tell(progress.share, progress.counts.rows)

        if dry_run:
            report, bad = held.desk.loads.dry_run(file, form, told=told)
        else:
            report = held.desk.loads.load(file, form, rejects=rejects, told=told, stopped=held.stopped)
    finished = dry_run or report.known_before or not held.stopped.asked
    if asked.as_json:
        members: dict[str, Any] = {**msgspec.to_builtins(report), "dry_run": dry_run, "finished": finished}
        if dry_run:
            members["reasons"] = [{"line": one.line, "column": one.column, "reason": one.reason} for one in bad]
        output.say_json(members)
    else:
        _tell(report, dry_run, finished)
        for reject in bad[:REJECTS_SHOWN]:
            output.say(f"  {reject}")
        if report.rejected > REJECTS_SHOWN and dry_run:
            output.say(f"  … and {report.rejected - REJECTS_SHOWN:,} more")
    if not finished:
        output.complain(
            f"{file.name}: stopped after {report.rows:,} rows, which are recorded; give the same command again to go on"
        )
    return finished


def _tell(report: LoadReport, dry_run: bool, finished: bool) -> None:
    new = report.recorded + report.changed + report.withdrawn
    would = "would be " if dry_run else ""
    if not new and not report.rejected:
        output.say(f"{report.file}: 0 new, {report.already:,} already present.")
        return
    counts = (
        f"{report.recorded:,} {would}recorded",
        f"{report.already:,} already present",
        f"{report.changed:,} {would}changed",
        f"{report.withdrawn:,} {would}withdrawn",
        f"{report.rejected:,} {would}rejected",
    )
    flagged = f"; {report.flagged:,} of them flagged" if report.flagged else ""
    output.say(f"{report.file}: {output.counted(report.rows, 'row')}: {', '.join(counts)}{flagged}.")
    if dry_run:
        output.say(f"  Nothing was recorded; read as {report.dialect} in {report.seconds:,.1f} s.")
        return
    span = f", positions {report.first:,} to {report.last:,}" if report.first is not None else ""
    state = "" if finished else ", still open"
    output.say(f"  {report.load}{state}{span}; {report.seconds:,.1f} s, {report.rows_per_second:,.0f} rows a second.")
    if report.rejects:
        output.say(f"  Rejected rows, with line and reason: {report.rejects}")


@command(app, "loads")
def loads(asked: Asked) -> None:
    """List the loads.

    Every load of the registry, oldest first; one that was broken off is OPEN
    until the same file is loaded again.

    Example:
        muniment loads --officer l.loader
    Prints:
        A line a load: reference, file, dialect, department, state, counts.
        With --json an array of {"load", "file", "dialect", "officer",
        "department", "state", "rows", "recorded", "already", "changed",
        "withdrawn", "rejected", "flagged", "first", "last", "opened_at",
        "closed"}.
    Exit codes: 0, 1, 2, 3
    See also: load, history
    """
    with signed_in(asked) as desk:
        found = desk.loads.list()
    if asked.as_json:
        output.say_json(
            [
                {
                    "load": f"load/{one.position}",
                    "file": one.file,
                    "dialect": one.dialect,
                    "officer": one.officer,
                    "department": one.department,
                    "state": one.state,
                    **{name: getattr(one.counts, name) for name in COUNTS},
                    "first": one.first,
                    "last": one.last,
                    "opened_at": output.moment(one.opened_at),
                    "closed": one.closed,
                }
                for one in found
            ]
        )
        return
    for one in found:
        counts = one.counts
        output.say(
            f"load/{one.position}  {one.file}  {one.dialect}  {one.department}  {one.state}  "
            f"{output.counted(counts.rows, 'row')}: {counts.recorded:,} recorded, {counts.changed:,} changed, "
            f"{counts.withdrawn:,} withdrawn, {counts.rejected:,} rejected  {output.told(one.opened_at)}"
        )
    if not found:
        output.say("No loads yet.")
