"""Muniments: lodge, revise, withdraw, and open a body again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.commands import output
from registry.commands.acts import tell
from registry.commands.arguments import pairs, subject, visibility, whole
from registry.commands.asked import Asked, command
from registry.commands.files import new_file, open_file
from registry.commands.manual import counter
from registry.commands.opening import recording
from registry.records.muniment import Visibility, check_details, check_kind

MOST_VERSIONS = 1_000_000

app = counter()

File = Annotated[Path, typer.Argument(metavar="FILE", help="The document itself, of any kind and size.")]
Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help="A reference like muniment/<uuid>.")]
Details = Annotated[
    list[str] | None,
    typer.Option("--detail", metavar="K=V", help="A detail in clear, for ever. May be given several times."),
]
Withheld = Annotated[
    list[str] | None,
    typer.Option(
        "--withheld", metavar="K=V", help="A detail that the ledger holds as a salted digest only. Several times."
    ),
]


@command(app, "lodge")
def lodge(
    asked: Asked,
    file: File,
    kind: Annotated[str, typer.Option(metavar="KIND", help="DEED, TRANSFER, CHARGE, LEASE, PLAN … OTHER.")],
    detail: Details = None,
    withheld: Withheld = None,
    visible: Annotated[
        str,
        typer.Option(
            "--visibility",
            metavar="own|departments|public",
            help="Who sees that it is there: your department, all departments, anyone.",
        ),
    ] = Visibility.OWN.value,
) -> None:
    """Lodge a document.

    The body is encrypted under a key of its own and durable in the vault
    before the act is recorded. Whatever is personal belongs into --withheld:
    the ledger then holds digests that tell nothing, names included.

    Kinds: DEED TRANSFER CHARGE LEASE PLAN COURT_ORDER CERTIFICATE AGREEMENT
    PATIENT_RECORD EXHIBIT CASE_FILE CORRESPONDENCE OFFICIAL_COPY
    REDACTED_COPY OTHER.

    Example:
        muniment lodge deed.pdf --kind DEED --detail title="Deed of gift" \\
            --withheld donor="A. Example" --visibility departments
    Prints:
        The reference of the new muniment, and where it was recorded. With
        --json: {"position", "subject", "number", "at", "kind", "rule"}.
    Exit codes: 0, 1, 2, 3, 4
    See also: revise, show, open, receipt
    """
    from registry.desk.muniments import Document

    what, seen = check_kind(kind), visibility(visible)
    clear, hidden = _details(detail, withheld)
    stream, size = open_file(file, "document", empty=False)
    with stream, recording(asked) as held:
        document = Document(stream, size, file.name)
        recorded = held.desk.muniments.lodge(document, what, details=clear, withheld=hidden, visibility=seen)
    tell(recorded, f"Lodged {file.name} as {recorded.subject}", asked.as_json)


@command(app, "revise")
def revise(
    asked: Asked,
    reference: Subject,
    file: File,
    detail: Details = None,
    withheld: Withheld = None,
    version: Annotated[
        str | None, typer.Option(metavar="N", help="The version that you looked at; else the newest.")
    ] = None,
) -> None:
    """Record the next version of a muniment.

    Body and details are given anew; kind and visibility stay. The versions
    before it stay as they are, and can be opened.

    With --version the act is refused if somebody else revised meanwhile.

    Example:
        muniment revise muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10 \\
            deed-2.pdf --detail title="Deed of gift, corrected" --version 1
    Prints:
        What was recorded and where. With --json: {"position", "subject",
        "number", "at", "kind", "rule"}.
    Exit codes: 0, 1, 2, 3, 4
    See also: lodge, history, open
    """
    from registry.desk.muniments import Document

    about = subject(reference)
    seen = whole(version, "--version", 1, MOST_VERSIONS) if version is not None else None
    clear, hidden = _details(detail, withheld)
    stream, size = open_file(file, "document", empty=False)
    with stream, recording(asked) as held:
        document = Document(stream, size, file.name)
        recorded = held.desk.muniments.revise(about, document, details=clear, withheld=hidden, version=seen)
    tell(recorded, f"Revised {recorded.subject} with {file.name}", asked.as_json)


@command(app, "withdraw")
def withdraw(
    asked: Asked,
    reference: Subject,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is recorded in clear.")],
) -> None:
    """Take a muniment out of use.

    Nothing is removed: body, versions, history and every proof stay.

    Example:
        muniment withdraw muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10 \\
            --reason "lodged by mistake"
    Prints:
        What was recorded and where. With --json: {"position", "subject",
        "number", "at", "kind", "rule"}.
    Exit codes: 0, 1, 2, 3, 4
    See also: history, show
    """
    about = subject(reference)
    with recording(asked) as held:
        recorded = held.desk.muniments.withdraw(about, reason)
    tell(recorded, f"Withdrew {recorded.subject}", asked.as_json)


@command(app, "open")
def open_body(
    asked: Asked,
    reference: Subject,
    out: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Write the body there, a new file.")],
    version: Annotated[str | None, typer.Option(metavar="N", help="Which version; else the newest.")] = None,
) -> None:
    """Get a document back.

    Writes the body of a version into a new file that only you can read.
    Unless the muniment is public the reading is recorded, durable, before the
    first byte: its entry names your department and no more.

    Example:
        muniment open muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10 -o deed.pdf
    Prints:
        Where the body is, and the name that it was lodged under. With --json:
        {"subject", "file", "lodged_as", "bytes"}.
    Exit codes: 0, 1, 2, 3, 4
    See also: show, receipt, verify
    """
    about = subject(reference)
    wanted = whole(version, "--version", 1, MOST_VERSIONS) if version is not None else None
    asked.officer()
    with new_file(out) as stream, recording(asked) as held:
        name = held.desk.muniments.open(about, stream, version=wanted)
        size = stream.tell()
    if asked.as_json:
        output.say_json({"subject": about, "file": str(out), "lodged_as": name, "bytes": size})
        return
    output.say(f"{out}: {output.counted(size, 'byte')} of {about}, lodged as {name}")
    output.warn("file name", name)


def _details(detail: list[str] | None, withheld: list[str] | None) -> tuple[dict[str, str | int], dict[str, str | int]]:
    """Both sorts of detail, checked before anything is asked for."""
    clear, hidden = pairs(detail or (), "--detail"), pairs(withheld or (), "--withheld")
    check_details(clear)
    check_details(hidden, "withheld detail")
    for name, value in (*clear.items(), *hidden.items()):
        output.warn(name, str(value))
    return clear, hidden
