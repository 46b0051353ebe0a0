"""The counter where a muniment is looked at with all its versions, as it stands or as it stood at a size of the ledger.

What another department's system asks for: references and entries, no sentences. Who may see it is `Lookups`' one rule,
asked as of now, also of the past.
"""

from __future__ import annotations

import datetime
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import UNSET

from registry.catalogue.queries import MAX_HITS
from registry.catalogue.viewing import ANYTHING, END, Wanted
from registry.desk.lookups import Lookups, not_held
from registry.desk.services import Services
from registry.desk.views import Entries
from registry.errors import Misuse
from registry.records import rows
from registry.records.acts import Act, Entry, Row, decode_entry, details_of
from registry.records.identifiers import check_reference
from registry.records.muniment import MunimentKind, Status, SubjectState
from registry.records.rules import RULES, Case
from registry.records.standing import Standing

_NOBODY = Standing()
LOOKED_THROUGH = 1_000
"""Entries that one page of entries looks at before it ends."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry with its position."""

    position: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class HeldVersion:
    """One version: its number and the entry that recorded it."""

    number: int
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Holding:
    """A muniment or sale: its entries, oldest first, its versions, what is odd about its rows, and its state after the
    last of these entries. `withdrawn` is the entry that took it out of use."""

    reference: str
    state: SubjectState
    entries: tuple[Recorded, ...]
    versions: tuple[HeldVersion, ...]
    flags: tuple[str, ...]
    withdrawn: Recorded | None


@dataclass(frozen=True, slots=True)
class Found:
    """A hit of a search: what the entry is about, and its position."""

    subject: str
    position: int


@dataclass(frozen=True, slots=True)
class Sought:
    """What a search is to find, beyond its words: muniments of these kinds (none: anything), in that department's
    custody, whose newest details were recorded from `since` up to `until`, that moment included."""

    kinds: frozenset[MunimentKind] = frozenset()
    department: str | None = None
    since: datetime.datetime | None = None
    until: datetime.datetime | None = None


