"""A receipt: one entry, checkable for ever by receipt and policy file alone, in the form of a C2SP tlog-proof.

    c2sp.org/tlog-proof@v1⏎
    extra eyJkaXNjbG9zdXJlcyI6W10sImVudHJ5Ijp7…⏎
    index 1⏎
    CxPeEt7d8VpS4U2S7QsoDkisnSk0NTcx4/7OSMrEVhQ=⏎       the leaf's sibling, and so up
    bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=⏎
    ⏎
    registry.example/land⏎3⏎t2RolETN…⏎⏎— registry.example/land /Fi1m…⏎      the checkpoint, verbatim

The format does not authenticate `extra`. Ours is canonical JSON, and each part of it is held to the checkpoint:
`{"disclosures":[…],"entry":{…},"support":[{"entry":{…},"index":7,"path":["<base64>",…]},…],"v":1}`. `support` is what
makes the entry mean something: the act that enrolled the signing officer's key (and its confirmation, where two persons
were needed), and for a loaded row the act that opened its load. Nothing else may stand there.
A foreign receipt without `extra` proves that the content is the entry. No file is opened here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

import msgspec
from msgspec import UNSET, Raw

from registry.errors import BadSignature, Malformed, ProofFailed, Unproven
from registry.ledger.checkpoint import decimal
from registry.ledger.merkle import HASH_SIZE, leaf_hash, verify_inclusion
from registry.ledger.note import Note
from registry.ledger.policy import Policy, Satisfied
from registry.ledger.signature import verify_ed25519
from registry.records import acts, disclosure
from registry.records.acts import Act, Entry, Kind
from registry.records.encoding import decode_canonical, from_base64, to_base64
from registry.records.rules import AWAITS, FOUNDING_ACTS

HEADER = "c2sp.org/tlog-proof@v1"
MAX_BYTES, MAX_PATH = 1 << 21, 63


@dataclass(frozen=True, slots=True)
class Receipt:
    """The parts of a tlog-proof, not yet verified; `checkpoint` is the signed note as it was issued."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    @classmethod
    def parse(cls, raw: bytes) -> Receipt:
        """The receipt that prints as exactly these bytes; `Malformed` names the line that is wrong."""
        head, gap, checkpoint = raw.partition(b"\n\n")
        if len(raw) > MAX_BYTES or not gap or not head.isascii():
            raise Malformed("this is no receipt: expected a tlog-proof, an empty line, and a signed checkpoint")
        header, *lines = head.decode("ascii").split("\n")
        if header != HEADER:
            raise Malformed(f"line 1 of the receipt: expected {HEADER}")
        extra, number = None, 2
        if lines and lines[0].startswith("extra "):
            extra, number = from_base64(lines.pop(0)[6:], what="line 2 of the receipt: the extra"), 3
        if not lines or not lines[0].startswith("index ") or len(lines) > 1 + MAX_PATH:
            raise Malformed(f"line {number} of the receipt: expected 'index <position>' and at most {MAX_PATH} hashes")
        index = decimal(lines[0][6:], f"line {number} of the receipt: the index")
        path = (
            from_base64(each, HASH_SIZE, f"line {number + at} of the receipt") for at, each in enumerate(lines[1:], 1)
        )
        return cls(index, tuple(path), checkpoint, extra)

    def to_bytes(self) -> bytes:
        extra = [] if self.extra is None else [f"extra {to_base64(self.extra)}"]
        lines = [HEADER, *extra, f"index {self.index}", *map(to_base64, self.path), "\n"]
        return "\n".join(lines).encode("ascii") + self.checkpoint


