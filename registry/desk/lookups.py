"""The counter where one looks things up: find, show, history, receipt. Also for the public, who sees what is public.

A search is not a proof; a history is, as far as it goes: each act's number and link are compared with the tree. What
may be shown is decided here, by the one rule on visibility, for every surface. Withheld material is handed out only
to a signed-in officer, and only after his reading was recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET

from registry.catalogue.queries import Viewer
from registry.desk.services import Services
from registry.desk.session import Session
from registry.errors import Misuse, NotHeld, RegistryError
from registry.ledger.issuance import Included, issue, leans_on
from registry.ledger.merkle import leaf_hash
from registry.records import rows
from registry.records.acts import REFUSED, Act, Confirmed, Details, Entry, Row, decode_entry, details_of
from registry.records.disclosure import reveal, unpack
from registry.records.encoding import to_base64
from registry.records.envelope import Sealed
from registry.records.identifiers import check_reference, parse_position, subject_digest
from registry.records.muniment import Status, SubjectState, Visibility
from registry.records.roles import Scope, Verb

PAGE = 20


class View(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry, as it may be shown to this desk. `link` is None for number 1, else whether the link agrees with the
    tree."""

    subject: str
    kind: str
    position: int
    number: int
    recorded_at: int
    details: dict[str, Any]
    previous: dict[str, Any] | None = None
    link: bool | None = None
    outcome: str = "ALLOWED"
    rule: str = ""
    officer: str = ""
    department: str = ""
    load: int | None = None
    row: int | None = None
    flag: str | None = None
    withheld: int = 0


