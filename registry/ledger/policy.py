"""Whom we trust, as a C2SP tlog-policy file, and whether a checkpoint satisfies it.

    log registry.example/land+fc58b598+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4
    witness police police.example/w1+dd0b6fa8+BNBKsjJ0K7Sr…3h3 https://police.example/w1
    witness archive archive.example/m1+e639f70d+Bjoi…
    group departments 2 police archive
    quorum departments

Ours is stricter than the specification, by which any one listed log satisfies the file: *every* listed key of the
checkpoint's origin must have signed, so that a stolen Ed25519 key is not enough where ML-DSA-44 is listed beside it, and no
byte of a receipt can change unseen. `any_key=True` relaxes it for foreign logs.

A policy is octets; names outside ASCII are kept as they are (in memory as Latin-1) and never compared as Unicode.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from registry.errors import BadSignature, Malformed, TooFewWitnesses
from registry.ledger import cosignature
from registry.ledger.checkpoint import Checkpoint, decimal
from registry.ledger.note import ED25519, ED25519_COSIGNATURE, MLDSA44_COSIGNATURE, Note, VerifierKey

MAX_BYTES = 1 << 20
NONE = "none"

_FORBIDDEN = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_FORMS = {
    "log": "log <vkey> [url]",
    "witness": "witness <name> <vkey> [url]",
    "group": "group <name> all|any|<k> <member>…",
    "quorum": "quorum <name>|none",
}


@dataclass(frozen=True, slots=True)
class Witness:
    """One whose cosignature counts, under a name that means nothing outside of the file."""

    name: str
    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses, if at least `threshold` of the members (witnesses or earlier groups) have witnessed."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Satisfied:
    """What a policy found: the checkpoint, the witnesses that signed, by name, and whether a quorum was asked for."""

    checkpoint: Checkpoint
    witnesses: tuple[str, ...]
    quorum: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """Logs (each with its address or ""), witnesses, groups in order of definition, and the quorum's name or `none`."""

    logs: tuple[tuple[VerifierKey, str], ...]
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NONE

    @classmethod
    def parse(cls, raw: bytes) -> Policy:
        """The policy of a file; comments and spacing are passed over. `Malformed` names the line that is wrong."""
        logs, witnesses, groups, quorum = list[tuple[VerifierKey, str]](), list[Witness](), list[Group](), list[str]()
        defined = set[str]()
        for number, keyword, fields in _lines(raw):
            try:
                if keyword == "log" and len(fields) in (1, 2):
                    key = _key(fields[0], ED25519, MLDSA44_COSIGNATURE)
                    _new(key.public, {log.public for log, _ in logs}, "the key of another log")
                    logs.append((key, "".join(fields[1:])))
                elif keyword == "witness" and len(fields) in (2, 3):
                    key = _key(fields[1], ED25519_COSIGNATURE, MLDSA44_COSIGNATURE)
                    _new(key.public, {witness.key.public for witness in witnesses}, "the key of another witness")
                    _new(fields[0], defined | {NONE}, f"the name {fields[0][:80]!a}, which is taken,")
                    witnesses.append(Witness(fields[0], key, "".join(fields[2:])))
                    defined.add(fields[0])
                elif keyword == "group" and len(fields) >= 3:
                    _new(fields[0], defined | {NONE}, f"the name {fields[0][:80]!a}, which is taken,")
                    groups.append(_group(fields[0], fields[1], tuple(fields[2:]), defined))
                    defined.add(fields[0])
                elif keyword == "quorum" and len(fields) == 1:
                    _known(fields[0], defined | {NONE})
                    quorum.append(fields[0])
                else:
                    raise Malformed(f"expected {_FORMS.get(keyword) or ' or '.join(_FORMS)}")
            except Malformed as error:
                raise Malformed(f"line {number} of the policy: {error}") from error
        if len(quorum) != 1:
            raise Malformed(f"the policy has {len(quorum)} lines 'quorum …', expected exactly one")
        return cls(tuple(logs), tuple(witnesses), tuple(groups), quorum[0])

    def to_bytes(self) -> bytes:
        """One line each: logs, witnesses, groups, the quorum. Addresses where there are some."""
        logs = [f"log {_octets(key)} {url}" for key, url in self.logs]
        witnesses = [f"witness {each.name} {_octets(each.key)} {each.url}" for each in self.witnesses]
        groups = [f"group {group.name} {group.threshold} {' '.join(group.members)}" for group in self.groups]
        lines = [*logs, *witnesses, *groups, f"quorum {self.quorum}"]
        return "".join(line.rstrip(" ") + "\n" for line in lines).encode("latin-1")

    def check(self, note: Note, *, any_key: bool = False) -> Satisfied:
        """The checkpoint in `note`, signed by its log and witnessed as this policy asks.

        Raises `Malformed`, `BadSignature` (a listed key did not sign, or signed something else), `TooFewWitnesses`.
        """
        origin = Checkpoint.parse(note.text).origin
        logs = {key for key, _ in self.logs if key.name == origin}
        if not logs:
            raise BadSignature(f"the policy lists no key of the log {origin[:80]!a}; get the policy of that log")
        checkpoint, signed = cosignature.verify(note, [*logs, *(witness.key for witness in self.witnesses)])
        missing = sorted(key.key_id.hex() for key in logs - set(signed))
        if len(missing) == len(logs) or (missing and not any_key):
            raise BadSignature(f"the checkpoint lacks the signature of {origin} by its listed key {', '.join(missing)}")
        held = {witness.name for witness in self.witnesses if witness.key in signed}
        names = tuple(sorted(held))
        for group in self.groups:
            if sum(member in held for member in group.members) >= group.threshold:
                held.add(group.name)
        if self.quorum != NONE and self.quorum not in held:
            raise TooFewWitnesses(
                f"the quorum {self.quorum!a} is not reached for the checkpoint of size {checkpoint.size}: "
                f"{', '.join(map(ascii, names)) or 'no listed witness'} signed"
            )
        return Satisfied(checkpoint, names, self.quorum != NONE)


