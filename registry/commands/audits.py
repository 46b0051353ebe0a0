"""Read everything again: audit, rebuild the catalogue, take the log away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.commands import output
from registry.commands.asked import Asked, command
from registry.commands.exits import REFUSED
from registry.commands.files import read_whole
from registry.commands.manual import counter
from registry.commands.opening import alone, watching
from registry.commands.progress import counting, meter
from registry.errors import Unproven

FAULTS_SHOWN = 50
OLDER_BYTES = 1 << 21  # a checkpoint, or a receipt with one in it

app = counter()


@command(app, "audit", officer=False)
def audit(
    asked: Asked,
    ledger_only: Annotated[
        bool, typer.Option("--ledger-only", help="Leave out what lies beside the ledger: state, catalogue, vault.")
    ] = False,
    against: Annotated[
        Path | None, typer.Option(metavar="FILE", help="An older checkpoint or receipt, which must be of this history.")
    ] = None,
) -> None:
    """Read the whole registry again and name what is wrong.

    Bundles, leaves, tiles, root, every checkpoint; links and numbers; the
    officers' signatures; who was allowed what at each position, recomputed
    from the entries alone; the state beside the ledger, the catalogue, and the
    bodies by the digest of their ciphertext. Wants no passphrase, changes
    nothing, and may run while somebody records.

    A rewrite that is consistent, by someone with database and log keys, is
    found by nobody who holds nothing older: compare with --against.

    Example:
        muniment audit
        muniment audit --against last-year.checkpoint --json
    Prints:
        How much was checked, and each fault with position, subject and what.
        With --json: {"ok", "size", "root", "checked": {…},
        "faults": [{"position", "subject", "what"}…], "notes"}.
    Exit codes: 0, 1, 2, 3, 4
    See also: checkpoint, rebuild, verify
    """
    older = read_whole(against, "--against", OLDER_BYTES) if against is not None else None
    with watching(asked) as office, meter("auditing", "entries") as tell:
        try:
            found = office.audit(told=counting(tell), ledger_only=ledger_only, against=older)
        except Unproven as error:  # nothing but what was kept can fail so: faults of the registry are values
            raise Unproven(f"--against {against}: {error}") from error
    if asked.as_json:
        output.say_json(found)
    else:
        for fault in found.faults[:FAULTS_SHOWN]:
            where = [f"position {fault.position:,}" if fault.position is not None else "", fault.subject or ""]
            output.say(f"FAULT  {' · '.join([*filter(None, where), fault.what])}")
        total = found.checked.get("faults", len(found.faults))
        if total > FAULTS_SHOWN:
            output.say(f"       … and {total - FAULTS_SHOWN:,} more; all of those kept are in --json")
        for line in found.notes:
            output.say(f"note   {line}")
        output.members(((name, f"{count:,}") for name, count in found.checked.items()), "  ")
        output.say(f"size {found.size:,} · root {found.root}")
        if found.ok:
            output.say(
                "No fault found. Whoever holds an older checkpoint or receipt can be surer: audit --against FILE."
            )
    if not found.ok:
        total = found.checked.get("faults", len(found.faults))
        first = found.faults[0].what if found.faults else "see above"
        output.complain(f"the audit found {output.counted(total, 'fault')}: {first}")
        raise typer.Exit(REFUSED)


@command(app, "rebuild")
def rebuild(
    asked: Asked,
    check: Annotated[
        bool, typer.Option("--check", help="Compare the catalogue with the ledger; change nothing, ask for nobody.")
    ] = False,
) -> None:
    """Build the catalogue again from the ledger.

    The catalogue is what searches use. It holds nothing of its own: it is
    derived from the ledger, can be thrown away, and is built again in a file
    beside the old one, which it then replaces.

    With --check the two are read side by side and every difference is named;
    that wants no passphrase.

    Example:
        muniment rebuild --check
        muniment rebuild --officer a.clerk
    Prints:
        How many entries were read, and what differs. With --json:
        {"ok", "entries", "differences": [{"position", "what"}…]}.
    Exit codes: 0, 1, 2, 3, 4
    See also: audit, find
    """
    if check:
        _compare(asked)
        return
    with alone(asked) as held, meter("rebuilding", "entries") as tell:
        count = held.office.rebuild(told=counting(tell))
    if asked.as_json:
        output.say_json({"ok": True, "entries": count, "differences": []})
    else:
        output.say(f"The catalogue was built again from {output.counted(count, 'entry', 'entries')}.")


def _compare(asked: Asked) -> None:
    with watching(asked) as office, meter("comparing", "entries") as tell:
        size = office.store.head().size
        found = tuple(office.compare(told=counting(tell)))
    if asked.as_json:
        kept = [{"position": one.position, "what": one.what} for one in found]
        output.say_json({"ok": not found, "entries": size, "differences": kept})
    else:
        for one in found:
            where = f"position {one.position:,}: " if one.position is not None else ""
            output.say(f"DIFFERS  {where}{one.what}")
        if not found:
            output.say(f"The catalogue is equal to the ledger: {output.counted(size, 'entry', 'entries')} compared.")
    if found:
        output.complain(f"the catalogue differs from the ledger in {output.counted(len(found), 'place')}; rebuild it")
        raise typer.Exit(REFUSED)


@command(app, "export-log", officer=False)
def export_log(
    asked: Asked,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go; may hold an earlier export.")],
) -> None:
    """Take the whole log away, as files.

    Writes a C2SP tlog-tiles directory: tiles, entry bundles and last the
    signed checkpoint, readable by any such client, also by those that we did
    not write. Exporting again adds what is new.

    Entry bundles say who did what about whom: they are for those who may read
    the ledger, not for everyone. Tiles and checkpoint may be published.

    Example:
        muniment export-log /srv/mirror/land
    Prints:
        How many entries went where. With --json: {"folder", "origin", "size"}.
    Exit codes: 0, 1, 2, 3, 4
    See also: checkpoint, audit
    """
    with watching(asked) as office, meter("exporting", "files") as tell:
        size = office.export(folder, told=counting(tell))
        origin = office.origin
    if asked.as_json:
        output.say_json({"folder": str(folder), "origin": origin, "size": size})
    else:
        output.say(f"{folder}: {output.counted(size, 'entry', 'entries')} of {origin}, tiles, bundles and checkpoint.")
