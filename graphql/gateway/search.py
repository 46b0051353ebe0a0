"""Search: newest entries that hold every word. Never a proof: what is not listed may still be recorded."""

from __future__ import annotations

from typing import Annotated

import strawberry

from gateway.agents import Department, Officer
from gateway.loads import Load
from gateway.muniments import Muniment, muniment_of
from gateway.nodes import Info
from gateway.operation import operation
from gateway.pages import PageEnds
from registry.records.rows import is_sale

SearchResult = Annotated[Muniment | Load | Department | Officer, strawberry.union("SearchResult")]


@strawberry.type
class SearchEdge:
    cursor: str
    node: SearchResult


@strawberry.type
class SearchConnection:
    edges: list[SearchEdge]
    page_info: PageEnds


def page_of_hits(info: Info, text: str, *, first: int, after: str | None) -> SearchConnection:
    """A page of hits, in the order found. Raises Misuse."""
    asked, listed = operation(info), f"search {text}"
    limit, beyond = asked.page(first), asked.place(listed, after)
    hits = asked.desk.holdings.find(text, limit + 1, beyond)
    subjects = [hit.subject for hit in hits[:limit]]
    sales = [subject for subject in subjects if is_sale(subject)]
    held = {each.reference: muniment_of(each) for each in asked.desk.holdings.sales(sales, asked.size())}
    edges = [
        SearchEdge(cursor=asked.cursor(listed, hit.position), node=held.get(hit.subject) or asked.make(hit.subject))
        for hit in hits[:limit]
    ]
    cursors = [edge.cursor for edge in edges]
    return SearchConnection(edges=edges, page_info=PageEnds.of(cursors, more=len(hits) > limit, after=after))
