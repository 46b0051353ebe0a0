"""Departments and officers. Officers' names stay withheld: their number in the ledger is stable, and enough to see that
two persons were two."""

from __future__ import annotations

import strawberry

from gateway.nodes import Agent, Info
from gateway.operation import Operation, operation


@strawberry.type(description="A department, by code and name.")
class Department(Agent):
    @strawberry.field
    def code(self) -> str:
        return self.key.partition("/")[2]

    @strawberry.field
    def name(self, info: Info) -> str:
        return operation(info).desk.access.department_name(self.key.partition("/")[2])

    @strawberry.field
    def display_name(self, info: Info) -> str:
        return operation(info).desk.access.department_name(self.key.partition("/")[2])


@strawberry.type(description="An officer, by number. displayName is the number, for names are withheld in the ledger.")
class Officer(Agent):
    @strawberry.field
    def number(self) -> str:
        return self.key.partition("/")[2]

    @strawberry.field
    def display_name(self, info: Info) -> str:
        return self.key

    @strawberry.field
    def department(self, info: Info) -> Department:
        return Department(key=f"department/{operation(info).desk.access.department_of(self.key)}")

    @strawberry.field(
        description="Roles held now; null where the officer is of a department that is not yours to list."
    )
    def roles(self, info: Info) -> list[str] | None:
        found = operation(info).desk.access.roles(self.key)
        return None if found is None else list(found)


def make_agent(asked: Operation, key: str) -> Agent:
    """The officer or department of that reference. Raises NotHeld."""
    asked.desk.access.check_agent(key)
    return Officer(key=key) if key.startswith("officer/") else Department(key=key)
