"""Step 5 of the audit, the vault: every envelope that an act names, against its digests, without any key.

With the office open a reading is opened too: from entries alone it can only be counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from msgspec import UNSET, UnsetType

from registry.errors import NotHeld, Refused, RegistryError, Unproven
from registry.ledger.audit.fault import Findings
from registry.ledger.audit.readings import check_reading
from registry.records.acts import Act, Details, Kind
from registry.records.envelope import Sealed
from registry.records.muniment import SubjectState
from registry.records.standing import Standing


class Vault(Protocol):
    """What is asked of the vault: to check without a key, and to say what it holds."""

    def check(self, sealed: Sealed, reference: str, version: int) -> list[str]:
        """What in the store does not fit the entry, in words; empty when all fits."""

    def ids(self) -> Iterator[str]:
        """Every envelope's id."""


class Opener(Protocol):
    """The vault with its key, for readings."""

    def disclosures(self, sealed: Sealed) -> tuple[str, ...]:
        """What the envelope of a reading discloses. Raises Unproven, Shredded, NotHeld."""

    def state(self, reference: str) -> SubjectState | None:
        """The state of the muniment that was read."""


class Envelopes:
    """Checks envelopes as the acts that name them pass by."""

    def __init__(self, vault: Vault, findings: Findings, *, origin: str, opener: Opener | None) -> None:
        self._vault, self._findings, self._origin, self._opener = vault, findings, origin, opener
        self._named: set[str] = set()

    def act(self, position: int, act: Act, details: Details | None, *, done: bool) -> None:
        """An act: its envelope, if it was done; one of a refused act is named, and may be gone."""
        sealed, version = act.vault, 1
        reference = f"reading/{act.intent.key}" if act.intent.kind is Kind.READ else act.subject
        if sealed is UNSET and details is not None:
            sealed, version = getattr(details, "vault", UNSET), getattr(details, "version", 1)
        if sealed is not UNSET:
            self._check(position, act.subject, sealed, reference, version, done=done)

    def row(self, position: int, subject: str, sealed: Sealed | UnsetType, version: int | UnsetType) -> None:
        """A loaded muniment."""
        if sealed is not UNSET:
            self._check(position, subject, sealed, subject, 1 if version is UNSET else version, done=True)

    def _check(self, position: int, subject: str, sealed: Sealed, reference: str, version: int, *, done: bool) -> None:
        self._named.add(sealed.id)
        if not done:
            return
        self._findings.checked["envelopes"] += 1
        for what in self._vault.check(sealed, reference, version):
            told = f"the vault's envelope of {reference} version {version} (named at position {position})"
            if what == "missing":
                self._findings.fault(f"{told} is missing: body and withheld details are lost", position, subject)
            elif what == "shredded":
                self._findings.fault(f"{told} is shredded, and no act says that it was to be", position, subject)
            else:
                self._findings.fault(
                    f"{told}: its {what} is not what the entry names; the entry is good", position, subject
                )

    def reading(self, position: int, act: Act, standing: Standing) -> None:
        """Open a reading that was done: who read, with which key, and by which right."""
        if self._opener is None or act.vault is UNSET or act.outcome is not UNSET:
            return
        try:
            disclosures = self._opener.disclosures(act.vault)
            check_reading(act, disclosures, standing, self._origin, position=position, state_of=self._opener.state)
            self._findings.checked["readings opened"] += 1
        except (Unproven, Refused, NotHeld) as error:
            self._findings.fault(f"the reading at position {position} does not hold: {error}", position, act.subject)
        except RegistryError as error:  # its envelope is shredded: nobody can tell any more
            self._findings.note(f"the reading at position {position} cannot be opened: {error}")

    def finish(self) -> None:
        """Envelopes that no entry names are what a crash leaves between vault and ledger: a note."""
        loose = sum(1 for one in self._vault.ids() if one not in self._named)
        if loose:
            self._findings.note(
                f"{loose} envelopes in the vault are unreferenced: the office sweeps them when it opens"
            )