class Subject(msgspec.Struct, frozen=True):
    """What is known of a subject now: its newest version's entry, its state, how many acts it has."""

    subject: str
    kind: str
    status: str
    version: int
    custodian: str
    visibility: str
    position: int
    number: int
    previous: dict[str, Any] | None
    recorded_at: int
    details: dict[str, Any]
    state: str
    address: tuple[str, ...] = ()
    attribution: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a muniment: its number, the entry that recorded it and its envelope."""

    subject: str
    number: int
    position: int
    state: SubjectState
    sealed: Sealed
    sd: tuple[str, ...]
    facts: dict[str, Any]


ATTRIBUTION = (
    "Contains HM Land Registry data © Crown copyright and database right {year}. "
    "This data is licensed under the Open Government Licence v3.0."
)


class Lookups:
    """Reads for one viewer: an officer's session, or the public without one."""

    def __init__(self, services: Services, session: Session | None = None) -> None:
        self._services, self._session = services, session

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
        if not text.strip():
            raise Misuse("nothing to find: give at least one word")
        if self._session is not None:
            self._session.permit(Verb.SEARCH)
        hits = self._services.catalogue.find(text, self.viewer(), limit=limit, after=after)
        return tuple(self.view(hit.position) for hit in hits)

    # ---- one subject ----

    def positions(self, reference: str) -> tuple[int, ...]:
        """Positions of the subject's entries, oldest first, each confirmed on the entry. Raises NotHeld, Malformed."""
        check_reference(reference)
        found = [
            position
            for position in self._services.catalogue.history(reference)
            if decode_entry(self._services.log.entry(position)).subject == reference
        ]
        if not found:
            raise _not_held(reference)
        return tuple(found)

    def state(self, reference: str) -> SubjectState:
        """The state of a muniment or sale now, if this desk may know of it. Raises NotHeld."""
        held = self._state(reference)
        if held is None or not self._visible(held):
            raise _not_held(reference)
        return held

    def _state(self, reference: str) -> SubjectState | None:
        check_reference(reference)
        last = self._services.store.last(subject_digest(reference), reference)
        if last is not None:
            return msgspec.json.decode(last.state, type=SubjectState) if last.state else None
        for position in self._services.catalogue.history(reference):
            entry = decode_entry(self._services.log.entry(position))
            if isinstance(entry, Row) and entry.subject == reference:
                return rows.follow(entry, None, self._custodian(entry))
        return None

    def _custodian(self, row: Row) -> str:
        load = self._services.store.load(row.load)
        if load is None:
            raise NotHeld(f"load/{row.load} is not held here")
        return load.department

    def _visible(self, state: SubjectState) -> bool:
        viewer = self.viewer()
        if viewer.everything or state.visibility is Visibility.PUBLIC:
            return True
        if viewer.department is None:
            return False
        return state.visibility is Visibility.DEPARTMENTS or state.custodian == viewer.department

    def show(self, reference: str, *, purpose: str = "office") -> Subject:
        """The subject as it stands. What is visible to its own department only is a recorded reading."""
        state = self._state(reference)
        positions = self.positions(reference)
        if state is None:
            return self._other(reference, positions)
        if not self._visible(state):
            raise _not_held(reference)
        self._record_reading(reference, state, "details", purpose)
        last = self.view(positions[-1], trusted=True)
        newest = self._newest(positions)
        details = self.view(newest, trusted=True).details
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
            details=details,
            state=self.act_state(last.position),
            address=self._same_address(newest) if rows.is_sale(reference) else (),
            attribution=self.attribution(last.recorded_at) if rows.is_sale(reference) else None,
        )

    def _other(self, reference: str, positions: tuple[int, ...]) -> Subject:
        """Officers, departments, loads and the registry: their last act, nothing withheld."""
        last = self.view(positions[-1])
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
            entry = self._entry(position)
            if isinstance(entry, Row) or (entry.outcome is UNSET and entry.intent.kind.value in ("LODGED", "REVISED")):
                return position
        return positions[-1]

    def _same_address(self, position: int) -> tuple[str, ...]:
        found = [self._entry(other).subject for other in self._services.catalogue.property_of(position)]
        mine = self._entry(position).subject
        return tuple(sorted({other for other in found if other != mine}))

    def _record_reading(self, reference: str, state: SubjectState, fields: str, purpose: str) -> None:
        if state.visibility is Visibility.OWN and self._session is not None:
            self._session.read(reference, fields, purpose)

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
        """Every act on the subject, oldest first, numbers and links compared with the tree. Raises NotHeld."""
        state = self._state(reference)
        if state is not None and not self._visible(state):
            raise _not_held(reference)
        if state is None and self._session is None and reference.startswith("officer/"):
            raise _not_held(reference)
        positions = self.positions(reference)
        if state is not None:
            self._record_reading(reference, state, "history", purpose)
        return tuple(self.view(position, trusted=True) for position in positions)

    def gaps(self, views: tuple[View, ...]) -> tuple[str, ...]:
        """What is wrong with a history, in words; empty when numbers run on and every link agrees with the tree."""
        wrong = []
        for before, view in zip((None, *views), views, strict=False):
            expected = 1 if before is None else before.number + 1
            if view.number != expected:
                wrong.append(f"number {expected} is missing before number {view.number} (position {view.position})")
            if view.link is False:
                wrong.append(f"number {view.number} (position {view.position}): its link does not agree with the tree")
        return tuple(wrong)

    # ---- entries ----

    def _entry(self, position: int) -> Entry:
        return decode_entry(self._services.log.entry(position))

    def view(self, position: int, *, trusted: bool = False) -> View:
        """One entry as this desk may see it; details of what is `own` to a department only when `trusted` (a reading
        stands)."""
        entry = self._entry(position)
        previous = None if entry.previous is UNSET else msgspec.to_builtins(entry.previous)
        link = (
            None
            if entry.previous is UNSET
            else to_base64(self._services.log.leaf(entry.previous.position)) == entry.previous.hash
        )
        if isinstance(entry, Row):
            return View(
                subject=entry.subject,
                kind="SALE_RECORD" if rows.is_sale(entry.subject) else "LOADED",
                position=position,
                number=entry.number,
                recorded_at=entry.at,
                details=self._clear(bytes(entry.details), trusted),
                previous=previous,
                link=link,
                department=self._custodian(entry),
                load=entry.load,
                row=entry.row,
                flag=self._flag(entry),
            )
        details = details_of(entry.intent)
        return View(
            subject=entry.subject,
            kind=entry.intent.kind,
            position=position,
            number=entry.number,
            recorded_at=entry.at,
            details=self._clear(bytes(entry.intent.details), trusted or isinstance(details, Confirmed)),
            previous=previous,
            link=link,
            outcome="ALLOWED" if entry.outcome is UNSET else REFUSED,
            rule="" if entry.rule is UNSET else entry.rule,
            officer="" if entry.intent.officer is UNSET else entry.intent.officer,
            department=entry.intent.department,
            withheld=_withheld(details),
        )

    def _flag(self, row: Row) -> str | None:
        if row.number == 1:
            return rows.flag(row.op, 1, None)
        if row.op != "A":
            return None
        return rows.SOURCES_DIFFER

    @staticmethod
    def _clear(raw: bytes, trusted: bool) -> dict[str, Any]:
        members: dict[str, Any] = msgspec.json.decode(raw)
        if members.get("visibility") == Visibility.OWN and not trusted:
            members.pop("facts", None)
        for machine in ("_sd", "vault", "table"):
            members.pop(machine, None)
        facts = members.pop("facts", {})
        return {**members, **facts}

    def version(self, subject: str, number: int | None = None) -> Version:
        """A version of a muniment with its envelope (default: the newest). Raises NotHeld."""
        state = self.state(subject)
        for position in reversed(self.positions(subject)):
            entry = self._entry(position)
            if isinstance(entry, Act) and entry.outcome is not UNSET:
                continue
            raw = bytes(entry.intent.details if isinstance(entry, Act) else entry.details)
            details = msgspec.json.decode(raw, type=_Versioned)
            if details.vault is None or number not in (None, details.version):
                continue
            return Version(subject, details.version, position, state, details.vault, details.sd, details.facts)
        raise NotHeld(f"{subject} has no version {number} with a body here" if number else f"{subject} has no body")

    def disclosed(self, version: Version) -> dict[str, Any]:
        """Clear and withheld details of a version; the caller has recorded the reading."""
        blob = self._services.vault.withheld(version.sealed.id)
        return {**version.facts, **(reveal(unpack(blob), version.sd) if blob else {})}

    # ---- receipts ----

    def receipt(self, what: str, *, disclosures: bool = False, purpose: str = "office") -> tuple[int, bytes]:
        """(position, receipt) of a subject's last entry, or of a bare position.

        With `disclosures` the withheld details are in it, and the reading is recorded first. Raises NotHeld, Refused.
        """
        position = parse_position(what)
        if position is None:
            position = self.positions(what)[-1] if self._may_take(what) else 0
        entry = self._entry(position)
        if not self._may_take(entry.subject):
            raise _not_held(what)
        opened: tuple[str, ...] = ()
        if disclosures:
            opened = self._disclosures(entry, purpose)
        services = self._services
        if services.sequencer is not None:
            services.seal()
        sealed = services.checkpoints.latest()
        if sealed is None or sealed.size <= position:
            raise NotHeld(
                f"position {position} is recorded but not sealed yet: ask again when the office has sealed it"
            )
        size = sealed.size

        def included(at: int) -> Included:
            return Included(at, services.log.entry(at), services.log.inclusion(at, size))

        raw = services.log.entry(position)
        if leaf_hash(raw) != services.log.leaf(position):
            raise RegistryError(f"the entry at {position} does not hash to its leaf in the tree: run an audit")
        supports = leans_on(position, raw, services.log.entry, self._came_into_force)
        return position, issue(
            included(position), sealed.cosigned, supports=map(included, supports), disclosures=opened
        )

    def _may_take(self, reference: str) -> bool:
        state = self._state(reference)
        if state is not None:
            if not self._visible(state):
                raise _not_held(reference)
            return True
        return self._session is not None or not reference.startswith("officer/")

    def _came_into_force(self, reference: str) -> int:
        officer = self._services.standing().officer(reference)
        if officer is None:
            raise NotHeld(f"{reference} is not an officer here")
        return officer.enrolled

    def _disclosures(self, entry: Entry, purpose: str) -> tuple[str, ...]:
        if self._session is None:
            raise NotHeld("withheld details are disclosed to a signed-in officer only; give --officer")
        raw = bytes(entry.intent.details if isinstance(entry, Act) else entry.details)
        details = msgspec.json.decode(raw, type=_Versioned)
        state = self._state(entry.subject)
        if details.vault is None or state is None:
            return ()
        self._session.read(entry.subject, "withheld details", purpose)
        return unpack(self._services.vault.withheld(details.vault.id))


class _Versioned(msgspec.Struct, frozen=True):
    """What any version says, whoever recorded it: an act or a loaded row."""

    sd: tuple[str, ...] = msgspec.field(name="_sd", default=())
    facts: dict[str, Any] = {}
    vault: Sealed | None = None
    version: int = 1


def _withheld(details: Details) -> int:
    sd = getattr(details, "sd", ())
    return 0 if sd is UNSET else len(sd)


def _not_held(reference: str) -> NotHeld:
    return NotHeld(f"{reference} is not held here, or is not yours to know of")
