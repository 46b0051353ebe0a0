"""Proof: verify a receipt without any registry, see the checkpoints, audit everything, rebuild, take the log away.

`verify` imports the verifying part of `registry.ledger` and nothing that opens a registry.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from registry.commands import output
from registry.commands.acts import tell as tell_act
from registry.commands.asked import Asked, command
from registry.commands.exits import REFUSED
from registry.commands.files import open_file, read_whole
from registry.commands.manual import counter
from registry.commands.opening import alone, watching
from registry.commands.progress import counting, meter
from registry.errors import Misuse, NotHeld, Unproven
from registry.records.encoding import from_base64, to_base64

if TYPE_CHECKING:
    from registry.desk.checkpoints import CheckpointView
    from registry.ledger.receipt import Findings

RECEIPT_BYTES, POLICY_BYTES = 1 << 21, 1 << 20
PIECE_BYTES = 1 << 20
FAULTS_SHOWN = 50
ROOT_SHOWN = 8

app = counter()


@command(app, "verify", registry=False)
def verify(
    asked: Asked,
    receipt: Annotated[Path, typer.Argument(metavar="RECEIPT", help="The receipt, a *.tlog-proof file.")],
    policy: Annotated[Path, typer.Option(metavar="FILE", help="Whom you trust: the policy file of that registry.")],
    content: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The document, to be compared with the recorded digest.")
    ] = None,
    any_key: Annotated[
        bool,
        typer.Option(
            "--any-key", help="For foreign logs: one listed key suffices. Else each of the log must have signed."
        ),
    ] = False,
) -> None:
    """Verify a receipt, offline.

    Wants no registry, no network and nobody's leave: receipt and policy file
    are enough. Checked in this order: both are strictly of their form; the
    checkpoint is signed by every key of its log that the policy lists, and
    witnessed as the policy asks; the entry, and each act that it leans on, is
    in the tree of that checkpoint; the officer's signature holds under the key
    that was enrolled; the row names its load; disclosed details and content
    fit the digests. The first that fails is told in one sentence, exit 1.

    What was not asked is said too. "Signed, enrolled at" says neither "not
    revoked since" nor "by one who might": that takes an audit.

    Example:
        muniment verify deed.tlog-proof --policy land.policy
        muniment verify deed.tlog-proof --policy land.policy --content deed.pdf
    Prints:
        Each of four findings as "proven" or "not asked"; then what the entry
        says. With --json: {"receipt", "findings": [{"what", "proven"}…],
        "origin", "size", "root", "witnesses", "position", "subject", "kind",
        "recorded_at", "officer", "enrolled", "load", "disclosed"}.
    Exit codes: 0, 1, 2
    See also: receipt, policy, audit
    """
    from registry.ledger.receipt import verify as check

    raw = read_whole(receipt, "receipt", RECEIPT_BYTES)
    trusted = read_whole(policy, "policy", POLICY_BYTES)
    if content is None:
        found = check(raw, trusted, any_key=any_key)
    else:
        stream, _ = open_file(content, "content")
        with stream:
            found = check(raw, trusted, content=_pieces(stream), any_key=any_key)
    if asked.as_json:
        output.say_json(_findings(receipt, found))
    else:
        _tell_findings(found)


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(PIECE_BYTES):
        yield piece


def _findings(receipt: Path, found: Findings) -> dict[str, Any]:
    checkpoint = found.satisfied.checkpoint
    return {
        "receipt": str(receipt),
        "findings": [{"what": what, "proven": proven} for what, proven in found.sentences()],
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": to_base64(checkpoint.root),
        "witnesses": found.satisfied.witnesses,
        "position": found.index,
        **_entry(found),
        "officer": found.officer,
        "enrolled": found.enrolled,
        "load": found.load,
        "disclosed": dict(found.disclosed),
    }


def _entry(found: Findings) -> dict[str, Any]:
    """What the entry says of itself; a foreign receipt holds none."""
    from registry.records.acts import Act
    from registry.records.rows import is_sale

    entry = found.entry
    if entry is None:
        return {"subject": None, "kind": None, "recorded_at": None}
    row = "SALE_RECORD" if is_sale(entry.subject) else "LOADED"
    kind = entry.intent.kind.value if isinstance(entry, Act) else row
    return {"subject": entry.subject, "kind": kind, "recorded_at": output.moment(entry.at)}


def _tell_findings(found: Findings) -> None:
    for what, proven in found.sentences():
        output.say(f"{'proven' if proven else 'not asked':<9}  {what}")
    satisfied = found.satisfied
    checkpoint = satisfied.checkpoint
    if satisfied.witnesses:
        seen = f"witnessed by {', '.join(satisfied.witnesses)}"
    else:
        seen = "no witness asked for by the policy"
    output.say(f"under the checkpoint of {checkpoint.origin}, size {checkpoint.size:,}, signed by the log; {seen}")
    entry = _entry(found)
    if entry["subject"]:
        output.say(f"the entry: {entry['kind']} on {entry['subject']}, recorded {entry['recorded_at']}")
    for name, value in found.disclosed.items():
        output.say(f"disclosed: {name} = {value}")
    if found.officer:
        output.say('"Enrolled" says neither "not revoked since" nor "by one who might": that takes an audit.')


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
    older = read_whole(against, "--against", RECEIPT_BYTES) if against is not None else None
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
