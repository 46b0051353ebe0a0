"""What a desk works with: the rooms that the office has joined, handed over in one piece. No rule lives here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from registry.catalogue.catalogue import Catalogue
from registry.desk.taken import Taken
from registry.errors import Busy, Refused, RegistryError
from registry.ledger.log import Log
from registry.ledger.policy import Policy
from registry.ledger.ports import Checkpoints, Head, Shelves
from registry.records.acts import Act, Confirmed, OfficerEnrolled, decode_entry, details_of
from registry.records.disclosure import reveal, unpack
from registry.records.loads import Load
from registry.records.standing import Standing
from registry.records.subject import Last
from registry.sequencer import Courtesy, Sequencer
from registry.vault.vault import Vault


class Beside(Shelves, Protocol):
    """The state beside the ledger, to be read."""

    def standing(self) -> Standing: ...
    def last(self, digest: int, reference: str) -> Last | None: ...
    def request(self, key: str) -> tuple[int, bytes] | None: ...
    def load(self, position: int) -> Load | None: ...
    def loads(self, file_digest: str | None = None) -> list[Load]: ...


@dataclass(frozen=True, slots=True)
class Services:
    """The office's rooms. `sequencer` is None where the registry is only read; `vault` then opens nothing.

    `clock` gives ms UTC; `random` n bytes; `standing()` tells who is who as of the last commit; `taken` remembers the
    assertions that this office took; `seal()` makes sure that the newest head is sealed and returns the sealed
    size; `caught_up()` waits until the catalogue holds what is recorded; `settle_unlock()` brings the unlock key's
    holders in line with the standing.
    """

    origin: str
    engine: str
    log: Log
    store: Beside
    checkpoints: Checkpoints
    catalogue: Catalogue
    vault: Vault
    policy: Policy
    clock: Callable[[], int]
    random: Callable[[int], bytes]
    standing: Callable[[], Standing]
    taken: Taken
    seal: Callable[[], int]
    caught_up: Callable[[], None]
    settle_unlock: Callable[[], None]
    courtesy: Courtesy
    sequencer: Sequencer | None = None

    def writer(self) -> Sequencer:
        """The sequencer. Raises Busy where nobody has opened the office here."""
        if self.sequencer is None:
            able = ", ".join(self.standing().may_open())
            raise Busy(f"nobody has opened the office here, so nothing can be recorded; {able} can open it")
        return self.sequencer

    def head(self) -> Head:
        """The newest committed head."""
        return self.store.head()

    def act(self, position: int) -> Act | None:
        """The act at the position; None where a loaded row lies."""
        entry = decode_entry(self.log.entry(position))
        return entry if isinstance(entry, Act) else None

    def names(self) -> dict[str, str]:
        """Officers' sign-in names by reference, as far as the vault opens here."""
        found: dict[str, str] = {}
        for officer in self.standing().officers():
            act = self.act(officer.enrolled)
            details = details_of(act.intent) if act else None
            if isinstance(details, Confirmed):  # two administrators: the enrolment stands in the act that was confirmed
                act = self.act(details.confirms)
                details = details_of(act.intent) if act else None
            if isinstance(details, OfficerEnrolled):
                name = self._name(details)
                if name is not None:
                    found[officer.reference] = name
        return found

    def _name(self, details: OfficerEnrolled) -> str | None:
        try:
            return str(reveal(unpack(self.vault.withheld(details.vault.id)), details.sd).get("name", ""))
        except RegistryError:  # no key here, or shredded: the reference has to do
            return None


def tell_names(error: Refused, names: Mapping[str, str]) -> Refused:
    """The same refusal, its officers told by name as well: `officer/3 (j.patel)`."""

    def told(found: re.Match[str]) -> str:
        reference = found.group()
        return f"{reference} ({names[reference]})" if reference in names else reference

    return type(error)(re.sub(r"officer/[0-9]+", told, str(error)), rule=error.rule, position=error.position)
