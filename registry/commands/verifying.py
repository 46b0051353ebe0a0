"""Verify a receipt: without any registry, network or leave. Imports the verifying part of `registry.ledger` alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from registry.commands import output
from registry.commands.asked import Asked, command
from registry.commands.files import open_file, read_whole
from registry.commands.manual import counter
from registry.records.encoding import to_base64

if TYPE_CHECKING:
    from registry.ledger.receipt import Findings

RECEIPT_BYTES, POLICY_BYTES = 1 << 21, 1 << 20
PIECE_BYTES = 1 << 20

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