def _lines(raw: bytes) -> Iterator[tuple[int, str, list[str]]]:
    """(line number, keyword, fields) of the lines that say something."""
    if len(raw) > MAX_BYTES or not raw.endswith(b"\n"):
        raise Malformed(f"the policy is cut short or longer than {MAX_BYTES} bytes; its last line must be ended")
    if found := _FORBIDDEN.search(raw):
        line = raw.count(b"\n", 0, found.start()) + 1
        raise Malformed(f"line {line} of the policy holds the control character {found[0].hex()}")
    for number, text in enumerate(raw.decode("latin-1").split("\n"), 1):
        stripped = text.strip(" \t")  # never strip() or split() alone: they cut at U+0085 and U+00A0
        if stripped and not stripped.startswith("#"):
            keyword, *fields = re.split(r"[ \t]+", stripped)
            yield number, keyword, fields


def _key(text: str, *kinds: int) -> VerifierKey:
    try:
        key = VerifierKey.parse(text.encode("latin-1").decode())
    except UnicodeDecodeError as error:
        raise Malformed("the verifier key is not UTF-8") from error
    if key.kind not in kinds:
        raise Malformed(
            f"a key of type {key.kind:02x} cannot stand here; expected type {kinds[0]:02x} or {kinds[1]:02x}"
        )
    return key


def _octets(key: VerifierKey) -> str:
    return str(key).encode().decode("latin-1")


def _group(name: str, threshold: str, members: tuple[str, ...], defined: set[str]) -> Group:
    for member in members:
        _known(member, defined)
    if len(set(members)) != len(members):
        raise Malformed(f"the group {name[:80]!a} has a member twice")
    count = {"all": len(members), "any": 1}.get(threshold) or decimal(threshold, "the number of members that suffice")
    if not 1 <= count <= len(members):
        raise Malformed(f"{count} of {len(members)} members cannot suffice; expected 1 to {len(members)}")
    return Group(name, count, members)


def _known(name: str, defined: set[str]) -> None:
    if name not in defined:
        raise Malformed(f"{name[:80]!a} is not defined on a line before")


def _new(found: object, taken: set[object] | set[bytes] | set[str], what: str) -> None:
    if found in taken:
        raise Malformed(f"{what} stands here again")
