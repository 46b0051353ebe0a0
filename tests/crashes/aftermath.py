"""What has to hold after a crash, once the office was opened again."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from registry.ledger.receipt import verify as verify_receipt
from registry.office import Office
from registry.records.acts import Act, Row, decode_entry, details_of
from registry.records.encoding import to_base64
from registry.records.envelope import Sealed


class _Named(msgspec.Struct):
    """What a row's details may name."""

    vault: Sealed | None = None


def envelopes(office: Office) -> Counter[str]:
    """The id of every envelope that an entry names."""
    found: Counter[str] = Counter()
    for raw in office.log.entries(0, office.store.head().size):
        entry = decode_entry(raw)
        details = (
            details_of(entry.intent) if isinstance(entry, Act) else msgspec.json.decode(entry.details, type=_Named)
        )
        sealed = getattr(details, "vault", None) or (entry.vault if isinstance(entry, Act) else None)
        if isinstance(sealed, Sealed):
            found[sealed.id] += 1
    return found


def faults(office: Office) -> Iterator[str]:
    """All that does not hold, in words; the office is open and nobody else acts."""
    size = office.store.head().size
    yield from (f"{fault.position} {fault.subject}: {fault.what}" for fault in office.audit().faults)
    sealed = office.store.latest()
    if sealed is None or sealed.size != size:
        yield f"{size} entries recorded, {sealed and sealed.size} sealed"
    mark = office.mark.read(office.origin) if office.mark else None
    if mark is None or mark.size != size:
        yield f"the mark is {mark}, the ledger ends at {size}"
    if office.catalogue.projected() != size:
        yield f"the catalogue holds {office.catalogue.projected()} of {size}"
    kept, wanted = Counter(office.vault.ids()), envelopes(office)
    if kept != wanted:
        yield f"bodies that no entry names: {list(kept - wanted)}; missing: {list(wanted - kept)}"
    yield from _key_faults(office)


def _key_faults(office: Office) -> Iterator[str]:
    """Key files, the unlock key's holders and the ledger say the same."""
    standing = office.store.standing()
    for name in office.signer.officers.names():
        header = office.signer.officers.header(name)
        officer = standing.officer(header.officer)
        if officer is None or officer.key != header.public:
            yield f"{name}.key is the key of {header.officer}, whom the ledger does not know by it"
    may = set(standing.may_open())
    if set(office.signer.who_may_open()) != may:
        yield f"the unlock key is held by {office.signer.who_may_open()}, the ledger says {sorted(may)}"


def lost(office: Office, answers: tuple[dict[str, Any], ...]) -> Iterator[str]:
    """Answered acts that are not there exactly once, or whose receipt or body does not hold."""
    entries = [decode_entry(raw) for raw in office.log.entries(0, office.store.head().size)]
    at = Counter((entry.subject, entry.number) for entry in entries)
    keys = Counter(entry.intent.key for entry in entries if isinstance(entry, Act))
    desk = office.desk("founder", "founder's")
    yield from (f"request key {key} was recorded {count} times" for key, count in keys.items() if count > 1)
    yield from (
        f"{subject}: number {number} comes {count} times" for (subject, number), count in at.items() if count > 1
    )
    for answer in answers:
        for position in answer.get("acts", [answer["position"]] if "position" in answer else []):
            entry = entries[position]
            if "kind" in answer and (
                isinstance(entry, Row)
                or (entry.subject, entry.number, entry.intent.kind)
                != (answer["subject"], answer["number"], answer["kind"])
            ):
                yield f"position {position} holds {entry.subject} number {entry.number}, answered was {answer}"
            _, receipt = desk.receipts.take(str(position))
            verify_receipt(receipt, office.policy_text())
        if answer.get("body"):
            yield from _lost_body(office, answer)


def _lost_body(office: Office, answer: dict[str, Any]) -> Iterator[str]:
    entry = decode_entry(office.log.entry(answer["position"]))
    assert isinstance(entry, Act)
    sealed = getattr(details_of(entry.intent), "vault", None)
    sink = io.BytesIO()
    office.vault.open(sealed.id, sink) if isinstance(sealed, Sealed) else None
    if hashlib.sha256(sink.getvalue()).hexdigest() != answer["body"]:
        yield f"{answer['subject']}: its body is {to_base64(hashlib.sha256(sink.getvalue()).digest())}"
