"""Who may do what: one table, role × verb → own department | all | never. It drives every surface and stands in the
ledger.

`RULES_ADOPTED` records the table's text at founding and whenever it changes; an audit judges each act by the table
adopted then. A verb without a cell for every role fails the build. Withheld details are a right of their own
(`withheld.read`).
"""

from __future__ import annotations

from enum import StrEnum

from registry.errors import Malformed, Misuse
from registry.records.acts import Kind


class Role(StrEnum):
    """The roles. The founder's is not given to anyone: it begins with the registry and ends with the first
    appointment of another."""

    FOUNDER = "founder"
    ADMINISTRATOR = "administrator"
    REGISTRAR = "registrar"
    INTAKE_CLERK = "intake-clerk"
    LOADER = "loader"
    READER = "reader"
    AUDITOR = "auditor"


class Verb(StrEnum):
    """What may be done, noun first."""

    DEPARTMENT_ADD = "department.add"
    KEY_ADD = "key.add"
    KEY_REVOKE = "key.revoke"
    LEDGER_READ = "ledger.read"
    LOAD_READ = "load.read"
    LOAD_RUN = "load.run"
    MARK_ADOPT = "mark.adopt"
    MUNIMENT_LODGE = "muniment.lodge"
    MUNIMENT_READ = "muniment.read"
    MUNIMENT_REVISE = "muniment.revise"
    MUNIMENT_WITHDRAW = "muniment.withdraw"
    OFFICER_APPOINT = "officer.appoint"
    OFFICER_CONFIRM = "officer.confirm"
    OFFICER_ENROL = "officer.enrol"
    OFFICER_LIST = "officer.list"
    OFFICER_REVOKE = "officer.revoke"
    RECEIPT_TAKE = "receipt.take"
    RULES_ADOPT = "rules.adopt"
    SEARCH = "search"
    UNLOCK_HAND = "unlock.hand"
    WITHHELD_READ = "withheld.read"


class Scope(StrEnum):
    """How far a verb reaches."""

    OWN = "own"
    ALL = "all"
    NEVER = "never"


Table = dict[str, dict[str, str]]

ROLES_VERSION = 2

_ROWS: dict[Role, dict[Scope, str]] = {
    Role.FOUNDER: {
        Scope.OWN: "muniment.lodge muniment.revise muniment.read load.run withheld.read",
        Scope.ALL: "ledger.read load.read receipt.take search officer.list",
    },
    Role.ADMINISTRATOR: {
        Scope.OWN: "muniment.read",
        Scope.ALL: "department.add key.add key.revoke officer.enrol officer.appoint officer.revoke officer.confirm "
        "officer.list unlock.hand rules.adopt mark.adopt receipt.take search load.read",
    },
    Role.REGISTRAR: {
        Scope.OWN: "muniment.withdraw muniment.read withheld.read",
        Scope.ALL: "receipt.take search load.read officer.list",
    },
    Role.INTAKE_CLERK: {
        Scope.OWN: "muniment.lodge muniment.revise muniment.read withheld.read officer.list",
        Scope.ALL: "receipt.take search load.read",
    },
    Role.LOADER: {
        Scope.OWN: "load.run muniment.read officer.list",
        Scope.ALL: "receipt.take search load.read",
    },
    Role.READER: {
        Scope.OWN: "muniment.read withheld.read officer.list",
        Scope.ALL: "ledger.read receipt.take search load.read",
    },
    Role.AUDITOR: {
        Scope.ALL: "muniment.read ledger.read load.read receipt.take search officer.list",
    },
}


def _table() -> Table:
    table: Table = {}
    for role, scopes in _ROWS.items():
        cells = {verb: scope for scope, verbs in scopes.items() for verb in verbs.split()}
        table[role] = {verb: cells.get(verb, Scope.NEVER) for verb in Verb}
    return table


TABLE: Table = _table()
"""The table that this program adopts at founding: role → verb → scope, every cell written out."""

APPOINTABLE = tuple(role for role in Role if role is not Role.FOUNDER)

