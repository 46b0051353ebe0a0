"""The registry itself: found it, see how it stands, read its roles, take its policy file away."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from registry.commands import output
from registry.commands.asked import Asked, command
from registry.commands.files import new_file
from registry.commands.manual import counter
from registry.commands.opening import watching
from registry.commands.passphrases import founding_passphrase
from registry.records.roles import ROLES_VERSION, TABLE, Role, Verb

TRIAL_ORIGIN = "trial.example/muniment"
TRIAL_DEPARTMENT = "OFFICE"
TRIAL_OFFICER = "founder"

app = counter()


@command(app, "init")
def init(
    asked: Asked,
    origin: Annotated[
        str,
        typer.Option(
            metavar="HOST/PATH",
            help="The log's name for ever, under which others know it: host and path, no scheme.",
        ),
    ] = TRIAL_ORIGIN,
    department: Annotated[
        str, typer.Option(metavar="CODE", help="Code of the founder's department: capitals, digits, hyphens.")
    ] = TRIAL_DEPARTMENT,
    department_name: Annotated[
        str, typer.Option(metavar="NAME", help="The department's name in full; else its code.")
    ] = "",
) -> None:
    """Found a registry.

    Makes two folders in new or empty places. The registry holds the ledger,
    the vault and the catalogue. The signer, beside it, holds the log's keys,
    the officers' key files and the mark: never keep both in one backup, or an
    old copy of the registry could not be told from the newest.

    You become its first officer, founder and administrator. The founder's
    extra rights end by rule with the first appointment of somebody else.

    Without --origin the registry is a trial: its origin says so, for ever.

    Example:
        muniment init --origin registry.example/land --department HMLR \\
            --department-name "HM Land Registry" --officer a.clerk
    Prints:
        Where the two folders are, the origin, and what to do next. With --json:
        {"registry", "signer", "origin", "department", "officer", "size", "root"}.
    Exit codes: 0, 2, 4
    See also: policy, officer enrol, department add, status
    """
    from registry.office import Office

    settings = asked.settings
    officer = settings.officer or TRIAL_OFFICER
    secret = founding_passphrase(settings, officer)
    with Office.found(
        settings,
        origin=origin,
        department=department,
        department_name=department_name or department,
        officer=officer,
        passphrase=secret,
    ) as office:
        status = office.public().status()
    if asked.as_json:
        output.say_json(
            {
                "registry": str(settings.registry),
                "signer": str(settings.signer),
                "origin": status.origin,
                "department": department,
                "officer": officer,
                "size": status.size,
                "root": status.root,
            }
        )
        return
    output.say(f"Founded {status.origin}: {output.counted(status.size, 'entry', 'entries')}, sealed.")
    output.members(
        (
            ("registry", settings.registry),
            ("signer", f"{settings.signer} (keep it apart, also in backups)"),
            ("founder", f"{officer} of {department}"),
        ),
        "  ",
    )
    if origin == TRIAL_ORIGIN:
        output.say("This is a trial, and its origin says so: name a real one with --origin.")
    output.say("Next: 'muniment officer enrol', and 'muniment policy' for those who will check your receipts.")


@command(app, "status", officer=False)
def status(asked: Asked) -> None:
    """See how the registry stands.

    Size and root of the ledger, how much of it is sealed in a signed
    checkpoint, and how many entries are recorded but cannot be searched yet.
    Wants no passphrase, and may be asked while somebody records.

    This is what the registry says of itself. A proof is a receipt, checked
    against a policy file that you trust.

    Example:
        muniment status
        muniment status --registry /srv/land --json
    Prints:
        One line for each figure. With --json:
        {"origin", "size", "root", "engine", "not_yet_searchable", "sealed",
         "state", "departments", "officers", "open_loads"}.
    Exit codes: 0, 2, 3
    See also: checkpoint, audit, loads
    """
    with watching(asked) as office:
        found = office.public().status()
    if asked.as_json:
        output.say_json(found)
        return
    searchable = "everything recorded" if not found.not_yet_searchable else f"all but {found.not_yet_searchable:,}"
    output.members(
        (
            ("origin", found.origin),
            ("size", output.counted(found.size, "entry", "entries")),
            ("root", found.root),
            ("sealed", f"{found.sealed:,}: {found.state}"),
            ("a search finds", searchable),
            ("engine", found.engine),
            ("departments", found.departments),
            ("officers", found.officers),
            ("open loads", found.open_loads),
        )
    )


@command(app, "roles", registry=False)
def roles(asked: Asked) -> None:
    """Read who may do what.

    The table of roles: each verb, and how far it reaches for each role. "own":
    things of the officer's own department. "all": of every department.
    "never": not at all. The same table drives every command and is recorded in
    the ledger when a registry is founded, so that an audit can judge each act
    by the rules of its day. Wants no registry.

    The founder's role is nobody's to give: it begins with the registry and
    ends with the first appointment of another officer.

    Example:
        muniment roles
    Prints:
        The table. With --json: {"version", "table": {role: {verb: scope}}}.
    Exit codes: 0, 2
    See also: officer appoint, officer list
    """
    if asked.as_json:
        output.say_json({"version": ROLES_VERSION, "table": TABLE})
        return
    head = (("verb", *(_head(role)[0] for role in Role)), ("", *(_head(role)[1] for role in Role)))
    output.rows((*head, *((verb.value, *(TABLE[role][verb] for role in Role)) for verb in Verb)), " ")
    output.say()
    output.say(f"Table {ROLES_VERSION}. Officers have as many roles as they were appointed to; the widest cell counts.")


def _head(role: Role) -> tuple[str, str]:
    """A role's name over two lines, so that the table fits 80 columns."""
    name = role.value
    if len(name) <= 8:
        return "", name
    if "-" in name:
        first, _, second = name.partition("-")
        return f"{first}-", second
    return f"{name[:6]}-", name[6:]


@command(app, "policy", officer=False, json=False)
def policy(
    asked: Asked,
    file: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there, into a new file.")
    ] = None,
) -> None:
    """Print the registry's policy file.

    A policy file says whom to trust: the log's two public keys (Ed25519 and
    ML-DSA-44; a checkpoint bears both signatures) and the witnesses, of which
    none are appointed yet. It is what others need, beside a receipt, to check
    it without asking you. Hand it out by a way that nobody can tamper with:
    whoever can exchange the policy can exchange what it trusts.

    Example:
        muniment policy -o land.policy
    Prints:
        A C2SP tlog-policy file: lines "log …", "witness …", "quorum none".
    Exit codes: 0, 2
    See also: verify, receipt
    """
    with watching(asked) as office:
        text = office.policy_text()
    if file is None:
        sys.stdout.write(text.decode("utf-8", "backslashreplace"))
        return
    with new_file(file, private=False) as stream:
        stream.write(text)
    output.say(f"{file}: the policy of {office.origin}")
