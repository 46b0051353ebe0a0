"""One table from what can go wrong to code and sentence. The list of codes is closed; each is produced by a test.

What is not ours is masked: INTERNAL, with a correlation id that stands in the log beside the traceback.
Absent and out of reach get the same code and the same sentence.
"""

from __future__ import annotations

import logging
import secrets
from enum import StrEnum
from typing import Any

from graphql import GraphQLError

from registry.errors import (
    Busy,
    LedgerHalted,
    Malformed,
    Misuse,
    NotHeld,
    Refused,
    RegistryError,
    Shredded,
)
from registry.records.text import safe

log = logging.getLogger("gateway")


class ErrorCode(StrEnum):
    """What a client can tell apart."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"
    PURPOSE_REQUIRED = "PURPOSE_REQUIRED"
    ALIASED_EVIDENCE = "ALIASED_EVIDENCE"
    RATE_LIMITED = "RATE_LIMITED"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    TIMEOUT = "TIMEOUT"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


NOT_FOUND = "not held here, or not yours to know of"
NOT_ALLOWED = "this client's role does not allow it"
MASKED = "something went wrong here; it was written down under the correlation id"

CODES: dict[type[RegistryError], ErrorCode] = {
    NotHeld: ErrorCode.NOT_FOUND,
    Shredded: ErrorCode.NOT_FOUND,
    Refused: ErrorCode.FORBIDDEN,
    Malformed: ErrorCode.INVALID,
    Misuse: ErrorCode.INVALID,
    Busy: ErrorCode.UNAVAILABLE,
    LedgerHalted: ErrorCode.UNAVAILABLE,
}


RULES: dict[str, ErrorCode] = {
    "assertion-time": ErrorCode.UNAUTHENTICATED,
    "client-key-known": ErrorCode.UNAUTHENTICATED,
    "client-key-revoked": ErrorCode.UNAUTHENTICATED,
    "gateway-officer": ErrorCode.UNAVAILABLE,
    "token-expired": ErrorCode.UNAUTHENTICATED,
    "purpose-required": ErrorCode.PURPOSE_REQUIRED,
}
"""Rules of refusals that have a code of their own: a key may be revoked in the middle of an operation, a department's
or that of the gateway's own officer."""


class Coded(Exception):
    """A refusal of the gateway's own, with its code and what else the client is told."""

    def __init__(self, code: ErrorCode, message: str, **extras: Any) -> None:
        super().__init__(message)
        self.code, self.extras = code, extras


def new_correlation() -> str:
    """Names one request in answer and log."""
    return secrets.token_hex(8)


def told(error: GraphQLError, correlation: str) -> GraphQLError:
    """The error as the client may have it, with `extensions.code` and `correlationId`; the rest goes to the log."""
    original = error.original_error
    if original is None:
        code, message, extras = ErrorCode.INVALID, error.message, dict(error.extensions or {})
    elif isinstance(original, Coded):
        code, message, extras = original.code, str(original), original.extras
    else:
        rule = original.rule if isinstance(original, Refused) else ""
        code = RULES.get(rule) or next(
            (code for kind, code in CODES.items() if isinstance(original, kind)), ErrorCode.INTERNAL
        )
        message, extras = safe(str(original)), {}
    match code:
        case ErrorCode.NOT_FOUND:
            message = NOT_FOUND
        case ErrorCode.FORBIDDEN if not isinstance(original, Coded):  # names officers who may
            log.info("%s %s: %s", code, correlation, message)
            message = NOT_ALLOWED
        case ErrorCode.INTERNAL:
            log.error("%s %s", code, correlation, exc_info=original)
            message = MASKED
        case ErrorCode.UNAVAILABLE:  # names files and officers
            log.warning("%s %s: %s", code, correlation, message)
            message = "this cannot be answered just now; ask again"
        case _:
            log.info("%s %s", code, correlation)
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={**extras, "code": code.value, "correlationId": correlation},
    )
