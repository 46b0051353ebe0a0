"""The four founding acts, recorded in one turn: who founds, the rules, the first department, the founder as officer."""

from __future__ import annotations

import os

from registry.ledger.signature import Ed25519Signer
from registry.records import acts, roles
from registry.records.acts import Kind, make_intent, signed_bytes
from registry.records.disclosure import pack, withhold
from registry.records.encoding import to_base64
from registry.records.identifiers import REGISTRY
from registry.sequencer import Proposal
from registry.vault.exchange import exchange_public
from registry.vault.vault import Vault

FOUNDER = "officer/1"


def founding_acts(
    vault: Vault, *, origin: str, seed: bytes, department: str, department_name: str, officer: str
) -> list[Proposal]:
    """The proposals, signed with the founder's seed; the sign-in name is sealed in the vault first."""
    key = Ed25519Signer(seed)
    sd, disclosures = withhold({"name": officer}, [os.urandom(32)])
    sealed = vault.seal(FOUNDER, 1, withheld=pack(disclosures))
    public, exchange = to_base64(key.public), to_base64(exchange_public(seed))
    founding: tuple[tuple[Kind, acts.Details, str], ...] = (
        (Kind.FOUNDED, acts.Founded(key=public, origin=origin), REGISTRY),
        (Kind.RULES_ADOPTED, acts.RulesAdopted(table=roles.TABLE, version=roles.ROLES_VERSION), REGISTRY),
        (Kind.DEPARTMENT_ADDED, acts.DepartmentAdded(name=department_name), f"department/{department}"),
        (
            Kind.OFFICER_ENROLLED,
            acts.OfficerEnrolled(sd=sd, department=department, exchange=exchange, key=public, vault=sealed),
            FOUNDER,
        ),
    )
    proposals = []
    for kind, details, subject in founding:
        intent = make_intent(
            kind, details, department=department, key=os.urandom(16).hex(), officer=FOUNDER, subject=subject
        )
        proposals.append(Proposal(intent, FOUNDER, key.sign(signed_bytes(origin, intent))))
    return proposals
