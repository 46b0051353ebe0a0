"""Officers' key files, and the unlock key: those hold it whom the ledger says, and nobody else."""

from __future__ import annotations

import os

from registry.desk.desk import Desk
from registry.errors import RegistryError, Unsettled
from registry.ledger.signature import Ed25519Signer
from registry.records.encoding import from_base64
from registry.records.roles import Role
from registry.records.rules import AWAITS
from registry.records.standing import Standing
from registry.sequencer import Milestone, Recorded
from registry.settings import Settings
from registry.storage.officer_keys import OfficerKeys, OpenedKey
from registry.storage.signer import OfficeKeys, Signer
from registry.vault.exchange import exchange_public


class Keyring:
    """The office's keys while it is open, and the signer's folder that they came from."""

    def __init__(self, signer: Signer, keys: OfficeKeys, origin: str, milestone: Milestone) -> None:
        self.keys = keys
        self._signer, self._origin, self._milestone = signer, origin, milestone

    def settle(self, standing: Standing) -> None:
        """Those who may open the office hold its unlock key, and nobody else: hand over, or rotate, by the ledger."""
        keep: dict[str, bytes] = {}
        for reference in standing.may_open():
            officer = standing.officer(reference)
            if officer is not None and officer.revoked is None:
                keep[reference] = from_base64(officer.exchange)
        held = set(self._signer.who_may_open())
        if held - set(keep):
            self.keys = self._signer.rotate(self.keys, keep)
            self._milestone("unlock key changed")
        else:
            for reference in sorted(set(keep) - held):
                self._signer.hand_over(self.keys, reference, keep[reference])
                self._milestone("unlock key handed")


def open_key(settings: Settings, officer: str, passphrase: str, now_s: int) -> OpenedKey:
    """The officer's own key, in the process that is his: no registry and no signer's secret is opened for it.

    Raises Misuse (no such key file, wrong passphrase), Busy while a wait after wrong ones runs.
    """
    return OfficerKeys(settings.signer / "officers").open(officer, passphrase, now_s)


def enrol(
    settings: Settings,
    origin: str,
    desk: Desk,
    name: str,
    department: str,
    passphrase: str,
    *,
    role: Role | None = None,
    until: int | None = None,
    may_open: bool = False,
    milestone: Milestone = lambda name: None,
) -> tuple[Recorded, ...]:
    """Make the officer's key file, then record enrolment, hand-over and appointment, as asked, at a desk in-line or
    behind the door.

    A key file whose enrolment was refused is taken away again. Raises Misuse, Refused, Busy.
    """
    keys = Signer(settings.signer, settings.registry).officers
    reference = desk.officers.next_reference()
    seed = os.urandom(32)
    key = Ed25519Signer(seed).public
    keys.keep(name, seed, passphrase, officer=reference, origin=origin)
    milestone("key file written")
    try:
        enrolled = desk.officers.enrol(name, department, key, exchange_public(seed), reference=reference)
    except Unsettled:  # it may be recorded, and his key exists nowhere else; the next opening sweeps what nobody bears
        raise
    except RegistryError:
        keys.remove(name)
        raise
    recorded = [enrolled]
    if enrolled.rule != AWAITS:
        if may_open:  # before he may be an administrator, whose word a hand-over would then want
            recorded.append(desk.officers.hand_unlock(reference))
        if role is not None:
            recorded.append(desk.officers.appoint(reference, role, until))
    return tuple(recorded)
