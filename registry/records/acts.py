"""What an entry of the ledger is: an officer's signed act, or a row of a load. Canonical JSON, at most 65,535 bytes.

An act, as it lies in the ledger (cut with …):

    {"at":1763798400123,"intent":{"department":"HMLR","details":{"_sd":["TZjo…"],"kind":"DEED",…},"key":"8d1f…","kind":"LODGED",
     "officer":"officer/3","subject":"muniment/0b7c…"},"number":1,"signature":"MEUC…","subject":"muniment/0b7c…","v":1}

A row of a load, no act but covered by the load that opened it:

    {"at":1763798400123,"details":{…},"load":4,"number":1,"op":"A","row":17,"subject":"sale/5BBE…","v":1}

The officer signs the *intent*; the sequencer adds what only it knows: `at` (recorded time, ms UTC, never going
back), `number` in the subject's history, `previous` (position and leaf hash of the entry before it; absent for
number 1), and, where a rule is worth naming, `rule` (with `outcome: "REFUSED"` where the rule said no). The
signature covers `muniment-act@v1⏎ origin ⏎ intent`: with the origin, or an intent could be replayed into another
registry; with the subject, or a genuine act could be moved to another one (ADR 0002). A *reading* withholds officer,
subject and signature: their digests stand in `_sd`, their values in the vault under `vault`.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Literal

import msgspec
from msgspec import UNSET, Raw, UnsetType

from registry.errors import Malformed
from registry.records.encoding import MAX_ENTRY_BYTES, canonical, decode_canonical, to_base64
from registry.records.envelope import Digest, Sealed
from registry.records.muniment import MunimentKind, Visibility

REFUSED: Literal["REFUSED"] = "REFUSED"


class Kind(StrEnum):
    """The kinds of act, named in the past."""

    FOUNDED = "FOUNDED"
    RULES_ADOPTED = "RULES_ADOPTED"
    DEPARTMENT_ADDED = "DEPARTMENT_ADDED"
    MARK_ADOPTED = "MARK_ADOPTED"
    OFFICER_ENROLLED = "OFFICER_ENROLLED"
    OFFICER_REVOKED = "OFFICER_REVOKED"
    APPOINTED = "APPOINTED"
    UNLOCK_HANDED = "UNLOCK_HANDED"
    KEY_ADDED = "KEY_ADDED"
    KEY_REVOKED = "KEY_REVOKED"
    LODGED = "LODGED"
    REVISED = "REVISED"
    WITHDRAWN = "WITHDRAWN"
    READ = "READ"
    LOAD_OPENED = "LOAD_OPENED"
    LOAD_CLOSED = "LOAD_CLOSED"


# ---- details, one struct a kind; members in sorted order, so that they encode canonically ----


class Details(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an act says beyond its kind."""


class Founded(Details, frozen=True):
    """The registry begins. `key` is the founder's Ed25519 public key, base64: it signs the founding acts."""

    key: str
    origin: str


class RulesAdopted(Details, frozen=True):
    """The role × verb table in force from here on, with its whole text, so that an audit judges by the rules of the
    day."""

    table: dict[str, dict[str, str]]
    version: int


class DepartmentAdded(Details, frozen=True):
    """A department, by code (in the subject) and name."""

    name: str


class MarkAdopted(Details, frozen=True):
    """The signer was lost: a new mark begins at this size and root."""

    reason: str
    root: str
    size: int


class OfficerEnrolled(Details, frozen=True):
    """An officer's public keys. The sign-in name is withheld; the key never is."""

    sd: tuple[str, ...] = msgspec.field(name="_sd")
    department: str
    exchange: str
    key: str
    vault: Sealed


class OfficerRevoked(Details, frozen=True):
    """The officer's key and every role end here."""

    reason: str


class Appointed(Details, frozen=True):
    """A role, until a time (ms UTC) or, for administrators only, without one."""

    role: str
    until: int | UnsetType = UNSET


class UnlockHanded(Details, frozen=True):
    """The officer may open the office: its unlock key was sealed to his exchange key."""


