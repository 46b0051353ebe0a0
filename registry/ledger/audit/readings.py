"""A reading, opened: officer, subject and signature come out of the vault and are checked like those of any other act.

From entries alone a reading can only be counted: its officer and signature are withheld, so that nobody learns who
reads about whom by trying signatures against every key. With its disclosures the office can check it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import UNSET

from registry.errors import BadSignature, Malformed
from registry.ledger.assertion import check_assertion, check_time
from registry.ledger.signature import verify_ed25519
from registry.records.acts import Act, Kind, Reading, details_of, signed_bytes
from registry.records.clients import is_department
from registry.records.disclosure import digest, reveal
from registry.records.encoding import from_base64
from registry.records.muniment import SubjectState
from registry.records.roles import Verb, verb_of
from registry.records.rules import Case, decide, permit
from registry.records.standing import Standing


def check_reading(
    act: Act,
    disclosures: Iterable[str],
    standing: Standing,
    origin: str,
    *,
    position: int,
    state_of: Callable[[str], SubjectState | None] = lambda reference: None,
) -> str:
    """The reference of the officer (or department) who read, if all holds: every digest, his signature, key and right.

    `standing` is that of the reading's position; `state_of` knows the muniment that was read (without it the right is
    judged for the officer's own department). Raises ProofFailed or Malformed (disclosures), BadSignature, Refused (the
    rules say no), NotHeld.
    """
    details = details_of(act.intent)
    if act.intent.kind is not Kind.READ or not isinstance(details, Reading) or act.sd is UNSET:
        raise Malformed(f"position {position} is {act.intent.kind}, not a reading")
    given = tuple(disclosures)
    beside = set(act.sd)
    hidden = reveal([one for one in given if digest(one) in beside], act.sd)
    members = reveal([one for one in given if digest(one) not in beside], details.sd)
    officer, subject, signature = members.get("officer"), members.get("subject"), hidden.get("signature")
    word = hidden.get("assertion") if isinstance(officer, str) and is_department(officer) else signature
    if not isinstance(officer, str) or not isinstance(word, str) or not isinstance(subject, str):
        raise Malformed(f"the reading at position {position} does not disclose officer, subject and signature")
    enrolled = standing.officer(officer)
    if enrolled is None:
        raise Malformed(f"the reading at position {position} names {officer[:40]!a}, who was not enrolled")
    if is_department(officer):
        _check_word(act, details, word, standing, origin)
    else:
        raw = from_base64(word, 64, f"the signature of the reading at position {position}")
        verify_ed25519(from_base64(enrolled.key, 32, "officer's key"), raw, signed_bytes(origin, act.intent))
    fields, state = str(members.get("fields", "")), state_of(subject)
    if state is None:
        permit(standing, enrolled, verb_of(Kind.READ, fields) or Verb.WITHHELD_READ, enrolled.department, act.at)
        return officer
    decide(
        Case(
            intent=act.intent,
            details=details,
            officer=officer,
            subject=act.subject,
            position=position,
            at=act.at,
            standing=standing,
            state=state,
            number=act.number,
            fields=fields,
        )
    )
    return officer


def _check_word(act: Act, details: Reading, assertion: str, standing: Standing, origin: str) -> None:
    """A department's reading is covered by the assertion under which it signed in: its key, its purpose, its time."""
    claims = check_assertion(assertion, standing, origin)
    check_time(claims, act.at, used=True)
    if (claims.department, claims.purpose) != (act.intent.department, details.purpose):
        raise BadSignature(
            f"the assertion is {claims.department}'s, for {claims.purpose[:40]!a}; the reading is "
            f"{act.intent.department}'s, for {details.purpose[:40]!a}"
        )