class Support(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An act that the receipt's entry leans on, with its path (base64) to the same checkpoint."""

    entry: Raw
    index: int
    path: tuple[str, ...]


class Extra(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a receipt of ours carries in `extra`."""

    disclosures: tuple[str, ...]
    entry: Raw
    support: tuple[Support, ...]
    v: Literal[1]


@dataclass(frozen=True, slots=True)
class Findings:
    """What a receipt proves. What fails raises and is never here; what is None or False was not asked.

    `officer` signed the act, or for a row the act that opened its load. "Enrolled" says neither "not revoked since" nor
    "by one who might": that takes an audit. `entry` is None for a foreign receipt.
    """

    index: int
    satisfied: Satisfied
    entry: Entry | None = None
    officer: str | None = None
    enrolled: int | None = None
    load: int | None = None
    disclosed: Mapping[str, str | int] = field(default_factory=dict)
    content: bool = False

    def sentences(self) -> tuple[tuple[str, bool], ...]:
        """The four findings in order, each with whether it is proven (True) or was not asked (False)."""
        by = f"{self.officer}, enrolled at {self.enrolled}" if self.officer else "an officer"
        load = "a load" if self.load is None else f"load {self.load}"
        included = f"included at {self.index} in {self.satisfied.checkpoint.size}"
        texts = (included, f"signed by {by}", f"covered by {load}", "content fits")
        return tuple(zip(texts, (True, self.officer is not None, self.load is not None, self.content), strict=True))


def verify(receipt: bytes, policy: bytes, *, content: Iterable[bytes] | None = None, any_key: bool = False) -> Findings:
    """Check a receipt against a policy file, in this order, and say what was found.

    1 both parse strictly · 2 the leaf hash comes from the entry · 3 origin and all its listed keys (`any_key`: one) ·
    4 cosignatures and quorum · 5 inclusion · 6 each support included · 7 disclosures against `_sd`, here because a
    reading withholds its officer · 8 the row names that load · 9 the officer's signature by the key enrolled there ·
    10 `content`, the body in pieces, against its digest. Raises a kind of `Unproven` at the first that fails.
    """
    found, trusted = Receipt.parse(receipt), Policy.parse(policy)  # 1
    note = Note.parse(found.checkpoint)
    if found.extra is None:
        return _foreign(found, trusted.check(note, any_key=any_key), content)
    extra = decode_canonical(found.extra, Extra, "the extra of the receipt")
    entry, leaf = acts.decode_entry(bytes(extra.entry)), leaf_hash(bytes(extra.entry))  # 2
    satisfied = trusted.check(note, any_key=any_key)  # 3, 4
    origin, size, root = satisfied.checkpoint.origin, satisfied.checkpoint.size, satisfied.checkpoint.root
    verify_inclusion(leaf, found.index, size, found.path, root)  # 5
    supports = Supports()
    for each in extra.support:  # 6
        path = [from_base64(text, HASH_SIZE, f"the path of the support at {each.index}") for text in each.path]
        verify_inclusion(leaf_hash(bytes(each.entry)), each.index, size, path, root)
        supports.add(each.index, acts.decode_entry(bytes(each.entry)))
    told = Told.of(entry)
    disclosed = disclosure.reveal(extra.disclosures, told.sd)  # 7
    if isinstance(entry, Act):
        act, at, load = entry, found.index, None
    else:
        act, at, load = supports.opening(entry.load, found.index), entry.load, entry.load  # 8
    officer, signature = act.intent.officer or disclosed.get("officer"), act.signature or disclosed.get("signature")
    signer = enrolled = None
    if isinstance(officer, str) and isinstance(signature, str):  # 9
        signer, (key, enrolled) = officer, supports.key(officer, at, act)
        check_signed(at, act, origin, key, from_base64(signature, what=f"the signature of the act at {at}"))
    elif act.intent.kind is not Kind.READ:
        raise BadSignature(f"the act at {at} bears no officer's signature; only a reading may withhold it")
    if unused := supports.unused():
        raise Malformed(
            f"nothing in the receipt leans on its supports at {sorted(unused)}: expected only what is needed"
        )
    if content is not None:  # 10
        digest, expected = to_base64(_sha256(b"", content)), told.content or disclosed.get("content")
        if expected is None:
            raise Unproven("the digest of the content is withheld here: ask for a receipt with its disclosures")
        if digest != expected:
            raise ProofFailed(f"the content does not fit: its digest is {digest}, recorded is {expected}")
    return Findings(found.index, satisfied, entry, signer, enrolled, load, disclosed, content is not None)


def _foreign(found: Receipt, satisfied: Satisfied, content: Iterable[bytes] | None) -> Findings:
    """Of a receipt that carries no entry: what was logged is the content itself."""
    if content is None:
        raise Malformed("this receipt carries no entry; give what was logged as its content")
    checkpoint = satisfied.checkpoint
    verify_inclusion(_sha256(b"\x00", content), found.index, checkpoint.size, found.path, checkpoint.root)
    return Findings(found.index, satisfied, content=True)


def _sha256(prefix: bytes, pieces: Iterable[bytes]) -> bytes:
    digest = sha256(prefix)
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def check_signed(index: int, act: Act, origin: str, key: str, signature: bytes) -> None:
    """Return if the officer with this key (base64) signed the act, for this origin and the subject it stands under."""
    try:
        verify_ed25519(from_base64(key), signature, acts.signed_bytes(origin, act.intent))
    except BadSignature as error:
        raise BadSignature(f"the act at {index} is not what its officer signed: {error}") from error
    own = f"load/{index}" if act.intent.kind is Kind.LOAD_OPENED else None  # unknown to him who opens it
    if act.subject != (act.intent.subject or own):
        raise ProofFailed(f"its officer did not sign the act at {index} for {act.subject[:80]!a}, where it stands")


class Supports:
    """The acts that a receipt brings along, by position, and which of them were needed."""

    def __init__(self) -> None:
        self._acts, self._used = dict[int, Act](), set[int]()

    def add(self, index: int, entry: Entry) -> None:
        if not isinstance(entry, Act) or entry.outcome is not UNSET or any(index <= at for at in self._acts):
            raise Malformed(f"the support at {index} is a row, a refusal or out of order: nothing can lean on it")
        self._acts[index] = entry

    def opening(self, load: int, before: int) -> Act:
        """The act that opened the load of the row at `before`."""
        act = self._acts.get(load)
        if act is None or act.intent.kind is not Kind.LOAD_OPENED or load >= before:
            raise ProofFailed(f"the receipt does not hold the opening of load {load}, which its row names")
        self._used.add(load)
        return act

    def key(self, officer: str, index: int, act: Act | None = None) -> tuple[str, int]:
        """(public key, position) of the enrolment in force before `index`; founding acts have their own."""
        for at, held in {0: act}.items() if index == 0 and act else self._acts.items():
            details = acts.details_of(held.intent)
            needed = {at}
            if isinstance(details, acts.Confirmed) and (proposal := self._acts.get(details.confirms)):
                needed.add(details.confirms)
                details = acts.details_of(proposal.intent) if proposal.subject == held.subject else details
            elif held.rule == AWAITS:
                continue  # enrols nobody by itself
            match details:
                case acts.OfficerEnrolled(key=key) if held.subject == officer and at < index:
                    self._used |= needed
                    return key, at
                case acts.Founded(key=key) if (at, officer) == (0, "officer/1") and index < FOUNDING_ACTS:
                    self._used |= needed
                    return key, at
        raise ProofFailed(
            f"the receipt does not hold the act before {index} that enrolled {officer[:40]!a}; ask for another"
        )

    def unused(self) -> set[int]:
        return self._acts.keys() - self._used


class Told(msgspec.Struct, frozen=True):
    """What the details of any entry may say of withheld members, and of the body's digest (base64) in clear."""

    sd: tuple[str, ...] = msgspec.field(name="_sd", default=())
    content: str = ""

    @classmethod
    def of(cls, entry: Entry) -> Told:
        try:
            told = msgspec.json.decode(entry.intent.details if isinstance(entry, Act) else entry.details, type=cls)
        except msgspec.MsgspecError as error:
            raise Malformed(f"the details of the entry are not of the expected form ({error})") from error
        return cls(told.sd + (entry.sd or ()), told.content) if isinstance(entry, Act) else told
