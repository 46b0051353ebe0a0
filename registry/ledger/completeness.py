"""How far a history is whole: numbers 1, 2, 3 … without a gap, each naming position *and* leaf hash of the one before.

Of entries that were proved by themselves; a link is never taken for an inclusion proof. A hidden tail does not show
here: whoever wants to know compares with a mirror, or asks again at a later checkpoint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from msgspec import UNSET

from registry.records.acts import Entry
from registry.records.encoding import to_base64

_NODE = re.compile(r"(.+\.history)\.edges\[[0-9]+\]\.node")


@dataclass(frozen=True, slots=True)
class Proved:
    """An entry that was proved, with its leaf hash."""

    position: int
    entry: Entry
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Whole:
    """Of the history at this path, numbers 1 to `through` are whole, of `shown` proved; `position` of the last of them,
    None where number 1 is not there."""

    path: str
    through: int
    shown: int
    position: int | None


def whole(proved: Mapping[str, Proved]) -> Iterator[Whole]:
    """How far each history is whole; `proved` by path, as `data.muniment.history.edges[0].node`."""
    histories: dict[str, dict[int, Proved]] = {}
    for path, each in proved.items():
        if found := _NODE.fullmatch(path):
            histories.setdefault(found[1], {})[each.entry.number] = each
    for path, numbered in histories.items():
        through = 0
        while (following := numbered.get(through + 1)) and _follows(following, numbered.get(through)):
            through += 1
        yield Whole(path, through, len(numbered), numbered[through].position if through else None)


def _follows(each: Proved, before: Proved | None) -> bool:
    link = each.entry.previous
    if before is None or link is UNSET:
        return before is None and link is UNSET
    return (link.position, link.hash) == (before.position, to_base64(before.leaf))