class KeyAdded(Details, frozen=True):
    """A key by which a department's systems sign in: public, a JWK's required members (RFC 7638); `kid` is its
    thumbprint, and `algorithm` the one that it signs with, whatever a token's header says."""

    algorithm: str
    key: dict[str, str]
    kid: str


class KeyRevoked(Details, frozen=True):
    """The department's key ends here, and with it every token that was given for its word."""

    kid: str
    reason: str


class Confirmed(Details, frozen=True):
    """A second administrator's word for the act of the same kind at this position."""

    confirms: int


class Lodged(Details, frozen=True):
    """A muniment's first version. `content` is the SHA-256 of the body (base64), in clear only where the muniment is
    public;
    else it is withheld under the same name, for a plain digest of guessable content is an oracle."""

    kind: MunimentKind
    vault: Sealed
    version: int
    visibility: Visibility
    sd: tuple[str, ...] | UnsetType = msgspec.field(name="_sd", default=UNSET)
    content: Digest | UnsetType = UNSET
    facts: dict[str, str | int] | UnsetType = UNSET
    occurred: str | UnsetType = UNSET


class Revised(Details, frozen=True):
    """The next version; body and details anew, kind and visibility unchanged."""

    vault: Sealed
    version: int
    sd: tuple[str, ...] | UnsetType = msgspec.field(name="_sd", default=UNSET)
    content: Digest | UnsetType = UNSET
    facts: dict[str, str | int] | UnsetType = UNSET


class Withdrawn(Details, frozen=True):
    """Taken out of use; body, details and proofs stay."""

    reason: str


class Reading(Details, frozen=True):
    """A reading of withheld material: only its purpose is in clear."""

    sd: tuple[str, ...] = msgspec.field(name="_sd")
    purpose: str


class LoadOpened(Details, frozen=True):
    """A load begins: every row after it is covered by this signature. `file` is the file's SHA-256, base64, `name`
    its name."""

    dialect: str
    file: Digest
    name: str


class LoadClosed(Details, frozen=True):
    """A load ended: counts by kind, and the RFC 6962 root over its rows' leaf hashes in row order, base64."""

    counts: dict[str, int]
    outcome: Literal["FINISHED", "STOPPED"]
    root: str
    first: int | UnsetType = UNSET
    last: int | UnsetType = UNSET


class RowDetails(Details, frozen=True):
    """The details of a row of `--as muniments`: a Lodged (op A), a Revised (op C) or a withdrawal (op D)."""

    sd: tuple[str, ...] | UnsetType = msgspec.field(name="_sd", default=UNSET)
    content: Digest | UnsetType = UNSET
    facts: dict[str, str | int] | UnsetType = UNSET
    kind: MunimentKind | UnsetType = UNSET
    occurred: str | UnsetType = UNSET
    vault: Sealed | UnsetType = UNSET
    version: int | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET


DETAILS: dict[Kind, type[Details]] = {
    Kind.FOUNDED: Founded,
    Kind.RULES_ADOPTED: RulesAdopted,
    Kind.DEPARTMENT_ADDED: DepartmentAdded,
    Kind.MARK_ADOPTED: MarkAdopted,
    Kind.OFFICER_ENROLLED: OfficerEnrolled,
    Kind.OFFICER_REVOKED: OfficerRevoked,
    Kind.APPOINTED: Appointed,
    Kind.UNLOCK_HANDED: UnlockHanded,
    Kind.KEY_ADDED: KeyAdded,
    Kind.KEY_REVOKED: KeyRevoked,
    Kind.LODGED: Lodged,
    Kind.REVISED: Revised,
    Kind.WITHDRAWN: Withdrawn,
    Kind.READ: Reading,
    Kind.LOAD_OPENED: LoadOpened,
    Kind.LOAD_CLOSED: LoadClosed,
}

