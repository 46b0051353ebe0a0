"""An officer's day at a glance: what he may do now and why the rest not, the newest acts, the loads, and what became of
an act whose answer was lost.

Nothing here is recorded, and nothing here is a proof.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import UNSET

from registry.desk.lookups import Lookups
from registry.desk.services import Services
from registry.desk.session import Session
from registry.desk.views import View
from registry.errors import Busy, NotPermitted
from registry.records.acts import decode_entry, is_row
from registry.records.loads import Load
from registry.records.roles import Verb

LOOKED_AT = 65_536  # entries read back from the end for the newest acts; loaded rows are passed over
STEP = 2_048  # entries read at once
NEWEST = 50


class Outcome(msgspec.Struct, frozen=True):
    """An act found by its request key: durable at `position`, as act `number` on `subject`; `refused` by `rule`, or
    recorded."""

    position: int
    subject: str
    number: int
    kind: str
    rule: str
    refused: bool


class Day:
    """One officer's."""

    def __init__(self, services: Services, session: Session, lookups: Lookups) -> None:
        self._services, self._session, self._lookups = services, session, lookups

    def roles(self) -> tuple[str, ...]:
        """The officer's roles in force now."""
        return tuple(
            row.value for row in self._services.standing().roles(self._session.officer, self._services.clock())
        )

    def why_not(self, verb: Verb) -> str:
        """Why the officer may not do this anywhere, in a sentence that says who can; empty where he may."""
        try:
            self._session.permit(verb)
        except NotPermitted as error:
            return str(error)
        return ""

    def reads_only(self) -> str:
        """Why nothing can be recorded at this desk, in a sentence; empty where it can."""
        try:
            self._services.writer()
        except Busy as error:
            return str(error)
        return ""

    def outcome(self, key: str) -> Outcome | None:
        """What became of this officer's act with that request key; None where there is none."""
        found = self._services.store.request(key)
        act = None if found is None else self._services.act(found[0])
        if found is None or act is None or act.intent.officer != self._session.officer:
            return None
        rule = "" if act.rule is UNSET else act.rule
        return Outcome(found[0], act.subject, act.number, act.intent.kind, rule, act.outcome is not UNSET)

    def newest(self, limit: int = NEWEST) -> tuple[View, ...]:
        """The newest acts that are this desk's to know, newest first, among the last 65,536 entries. Details are
        left out."""
        found: list[View] = []
        for position, raw in self._backwards():
            if not is_row(raw) and self._lookups.visible(decode_entry(raw)):
                found.append(self._lookups.glance(position))
                if len(found) == limit:
                    break
        return tuple(found)

    def _backwards(self) -> Iterator[tuple[int, bytes]]:
        """(position, entry) from the end."""
        end = self._services.head().size
        stop = max(0, end - LOOKED_AT)
        while end > stop:
            first = max(stop, (end - 1) // STEP * STEP)
            yield from reversed(list(enumerate(self._services.log.entries(first, end), first)))
            end = first

    def loads(self) -> tuple[Load, ...]:
        """Every load, the newest first. Raises NotPermitted."""
        self._session.permit(Verb.LOAD_READ)
        return tuple(sorted(self._services.store.loads(), key=lambda load: -load.position))
