"""What an officer's process looks at before it signs: never blind, and only what its officer has just asked for.

The office makes the intent, because it alone knows what the vault sealed; the officer's process takes it apart again
and compares it with what was asked: registry, officer, department, kind, subject, and every detail that the officer
gave in clear. What it cannot compare are digests of what the office salted or encrypted (ADR 0009).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import UNSET

from registry.desk.desk import CHALLENGE_BYTES, challenge_bytes
from registry.door.verbs import DoorVerb
from registry.errors import Malformed, Misuse
from registry.records import acts
from registry.records.acts import Confirmed, Details, Intent, Kind, details_of
from registry.records.encoding import decode_canonical, to_base64
from registry.records.muniment import Visibility

Asked = Mapping[str, Any]
"""The arguments of the verb by name, as the officer's process gave them; `content` and `file` digests of its own."""


def check_challenge(payload: bytes, origin: str, peer: bytes) -> None:
    """Raise Misuse unless these are the bytes of a challenge to this process, by the registry of this origin."""
    nonce = payload[len(challenge_bytes(origin, b"")) :][:CHALLENGE_BYTES]
    if len(nonce) != CHALLENGE_BYTES or payload != challenge_bytes(origin, nonce, peer):
        raise Misuse("the office asked to sign something that is no challenge to sign in here; nothing was signed")


def check_intent(payload: bytes, verb: DoorVerb, asked: Asked, *, origin: str, officer: str, department: str) -> Intent:
    """The intent, if it is what was asked for. Raises Misuse naming the first member that is not."""
    before = b"muniment-act@v1\n" + origin.encode() + b"\n"
    if not payload.startswith(before):
        raise _unasked("registry", "another registry's, or no intent at all")
    try:
        intent = decode_canonical(payload[len(before) :], Intent, "intent")
        details = details_of(intent)
    except Malformed as error:
        raise _unasked("form", str(error)) from error
    if intent.kind not in verb.signs:
        raise _unasked("kind", intent.kind)
    if intent.department != department:
        raise _unasked("department", intent.department)
    if intent.officer != (UNSET if intent.kind is Kind.READ else officer):
        raise _unasked("officer", intent.officer)
    if isinstance(details, Confirmed) != (verb.name == "officers.confirm"):
        raise _unasked("kind", "a second person's word" if isinstance(details, Confirmed) else intent.kind)
    for name, found, expected in _COMPARED[verb.name](intent, details, asked):
        if found != expected:
            raise _unasked(name, found)
    return intent


def _unasked(member: str, found: object) -> Misuse:
    return Misuse(
        f"the office asked for a signature over something that you did not ask for "
        f"({member}: found {str(found)[:80]!a}); nothing was signed; tell whoever runs the office"
    )


Compared = list[tuple[str, object, object]]


def _subject(intent: Intent, named: str | None) -> Compared:
    return [] if named is None else [("subject", intent.subject, named)]


def _officer(intent: Intent, name: str | None) -> Compared:
    """A reference is compared; a sign-in name, which the ledger withholds, only for being one officer's."""
    if name is not None and name.startswith("officer/"):
        return _subject(intent, name)
    return [("subject", str(intent.subject).partition("/")[0], "officer")]


def _reading(intent: Intent, details: Details, asked: Asked) -> Compared:
    assert isinstance(details, acts.Reading)
    return [
        ("subject", intent.subject, f"department/{intent.department}"),
        ("purpose", details.purpose, asked["purpose"]),
    ]


def _facts(details: acts.Lodged | acts.Revised, asked: Asked) -> Compared:
    """Clear details, and of a public muniment the document's own: name, kind of file, digest."""
    given = dict(asked["details"] or {})
    found = {} if details.facts is UNSET else dict(details.facts)
    if details.content is UNSET:
        return [("details", found, given)]
    document = asked["document"]
    own = {"file_name": document.name, "media_type": document.media_type}
    return [("details", found, {**given, **own}), ("content", details.content, asked["content"]())]