ABOUT: dict[Kind, tuple[str, ...]] = {
    Kind.FOUNDED: ("registry",),
    Kind.RULES_ADOPTED: ("registry",),
    Kind.DEPARTMENT_ADDED: ("department",),
    Kind.MARK_ADOPTED: ("registry",),
    Kind.OFFICER_ENROLLED: ("officer",),
    Kind.OFFICER_REVOKED: ("officer",),
    Kind.APPOINTED: ("officer",),
    Kind.UNLOCK_HANDED: ("officer",),
    Kind.KEY_ADDED: ("department",),
    Kind.KEY_REVOKED: ("department",),
    Kind.LODGED: ("muniment",),
    Kind.REVISED: ("muniment", "sale"),
    Kind.WITHDRAWN: ("muniment", "sale"),
    Kind.READ: ("department",),
    Kind.LOAD_OPENED: ("load",),
    Kind.LOAD_CLOSED: ("load",),
}
"""The nouns of what each kind of act may be done on."""


# ---- intent, act, row ----


class Intent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an officer signs. `officer` is withheld in a reading; `subject` is unknown before a load is opened (it is
    its own position)."""

    department: str
    details: Raw
    key: str
    kind: Kind
    officer: str | UnsetType = UNSET
    subject: str | UnsetType = UNSET


class Previous(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The entry before it on the same subject: its leaf hash (base64) and position. A link, never a proof."""

    hash: str
    position: int


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that one officer did, as recorded."""

    at: int
    intent: Intent
    number: int
    subject: str
    v: int
    sd: tuple[str, ...] | UnsetType = msgspec.field(name="_sd", default=UNSET)
    outcome: Literal["REFUSED"] | UnsetType = UNSET
    previous: Previous | UnsetType = UNSET
    rule: str | UnsetType = UNSET
    signature: str | UnsetType = UNSET
    vault: Sealed | UnsetType = UNSET


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One row of a load, as recorded. `row` counts the source's records from 1; `op` is A (new), C (changed) or D
    (withdrawn)."""

    at: int
    details: Raw
    load: int
    number: int
    op: Literal["A", "C", "D"]
    row: int
    subject: str
    v: int
    previous: Previous | UnsetType = UNSET


Entry = Act | Row
_ROW = re.compile(rb'\{"at":[0-9]{1,16},"details":')  # where an act has "intent"


def is_row(raw: bytes) -> bool:
    """Whether the entry's bytes are a loaded row; cheaper than decoding them."""
    return _ROW.match(raw) is not None


def decode_entry(raw: bytes) -> Entry:
    """The act or row that the bytes record. Raises Malformed unless they are its canonical bytes."""
    if len(raw) > MAX_ENTRY_BYTES:
        raise Malformed(f"entry: {len(raw)} bytes, at most {MAX_ENTRY_BYTES}")
    entry: Entry = decode_canonical(raw, Row) if _ROW.match(raw) else decode_canonical(raw, Act)
    if entry.v != 1:
        raise Malformed(f"entry: version {entry.v}, this program reads version 1")
    if entry.number < 1 or (entry.number == 1) != (entry.previous is UNSET):
        raise Malformed(
            f"entry: number {entry.number} with{'out' if entry.previous is UNSET else ''} a link to the entry before it"
        )
    return entry


def details_of(intent: Intent) -> Details:
    """The details as the struct of the intent's kind, or `Confirmed`. Raises Malformed."""
    raw = bytes(intent.details)
    kind: type[Details] = Confirmed if raw.startswith(b'{"confirms":') else DETAILS[intent.kind]
    return decode_canonical(raw, kind, f"details of {intent.kind}")


def signed_bytes(origin: str, intent: Intent) -> bytes:
    """What an officer's signature covers: `muniment-act@v1⏎` ‖ origin ‖ `⏎` ‖ canonical intent."""
    return b"muniment-act@v1\n" + origin.encode() + b"\n" + canonical(intent)


def make_intent(
    kind: Kind, details: Details, *, department: str, key: str, officer: str | UnsetType, subject: str | UnsetType
) -> Intent:
    """An intent ready to be signed."""
    return Intent(
        department=department, details=Raw(canonical(details)), key=key, kind=kind, officer=officer, subject=subject
    )


def link(position: int, leaf: bytes) -> Previous:
    """The link to the entry at `position` with that leaf hash (32 bytes)."""
    return Previous(hash=to_base64(leaf), position=position)
