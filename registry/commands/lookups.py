"""Looking things up: find, show, history, and take a receipt away."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from registry.commands import output
from registry.commands.arguments import position, subject, subject_or_position, whole
from registry.commands.asked import Asked, command
from registry.commands.exits import REFUSED
from registry.commands.files import new_file
from registry.commands.manual import counter
from registry.commands.opening import looking, signed_in
from registry.records.encoding import from_base64

if TYPE_CHECKING:
    from registry.desk.desk import PublicDesk
    from registry.desk.views import View

MOST_FOUND = 1_000
HASH_SHOWN = 4
"""Hex digits of a hash in a history: enough to follow a link with the eye, and never a proof."""
SALE = "SALE_RECORD"
ADDRESS = ("saon", "paon", "street", "locality", "town", "county", "postcode")
MACHINE = frozenset({"content", "exchange", "file", "key", "media_type", "root", "version", "visibility"})
"""Members of an entry that nobody recognises a record by."""

app = counter()

Subject = Annotated[
    str, typer.Argument(metavar="SUBJECT", help="A reference like muniment/<uuid>, sale/<UUID>, load/17.")
]


@command(app, "find")
def find(
    asked: Asked,
    words: Annotated[list[str], typer.Argument(metavar="TEXT", help="Words that must all be there.")],
    limit: Annotated[str, typer.Option(metavar="N", help="At most so many.")] = "20",
    after: Annotated[
        str | None, typer.Option(metavar="POSITION", help="Go on behind the last one of the page before.")
    ] = None,
) -> None:
    """Find records by words.

    Searches details in clear and addresses, newest first. Without --officer
    only what is public is found; with it, what your department may know of.

    A search is not a proof, and never says "all": what is recorded but not yet
    searchable is missing. A history is complete, a receipt is proof.

    Example:
        muniment find "hollow place eastlea"
        muniment find QZ4 9DN --limit 5 --json
    Prints:
        Two lines a record. With --json an array of {"subject", "kind",
        "position", "number", "previous", "recorded_at", "details", …}; a sale
        has its "attribution".
    Exit codes: 0, 1, 2, 3, 4
    See also: show, history, receipt
    """
    most = whole(limit, "--limit", 1, MOST_FOUND)
    behind = position(after) if after is not None else None
    with looking(asked) as desk:
        found = desk.lookups.find(" ".join(words), limit=most, after=behind)
        lag = desk.status().not_yet_searchable
        attributions = _attributions(desk, found)
    if asked.as_json:
        output.say_json([view_json(view, attributions[view.position]) for view in found])
    else:
        for view in found:
            output.say(f"{view.subject}  {view.kind}  {output.told(view.recorded_at)}  position {view.position:,}")
            output.say(f"  {_gist(view)}")
        more = (
            f"; more behind position {found[-1].position}: --after {found[-1].position}" if len(found) == most else ""
        )
        output.say(f"{len(found):,} found{more}. A search is not a proof; a receipt is.")
        for line in sorted({line for line in attributions.values() if line}):
            output.say(line)
    if lag:
        output.note(f"note: {output.counted(lag, 'entry is', 'entries are')} recorded but not yet searchable")


def _gist(view: View) -> str:
    """What a person recognises the record by: an address and a price, or the details that were given to it."""
    facts = view.details
    if view.kind == SALE and "price" in facts:
        address = ", ".join(str(facts[name]) for name in ADDRESS if facts.get(name))
        return f"{address} · {facts['date']} · £{facts['price']:,}"
    return " · ".join(f"{name}: {value}" for name, value in facts.items() if name not in MACHINE and value != "")


@command(app, "show")
def show(asked: Asked, reference: Subject) -> None:
    """Show a record as it stands.

    Its newest version, who holds it, and how far it is proven: recorded,
    sealed, witnessed. For a sale, the other sales at that address too. What
    only your own department may see is a reading, and recorded.

    Example:
        muniment show sale/5BBE9CB3-6332-4EB0-9CD3-8737CEA4A65A
    Prints:
        One line a member. With --json: {"subject", "kind", "status",
        "version", "custodian", "visibility", "position", "number",
        "previous", "recorded_at", "details", "state", "address",
        "attribution"}.
    Exit codes: 0, 1, 2, 3, 4
    See also: history, open, receipt
    """
    about = subject(reference)
    with looking(asked, reads=True) as desk:
        found = desk.lookups.show(about)
    if asked.as_json:
        output.say_json({**msgspec.to_builtins(found), "recorded_at": output.moment(found.recorded_at)})
        return
    output.say(f"{found.subject} · {found.kind} · {found.status} · version {found.version}")
    output.members(
        (
            ("held by", found.custodian),
            ("visible to", found.visibility),
            ("last act", f"number {found.number} at position {found.position:,}, {output.told(found.recorded_at)}"),
            ("state", found.state),
        ),
        "  ",
    )
    output.details(found.details, "    ")
    if found.address:
        output.say(f"  Other sales at this address (a search, never complete): {', '.join(found.address)}")
    if found.attribution:
        output.say(found.attribution)


@command(app, "history")
def history(asked: Asked, reference: Subject) -> None:
    """Show every act on a subject, with its links.

    Each act carries its number and the position and hash of the one before
    it. The tick is given after comparing the link with the tree; a missing
    number or a link that does not agree is told in words, and exits with 1.

    "3 · 9f3a… → 2 · 41be… ✓" reads: act number 3, whose leaf hash begins with
    9f3a, follows on number 2, whose hash begins with 41be, and the tree holds
    the same. A link is not a proof of being in the ledger: a receipt is.

    Example:
        muniment history muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10
    Prints:
        A line an act. With --json an array of {"subject", "kind", "position",
        "number", "hash", "previous", "link", "recorded_at", "details",
        "outcome", "rule", "officer", "department", "load", "row", "flag",
        "withheld"}, oldest first.
    Exit codes: 0, 1, 2, 3, 4
    See also: show, receipt, audit
    """
    about = subject(reference)
    from registry.desk.desk import Desk

    with looking(asked, reads=True) as desk:
        views = desk.lookups.history(about)
        wrong = desk.lookups.gaps(views)
        hashes = desk.lookups.leaves(tuple(view.position for view in views))
        names = desk.officers.names() if isinstance(desk, Desk) else {}
        attributions = _attributions(desk, views)
    if asked.as_json:
        output.say_json(
            [
                {**view_json(view, attributions[view.position]), "hash": leaf.hex()}
                for view, leaf in zip(views, hashes, strict=True)
            ]
        )
    else:
        output.say(about)
        output.rows([_act(view, leaf, names) for view, leaf in zip(views, hashes, strict=True)])
        whole_of_it = "numbers run on, and every link agrees with the tree"
        output.say(f"{output.counted(len(views), 'entry', 'entries')}: {'; '.join(wrong) if wrong else whole_of_it}.")
        for line in sorted({line for line in attributions.values() if line}):
            output.say(line)
    if wrong:
        output.complain(f"{about}: {wrong[0]}; run 'muniment audit'")
        raise typer.Exit(REFUSED)


def _act(view: View, leaf: bytes, names: dict[str, str]) -> tuple[str, ...]:
    who = f"{view.officer} ({names[view.officer]})" if view.officer in names else view.officer
    by = " ".join(filter(None, (who or (f"load/{view.load} row {view.row}" if view.load is not None else ""),)))
    told = [
        view.kind,
        *([f"{view.outcome} ({view.rule})"] if view.outcome != "ALLOWED" else []),
        *filter(None, [view.flag]),
    ]
    return (
        f"  {_link(view, leaf)}",
        ", ".join(told),
        output.told(view.recorded_at),
        f"{by} of {view.department}" if by else view.department,
        f"position {view.position:,}",
    )


def _link(view: View, leaf: bytes) -> str:
    """`3 · 9f3a… → 2 · 41be… ✓`; a first act has no link."""
    mine = f"{view.number} · {leaf.hex()[:HASH_SHOWN]}…"
    if view.previous is None:
        return mine
    before = from_base64(str(view.previous["hash"])).hex()[:HASH_SHOWN]
    return f"{mine} → {view.number - 1} · {before}… {'✓' if view.link else '✗ not what the tree holds'}"


@command(app, "receipt")
def receipt(
    asked: Asked,
    what: Annotated[
        str, typer.Argument(metavar="SUBJECT_OR_POSITION", help="A reference (its last act), or bare digits.")
    ],
    out: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="A new file, by custom *.tlog-proof.")],
    with_disclosures: Annotated[
        bool, typer.Option("--with-disclosures", help="Lay open what the entry withholds; that is a reading.")
    ] = False,
) -> None:
    """Take a receipt away.

    A receipt holds one entry, its path to a signed checkpoint, and what makes
    it mean something: the enrolment of the officer who signed, the load that
    covers a row. Receipt and policy file are enough to check it, for ever and
    offline, without this registry.

    Withheld details are in it only with --with-disclosures; whoever holds such
    a receipt can read them.

    Example:
        muniment receipt 17 -o deed.tlog-proof
        muniment receipt muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10 \\
            -o deed.tlog-proof --with-disclosures --officer j.patel
    Prints:
        What the receipt is of. With --json: {"file", "position", "bytes",
        "disclosed"}.
    Exit codes: 0, 1, 2, 3, 4
    See also: verify, policy, checkpoint
    """
    wanted = subject_or_position(what)
    with new_file(out) as stream:
        if with_disclosures:
            with signed_in(asked, reads=True) as desk:
                at, raw = desk.receipts.take(wanted, disclosures=True)
        else:
            with looking(asked) as desk_of_any:
                at, raw = desk_of_any.receipts.take(wanted)
        stream.write(raw)
    if asked.as_json:
        output.say_json({"file": str(out), "position": at, "bytes": len(raw), "disclosed": with_disclosures})
        return
    output.say(f"{out}: the receipt of position {at:,}, {output.counted(len(raw), 'byte')}.")
    output.say(f"Whoever holds it checks it with: muniment verify {out} --policy FILE")


def view_json(view: View, attribution: str | None) -> dict[str, Any]:
    """An entry with every member written out."""
    members = {name: getattr(view, name) for name in view.__struct_fields__}
    shown = {**members, "recorded_at": output.moment(view.recorded_at)}
    return {**shown, "attribution": attribution} if attribution else shown


def _attributions(desk: PublicDesk, views: Iterable[View]) -> dict[int, str | None]:
    """By position: the line that stands wherever the facts of a sale are shown."""
    return {view.position: desk.lookups.attribution(view.recorded_at) if view.kind == SALE else None for view in views}
