"""The ledger's checkpoints: the newest, all of them as blocks, one to be compared with, a mark to be adopted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from registry.commands import output
from registry.commands.acts import tell as tell_act
from registry.commands.asked import Asked, command
from registry.commands.exits import REFUSED
from registry.commands.manual import counter
from registry.commands.opening import alone, watching
from registry.errors import Misuse, NotHeld
from registry.records.encoding import from_base64, to_base64

if TYPE_CHECKING:
    from registry.desk.checkpoints import CheckpointView

ROOT_SHOWN = 8

app = counter()


@command(app, "checkpoint")
def checkpoint(
    asked: Asked,
    listed: Annotated[bool, typer.Option("--list", help="Every checkpoint, as linked blocks.")] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Start a new mark for a registry whose signer's mark was lost; an act.")
    ] = False,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why a new mark is adopted.")] = None,
) -> None:
    """Print the newest signed checkpoint, or list all.

    A checkpoint is the ledger's size and root, signed by the log. Keep one
    outside of the office, on paper even: whoever holds an older one can show
    that a history was rewritten.

    With --list each checkpoint is printed as a block that extends the one
    before it; the tick is given after a consistency proof was computed from
    the tree and verified, and says how many hashes it took.

    With --adopt an administrator starts a new mark, because the signer's was
    lost. What was signed before and is not in this copy can then no longer be
    noticed here, so make sure first that this copy is the newest.

    Example:
        muniment checkpoint > today.checkpoint
        muniment checkpoint --list
        muniment checkpoint --adopt --reason "signer's disk died" --officer a.clerk
    Prints:
        A C2SP signed checkpoint; or "№ 12 · 65,536–70,000 · root ab12… ·
        extends № 11 ✓ 5 hashes". With --json: {"origin", "size", "root",
        "note"}; with --list an array of {"number", "size", "previous", "root",
        "extends", "hashes", "signatures", "fault"}.
    Exit codes: 0, 1, 2, 3, 4
    See also: verify, audit, export-log
    """
    if listed and adopt:
        raise Misuse("--list and --adopt are two things; give one of them")
    if (reason is not None) != adopt:
        raise Misuse("--adopt and --reason go together: a new mark wants a reason that stands in the ledger")
    if adopt and reason is not None:
        with alone(asked, adopting=True) as held:
            recorded = held.office.adopt_mark(held.desk, reason)
        tell_act(recorded, "Adopted a new mark", asked.as_json)
    elif listed:
        _list(asked)
    else:
        _newest(asked)


def _newest(asked: Asked) -> None:
    with watching(asked) as office:
        sealed = office.services.checkpoints.latest()
        if sealed is None:
            raise NotHeld("nothing is sealed yet, so there is no checkpoint")
        note = sealed.cosigned.decode("utf-8", "backslashreplace")
        root = to_base64(office.log.root(sealed.size))
        origin = office.origin
    if asked.as_json:
        output.say_json({"origin": origin, "size": sealed.size, "root": root, "note": note})
    else:
        sys.stdout.write(note)  # byte for byte, or its signatures would not hold; its own form allows no control


def _list(asked: Asked) -> None:
    with watching(asked) as office:
        found = tuple(office.checkpoints())
    if asked.as_json:
        output.say_json(found)
    else:
        for block in found:
            output.say(_block(block))
        if not found:
            output.say("Nothing is sealed yet.")
    bad = next((block for block in found if not block.extends), None)
    if bad is not None:
        output.complain(f"the checkpoint of size {bad.size:,}: {bad.fault}; run 'muniment audit'")
        raise typer.Exit(REFUSED)


def _block(block: CheckpointView) -> str:
    """`№ 12 · 65,536–70,000 · root ab12… · extends № 11 ✓ 5 hashes`: the entries from the first size to the second."""
    root = from_base64(block.root).hex()[:ROOT_SHOWN] if block.root else "?"
    head = f"№ {block.number} · {block.previous:,}–{block.size:,} · root {root}…"
    tick = "✓" if block.extends else "✗"
    if block.number == 1:
        return f"{head} · the first {tick}"
    return f"{head} · extends № {block.number - 1} {tick} {output.counted(block.hashes, 'hash', 'hashes')}"
