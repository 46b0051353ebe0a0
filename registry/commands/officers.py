"""Officers: enrol, appoint to roles, revoke, confirm as the second administrator, change a passphrase, list."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from registry.commands import output
from registry.commands.acts import tell
from registry.commands.arguments import end_of_day, position
from registry.commands.asked import Asked, command
from registry.commands.manual import counter, help_when_alone
from registry.commands.opening import recording, signed_in, watching
from registry.commands.passphrases import new_passphrase, passphrase
from registry.errors import Misuse
from registry.records.roles import Role, check_role
from registry.records.rules import AWAITS

UNTIL = "Last day of the appointment, YYYY-MM-DD, UTC; else a year from now, and no end for an administrator."
NO_REASON = "no reason given"
LOCKED_OUT = (
    "an administrator who cannot open the office could never give the second word, and then nobody could enrol or "
    "appoint any more: give --may-open too"
)

app = counter(name="officer")

NewPassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--new-passphrase-file",
        metavar="FILE",
        help="Holds the new passphrase in its first line (mode 0600); else asked.",
    ),
]
Until = Annotated[str | None, typer.Option("--until", metavar="DATE", help=UNTIL)]
MayOpen = Annotated[
    bool, typer.Option("--may-open", help="Hand over the office's unlock key, so that the officer can open it.")
]
Name = Annotated[
    str, typer.Argument(metavar="NAME", help="A sign-in name like j.patel, or a reference like officer/3.")
]


@app.callback(invoke_without_command=True)
def officer(context: typer.Context) -> None:
    """Officers: enrol, appoint, revoke.

    Every one of these is an act, signed by the administrator who did it. As
    soon as there are two administrators each such act wants the word of the
    other one too ('officer confirm'). Nobody appoints himself, and the last
    administrator without an end date cannot go.

    Sign-in names are withheld in the ledger, where only officer/3 stands.

    See also: roles, department
    """
    help_when_alone(context)


@command(app, "enrol")
def enrol(
    asked: Asked,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new sign-in name: a-z, 0-9, '.', '_', '-'.")],
    department: Annotated[str, typer.Option(metavar="CODE", help="The officer's department.")],
    role: Annotated[str | None, typer.Option(metavar="ROLE", help="Appoint to this role as well.")] = None,
    until: Until = None,
    may_open: MayOpen = False,
    new_passphrase_file: NewPassphraseFile = None,
) -> None:
    """Enrol an officer.

    Makes the officer's key file in the signer's folder, sealed with a
    passphrase of the officer's own, and records its public half. The officer
    should change the passphrase at once ('officer passphrase').

    Without --may-open the officer needs an office that somebody else has
    opened; looking things up goes without.

    Example:
        muniment officer enrol j.patel --department HMLR --role intake-clerk \\
            --may-open --officer a.clerk
    Prints:
        One line an act: enrolled, appointed, unlock key handed over. With
        --json one document an act: {"position", "subject", "number", "at",
        "kind", "rule"}.
    Exit codes: 0, 1, 2, 3, 4
    See also: officer appoint, officer passphrase, roles
    """
    from registry.desk.officers import check_name

    check_name(name)  # before a passphrase is asked for
    wanted = check_role(role) if role is not None else None
    if until is not None and wanted is None:
        raise Misuse("--until goes with --role: it is the appointment that ends")
    end = end_of_day(until, now_ms()) if until is not None else None
    asked.officer()
    if wanted is Role.ADMINISTRATOR and not may_open:
        raise Misuse(LOCKED_OUT)
    secret = new_passphrase(new_passphrase_file, name)
    with recording(asked) as held:
        recorded = list(held.enrol(name, department, secret, may_open=may_open))
        # The key before the role: a new administrator is the one whose word the key would wait for.
        if wanted is not None and recorded[0].rule != AWAITS:
            recorded.append(held.desk.officers.appoint(recorded[0].subject, wanted, end))
    sentences = {
        "OFFICER_ENROLLED": f"Enrolled {name} of {department} as {recorded[0].subject}",
        "APPOINTED": f"Appointed {name} to {role}",
        "UNLOCK_HANDED": f"Handed the unlock key over to {name}",
    }
    for act in recorded:
        tell(act, sentences[act.kind], asked.as_json)
    if recorded[0].rule == AWAITS and (role is not None or may_open) and not asked.as_json:
        output.say(
            "Role and unlock key follow once it is confirmed: 'muniment officer appoint NAME ROLE', with --may-open."
        )


@command(app, "appoint")
def appoint(
    asked: Asked,
    name: Name,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="One of the roles that 'muniment roles' shows.")],
    until: Until = None,
    may_open: MayOpen = False,
) -> None:
    """Appoint an officer to a role.

    An appointment has an end date; it ends by itself then, and sooner when the
    officer is revoked. Appointing again to the same role sets a new date.

    An administrator has to be able to open the office, or nobody could give
    the second word; --may-open hands the unlock key over first.

    Example:
        muniment officer appoint j.patel registrar --until 2027-12-31
        muniment officer appoint b.admin administrator --may-open
    Prints:
        One line an act: what was recorded and where. With --json one document
        an act: {"position", "subject", "number", "at", "kind", "rule"}.
    Exit codes: 0, 1, 2, 3, 4
    See also: roles, officer confirm, officer list
    """
    wanted = check_role(role)
    end = end_of_day(until, now_ms()) if until is not None else None
    with recording(asked) as held:
        officers = held.desk.officers
        reference = officers.reference(name)
        opens = reference in officers.may_open()
        if wanted is Role.ADMINISTRATOR and not (opens or may_open):
            raise Misuse(LOCKED_OUT)
        if may_open and not opens:
            tell(officers.hand_unlock(reference), f"Handed the unlock key over to {name}", asked.as_json)
        recorded = officers.appoint(reference, wanted, end)
    tell(recorded, f"Appointed {name} to {role}", asked.as_json)


@command(app, "revoke")
def revoke(
    asked: Asked,
    name: Name,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is recorded in clear.")] = NO_REASON,
) -> None:
    """Revoke an officer's key and every role.

    From the position of this act on nothing that the officer signs is taken;
    what was signed before stays valid. If the officer could open the office,
    its unlock key is changed.

    Example:
        muniment officer revoke j.patel --reason "has left the office"
    Prints:
        What was recorded and where. With --json: {"position", "subject",
        "number", "at", "kind", "rule"}.
    Exit codes: 0, 1, 2, 3, 4
    See also: officer confirm, officer list
    """
    with recording(asked) as held:
        recorded = held.desk.officers.revoke(name, reason)
    tell(recorded, f"Revoked {name}", asked.as_json)


@command(app, "confirm")
def confirm(
    asked: Asked,
    at: Annotated[str, typer.Argument(metavar="POSITION", help="Where the act that waits stands in the ledger.")],
) -> None:
    """Give the second administrator's word.

    As soon as there are two administrators, an act on officers, roles and keys
    stands in the ledger without changing anything until another administrator
    confirms it. 'officer list' shows what waits.

    Example:
        muniment officer confirm 1412 --officer b.admin
    Prints:
        What is in force now. With --json: {"position", "subject", "number",
        "at", "kind", "rule"}.
    Exit codes: 0, 1, 2, 3, 4
    See also: officer list
    """
    awaited = position(at)
    with recording(asked) as held:
        recorded = held.desk.officers.confirm(awaited)
    tell(recorded, f"Confirmed {recorded.kind} at position {awaited:,}; it is in force from here on", asked.as_json)


@command(app, "passphrase", json=False)
def change_passphrase(asked: Asked, new_passphrase_file: NewPassphraseFile = None) -> None:
    """Change your passphrase.

    Seals your key file anew; the key itself and everything signed with it stay
    the same. A copy of the old file still opens with the old passphrase.

    Example:
        muniment officer passphrase --officer j.patel
    Prints:
        One line when it is done.
    Exit codes: 0, 2, 4
    See also: officer enrol
    """
    name = asked.officer()
    old = passphrase(asked.settings, name)
    new = new_passphrase(new_passphrase_file, name)
    with watching(asked) as office:
        office.change_passphrase(name, old, new)
    output.say(f"The passphrase of {name} is changed.")


@command(app, "list")
def list_officers(asked: Asked) -> None:
    """List officers, with their roles and what waits.

    Names are told to an officer who may open the office; others see references
    only.

    Example:
        muniment officer list --officer a.clerk
    Prints:
        A line an officer: reference, name, department, roles with their end
        dates, "may open", revoked or not, acts that wait for a second
        administrator. With --json an array of {"officer", "name",
        "department", "roles", "may_open", "enrolled", "revoked", "awaits"}.
    Exit codes: 0, 1, 2, 3
    See also: officer confirm, roles, department list
    """
    with signed_in(asked, reads=True) as desk:
        found = desk.officers.list()
    if asked.as_json:
        output.say_json(found)
        return
    for one in found:
        state = f"revoked at {one.revoked:,}" if one.revoked is not None else "; ".join(one.roles) or "no role"
        more = [state, *(["may open the office"] if one.may_open else [])]
        more += [f"waits for a second administrator: position {at:,}" for at in one.awaits]
        output.say("  ".join(filter(None, (one.officer, one.name, one.department, " · ".join(more)))))


def now_ms() -> int:
    """The machine's clock, ms UTC."""
    return time.time_ns() // 1_000_000