def _lodged(intent: Intent, details: Details, asked: Asked) -> Compared:
    assert isinstance(details, acts.Lodged)
    public = asked["visibility"] is Visibility.PUBLIC
    return [
        *_subject(intent, asked["subject"]),
        ("kind", details.kind, asked["kind"]),
        ("version", details.version, 1),
        ("visibility", details.visibility, asked["visibility"]),
        ("occurred", details.occurred, asked["occurred"] or UNSET),
        ("content", details.content is not UNSET, public),
        *_facts(details, asked),
    ]


def _revised(intent: Intent, details: Details, asked: Asked) -> Compared:
    assert isinstance(details, acts.Revised)
    seen = asked["version"]
    return [
        *_subject(intent, asked["subject"]),
        *([] if seen is None else [("version", details.version, seen + 1)]),
        *_facts(details, asked),
    ]


def _withdrawn(intent: Intent, details: Details, asked: Asked) -> Compared:
    assert isinstance(details, acts.Withdrawn)
    return [*_subject(intent, asked["subject"]), ("reason", details.reason, asked["reason"])]


def _load(intent: Intent, details: Details, asked: Asked) -> Compared:
    if isinstance(details, acts.LoadOpened):
        return [("name", details.name, asked["path"].name), ("file", details.file, asked["file"]())]
    return [("subject", str(intent.subject).partition("/")[0], "load")]


def _enrolled(intent: Intent, details: Details, asked: Asked) -> Compared:
    assert isinstance(details, acts.OfficerEnrolled)
    return [
        *_officer(intent, asked["reference"]),
        ("department", details.department, asked["department"]),
        ("key", details.key, to_base64(asked["key"])),
        ("exchange", details.exchange, to_base64(asked["exchange"])),
    ]


def _appointed(intent: Intent, details: Details, asked: Asked) -> Compared:
    assert isinstance(details, acts.Appointed)
    until = asked["until"]
    return [
        *_officer(intent, asked["name"]),
        ("role", details.role, asked["role"]),
        *([] if until is None else [("until", details.until, until)]),
    ]


def _revoked(intent: Intent, details: Details, asked: Asked) -> Compared:
    assert isinstance(details, acts.OfficerRevoked)
    return [*_officer(intent, asked["name"]), ("reason", details.reason, asked["reason"])]


def _handed(intent: Intent, details: Details, asked: Asked) -> Compared:
    return _officer(intent, asked["name"])


def _confirmed(intent: Intent, details: Details, asked: Asked) -> Compared:
    assert isinstance(details, Confirmed)
    return [("position", details.confirms, asked["position"])]


def _department(intent: Intent, details: Details, asked: Asked) -> Compared:
    assert isinstance(details, acts.DepartmentAdded)
    return [*_subject(intent, f"department/{asked['code']}"), ("name", details.name, asked["name"])]


def _key_added(intent: Intent, details: Details, asked: Asked) -> Compared:
    assert isinstance(details, acts.KeyAdded)
    return [
        *_subject(intent, f"department/{asked['code']}"),
        ("algorithm", details.algorithm, asked["algorithm"]),
        ("key", dict(details.key), dict(asked["key"])),
    ]


def _key_revoked(intent: Intent, details: Details, asked: Asked) -> Compared:
    assert isinstance(details, acts.KeyRevoked)
    return [
        *_subject(intent, f"department/{asked['code']}"),
        ("key id", details.kid, asked["kid"]),
        ("reason", details.reason, asked["reason"]),
    ]


_COMPARED: dict[str, Callable[[Intent, Details, Asked], Compared]] = {
    "lookups.show": _reading,
    "lookups.history": _reading,
    "receipts.take": _reading,
    "muniments.open": _reading,
    "muniments.lodge": _lodged,
    "muniments.revise": _revised,
    "muniments.withdraw": _withdrawn,
    "loads.load": _load,
    "officers.enrol": _enrolled,
    "officers.appoint": _appointed,
    "officers.revoke": _revoked,
    "officers.hand_unlock": _handed,
    "officers.confirm": _confirmed,
    "officers.add_department": _department,
    "keys.add": _key_added,
    "keys.revoke": _key_revoked,
}


def compared() -> frozenset[str]:
    """The verbs whose intents are compared member by member."""
    return frozenset(_COMPARED)
