"""Search: newest entries that hold every word. Never a proof: what is not listed may still be recorded."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated

import strawberry

from gateway.agents import Department, Officer
from gateway.checkpoints import Checkpoint
from gateway.loads import Load
from gateway.muniments import Muniment, muniment_of
from gateway.nodes import Info
from gateway.operation import operation
from gateway.pages import PageEnds
from gateway.scalars import DateTime, read_time
from registry.desk.holdings import Sought
from registry.errors import NotHeld
from registry.records.muniment import MunimentKind
from registry.records.rows import is_sale

SearchResult = Annotated[Muniment | Load | Department | Officer, strawberry.union("SearchResult")]


@strawberry.type
class SearchEdge:
    cursor: str
    node: SearchResult


@strawberry.type(description="checkpoint: the answer's; no hit is proved by standing here.")
class SearchConnection:
    edges: list[SearchEdge]
    page_info: PageEnds

    @strawberry.field
    def checkpoint(self, info: Info) -> Checkpoint:
        return Checkpoint(ground=operation(info).ground())


@strawberry.input(name="DateRange", description="Moments of recording, both ends included; either may be left out.")
class Moments:
    since: DateTime | None = strawberry.field(name="from", default=None)
    until: DateTime | None = strawberry.field(name="to", default=None)


def sought_of(
    info: Info, kinds: list[MunimentKind] | None, department: strawberry.ID | None, recorded: Moments | None
) -> Sought:
    """What is sought beyond the words. Raises Misuse, NotHeld."""
    key = "" if department is None else operation(info).key(department)
    if department is not None and not key.startswith("department/"):
        raise NotHeld("that id is not a department's")
    moments = recorded or Moments()
    return Sought(
        kinds=frozenset(kinds or ()),
        department=key.partition("/")[2] or None,
        since=None if moments.since is None else read_time(moments.since),
        until=None if moments.until is None else read_time(moments.until),
    )


def page_of_hits(info: Info, text: str, sought: Sought, *, first: int, after: str | None) -> SearchConnection:
    """A page of hits, in the order found. Raises Misuse."""
    asked = operation(info)
    listed = f"search {text}" if sought == Sought() else f"search {_told(sought)} {text}"
    limit, beyond = asked.page(first), asked.place(listed, after)
    hits = asked.desk.holdings.find(text, limit + 1, beyond, sought)
    subjects = [hit.subject for hit in hits[:limit]]
    sales = [subject for subject in subjects if is_sale(subject)]
    held = {each.reference: muniment_of(each) for each in asked.desk.holdings.sales(sales, asked.size())}
    edges = [
        SearchEdge(cursor=asked.cursor(listed, hit.position), node=held.get(hit.subject) or asked.make(hit.subject))
        for hit in hits[:limit]
    ]
    cursors = [edge.cursor for edge in edges]
    return SearchConnection(edges=edges, page_info=PageEnds.of(cursors, more=len(hits) > limit, after=after))


def _told(sought: Sought) -> str:
    """The same text for the same search, so that a cursor of one is none of another."""
    moments = (each and each.astimezone(UTC).isoformat() for each in (sought.since, sought.until))
    return f"{sorted(sought.kinds)} {sought.department} {list(moments)}"
