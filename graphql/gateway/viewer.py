"""Who asks, as this gateway sees it."""

from __future__ import annotations

import strawberry

from gateway.agents import Department, Officer
from gateway.loads import desk_of
from gateway.nodes import Agent, Info
from gateway.operation import operation
from gateway.scalars import DateTime, at
from registry.desk.admission import DepartmentDesk


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

    @strawberry.field(description="Null of an officer, who signs in by no token.")
    def token_expires_at(self, info: Info) -> DateTime | None:
        desk = desk_of(operation(info))
        return at(desk.expires) if isinstance(desk, DepartmentDesk) else None


@strawberry.type(description="Points of the running hour, after this operation: one for each begun 100 of its cost.")
class RateLimit:
    limit: int
    cost: int
    remaining: int
    reset_at: DateTime


def rate_limit_of(info: Info) -> RateLimit | None:
    """What is left to the caller, where the endpoint counted this operation."""
    asked = operation(info)
    if asked.left is None:
        return None
    left = asked.left
    return RateLimit(limit=left.limit, cost=left.cost, remaining=left.remaining, reset_at=at(asked.resets_at))
