"""A saved answer of the gateway, checked offline: what its entries prove, what is only signed, and what is neither.

    {"data":{"muniment":{"__typename":"Muniment","reference":"muniment/0b7c…","evidence":{"position":12,"entry":"<base64>",
     "disclosures":[],"proof":{"treeSize":13,"index":12,"path":["sha256:…"]}}}},
     "extensions":{"checkpoint":"<signed note>","support":[{"position":3,"entry":"<base64>","path":["<base64>"]}],
     "answer":{"at":1763798400123,"checkpointSize":13,"document":"<base64>","key":"officer/9","signature":"<base64>",
     "variables":"<base64>"}}}

The signature covers `muniment-answer@v1⏎` ‖ origin ‖ `⏎` ‖ canonical JSON of the answer without `signature`: white
space and the order of names are not part of it. `document` and `variables` are SHA-256 of the query's text and of the
canonical variables. `support` holds what the entries lean on, and the enrolment of the key that signed the answer, each
with its path to the one checkpoint. No file is opened here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from registry.errors import BadSignature, Malformed, ProofFailed
from registry.ledger.completeness import Proved, Whole, whole
from registry.ledger.merkle import HASH_SIZE, leaf_hash, verify_inclusion
from registry.ledger.note import Note
from registry.ledger.policy import Policy, Satisfied
from registry.ledger.receipt import Supports, check_signed
from registry.ledger.signature import verify_ed25519
from registry.records import acts, disclosure
from registry.records.acts import Act, Entry, Kind
from registry.records.encoding import canonical, decode_strict, from_base64
from registry.records.facts import FITS, SAME_SUBJECT, SIGNED_ONLY, TOLD, UNTOLD, Fact, withheld_digests

MAX_BYTES = 1 << 24
HEADER = b"muniment-answer@v1\n"
_PAGE = frozenset({"edges", "last", "node"})


class Support(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An act that the answer leans on: bytes and path in base64."""

    position: int
    entry: str
    path: tuple[str, ...]


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who signed the whole: `at` ms UTC by the gateway's clock, `key` the officer whose enrolled key it is."""

    at: int
    checkpointSize: int  # noqa: N815
    document: str
    key: str
    signature: str
    variables: str


class Proof(msgspec.Struct, frozen=True):
    """An entry's path, as an answer gives it."""

    index: int
    path: tuple[str, ...]
    treeSize: int  # noqa: N815


