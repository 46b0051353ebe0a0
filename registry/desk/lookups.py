"""The counter where one looks things up: find, show, history. Also for the public, who sees what is public.

A search is not a proof; a history is, as far as it goes: each act's number and link are compared with the tree. What
may be shown is decided here, by the one rule on visibility, for every surface. Withheld material is handed out only
to a signed-in officer, and only after his reading was recorded.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from registry.catalogue.viewing import ANYTHING, Viewer, Wanted
from registry.desk.services import Services
from registry.desk.session import Session
from registry.desk.views import WITHHELD, Entries, Subject, Version, View
from registry.errors import Misuse, NotHeld
from registry.records import rows
from registry.records.acts import Act, Entry, Kind, Row
from registry.records.disclosure import reveal, unpack
from registry.records.muniment import Status, SubjectState, Visibility
from registry.records.roles import Scope, Verb

PAGE = 20
ATTRIBUTION = (
    "Contains HM Land Registry data © Crown copyright and database right {year}. "
    "This data is licensed under the Open Government Licence v3.0."
)


class Lookups:
    """Reads for one viewer: an officer's session, or the public without one."""

    def __init__(self, services: Services, session: Session | None = None) -> None:
        self._services, self._session = services, session
        self._entries = Entries(services)

    def viewer(self) -> Viewer:
        """How much of the catalogue this desk sees."""
        if self._session is None:
            return Viewer(None, False)
        officer, services = self._session.standing_officer(), self._services
        reach = services.standing().reach(officer.reference, Verb.MUNIMENT_READ, services.clock())
        return Viewer(officer.department, reach is Scope.ALL)

    # ---- search ----

    def find(self, text: str, *, limit: int = PAGE, after: int | None = None) -> tuple[View, ...]:
        """Newest entries that hold every word; a search, never a proof. Raises Misuse, Busy."""
        with self._services.courtesy.first():
            return tuple(self._found(position) for position in self.hits(text, limit=limit, after=after))

    def hits(
        self, text: str, *, limit: int = PAGE, after: int | None = None, wanted: Wanted = ANYTHING
    ) -> tuple[int, ...]:
        """Their positions, of those that are wanted. Raises Misuse, Busy, NotPermitted."""
        if not text.strip():
            raise Misuse("nothing to find: give at least one word")
        if self._session is not None:
            self._session.permit(Verb.SEARCH)
        found = self._services.catalogue.find(text, self.viewer(), limit=limit, after=after, wanted=wanted)
        return tuple(hit.position for hit in found)

    def _found(self, position: int) -> View:
        """A hit; what is visible to its own department only is not told before a reading of it stands."""
        state = self._entries.state(self._entries.entry(position).subject)
        return self._entries.view(position, facts=state is None or state.visibility is not Visibility.OWN)

    # ---- who may see it ----

    def state(self, reference: str) -> SubjectState:
        """The state of a muniment or sale now, if this desk may know of it. Raises NotHeld."""
        held = self._entries.state(reference)
        if held is None or not self._visible(held):
            raise not_held(reference)
        return held

    def positions(self, reference: str) -> tuple[int, ...]:
        """Positions of the subject's entries, oldest first, if this desk may know of it. Raises NotHeld, Malformed."""
        self.may_see(reference)
        found = self._entries.positions(reference)
        if not found:
            raise not_held(reference)
        return found

    def may_see(self, reference: str) -> SubjectState | None:
        """The subject's state, or None where it has none; raises NotHeld where this desk may not know of it."""
        state = self._entries.state(reference)
        if state is not None and not self._visible(state):
            raise not_held(reference)
        if state is None and self._session is None and reference.startswith("officer/"):
            raise not_held(reference)
        return state

    def _visible(self, state: SubjectState) -> bool:
        viewer = self.viewer()
        if viewer.everything or state.visibility is Visibility.PUBLIC:
            return True
        if viewer.department is None:
            return False
        return state.visibility is Visibility.DEPARTMENTS or state.custodian == viewer.department

    def sees(self, entry: Entry, state: SubjectState | None) -> bool:
        """Whether what the entry says is this desk's to know; `state` is its subject's.

        Readings are their own department's, and so is an act refused on what was never held. The catalogue finds by
        the same rule.
        """
        viewer = self.viewer()
        if viewer.everything:
            return True
        if isinstance(entry, Act) and (entry.intent.kind is Kind.READ or (state is None and _is_muniment(entry))):
            return entry.intent.department == viewer.department
        return True if state is None else self._visible(state)

    def visible(self, entry: Entry) -> bool:
        """Whether this desk may know of the entry at all: what it says, and its subject."""
        state = self._entries.state(entry.subject)
        return (state is None or self._visible(state)) and self.sees(entry, state)

    def glance(self, position: int) -> View:
        """The entry at the position without what it says of its subject; the caller has asked `visible`."""
        return self._entries.view(position, facts=False)

    def last_seen(self, reference: str) -> int:
        """The subject's newest entry that is this desk's to know. Raises NotHeld."""
        state = self.may_see(reference)
        for position in reversed(self.positions(reference)):
            if self.sees(self._entries.entry(position), state):
                return position
        raise not_held(reference)

    def record_reading(self, reference: str, state: SubjectState | None, fields: str, purpose: str) -> None:
        """Before anything is handed out of what is visible to its own department only: record that it was read."""
        if state is not None and state.visibility is Visibility.OWN and self._session is not None:
            self._session.read(reference, fields, purpose)

    # ---- one subject ----

    def show(self, reference: str, *, purpose: str = "office") -> Subject:
        """The subject as it stands. What is visible to its own department only is a recorded reading."""
        state = self.may_see(reference)
        positions = self.positions(reference)
        if state is None:
            return self._other(reference, positions)
        self.record_reading(reference, state, "details", purpose)
        with self._services.courtesy.first():
            return self._as_it_stands(reference, state, positions)

    def _as_it_stands(self, reference: str, state: SubjectState, positions: tuple[int, ...]) -> Subject:
        last = self._entries.view(positions[-1])
        newest = self._newest(positions)
        return Subject(
            subject=reference,
            kind=state.kind,
            status=state.status,
            version=state.version,
            custodian=state.custodian,
            visibility=state.visibility,
            position=last.position,
            number=last.number,
            previous=last.previous,
            recorded_at=last.recorded_at,
            details=self._entries.view(newest).details,
            state=self.act_state(last.position),
            address=self._same_address(newest) if rows.is_sale(reference) else (),
            attribution=self.attribution(last.recorded_at) if rows.is_sale(reference) else None,
        )

    def _other(self, reference: str, positions: tuple[int, ...]) -> Subject:
        """Officers, departments, loads and the registry: their last act, nothing withheld."""
        last = self._entries.view(self.last_seen(reference))
        return Subject(
            subject=reference,
            kind=last.kind,
            status=Status.CURRENT,
            version=len(positions),
            custodian=last.department,
            visibility=Visibility.DEPARTMENTS,
            position=last.position,
            number=last.number,
            previous=last.previous,
            recorded_at=last.recorded_at,
            details=last.details,
            state=self.act_state(last.position),
        )

    def _newest(self, positions: tuple[int, ...]) -> int:
        """The newest entry that carries details and was not refused."""
        for position in reversed(positions):
            entry = self._entries.entry(position)
            if isinstance(entry, Row) or (entry.outcome is UNSET and entry.intent.kind in (Kind.LODGED, Kind.REVISED)):
                return position
        return positions[-1]

    def _same_address(self, position: int) -> tuple[str, ...]:
        found = {self._entries.entry(other).subject for other in self._services.catalogue.property_of(position)}
        return tuple(sorted(found - {self._entries.entry(position).subject}))

    @staticmethod
    def attribution(at: int) -> str:
        """The line that stands wherever sale records are shown; `at` ms UTC."""
        return ATTRIBUTION.format(year=1970 + at // 31_556_952_000)

    def act_state(self, position: int) -> str:
        """recorded → sealed → witnessed, in words, computed from the checkpoints kept."""
        sealed = self._services.checkpoints.latest()
        if sealed is None or sealed.size <= position:
            return "recorded, not sealed yet"
        return "sealed, no witnesses appointed"

    # ---- history ----

    def history(self, reference: str, *, purpose: str = "office") -> tuple[View, ...]:
        """Every act on the subject, oldest first, numbers and links compared with the tree; those that are not this
        desk's to know stand there by number and link alone. Raises NotHeld."""
        self.last_seen(reference)
        state = self.may_see(reference)
        positions = self.positions(reference)
        self.record_reading(reference, state, "history", purpose)
        with self._services.courtesy.first():  # not around the reading, which waits for the turn of whoever gives way
            return tuple(self._told(position, state) for position in positions)

    def _told(self, position: int, state: SubjectState | None) -> View:
        view = self._entries.view(position)
        if self.sees(self._entries.entry(position), state):
            return view
        return View(view.subject, WITHHELD, position, view.number, view.recorded_at, {}, view.previous, view.link)

    @staticmethod
    def gaps(views: tuple[View, ...]) -> tuple[str, ...]:
        """What is wrong with a history, in words; empty when numbers run on and every link agrees with the tree."""
        wrong = []
        for before, view in zip((None, *views), views, strict=False):
            expected = 1 if before is None else before.number + 1
            if view.number != expected:
                wrong.append(f"number {expected} is missing before number {view.number} (position {view.position})")
            if view.link is False:
                wrong.append(f"number {view.number} (position {view.position}): its link does not agree with the tree")
        return tuple(wrong)

    def leaves(self, positions: tuple[int, ...]) -> tuple[bytes, ...]:
        """Leaf hashes (32 bytes) at these positions, which anyone may know. Raises NotHeld."""
        return tuple(self._services.log.leaf(position) for position in positions)

    # ---- versions ----

    def version(self, subject: str, number: int | None = None) -> Version:
        """A version of a muniment with its envelope (default: the newest). Raises NotHeld."""
        state = self.state(subject)
        for position in reversed(self.positions(subject)):
            entry = self._entries.entry(position)
            if isinstance(entry, Act) and entry.outcome is not UNSET:
                continue
            said = self._entries.versioned(entry)
            if said.vault is not None and number in (None, said.version):
                return Version(subject, said.version, position, state, said.vault, said.sd, said.facts)
        raise NotHeld(f"{subject} has no version {number} with a body here" if number else f"{subject} has no body")

    def disclosed(self, version: Version) -> dict[str, Any]:
        """Clear and withheld details of a version; the caller has recorded the reading."""
        blob = self._services.vault.withheld(version.sealed.id)
        return {**version.facts, **(reveal(unpack(blob), version.sd) if blob else {})}


def _is_muniment(entry: Entry) -> bool:
    return entry.subject.startswith("muniment/")


def not_held(reference: str) -> NotHeld:
    """One answer for what is absent and for what is not yours to know of."""
    return NotHeld(f"{reference} is not held here, or is not yours to know of")
