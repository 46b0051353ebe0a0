"""What an entry of the ledger proves of an object in an answer: one function a member, for whoever answers and whoever
checks.

The gateway fills these members by them and `registry.ledger.answer` recomputes them from the entry, so the two cannot
drift apart. `UNTOLD` is what an entry is silent on: then the member is only the gateway's word. Moments are written
`2025-11-22T08:00:00.123Z`, digests `sha256:<64 hex>`, values of details as JSON text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from msgspec import UNSET

from registry.records.acts import Act, Entry, Kind, Row
from registry.records.disclosure import Disclosed, digest, read
from registry.records.encoding import canonical, from_base64
from registry.records.muniment import MunimentKind, Visibility
from registry.records.rows import is_sale

UNTOLD: Final = object()
_MACHINE = ("_sd", "facts", "table", "vault")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fact:
    """An entry at its position, with those of its disclosures that are laid open, by their digest."""

    position: int
    entry: Entry
    opened: Mapping[str, Disclosed] = field(default_factory=dict)

    @classmethod
    def of(cls, position: int, entry: Entry, disclosures: tuple[str, ...] = ()) -> Fact:
        """Raises Malformed for what is no disclosure. Whether each has its digest in the entry is not asked here."""
        return cls(position, entry, {digest(each): read(each) for each in disclosures})

    def members(self) -> dict[str, Any]:
        """The details, as they stand in the entry."""
        raw = self.entry.intent.details if isinstance(self.entry, Act) else self.entry.details
        found: dict[str, Any] = msgspec.json.decode(bytes(raw))
        return found


def moment(at: int) -> str:
    """RFC 3339 in UTC with milliseconds, of ms since 1970."""
    return (_EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def digest_hex(base64: str) -> str:
    """`sha256:` and the hex of a digest in base64."""
    return "sha256:" + from_base64(base64, 32, "digest").hex()


def details(fact: Fact) -> list[dict[str, Any]]:
    """Members in clear by name, then the withheld ones in the order of their digests: opened, or by digest alone.

    `[{"name":"title","value":"\\"K871204\\"","withheld":false,"digest":null},
      {"name":null,"value":null,"withheld":true,"digest":"TZjo…"}]`
    """
    members = fact.members()
    clear = {name: value for name, value in members.items() if name not in _MACHINE} | members.get("facts", {})
    told = [_detail(name, clear[name], None) for name in sorted(clear)]
    for hidden in withheld_digests(fact):
        opened = fact.opened.get(hidden)
        told.append(_detail(opened.name if opened else None, opened.value if opened else None, hidden))
    return told


def withheld_digests(fact: Fact) -> tuple[str, ...]:
    """The digests of the entry's withheld members."""
    own: tuple[str, ...] = tuple(fact.members().get("_sd", ()))
    return own + fact.entry.sd if isinstance(fact.entry, Act) and fact.entry.sd is not UNSET else own


def _detail(name: str | None, value: Any, hidden: str | None) -> dict[str, Any]:
    text = None if name is None else canonical(value).decode()
    return {"name": name, "value": text, "withheld": name is None, "digest": hidden}


# ---- of any entry ----


def _previous_hash(fact: Fact) -> str | None:
    return None if fact.entry.previous is UNSET else digest_hex(fact.entry.previous.hash)


def _previous_position(fact: Fact) -> int | None:
    return None if fact.entry.previous is UNSET else fact.entry.previous.position


def _outcome(fact: Fact) -> str:
    return "REFUSED" if isinstance(fact.entry, Act) and fact.entry.outcome is not UNSET else "ALLOWED"


def _rule(fact: Fact) -> str | None:
    return fact.entry.rule if isinstance(fact.entry, Act) and fact.entry.rule is not UNSET else None


def _of_act(name: str) -> Callable[[Fact], Any]:
    return lambda fact: getattr(fact.entry.intent, name) if isinstance(fact.entry, Act) else None


def _of_row(name: str) -> Callable[[Fact], Any]:
    return lambda fact: getattr(fact.entry, name) if isinstance(fact.entry, Row) else None


def _member(name: str) -> Callable[[Fact], Any]:
    return lambda fact: fact.members().get(name)


ENTRY: dict[str, Callable[[Fact], Any]] = {
    "details": details,
    "number": lambda fact: fact.entry.number,
    "occurredOn": _member("occurred"),
    "position": lambda fact: fact.position,
    "previousHash": _previous_hash,
    "previousPosition": _previous_position,
    "recordedAt": lambda fact: moment(fact.entry.at),
}