VERB_OF: dict[Kind, Verb] = {
    Kind.RULES_ADOPTED: Verb.RULES_ADOPT,
    Kind.DEPARTMENT_ADDED: Verb.DEPARTMENT_ADD,
    Kind.MARK_ADOPTED: Verb.MARK_ADOPT,
    Kind.OFFICER_ENROLLED: Verb.OFFICER_ENROL,
    Kind.OFFICER_REVOKED: Verb.OFFICER_REVOKE,
    Kind.APPOINTED: Verb.OFFICER_APPOINT,
    Kind.UNLOCK_HANDED: Verb.UNLOCK_HAND,
    Kind.KEY_ADDED: Verb.KEY_ADD,
    Kind.KEY_REVOKED: Verb.KEY_REVOKE,
    Kind.LODGED: Verb.MUNIMENT_LODGE,
    Kind.REVISED: Verb.MUNIMENT_REVISE,
    Kind.WITHDRAWN: Verb.MUNIMENT_WITHDRAW,
    Kind.READ: Verb.WITHHELD_READ,
    Kind.LOAD_OPENED: Verb.LOAD_RUN,
    Kind.LOAD_CLOSED: Verb.LOAD_RUN,
}
"""The verb that each kind of act exercises. FOUNDED has none: only the first entry of a ledger is one."""

READ_IN_CLEAR = frozenset({"details", "history", "receipt"})
"""What a reading may name as read where nothing withheld was handed out: what is visible to its own department only."""

WORDS: dict[Verb, str] = {
    Verb.DEPARTMENT_ADD: "add a department",
    Verb.KEY_ADD: "add a department's key",
    Verb.KEY_REVOKE: "revoke a department's key",
    Verb.LEDGER_READ: "read the ledger's entries",
    Verb.LOAD_READ: "look at loads",
    Verb.LOAD_RUN: "load historical records",
    Verb.MARK_ADOPT: "adopt a new mark",
    Verb.MUNIMENT_LODGE: "lodge a muniment",
    Verb.MUNIMENT_READ: "look at this muniment",
    Verb.MUNIMENT_REVISE: "revise this muniment",
    Verb.MUNIMENT_WITHDRAW: "withdraw this muniment",
    Verb.OFFICER_APPOINT: "appoint officers",
    Verb.OFFICER_CONFIRM: "confirm another administrator's act",
    Verb.OFFICER_ENROL: "enrol officers",
    Verb.OFFICER_LIST: "list officers",
    Verb.OFFICER_REVOKE: "revoke officers",
    Verb.RECEIPT_TAKE: "take a receipt",
    Verb.RULES_ADOPT: "adopt rules",
    Verb.SEARCH: "search",
    Verb.UNLOCK_HAND: "hand over the office's unlock key",
    Verb.WITHHELD_READ: "read withheld material of this muniment",
}


def scope_of(table: Table, role: str, verb: Verb) -> Scope:
    """The cell of the table in force; a role or verb that it does not know reaches nothing."""
    return Scope(table.get(role, {}).get(verb, Scope.NEVER))


def verb_of(kind: Kind, fields: str = "") -> Verb | None:
    """The verb that an act exercises. A reading's hangs on what was read, `fields`: clear details want a right to look,
    all else the right to withheld material."""
    return Verb.MUNIMENT_READ if kind is Kind.READ and fields in READ_IN_CLEAR else VERB_OF.get(kind)


def check_table(table: Table) -> None:
    """Malformed unless every cell holds a scope."""
    for role, cells in table.items():
        for verb, scope in cells.items():
            if scope not in tuple(Scope):
                raise Malformed(f"role table: {role} × {verb} holds {scope[:20]!a}, expected own, all or never")


def check_role(text: str) -> Role:
    """A role that can be appointed; Misuse names them."""
    if text not in tuple(APPOINTABLE):
        raise Misuse(f"{text[:40]!a} is not a role; expected one of {', '.join(APPOINTABLE)}")
    return Role(text)