class Evidence(msgspec.Struct, frozen=True):
    """What makes an object of the answer provable; `proof` is None while the entry is not sealed."""

    position: int
    entry: str
    disclosures: tuple[str, ...] = ()
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found. Paths are written `data.muniment.kind`; whatever fails raises and is never here.

    `signer` signed the whole and was enrolled at `enrolled`; `histories` tell how far each is without a gap.
    """

    satisfied: Satisfied
    proved: tuple[str, ...]
    signed_only: tuple[str, ...]
    not_proven: tuple[str, ...]
    signer: str
    enrolled: int
    at: int
    histories: tuple[Whole, ...]


def answer_bytes(origin: str, answer: dict[str, Any]) -> bytes:
    """What the signature of an answer covers; `answer` with or without it. Raises Malformed."""
    try:
        extensions = dict(answer["extensions"])
        extensions["answer"] = {name: each for name, each in extensions["answer"].items() if name != "signature"}
        return HEADER + origin.encode() + b"\n" + canonical({**answer, "extensions": extensions})
    except (KeyError, TypeError, AttributeError, UnicodeEncodeError) as error:
        raise Malformed("the answer is not signed: it has no extensions.answer; ask for evidence") from error


def verify(raw: bytes, policy: bytes, *, any_key: bool = False) -> Findings:
    """Check a saved answer against a policy file, in this order.

    1 both parse strictly, no name doubled · 2 the checkpoint, by the policy · 3 each support is included · 4 each
    object with evidence: its entry included, its disclosures, its officer's signature, its members as the entry says ·
    5 the signature over the whole, by the key enrolled in the support. Raises a kind of `Unproven` at the first that
    fails: ProofFailed names the member that is not proven.
    """
    trusted = Policy.parse(policy)  # 1
    answer, extensions = _parsed(raw)
    signed = _convert(extensions.get("answer"), Signed, "extensions.answer")
    note = extensions.get("checkpoint")
    if not isinstance(note, str):
        raise Malformed("the answer carries no checkpoint: ask for evidence")
    satisfied = trusted.check(Note.parse(_encoded(note)), any_key=any_key)  # 2
    if signed.checkpointSize != satisfied.checkpoint.size:
        raise ProofFailed(
            f"the answer says that its checkpoint has {signed.checkpointSize} entries, it has "
            f"{satisfied.checkpoint.size}"
        )
    supports = _supported(extensions, satisfied)  # 3
    checked = _Checked(satisfied, supports)
    checked.walk("data", answer.get("data"))  # 4
    key, enrolled = supports.key(signed.key, satisfied.checkpoint.size)  # 5
    try:
        verify_ed25519(
            from_base64(key, what="the key of the answer"),
            from_base64(signed.signature, what="the signature of the answer"),
            answer_bytes(satisfied.checkpoint.origin, answer),
        )
    except BadSignature as error:
        raise BadSignature(f"signature broken: the answer is not what {signed.key} signed ({error})") from error
    return Findings(
        satisfied,
        tuple(checked.proved),
        tuple(checked.signed_only),
        tuple(checked.not_proven),
        signed.key,
        enrolled,
        signed.at,
        tuple(whole(checked.facts)),
    )


def _parsed(raw: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    if len(raw) > MAX_BYTES:
        raise Malformed(f"the answer has {len(raw)} bytes, at most {MAX_BYTES} are read")
    answer = decode_strict(raw, "the answer")
    if not isinstance(answer, dict) or set(answer) - {"data", "errors", "extensions"}:
        raise Malformed("this is no saved answer: expected data, errors and extensions, and nothing else")
    extensions = answer.get("extensions")
    if not isinstance(extensions, dict):
        raise Malformed("the answer is not signed: it has no extensions; ask for evidence")
    return answer, extensions


def _convert(value: object, kind: Any, what: str) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Malformed(f"{what}: not of the expected form ({error})") from error


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Malformed("extensions.checkpoint: half a character, which no note holds") from error


def _supported(extensions: dict[str, Any], satisfied: Satisfied) -> Supports:
    supports, checkpoint = Supports(), satisfied.checkpoint
    for each in _convert(extensions.get("support"), tuple[Support, ...], "extensions.support"):
        raw = from_base64(each.entry, what=f"the support at {each.position}")
        path = [from_base64(text, HASH_SIZE, f"the path of the support at {each.position}") for text in each.path]
        verify_inclusion(leaf_hash(raw), each.position, checkpoint.size, path, checkpoint.root)
        supports.add(each.position, acts.decode_entry(raw))
    return supports


class _Checked:
    """Goes through the answer; what stands under an object with evidence is held to its entry."""

    def __init__(self, satisfied: Satisfied, supports: Supports) -> None:
        self._satisfied, self._supports = satisfied, supports
        self.proved, self.signed_only, self.not_proven = list[str](), list[str](), list[str]()
        self.facts: dict[str, Proved] = {}

    def walk(self, path: str, value: object, subject: str | None = None) -> None:
        """`subject` is what an object found here has to be about; None where it may be about anything."""
        if isinstance(value, list):
            for at, each in enumerate(value):
                self.walk(f"{path}[{at}]", each, subject)
        elif isinstance(value, dict):
            if isinstance(value.get("evidence"), dict):
                self._object(path, value, subject)
            else:
                for inner, each in value.items():
                    self.walk(f"{path}.{inner}", each, subject if inner in SAME_SUBJECT | _PAGE else None)
        else:
            self.signed_only.append(path)

    def _object(self, path: str, value: dict[str, Any], subject: str | None) -> None:
        kind, fact = value.get("__typename"), self._fact(path, value["evidence"])
        if kind not in TOLD or fact is None:
            self.not_proven.append(path)
            for inner, each in value.items():
                if inner != "evidence":
                    self.walk(f"{path}.{inner}", each, subject if inner in SAME_SUBJECT else None)
            return
        if not FITS[kind](fact):
            raise ProofFailed(f"{path} is not proven: the entry at {fact.position} is none of a {kind}")
        if subject not in (None, fact.entry.subject):
            raise ProofFailed(f"{path} is not proven: the entry at {fact.position} is not about {subject}")
        for inner, each in value.items():
            at = f"{path}.{inner}"
            if inner in ("__typename", "evidence"):
                continue
            if inner in TOLD[kind]:
                self._member(at, each, TOLD[kind][inner](fact), fact)
            elif inner in SIGNED_ONLY[kind]:
                self.walk(at, each, fact.entry.subject if inner in SAME_SUBJECT else None)
            else:
                raise ProofFailed(f"{at} is not proven: {kind} has no field of that name (an alias is not taken)")

    def _member(self, path: str, value: object, told: object, fact: Fact) -> None:
        if told is UNTOLD:
            self.signed_only.append(path)
        elif isinstance(told, list):
            self._details(path, value, told, fact)
        elif _is_told(value, told):
            self.proved.append(path)
        else:
            raise ProofFailed(f"{path} is not proven: it differs from what the entry at {fact.position} says")

    def _details(self, path: str, value: object, told: list[dict[str, Any]], fact: Fact) -> None:
        if not isinstance(value, list) or len(value) != len(told):
            raise ProofFailed(f"{path} is not proven: the entry at {fact.position} has {len(told)} details")
        for at, (given, expected) in enumerate(zip(value, told, strict=True)):
            where = f"{path}[{at}]"
            if not isinstance(given, dict):
                raise ProofFailed(f"{where} is not proven: expected a detail")
            for name, each in given.items():
                unopened = expected["withheld"] and name != "digest" and given.get("withheld") is not True
                if name == "__typename":
                    continue
                if name not in expected:
                    raise ProofFailed(f"{where}.{name} is not proven: a detail has no field of that name")
                if unopened and given.get("name") is not None:  # shown, but its disclosure was not asked for
                    self.signed_only.append(f"{where}.{name}")
                elif type(each) is type(expected[name]) and each == expected[name]:
                    self.proved.append(f"{where}.{name}")
                else:
                    raise ProofFailed(f"{where}.{name} is not proven: the entry at {fact.position} says otherwise")

    def _fact(self, path: str, given: dict[str, Any]) -> Fact | None:
        """The entry of an object, included, its disclosures fitting, its officer's signature good; None where the
        answer asked for too little, or nothing is sealed yet."""
        if given.get("proof") is None or "entry" not in given or "position" not in given:
            return None
        try:
            evidence: Evidence = msgspec.convert(given, Evidence)
        except msgspec.ValidationError:
            missing = {"index", "path", "treeSize"} - set(given["proof"]) if isinstance(given["proof"], dict) else None
            if missing:
                return None
            raise Malformed(f"{path}.evidence: not of the expected form") from None
        assert evidence.proof is not None
        checkpoint = self._satisfied.checkpoint
        raw = from_base64(evidence.entry, what=f"{path}.evidence.entry")
        hashes = [_from_hex(each, f"{path}.evidence.proof.path") for each in evidence.proof.path]
        if (evidence.proof.treeSize, evidence.proof.index) != (checkpoint.size, evidence.position):
            raise ProofFailed(f"{path} is not proven: its proof is not of position and checkpoint of this answer")
        leaf = leaf_hash(raw)
        if given.get("leafHash") not in (None, "sha256:" + leaf.hex()):
            raise ProofFailed(f"{path} is not proven: its leaf hash is not that of its entry")
        try:
            verify_inclusion(leaf, evidence.position, checkpoint.size, hashes, checkpoint.root)
        except ProofFailed as error:
            raise ProofFailed(f"{path} is not proven: {error}") from error
        fact = Fact.of(evidence.position, acts.decode_entry(raw), evidence.disclosures)
        disclosure.reveal(evidence.disclosures, withheld_digests(fact))
        self._signed(fact.position, fact.entry)
        self.facts[path] = Proved(fact.position, fact.entry, leaf)
        return fact

    def _signed(self, position: int, entry: Entry) -> None:
        """Raise unless the act, or the opening of the row's load, was signed by an officer enrolled before."""
        act, at = (
            (entry, position) if isinstance(entry, Act) else (self._supports.opening(entry.load, position), entry.load)
        )
        officer, signature = act.intent.officer, act.signature
        if not isinstance(officer, str) or not isinstance(signature, str):
            if act.intent.kind is not Kind.READ:
                raise BadSignature(f"the act at {at} bears no officer's signature; only a reading may withhold it")
            return
        key, _ = self._supports.key(officer, at, act)
        given = from_base64(signature, what=f"the signature of the act at {at}")
        check_signed(at, act, self._satisfied.checkpoint.origin, key, given)


def _is_told(value: object, told: object) -> bool:
    """Whether the value is what the entry says: one of a frozenset's, a text as text, all else of the same type too."""
    if isinstance(told, frozenset):
        return isinstance(value, str) and value in told
    return value == str(told) if isinstance(told, str) else type(value) is type(told) and value == told


def _from_hex(text: str, what: str) -> bytes:
    head, colon, digits = text.partition(":")
    if (head, colon) != ("sha256", ":") or len(digits) != 64 or set(digits) - set("0123456789abcdef"):
        raise Malformed(f"{what}: expected sha256: and 64 digits in hex")
    return bytes.fromhex(digits)