class Holdings:
    """Reads for one viewer, through his `Lookups`."""

    def __init__(self, services: Services, lookups: Lookups) -> None:
        self._services, self._lookups = services, lookups
        self._entries = Entries(services)
        self._loaders: dict[int, str] = {}  # a load's department never changes

    def holding(self, reference: str, size: int | None = None) -> Holding:
        """The muniment as of the first `size` entries (default: all). Raises NotHeld, Malformed."""
        if not rows.is_sale(check_reference(reference)) and self._lookups.may_see(reference) is None:
            raise not_held(reference)  # sales are public, by `rows.follow`
        return self._held(reference, self._services.catalogue.history(reference), size)

    def sales(self, references: Sequence[str], size: int | None = None) -> tuple[Holding, ...]:
        """Sales, found with one question to the catalogue, in the same order. Raises NotHeld."""
        histories = self._services.catalogue.histories(references)
        whole = self._services.head().size
        return tuple(self._held(reference, histories[reference], size, whole) for reference in references)

    def _held(self, reference: str, positions: tuple[int, ...], size: int | None, whole: int | None = None) -> Holding:
        kept = positions if size is None else positions[: bisect_left(positions, size)]
        head = self._services.head().size if whole is None else whole
        entries = (Recorded(at, self._entries.entry(at, head)) for at in kept)
        held = tuple(recorded for recorded in entries if recorded.entry.subject == reference)
        if not held:
            raise not_held(reference)
        return self._told(reference, held)

    def _told(self, reference: str, entries: tuple[Recorded, ...]) -> Holding:
        state: SubjectState | None = None
        versions, flags = list[HeldVersion](), list[str]()
        withdrawn: Recorded | None = None
        for recorded in entries:
            entry, before = recorded.entry, state
            state = self._after(recorded, before)
            if state is None:
                continue
            if before is None or state.version > before.version:
                versions.append(HeldVersion(state.version, recorded))
            if state.status is Status.WITHDRAWN and withdrawn is None:
                withdrawn = recorded
            flag = rows.flag(entry.op, entry.number, before) if isinstance(entry, Row) else None
            if flag is not None and flag not in flags:
                flags.append(flag)
        if state is None:
            raise not_held(reference)
        return Holding(reference, state, entries, tuple(versions), tuple(flags), withdrawn)

    def _after(self, recorded: Recorded, before: SubjectState | None) -> SubjectState | None:
        """The state after the entry, as the rules decided when it was recorded."""
        entry = recorded.entry
        if isinstance(entry, Row):
            return rows.follow(entry, before, self.custodian_of(entry))
        if entry.outcome is not UNSET:
            return before
        case = Case(
            intent=entry.intent,
            details=details_of(entry.intent),
            officer="",
            subject=entry.subject,
            position=recorded.position,
            at=entry.at,
            standing=_NOBODY,  # who might was asked then; what it makes of its subject hangs on nobody
            state=before,
            number=entry.number,
        )
        return RULES[entry.intent.kind](case).state or before

    def entry(self, position: int) -> Recorded:
        """One entry, if what it says is this desk's to know. Raises NotHeld."""
        recorded = Recorded(position, self._entries.entry(position))
        self.check(recorded)
        return recorded

    def check(self, recorded: Recorded) -> None:
        """Return if what the entry says is this desk's to know. Raises NotHeld."""
        entry = recorded.entry
        if not rows.is_sale(entry.subject) and not self._lookups.sees(entry, self._lookups.may_see(entry.subject)):
            raise not_held(str(recorded.position))

    def entries(self, first: int, limit: int) -> tuple[Recorded, ...]:
        """At most `limit` entries from that position on, those left out that are not this desk's to know."""
        size = self._services.head().size
        found: list[Recorded] = []
        for position, raw in enumerate(self._services.log.entries(first, size) if first < size else (), first):
            entry = decode_entry(raw)
            if self._lookups.sees(entry, self._entries.state(entry.subject)):
                found.append(Recorded(position, entry))
            if len(found) == limit or position - first >= LOOKED_THROUGH:
                break
        return tuple(found)

    def custodian_of(self, entry: Entry) -> str:
        """The department whose act or load the entry is."""
        if isinstance(entry, Act):
            return entry.intent.department
        if entry.load not in self._loaders:
            self._loaders[entry.load] = self._entries.custodian(entry)
        return self._loaders[entry.load]

    def find(self, text: str, limit: int, after: int | None, sought: Sought | None = None) -> tuple[Found, ...]:
        """Hits on muniments, loads, departments and officers, newest first, `limit` of them where there are as many;
        a search, never a proof. Raises Misuse, NotPermitted, Busy."""
        found: list[Found] = []
        wanted = ANYTHING if sought is None else self._wanted(sought)
        while len(found) < limit:
            most = min(limit, MAX_HITS)
            hits = self._lookups.hits(text, limit=most, after=after, wanted=wanted)
            head = self._services.head().size
            told = (Found(self._entries.entry(position, head).subject, position) for position in hits)
            found += [each for each in told if "/" in each.subject]
            if len(hits) < most:
                break
            after = hits[-1]
        return tuple(found[:limit])

    def _wanted(self, sought: Sought) -> Wanted:
        """Recorded times never go back, so a time is a position."""
        return Wanted(
            kinds=sought.kinds,
            custodian=sought.department,
            first=0 if sought.since is None else self._recorded_by(_milliseconds(sought.since) - 1),
            end=END if sought.until is None else self._recorded_by(_milliseconds(sought.until)),
        )

    def check_size(self, size: int) -> int:
        """The size, if the ledger has reached it: what is yet to come cannot be asked of. Raises Misuse."""
        held = self._services.head().size
        if not 0 < size <= held:
            raise Misuse(f"the ledger holds {held} entries; asked of was {size}, expected 1 to {held}")
        return size

    def size_at(self, time: datetime.datetime) -> int:
        """How many entries had been recorded at that time. Raises Misuse for a time that is not past."""
        at = _milliseconds(time)
        if at >= self._services.clock():
            raise Misuse("that time is not past yet: what is recorded until then is not known")
        return self._recorded_by(at)

    def _recorded_by(self, at: int) -> int:
        low, high = 0, self._services.head().size
        while low < high:  # recorded times never go back
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._entries.entry(middle).at <= at else (low, middle)
        return low

    def not_yet_searchable(self) -> int:
        """How many entries are recorded and not in the catalogue yet."""
        return max(self._services.head().size - self._services.catalogue.projected(), 0)


def _milliseconds(time: datetime.datetime) -> int:
    return round(time.timestamp() * 1_000)
