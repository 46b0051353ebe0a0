"""A muniment: a document under custody, with its kind, who may see it, and its versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from registry.errors import Misuse
from registry.records.text import check_text

MAX_DETAILS = 64
RESERVED = frozenset({"content", "file_name", "media_type", "source"})
"""Members that the desk adds by itself: digest, file name and media type of the body, and what a loaded line said."""
MAX_DETAIL_CHARACTERS = 4_000
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", re.ASCII)


class MunimentKind(StrEnum):
    """What sort of document it is; SALE_RECORD is loaded, never lodged."""

    DEED = "DEED"
    TRANSFER = "TRANSFER"
    CHARGE = "CHARGE"
    LEASE = "LEASE"
    PLAN = "PLAN"
    COURT_ORDER = "COURT_ORDER"
    CERTIFICATE = "CERTIFICATE"
    AGREEMENT = "AGREEMENT"
    PATIENT_RECORD = "PATIENT_RECORD"
    EXHIBIT = "EXHIBIT"
    CASE_FILE = "CASE_FILE"
    CORRESPONDENCE = "CORRESPONDENCE"
    SALE_RECORD = "SALE_RECORD"
    OFFICIAL_COPY = "OFFICIAL_COPY"
    REDACTED_COPY = "REDACTED_COPY"
    OTHER = "OTHER"


class Visibility(StrEnum):
    """`own`: the custodian alone; `departments`: every enrolled officer sees that it is there, its kind and clear
    details; `public`: anyone."""

    OWN = "own"
    DEPARTMENTS = "departments"
    PUBLIC = "public"


class Status(StrEnum):
    """Where a muniment stands."""

    CURRENT = "CURRENT"
    WITHDRAWN = "WITHDRAWN"


class SubjectState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the rules need to know of a muniment or sale; kept beside the ledger, derived from its entries.

    `version` counts bodies and details (1 at lodging), `custodian` is a department's code.
    """

    custodian: str
    kind: MunimentKind
    status: Status
    version: int
    visibility: Visibility


def check_kind(text: str) -> MunimentKind:
    """The kind of a muniment to be lodged; Misuse names what is accepted."""
    wanted = text.upper().replace("-", "_")
    accepted = [kind.value for kind in MunimentKind if kind is not MunimentKind.SALE_RECORD]
    if wanted not in accepted:
        raise Misuse(f"{text[:40]!a} is not a kind of muniment; expected one of {', '.join(accepted)}")
    return MunimentKind(wanted)


def check_details(details: Mapping[str, str | int], what: str = "detail") -> None:
    """Misuse where a detail's name or text cannot be recorded."""
    if len(details) > MAX_DETAILS:
        raise Misuse(f"{len(details)} {what}s; at most {MAX_DETAILS} are recorded with one muniment")
    for name, value in details.items():
        if not _NAME.fullmatch(name):
            raise Misuse(
                f"{what} name {name[:70]!a}: expected a letter, then letters, digits, '_', '.' or '-', at most 64"
            )
        if name in RESERVED:
            raise Misuse(f"{what} name {name!a} is taken by the registry itself; choose another")
        if isinstance(value, str):
            check_text(f"{what} {name}", value, MAX_DETAIL_CHARACTERS)
