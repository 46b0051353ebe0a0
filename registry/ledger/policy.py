"""Whom we trust, as a C2SP tlog-policy file, and whether a checkpoint satisfies it.

    log registry.example/land+fc58b598+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4
    witness police police.example/w1+dd0b6fa8+BNBKsjJ0K7Sr…3h3 https://police.example/w1
    witness archive archive.example/m1+e639f70d+Bjoi…
    group departments 2 police archive
    quorum departments

Ours is stricter than the specification, by which any one listed log satisfies the file: *every* listed key of the
checkpoint's origin must have signed: a stolen Ed25519 key is not enough where ML-DSA-44 is listed beside it, and no
byte of a receipt can change unseen. `any_key=True` relaxes it for foreign logs.

A policy is octets: names that are not UTF-8 stay what they are, as surrogate escapes.
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
_FORMS = "log <vkey> [url] · witness <name> <vkey> [url] · group <name> all|any|<k> <member>… · quorum <name>|none"


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
    """Logs (each with its address or ""), witnesses, groups in order of definition, the quorum's name or `none`."""

    logs: tuple[tuple[VerifierKey, str], ...]
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NONE

    @classmethod
    def parse(cls, raw: bytes) -> Policy:
        """The policy of a file; comments and spacing are passed over. `Malformed` names the line that is wrong."""
        logs, witnesses, groups, quorum = list[tuple[VerifierKey, str]](), list[Witness](), list[Group](), list[str]()
        defined, log_keys, witness_keys = {NONE}, set[bytes](), set[bytes]()
        for number, words in _lines(raw):
            try:
                match words:
                    case ["log", vkey, *url] if len(url) <= 1:
                        logs.append((_key(vkey, log_keys, ED25519, MLDSA44_COSIGNATURE), "".join(url)))
                    case ["witness", name, vkey, *url] if len(url) <= 1:
                        key = _key(vkey, witness_keys, ED25519_COSIGNATURE, MLDSA44_COSIGNATURE)
                        witnesses.append(Witness(_new(name, defined), key, "".join(url)))
                    case ["group", name, threshold, *members] if members:
                        groups.append(_group(name, threshold, tuple(members), defined - {NONE}))
                        _new(name, defined)
                    case ["quorum", name]:
                        quorum.append(_known(name, defined))
                    case _:
                        raise Malformed(f"expected one of {_FORMS}")
            except Malformed as error:
                raise Malformed(f"line {number} of the policy: {error}") from error
        if len(quorum) != 1:
            raise Malformed(f"the policy has {len(quorum)} lines 'quorum …', expected exactly one")
        return cls(tuple(logs), tuple(witnesses), tuple(groups), quorum[0])

    def to_bytes(self) -> bytes:
        """One line each: logs, witnesses, groups, the quorum."""
        lines = [f"log {key} {url}" for key, url in self.logs]
        lines += [f"witness {each.name} {each.key} {each.url}" for each in self.witnesses]
        lines += [f"group {each.name} {each.threshold} {' '.join(each.members)}" for each in self.groups]
        lines += [f"quorum {self.quorum}"]
        return "".join(line.rstrip(" ") + "\n" for line in lines).encode(errors="surrogateescape")

    def check(self, note: Note, *, any_key: bool = False) -> Satisfied:
        """The checkpoint in `note`, signed by its log and witnessed as this policy asks.

        Raises `Malformed`, `BadSignature` (a listed key did not sign, or signed something else), `TooFewWitnesses`.
        """
        origin = Checkpoint.parse(note.text).origin
        logs = {key for key, _ in self.logs if key.name == origin}
        if not logs:
            raise BadSignature(f"the policy lists no key of the log {origin[:80]!a}; get the policy of that log")
        checkpoint, signed = cosignature.verify(note, [*logs, *(witness.key for witness in self.witnesses)])
        missing = sorted(key.key_id.hex() for key in logs.difference(signed))
        if len(missing) == len(logs) or (missing and not any_key):
            raise BadSignature(f"the checkpoint of {origin!a} is not signed by its listed key {', '.join(missing)}")
        names = {witness.name for witness in self.witnesses if witness.key in signed}
        held = set(names)
        for group in self.groups:
            if len(held.intersection(group.members)) >= group.threshold:
                held.add(group.name)
        if self.quorum != NONE and self.quorum not in held:
            by = ", ".join(map(ascii, sorted(names))) or "no listed witness"
            raise TooFewWitnesses(
                f"the quorum {self.quorum!a} is not reached at size {checkpoint.size}: signed by {by}"
            )
        return Satisfied(checkpoint, tuple(sorted(names)), self.quorum != NONE)


def _lines(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """(line number, words) of the lines that say something."""
    if len(raw) > MAX_BYTES or not raw.endswith(b"\n"):
        raise Malformed(f"the policy is cut short or longer than {MAX_BYTES} bytes; its last line must be ended")
    for number, line in enumerate(raw[:-1].split(b"\n"), 1):
        if found := _FORBIDDEN.search(line):
            raise Malformed(f"line {number} of the policy holds the control character {found[0].hex()}")
        if (stripped := line.strip(b" \t")) and not stripped.startswith(b"#"):
            yield number, re.split(r"[ \t]+", stripped.decode(errors="surrogateescape"))


def _key(text: str, taken: set[bytes], *kinds: int) -> VerifierKey:
    key = VerifierKey.parse(text)
    if key.kind not in kinds or key.public in taken:
        raise Malformed(f"the key of {key.name} stands twice, or is not of type {kinds[0]:02x} or {kinds[1]:02x}")
    taken.add(key.public)
    return key


def _group(name: str, threshold: str, members: tuple[str, ...], defined: set[str]) -> Group:
    if len({_known(member, defined) for member in members}) != len(members):
        raise Malformed(f"the group {name[:80]!a} has a member twice")
    count = {"all": len(members), "any": 1}.get(threshold) or decimal(threshold, "the number of members that suffice")
    if not 1 <= count <= len(members):
        raise Malformed(f"{count} of {len(members)} members cannot suffice; expected 1 to {len(members)}")
    return Group(name, count, members)


def _known(name: str, defined: set[str]) -> str:
    if name not in defined:
        raise Malformed(f"{name[:80]!a} is not defined on a line before")
    return name


def _new(name: str, defined: set[str]) -> str:
    if name in defined:
        raise Malformed(f"the name {name[:80]!a} is taken")
    defined.add(name)
    return name
