"""Pages, as Relay has them. Cursors are opaque and authenticated; a page holds at most 100."""

from __future__ import annotations

import strawberry


@strawberry.type(name="PageInfo")
class PageEnds:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None

    @classmethod
    def of(cls, cursors: list[str], *, more: bool, after: str | None) -> PageEnds:
        """Of a page with these cursors, after that one, with more to come or not."""
        return cls(
            has_next_page=more,
            has_previous_page=after is not None,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        )
