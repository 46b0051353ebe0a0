"""The one table of what may be asked at the door: verb by verb the desk's method, the rows of the role table that it
exercises, the kinds of act that it may want signed.

What stands here is reached; what does not is refused, whatever else a desk can do. Arguments and answers take their
form from the method's own signature, so that a desk in another process is asked exactly as one in this.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from registry.desk.day import Day
from registry.desk.departments import Departments
from registry.desk.desk import Desk
from registry.desk.keys import Keys
from registry.desk.loads import Loads
from registry.desk.lookups import Lookups
from registry.desk.muniments import Muniments
from registry.desk.officers import Officers
from registry.desk.receipts import Receipts
from registry.records.acts import Kind
from registry.records.roles import Verb
from registry.records.rules import ROLE_ACTS

READS = frozenset({Kind.READ})
OWN = frozenset({"self", "sink", "rejects", "told", "stopped"})
"""Parameters that stay in the process that they belong to."""


class Handed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that the client hands in: its name without the folder, and its size in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class DoorVerb:
    """One row. `exercises` is empty where a signed-in officer needs no right: what is public anyway."""

    name: str
    method: Callable[..., Any]
    exercises: tuple[Verb, ...] = ()
    signs: frozenset[Kind] = frozenset()
    signature: inspect.Signature = field(init=False)
    arguments: type[msgspec.Struct] = field(init=False)
    answer: Any = field(init=False)

    def __post_init__(self) -> None:
        signature = inspect.signature(self.method, eval_str=True)
        members: list[tuple[str, Any, Any]] = []
        for one in signature.parameters.values():
            if one.name in OWN:
                continue
            kind = Handed if one.name in ("document", "path") else one.annotation
            default = msgspec.NODEFAULT if one.default is inspect.Parameter.empty else one.default
            members.append((one.name, kind, default))
        made = msgspec.defstruct(f"Ask_{self.name}", members, frozen=True, forbid_unknown_fields=True, kw_only=True)
        object.__setattr__(self, "signature", signature)
        object.__setattr__(self, "arguments", made)
        object.__setattr__(self, "answer", typing.get_type_hints(self.method)["return"])


_ROWS = (
    DoorVerb("status", Desk.status),
    DoorVerb("day.roles", Day.roles),
    DoorVerb("day.why_not", Day.why_not),
    DoorVerb("day.reads_only", Day.reads_only),
    DoorVerb("day.outcome", Day.outcome),
    DoorVerb("day.newest", Day.newest),
    DoorVerb("day.loads", Day.loads, (Verb.LOAD_READ,)),
    DoorVerb("lookups.find", Lookups.find, (Verb.SEARCH,)),
    DoorVerb("lookups.show", Lookups.show, (Verb.MUNIMENT_READ,), READS),
    DoorVerb("lookups.history", Lookups.history, (Verb.MUNIMENT_READ,), READS),
    DoorVerb("lookups.state", Lookups.state, (Verb.MUNIMENT_READ,)),
    DoorVerb("lookups.act_state", Lookups.act_state),
    DoorVerb("lookups.leaves", Lookups.leaves),
    DoorVerb("receipts.policy", Receipts.policy),
    DoorVerb("receipts.take", Receipts.take, (Verb.RECEIPT_TAKE, Verb.WITHHELD_READ), READS),
    DoorVerb("muniments.lodge", Muniments.lodge, (Verb.MUNIMENT_LODGE,), frozenset({Kind.LODGED})),
    DoorVerb("muniments.revise", Muniments.revise, (Verb.MUNIMENT_REVISE,), frozenset({Kind.REVISED})),
    DoorVerb("muniments.withdraw", Muniments.withdraw, (Verb.MUNIMENT_WITHDRAW,), frozenset({Kind.WITHDRAWN})),
    DoorVerb("muniments.open", Muniments.open, (Verb.WITHHELD_READ,), READS),
    DoorVerb("loads.list", Loads.list, (Verb.LOAD_READ,)),
    DoorVerb("loads.recognise", Loads.recognise),
    DoorVerb("loads.dry_run", Loads.dry_run, (Verb.LOAD_RUN,)),
    DoorVerb("loads.load", Loads.load, (Verb.LOAD_RUN,), frozenset({Kind.LOAD_OPENED, Kind.LOAD_CLOSED})),
    DoorVerb("officers.list", Officers.list, (Verb.OFFICER_LIST,)),
    DoorVerb("officers.names", Officers.names, (Verb.OFFICER_LIST,)),
    DoorVerb("officers.role_table", Officers.role_table),
    DoorVerb("officers.may_open", Officers.may_open),
    DoorVerb("officers.departments", Officers.departments),
    DoorVerb("officers.next_reference", Officers.next_reference),
    DoorVerb("officers.exchange_of", Officers.exchange_of),
    DoorVerb("officers.reference", Officers.reference),
    DoorVerb("officers.enrol", Officers.enrol, (Verb.OFFICER_ENROL,), frozenset({Kind.OFFICER_ENROLLED})),
    DoorVerb("officers.appoint", Officers.appoint, (Verb.OFFICER_APPOINT,), frozenset({Kind.APPOINTED})),
    DoorVerb("officers.revoke", Officers.revoke, (Verb.OFFICER_REVOKE,), frozenset({Kind.OFFICER_REVOKED})),
    DoorVerb("officers.hand_unlock", Officers.hand_unlock, (Verb.UNLOCK_HAND,), frozenset({Kind.UNLOCK_HANDED})),
    DoorVerb("officers.confirm", Officers.confirm, (Verb.OFFICER_CONFIRM,), frozenset(ROLE_ACTS)),
    DoorVerb(
        "officers.add_department", Officers.add_department, (Verb.DEPARTMENT_ADD,), frozenset({Kind.DEPARTMENT_ADDED})
    ),
    DoorVerb("keys.add", Keys.add, (Verb.KEY_ADD,), frozenset({Kind.KEY_ADDED})),
    DoorVerb("keys.revoke", Keys.revoke, (Verb.KEY_REVOKE,), frozenset({Kind.KEY_REVOKED})),
    DoorVerb("keys.list", Keys.list),
    # The right is the department's, by its assertion, and so is the word: the officer who asks signs nothing.
    DoorVerb("departments.admit", Departments.admit),
    DoorVerb("departments.read", Departments.read),
)

VERBS: dict[str, DoorVerb] = {row.name: row for row in _ROWS}

IN_LINE: dict[Verb, str] = {
    Verb.LEDGER_READ: "entry bundles are read beside the office, by 'export-log'",
    Verb.MARK_ADOPT: "the mark lies in the signer: 'checkpoint --adopt' opens the office itself",
    Verb.RULES_ADOPT: "adopted once, at founding",
}
"""Verbs of the role table that no verb of the door exercises, and why."""
