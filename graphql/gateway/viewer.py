"""Who asks, as this gateway sees it."""

from __future__ import annotations

import strawberry

from gateway.agents import Department, Officer
from gateway.loads import desk_of
from gateway.nodes import Agent, Info
from gateway.operation import operation


@strawberry.type(
    description="The caller: its officer in the ledger, its department, and the verbs that its roles reach."
)
class Viewer:
    @strawberry.field
    def agent(self, info: Info) -> Agent:
        return Officer(key=desk_of(operation(info)).officer)

    @strawberry.field
    def department(self, info: Info) -> Department:
        return Department(key=f"department/{desk_of(operation(info)).department}")

    @strawberry.field
    def scopes(self, info: Info) -> list[str]:
        return [verb.value for verb in operation(info).desk.access.verbs()]

    @strawberry.field(description="What the token says it reads for; null where it says nothing.")
    def purpose(self, info: Info) -> str | None:
        return operation(info).caller.purpose or None
