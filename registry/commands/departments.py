"""Departments: add one, list them; the keys by which their systems sign in at the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.commands import output
from registry.commands.acts import tell
from registry.commands.asked import Asked, command
from registry.commands.keyfiles import algorithm_of, read_public
from registry.commands.manual import counter, help_when_alone
from registry.commands.opening import recording, watching
from registry.records.clients import thumbprint
from registry.records.identifiers import check_department

app = counter(name="department")


@app.callback(invoke_without_command=True)
def department(context: typer.Context) -> None:
    """Departments: add, list; their keys.

    Every officer belongs to one department, and every muniment is held by one:
    a role that reaches "own" reaches what one's own department holds.

    See also: officer, roles
    """
    help_when_alone(context)


@command(app, "add")
def add(
    asked: Asked,
    code: Annotated[str, typer.Argument(metavar="CODE", help="Capitals, digits and hyphens, at most 16, like HMLR.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name in full.")],
) -> None:
    """Add a department.

    Example:
        muniment department add POLICE "Kent Police" --officer a.clerk
    Prints:
        What was recorded and where. With --json: {"position", "subject",
        "number", "at", "kind", "rule"}.
    Exit codes: 0, 1, 2, 3, 4
    See also: department list, officer enrol
    """
    with recording(asked) as held:
        recorded = held.desk.officers.add_department(code, name)
    output.warn("department name", name)
    tell(recorded, f"Added department {code}, {name}", asked.as_json)


@command(app, "list", officer=False)
def list_departments(asked: Asked) -> None:
    """List departments.

    Which departments take part is public: no passphrase is wanted.

    Example:
        muniment department list
    Prints:
        A line a department, in order of coming: code and name. With --json an
        array of {"code", "name"}.
    Exit codes: 0, 2, 3
    See also: department add, officer list
    """
    with watching(asked) as office:
        standing = office.services.standing()
        found = [{"code": code, "name": standing.department_name(code)} for code in standing.departments()]
    if asked.as_json:
        output.say_json(found)
    else:
        output.members((one["code"], one["name"]) for one in found)


keys = counter(name="key")


@keys.callback(invoke_without_command=True)
def key(context: typer.Context) -> None:
    """Keys by which a department's systems sign in: add, revoke, list.

    A department makes a key pair, keeps the private half and hands over the
    public one. Whoever holds the private half reads at the gateway as a reader
    of that department, until the key is revoked.

    See also: department, token, gateway
    """
    help_when_alone(context)


app.add_typer(keys)


@command(keys, "add")
def add_key(
    asked: Asked,
    code: Annotated[str, typer.Argument(metavar="CODE", help="The department.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Its public key, PEM.")],
    algorithm: Annotated[
        str | None,
        typer.Option("--algorithm", metavar="NAME", help="For an RSA key: PS256, PS512, RS256 or RS512."),
    ] = None,
) -> None:
    """Enrol a department's public key.

    Taken are Ed25519 (EdDSA), EC P-256 (ES256) and RSA from 2,048 bits (PS256
    unless another is named). The key is pinned to its algorithm. With two
    administrators the other one has to confirm.

    Example:
        muniment department key add POL police.pub --officer a.clerk
    Prints:
        What was recorded and where, and the key's id (RFC 7638). With --json:
        {"position", "subject", "number", "at", "kind", "rule"}.
    Exit codes: 0, 1, 2, 3, 4
    See also: department key revoke, department key list, token
    """
    public = read_public(file)
    pinned = algorithm_of(public, algorithm)
    with recording(asked) as held:
        recorded = held.desk.keys.add(code, pinned, public)
    tell(recorded, f"Added key {thumbprint(public)} ({pinned}) of {code}", asked.as_json)


@command(keys, "revoke")
def revoke_key(
    asked: Asked,
    code: Annotated[str, typer.Argument(metavar="CODE", help="The department.")],
    kid: Annotated[str, typer.Argument(metavar="KEY", help="The key's id, as 'department key list' shows it.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in a sentence; it is recorded.")],
) -> None:
    """Revoke a department's key.

    From this act on nobody signs in with it, and every token that was given
    for it is refused at its next question. With two administrators the other
    one has to confirm.

    Example:
        muniment department key revoke POL \\
            kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k --reason "lost"
    Prints:
        What was recorded and where. With --json: {"position", "subject",
        "number", "at", "kind", "rule"}.
    Exit codes: 0, 1, 2, 3, 4
    See also: department key add, department key list
    """
    with recording(asked) as held:
        recorded = held.desk.keys.revoke(code, kid, reason)
    tell(recorded, f"Revoked key {kid} of {code}", asked.as_json)


@command(keys, "list", officer=False)
def list_keys(asked: Asked, code: Annotated[str, typer.Argument(metavar="CODE", help="The department.")]) -> None:
    """List a department's keys.

    Keys are public, and so is when they were added and revoked: no passphrase
    is wanted.

    Example:
        muniment department key list POL
    Prints:
        A line a key, in order of coming: id, algorithm, and the positions at
        which it was added and revoked. With --json an array of {"kid",
        "algorithm", "added", "revoked"}.
    Exit codes: 0, 2, 3
    See also: department key add, department list
    """
    check_department(code)
    with watching(asked) as office:
        found = office.services.standing().client_keys(code)
    if asked.as_json:
        output.say_json(
            [{"kid": one.kid, "algorithm": one.algorithm, "added": one.added, "revoked": one.revoked} for one in found]
        )
        return
    for one in found:
        ended = f", revoked at {one.revoked:,}" if one.revoked is not None else ""
        output.say(f"{one.kid}  {one.algorithm}  added at {one.added:,}{ended}")
