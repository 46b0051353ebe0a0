"""Step 4 of the audit: every act decided again, by the rules of its day, on a standing that the entries alone make up.

The signature must be good by the key in force, over this registry's origin; the rules must allow what was recorded as
done and refuse what was recorded as refused, by the same rule. An act that fails changes nothing here, so that what was
built upon it is named too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msgspec import UNSET

from registry.errors import BadSignature, Malformed, NotHeld, Refused
from registry.ledger.audit.fault import Findings
from registry.ledger.audit.links import Before
from registry.ledger.audit.loads import Loads
from registry.ledger.signature import verify_ed25519
from registry.records import acts
from registry.records.acts import Act, Confirmed, Details, Kind, details_of, signed_bytes
from registry.records.encoding import from_base64
from registry.records.muniment import SubjectState
from registry.records.rules import AWAITS, FOUNDING_ACTS, Case, Decision, LoadFacts, Proposed, decide, proposed
from registry.records.standing import Standing

WITHHELD = "readings, officer withheld"
UNTOLD_ACTS = "acts not judged, for an entry before them is lost or changed"


@dataclass(slots=True)
class Judged:
    """What an act makes of things: its details, its subject's state, and whether it was done, and found allowed."""

    details: Details | None
    state: SubjectState | None
    done: bool
    told: bool = True
    """False where nobody can say: an entry that it leans on is lost or was changed."""