# ---- of a version, and of a muniment (by its first entry) ----


def _version_number(fact: Fact) -> Any:
    return fact.members().get("version", UNTOLD)  # a sale's row does not count its versions


def _digest(fact: Fact) -> str | None:
    content = fact.members().get("content")
    return None if content is None else digest_hex(content)


def _ciphertext(fact: Fact) -> str | None:
    body = fact.members().get("vault", {}).get("body")
    return None if body is None else digest_hex(body)


def _kind(fact: Fact) -> Any:
    return MunimentKind.SALE_RECORD.name if is_sale(fact.entry.subject) else fact.members().get("kind", UNTOLD)


def _visibility(fact: Fact) -> Any:
    if is_sale(fact.entry.subject):
        return Visibility.PUBLIC.name
    told = fact.members().get("visibility")
    return UNTOLD if told is None else Visibility(told).name


def _digests(fact: Fact) -> frozenset[str]:
    """Each digest under which the entry is known: of a body in clear, and of its withheld members."""
    content = _digest(fact)
    salted = (digest_hex(each.replace("-", "+").replace("_", "/") + "=") for each in withheld_digests(fact))
    return frozenset((*salted, *(() if content is None else (content,))))


def _brings(fact: Fact) -> bool:
    """Whether the entry brought a version: a lodging or revision that was not refused, or a row."""
    entry = fact.entry
    return isinstance(entry, Row) or (entry.outcome is UNSET and entry.intent.kind in (Kind.LODGED, Kind.REVISED))


FITS: dict[str, Callable[[Fact], bool]] = {
    "Act": lambda fact: isinstance(fact.entry, Act),
    "LoadedRow": lambda fact: isinstance(fact.entry, Row),
    "Version": _brings,
    "Verification": _brings,
    "Muniment": lambda fact: _brings(fact) and fact.entry.number == 1,
}
"""Object type → whether such an entry may stand in its evidence."""

SAME_SUBJECT = frozenset(
    {"currentVersion", "generatedBy", "history", "invalidatedBy", "muniment", "revisionOf", "subject", "versions"}
)
"""Members through which an object leads to others of the same subject."""

TOLD: dict[str, dict[str, Callable[[Fact], Any]]] = {
    "Act": {
        **ENTRY,
        "kind": _of_act("kind"),
        "outcome": _outcome,
        "purpose": _member("purpose"),
        "reason": _member("reason"),
        "requestKey": _of_act("key"),
        "rule": _rule,
    },
    "LoadedRow": {**ENTRY, "op": _of_row("op"), "row": _of_row("row")},
    "Version": {
        "ciphertextDigest": _ciphertext,
        "details": details,
        "digest": _digest,
        "mediaType": lambda fact: fact.members().get("facts", {}).get("media_type"),
        "number": _version_number,
        "occurredOn": _member("occurred"),
        "recordedAt": lambda fact: moment(fact.entry.at),
        "size": lambda fact: fact.members().get("vault", {}).get("size", 0),
    },
    "Verification": {"digest": _digests, "kind": _kind, "recordedAt": lambda fact: moment(fact.entry.at)},
    "Muniment": {
        "kind": _kind,
        "recordedAt": lambda fact: moment(fact.entry.at),
        "reference": lambda fact: fact.entry.subject,
        "visibility": _visibility,
    },
}
"""Object type → member → what the entry in its evidence says of it; a frozenset: one of these."""

SIGNED_ONLY: dict[str, frozenset[str]] = {
    "Act": frozenset({"department", "evidence", "id", "officer", "signatures", "state", "subject"}),
    "LoadedRow": frozenset({"department", "evidence", "id", "load", "state", "subject"}),
    "Version": frozenset({"attributedTo", "evidence", "generatedBy", "id", "invalidatedBy", "muniment", "revisionOf"}),
    "Verification": frozenset({"checkpoint", "evidence", "known", "status", "superseded"}),
    "Muniment": frozenset(
        {
            "attributedTo",
            "currentVersion",
            "custodian",
            "evidence",
            "flags",
            "generatedBy",
            "history",
            "id",
            "invalidatedBy",
            "property",
            "provenance",
            "status",
            "versions",
        }
    ),
}
"""Members of the same types that no entry holds, or that are objects in their own right."""
