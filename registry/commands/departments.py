"""Departments: add one, list them."""

from __future__ import annotations

from typing import Annotated

import typer

from registry.commands import output
from registry.commands.acts import tell
from registry.commands.asked import Asked, command
from registry.commands.manual import counter, help_when_alone
from registry.commands.opening import recording, watching

app = counter(name="department")


@app.callback(invoke_without_command=True)
def department(context: typer.Context) -> None:
    """Departments: add, list.

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