class Authority:
    """Who might do what, from the founding on."""

    def __init__(self, origin: str, findings: Findings, entry: Callable[[int], bytes | None]) -> None:
        """`entry(position)` is what lies behind: for an act whose request key seems to stand twice."""
        self.standing = Standing()
        self.loads = Loads(findings, self.standing)
        self._origin, self._findings, self._entry = origin, findings, entry
        self._proposals: dict[int, Proposed] = {}
        self._requests: dict[int, int] = {}

    def judge(self, position: int, act: Act, subject: Before) -> Judged:
        """Signature, form and rule of one act; `subject` is the state it was in. Applies what the act changed."""
        before = subject.state
        self._findings.checked["acts"] += 1
        try:
            details = details_of(act.intent)
        except Malformed as error:
            self._fault(position, act, str(error))
            return Judged(None, before, done=False)
        wrong = misshapen(position, act)
        if isinstance(details, acts.Founded) and details.origin != self._origin:
            wrong = f"founded as {details.origin[:80]!a}; the registry that is audited is {self._origin}"
        if wrong is not None:
            self._fault(position, act, wrong)
        self._once(position, act)
        if act.intent.kind is Kind.READ:
            self._findings.checked[WITHHELD] += 1
            return Judged(details, before, done=act.outcome is UNSET)
        if act.intent.officer is UNSET or act.signature is UNSET:
            return Judged(details, before, done=False)
        signed = self._signed(position, act, details, act.intent.officer, act.signature)
        blind = not subject.told or self._findings.lost(0, position)
        decision = self._decided(position, act, details, act.intent.officer, before, blind=blind)
        if decision is None or wrong is not None:
            if act.outcome is UNSET and blind:  # its rows shall be judged, all the same
                self._move_loads(position, act, details, act.intent.officer)
            return Judged(details, before, done=False, told=not blind)
        if signed or position in self._findings.damaged:
            self._apply(position, act, details, act.intent.officer, decision)
        return Judged(details, decision.state or before, done=True)

    def _fault(self, position: int, act: Act, what: str) -> None:
        self._findings.fault(f"{act.intent.kind} on {act.subject} (position {position}): {what}", position, act.subject)

    def _once(self, position: int, act: Act) -> None:
        """A request key is used once. Hashes are compared first, the key itself when two are equal."""
        key = hash(act.intent.key)
        earlier = self._requests.setdefault(key, position)
        if earlier == position:
            return
        raw = self._entry(earlier)
        try:
            other = acts.decode_entry(raw) if raw is not None else None
        except Malformed:
            return
        if isinstance(other, Act) and other.intent.key == act.intent.key:
            self._fault(
                position, act, f"its request key was used before, at position {earlier}: an intent was recorded twice"
            )

    # ---- signature ----

    def key_of(self, position: int, officer: str, details: Details | None) -> str | None:
        """The public key (base64) that signs for the officer at this position, revoked or not."""
        if position == 0 and isinstance(details, acts.Founded):
            return details.key
        if position < FOUNDING_ACTS:
            return self.standing.founding_key()
        enrolled = self.standing.officer(officer)
        return enrolled.key if enrolled else None

    def _signed(self, position: int, act: Act, details: Details, officer: str, signature: str) -> bool:
        key = self.key_of(position, officer, details)
        if key is None and self._findings.lost(0, position):
            self._findings.checked[UNTOLD_ACTS] += 1
            return False
        if key is None:
            self._fault(position, act, f"signed as {officer}, who is not enrolled here: no key to check it by")
            return False
        self._findings.checked["signatures"] += 1
        try:
            message = signed_bytes(self._origin, act.intent)
            verify_ed25519(from_base64(key, 32, "officer's key"), from_base64(signature, 64, "signature"), message)
        except (BadSignature, Malformed) as error:
            self._fault(
                position,
                act,
                f"the signature is not {officer}'s over this intent and this registry ({self._origin}): {error}. "
                "It was signed by another key, for another registry, or changed",
            )
            return False
        return True

    # ---- rule ----

    def _decided(
        self, position: int, act: Act, details: Details, officer: str, before: SubjectState | None, *, blind: bool
    ) -> Decision | None:
        """What the act changes; None where it changes nothing: refused, or not as the rules have it.

        `blind`: an entry that it leans on may be lost or changed, so a decision that differs is no fault, but counted.
        """
        case = Case(
            intent=act.intent,
            details=details,
            officer=officer,
            subject=act.subject,
            position=position,
            at=act.at,
            standing=self.standing,
            state=before,
            number=act.number,
            proposal=self._proposals.get(details.confirms) if isinstance(details, Confirmed) else None,
            load=self._load(act),
        )
        recorded, done = "" if act.rule is UNSET else act.rule, act.outcome is UNSET
        decision: Decision | None = None
        wrong = ""
        try:
            decision = decide(case)
        except Refused as refusal:
            if done:
                wrong = f"recorded as done, but the rule {refusal.rule!a} says no: {refusal}"
            elif recorded != refusal.rule:
                wrong = f"recorded as refused by {recorded!a}; the rule that says no is {refusal.rule!a}"
        except (NotHeld, Malformed) as error:
            wrong = f"the rules cannot be asked: {error}"
        else:
            if not done:
                wrong = f"recorded as refused by {recorded!a}, but the rules allow it"
            elif recorded != decision.rule:
                wrong = f"the entry names the rule {recorded!a}; deciding again gives {decision.rule!a}"
        if wrong and blind:
            self._findings.checked[UNTOLD_ACTS] += 1
        elif wrong:
            self._fault(position, act, wrong)
        return decision if done else None

    def _load(self, act: Act) -> LoadFacts | None:
        number = load_number(act.subject) if act.intent.kind is Kind.LOAD_CLOSED else None
        load = self.loads.all.get(number) if number is not None else None
        return load.facts() if load else None

    def _apply(self, position: int, act: Act, details: Details, officer: str, decision: Decision) -> None:
        if decision.added or decision.ended:
            self.standing.apply(decision.added, decision.ended, position)
            self.loads.generation += 1
        if decision.rule == AWAITS:
            waiting = proposed(position, act)
            if waiting is not None:
                self._proposals[position] = waiting
        self._move_loads(position, act, details, officer)

    def _move_loads(self, position: int, act: Act, details: Details, officer: str) -> None:
        match details:
            case acts.LoadOpened():
                self.loads.open(position, officer, act.intent.department, details, act.at)
            case acts.LoadClosed():
                number = load_number(act.subject)
                if number in self.loads.all:
                    self.loads.close(position, number, details, act.subject)


def load_number(subject: str) -> int | None:
    """The position of a load out of its reference."""
    noun, _, number = subject.partition("/")
    return int(number) if noun == "load" and number.isascii() and number.isdigit() else None


def misshapen(position: int, act: Act) -> str | None:
    """What is wrong with the parts of an act, each of which has its place; None where all is as it must be."""
    intent = act.intent
    if intent.subject is UNSET:
        if intent.kind is not Kind.LOAD_OPENED or act.subject != f"load/{position}":
            return "the signed intent names no subject; only the opening of a load may, and it is named by its position"
    elif intent.subject != act.subject:
        return f"the officer signed an act on {intent.subject[:80]!a}, not on this subject"
    if intent.kind is Kind.READ:
        if act.subject != f"department/{intent.department}":
            return f"a reading stands in the history of its own department, {intent.department}"
        if (
            intent.officer is not UNSET
            or act.signature is not UNSET
            or act.sd is UNSET
            or len(act.sd) != 1
            or act.vault is UNSET
        ):
            return "a reading withholds officer and signature, names one digest for the signature and an envelope"
        return None
    if intent.officer is UNSET or act.signature is UNSET:
        return "no officer, or no signature: only a reading withholds them"
    if act.sd is not UNSET or act.vault is not UNSET:
        return "only a reading has withheld members or an envelope beside its intent"
    return None
