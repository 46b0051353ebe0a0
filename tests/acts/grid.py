"""The role × verb table as a person writes it down who has read the design and not the program.

Kept apart from `registry/records/roles.py` on purpose: a cell that changes there has to be changed here too, by
somebody who says why.
"""

from __future__ import annotations

ROLES = ("founder", "administrator", "registrar", "intake-clerk", "loader", "reader", "auditor")

_GRID = """
                   founder  administrator  registrar  intake-clerk  loader  reader  auditor
department.add     never    all            never      never         never   never   never
key.add            never    all            never      never         never   never   never
key.revoke         never    all            never      never         never   never   never
ledger.read        all      never          never      never         never   all     all
load.read          all      all            all        all           all     all     all
load.run           own      never          never      never         own     never   never
mark.adopt         never    all            never      never         never   never   never
muniment.lodge     own      never          never      own           never   never   never
muniment.read      own      own            own        own           own     own     all
muniment.revise    own      never          never      own           never   never   never
muniment.withdraw  never    never          own        never         never   never   never
officer.appoint    never    all            never      never         never   never   never
officer.confirm    never    all            never      never         never   never   never
officer.enrol      never    all            never      never         never   never   never
officer.list       all      all            all        own           own     own     all
officer.revoke     never    all            never      never         never   never   never
receipt.take       all      all            all        all           all     all     all
rules.adopt        never    all            never      never         never   never   never
search             all      all            all        all           all     all     all
unlock.hand        never    all            never      never         never   never   never
withheld.read      own      never          own        own           never   own     never
"""

_head, *_rows = (line.split() for line in _GRID.strip().splitlines())
assert tuple(_head) == ROLES

GRID: dict[str, dict[str, str]] = {verb: dict(zip(ROLES, cells, strict=True)) for verb, *cells in _rows}
"""Verb → role → own, all or never."""

WORDS = {
    "department.add": "add a department",
    "key.add": "add a department's key",
    "key.revoke": "revoke a department's key",
    "ledger.read": "read the ledger's entries",
    "load.read": "look at loads",
    "load.run": "load historical records",
    "mark.adopt": "adopt a new mark",
    "muniment.lodge": "lodge a muniment",
    "muniment.read": "look at this muniment",
    "muniment.revise": "revise this muniment",
    "muniment.withdraw": "withdraw this muniment",
    "officer.appoint": "appoint officers",
    "officer.confirm": "confirm another administrator's act",
    "officer.enrol": "enrol officers",
    "officer.list": "list officers",
    "officer.revoke": "revoke officers",
    "receipt.take": "take a receipt",
    "rules.adopt": "adopt rules",
    "search": "search",
    "unlock.hand": "hand over the office's unlock key",
    "withheld.read": "read withheld material of this muniment",
}
"""What a refusal says that the officer may not do."""

KIND_OF = {
    "department.add": "DEPARTMENT_ADDED",
    "key.add": "KEY_ADDED",
    "key.revoke": "KEY_REVOKED",
    "load.run": "LOAD_OPENED",
    "mark.adopt": "MARK_ADOPTED",
    "muniment.lodge": "LODGED",
    "muniment.revise": "REVISED",
    "muniment.withdraw": "WITHDRAWN",
    "officer.appoint": "APPOINTED",
    "officer.confirm": "OFFICER_ENROLLED",
    "officer.enrol": "OFFICER_ENROLLED",
    "officer.revoke": "OFFICER_REVOKED",
    "rules.adopt": "RULES_ADOPTED",
    "unlock.hand": "UNLOCK_HANDED",
    "withheld.read": "READ",
}
"""The kind that an act keeps when it is refused. The other verbs are of questions, of which nothing is recorded."""
