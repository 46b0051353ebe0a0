"""Make the golden files of this folder from fixed seeds: every byte that we write or read, frozen.

    PYTHONPATH=. python tests/ledger/make_golden.py

writes `golden.json`, `golden.policy` and three receipts. Everything but the ML-DSA-44 lines is deterministic; those are
randomised, so a line that stands in golden.json and still verifies is kept. Three entries (`deposit 1`, `deposit 2` and
the empty one) show the C2SP formats; a registry of thirteen entries freezes what an entry is.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from msgspec import UNSET, Raw, UnsetType
from msgspec.structs import replace

from registry.errors import Unproven
from registry.ledger import merkle, tiles
from registry.ledger.checkpoint import Checkpoint
from registry.ledger.cosignature import Signer, message, verify_line
from registry.ledger.issuance import Included, issue, leans_on
from registry.ledger.note import ED25519, ED25519_COSIGNATURE, MLDSA44_COSIGNATURE, Line, Note
from registry.ledger.policy import Group, Policy, Witness
from registry.ledger.receipt import Receipt
from registry.ledger.signature import Ed25519Signer
from registry.records import acts
from registry.records.acts import Act, Details, Kind, Row
from registry.records.disclosure import digest, disclose, withhold
from registry.records.encoding import canonical, digest64, to_base64
from registry.records.envelope import Sealed
from registry.records.muniment import MunimentKind, Visibility
from registry.records.sale import SALE_RECORD, SaleFacts

HERE = Path(__file__).parent
ORIGIN = "registry.example/land"
SEALED_AT = 1679315147  # seconds; the example of C2SP tlog-cosignature
RECORDED_AT = 1763798400123  # milliseconds

LOG = Signer(ORIGIN, ED25519, bytes(range(32)))
LASTING = Signer(ORIGIN, MLDSA44_COSIGNATURE, b"\x33" * 32)
WITNESS = Signer("police.example/w1", ED25519_COSIGNATURE, b"\x11" * 32)
MIRROR = Signer("archive.example/m1", MLDSA44_COSIGNATURE, b"\x22" * 32)
FOUNDER, LOADER = Ed25519Signer(b"\x44" * 32), Ed25519Signer(b"\x55" * 32)
BODY = b"This deed witnesses that ...\n"
DEED = "muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10"
SALE = "sale/5BBE9CB3-6332-4EB0-9CD3-8737CEA4A65A"

DEPOSITS = (b"deposit 1", b"deposit 2", b"")
POLICY = Policy(
    ((LOG.vkey, ""), (LASTING.vkey, "")),
    (Witness("police", WITNESS.vkey, "https://police.example/w1"), Witness("archive", MIRROR.vkey)),
    (Group("departments", 2, ("police", "archive")),),
    "departments",
)


class Tree:
    """All of a small tree, whole: leaves in order."""

    def __init__(self, entries: tuple[bytes, ...]) -> None:
        self.entries = entries
        self.leaves = [merkle.leaf_hash(entry) for entry in entries]
        self.root = merkle.root(len(entries), self.node)

    def node(self, height: int, index: int) -> bytes:
        return merkle.fold(self.leaves[index << height : (index + 1) << height])

    def included(self, index: int) -> Included:
        path = merkle.prove_inclusion(index, len(self.entries), self.node)
        return Included(index, self.entries[index], path)


class Ledger:
    """Entries as a sequencer would record them: numbered, linked, one second apart."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self._last: dict[str, tuple[int, int]] = {}

    def act(
        self,
        signer: Ed25519Signer,
        officer: str,
        kind: Kind,
        details: Details,
        subject: str | UnsetType,
        **more: Any,
    ) -> None:
        hidden = kind is Kind.READ
        intent = acts.make_intent(
            kind,
            details,
            department="HMLR",
            key=sha256(b"request %d" % len(self.entries)).hexdigest()[:32],
            officer=UNSET if hidden else officer,
            subject=subject,
        )
        signature = to_base64(signer.sign(acts.signed_bytes(ORIGIN, intent)))
        stands = f"load/{len(self.entries)}" if subject is UNSET else str(subject)
        if hidden:
            self.disclosure = disclose(salt("signature"), "signature", signature)
            more["sd"] = (digest(self.disclosure),)
        self._add(
            stands,
            lambda at, number, previous: Act(
                at, intent, number, stands, 1, previous=previous, signature=UNSET if hidden else signature, **more
            ),
        )

    def row(self, load: int, row: int, op: Literal["A", "C", "D"], facts: SaleFacts) -> None:
        details = Raw(canonical(facts))
        self._add(SALE, lambda at, number, previous: Row(at, details, load, number, op, row, SALE, 1, previous))

    def _add(self, subject: str, make: Any) -> None:
        position = len(self.entries)
        number, before = self._last.get(subject, (0, 0))
        previous = acts.link(before, merkle.leaf_hash(self.entries[before])) if number else UNSET
        self.entries.append(canonical(make(RECORDED_AT + 1000 * position, number + 1, previous)))
        self._last[subject] = (number + 1, position)


def salt(name: str) -> bytes:
    return sha256(b"salt " + name.encode()).digest()


def sealed(number: int) -> Sealed:
    digests = [digest64(b"%s %d" % (what, number)) for what in (b"body", b"key", b"withheld")]
    return Sealed(body=digests[0], id=f"{number:032x}", key=digests[1], size=66_093, withheld=digests[2])


def withheld(**members: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return withhold(members, [salt(name) for name in members])


def registry() -> tuple[Ledger, tuple[str, ...], tuple[str, ...]]:
    """The golden registry, the disclosures of its deed (entry 5) and those of its reading (entry 8)."""
    ledger, me, you = Ledger(), "officer/1", "officer/2"
    deed_sd, deed = withheld(content=digest64(BODY), grantor="A. N. Other")
    reading_sd, reading = withheld(fields="body of version 2", officer=me, subject=DEED)
    name_sd, _ = withheld(name="founder")
    closed = {"added": 1, "changed": 1}
    sale = SaleFacts(
        "A", "SOUTHSHIRE", "1995-12-21", "EASTLEA", "F", SALE_RECORD, "", "N", "8", "QZ4 9DN", 42000, "S", "",
        "HOLLOW PLACE", "EASTLEA",
    )  # fmt: skip
    dearer = replace(sale, price=43000)
    ledger.act(FOUNDER, me, Kind.FOUNDED, acts.Founded(to_base64(FOUNDER.public), ORIGIN), "registry")
    rules = acts.RulesAdopted({"reader": {"muniment.read": "own department"}}, 1)
    ledger.act(FOUNDER, me, Kind.RULES_ADOPTED, rules, "registry")
    ledger.act(FOUNDER, me, Kind.DEPARTMENT_ADDED, acts.DepartmentAdded("Land Registry"), "department/HMLR")
    for officer, key, number in ((me, FOUNDER, 3), (you, LOADER, 4)):
        enrolled = acts.OfficerEnrolled(name_sd, "HMLR", digest64(b"exchange"), to_base64(key.public), sealed(number))
        ledger.act(FOUNDER, me, Kind.OFFICER_ENROLLED, enrolled, officer)
    lodged = acts.Lodged(
        MunimentKind.DEED, sealed(5), 1, Visibility.OWN, deed_sd, facts={"parcel": "QZ-17", "pages": 3}
    )
    ledger.act(FOUNDER, me, Kind.LODGED, lodged, DEED)
    revised = acts.Revised(sealed(6), 2, content=digest64(BODY), facts={"parcel": "QZ-17 §2"})
    ledger.act(FOUNDER, me, Kind.REVISED, revised, DEED)
    refused = {"outcome": acts.REFUSED, "rule": "role:muniment.withdraw"}
    ledger.act(LOADER, you, Kind.WITHDRAWN, acts.Withdrawn("entered twice"), DEED, **refused)
    ledger.act(FOUNDER, me, Kind.READ, acts.Reading(reading_sd, "office"), "department/HMLR", vault=sealed(8))
    opened = acts.LoadOpened("price-paid", digest64(b"the file"), "pp-1995.csv")
    ledger.act(LOADER, you, Kind.LOAD_OPENED, opened, UNSET)
    ledger.row(9, 1, "A", sale)
    ledger.row(9, 2, "C", dearer)
    rows = Tree(tuple(ledger.entries[10:12]))
    ledger.act(
        LOADER, you, Kind.LOAD_CLOSED, acts.LoadClosed(closed, "FINISHED", to_base64(rows.root), 10, 11), "load/9"
    )
    return ledger, deed, (*reading, ledger.disclosure)


def line(signer: Signer, checkpoint: Checkpoint, old: str) -> Line:
    """The signer's line; a randomised one that was made before is kept while it verifies."""
    if signer.vkey.kind == MLDSA44_COSIGNATURE:
        for text in old.split("\n"):
            try:
                kept = Line.parse(text, 1)
                if kept.key_id == signer.vkey.key_id and verify_line(signer.vkey, kept, checkpoint) == SEALED_AT:
                    return kept
            except Unproven:
                continue
    return signer.sign(checkpoint, SEALED_AT)


def note(tree: Tree, signers: tuple[Signer, ...], old: str) -> Note:
    checkpoint = Checkpoint(ORIGIN, len(tree.entries), tree.root)
    return Note(str(checkpoint), tuple(line(signer, checkpoint, old) for signer in signers))


def key(signer: Signer, seed: bytes) -> dict[str, str]:
    vkey = signer.vkey
    return {
        "name": vkey.name,
        "seed_hex": seed.hex(),
        "public_sha256": sha256(vkey.public).hexdigest(),
        "key_id_hex": vkey.key_id.hex(),
        "vkey": str(vkey),
    }


def golden(old: dict[str, Any]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What golden.json holds, and the other files by name."""
    tree = Tree(DEPOSITS)
    signed = note(tree, (LOG, WITNESS, MIRROR), old.get("signed_checkpoint", ""))
    checkpoint = Checkpoint.parse(signed.text)
    ledger, deed, reading = registry()
    whole = Tree(tuple(ledger.entries))
    sealed_note = note(whole, (LOG, LASTING, WITNESS, MIRROR), old.get("registry", {}).get("checkpoint", ""))
    issued = {
        "golden-deed": receipt(whole, sealed_note, 5, deed),
        "golden-row": receipt(whole, sealed_note, 11),
        "golden-reading": receipt(whole, sealed_note, 8, reading, "officer/1"),
    }
    proof = Receipt(1, tree.included(1).path, signed.to_bytes())
    files = {f"{name}.tlog-proof": raw for name, raw in issued.items()}
    files |= {"golden.tlog-proof": proof.to_bytes(), "golden.policy": POLICY.to_bytes()}
    return {
        "about": "Made by make_golden.py from test seeds. ML-DSA-44 lines are randomised: verify, do not compare.",
        "log": key(LOG, bytes(range(32))) | {"public_hex": LOG.vkey.public.hex()},
        "log_mldsa44": key(LASTING, b"\x33" * 32),
        "witness": key(WITNESS, b"\x11" * 32) | {"public_hex": WITNESS.vkey.public.hex()},
        "mirror_mldsa44": key(MIRROR, b"\x22" * 32)
        | {"signed_message_hex": message(MIRROR.vkey, checkpoint, SEALED_AT).hex()},
        "entries_hex": [entry.hex() for entry in DEPOSITS],
        "leaf_hashes_hex": [leaf.hex() for leaf in tree.leaves],
        "node_0_1_hex": merkle.node_hash(*tree.leaves[:2]).hex(),
        "root_hex": tree.root.hex(),
        "entry_bundle_path": tiles.bundle_path(0, 3),
        "entry_bundle_hex": tiles.frame(DEPOSITS).hex(),
        "level0_tile_path": tiles.tile_path(0, 0, 3),
        "level0_tile_sha256": sha256(b"".join(tree.leaves)).hexdigest(),
        "checkpoint_body": str(checkpoint),
        "log_signature_line": str(signed.lines[0]),
        "cosigned_message": message(WITNESS.vkey, checkpoint, SEALED_AT).decode(),
        "cosignature_line": str(signed.lines[1]),
        "signed_checkpoint": signed.to_bytes().decode(),
        "consistency_2_to_3": [to_base64(each) for each in merkle.prove_consistency(2, 3, tree.node)],
        "consistency_1_to_3": [to_base64(each) for each in merkle.prove_consistency(1, 3, tree.node)],
        "paths": {str(n): tiles.tile_path(0, n) for n in (0, 5, 999, 1000, 1067, 1234067, 999999, 1000000)},
        "layout": {
            str(size): [tiles.tile_path(*each) for each in tiles.layout(size) if each[2] < 256 or each[0] > 0]
            for size in (256, 65_536, 70_000)
        },
        "registry": {
            "entries": [entry.decode() for entry in ledger.entries],
            "leaf_hashes_hex": [leaf.hex() for leaf in whole.leaves],
            "root_hex": whole.root.hex(),
            "disclosures": {"5": list(deed), "8": list(reading)},
            "checkpoint": sealed_note.to_bytes().decode(),
        },
    }, files


def receipt(
    tree: Tree, signed: Note, index: int, disclosures: tuple[str, ...] = (), officer: str | None = None
) -> bytes:
    """A receipt for entry `index` of the golden registry, with the supports that it leans on."""
    enrolled = {"officer/1": 3, "officer/2": 4}
    needed = leans_on(index, tree.entries[index], tree.entries.__getitem__, enrolled.__getitem__, officer)
    supports = [tree.included(position) for position in needed]
    return issue(tree.included(index), signed.to_bytes(), supports=supports, disclosures=disclosures)


def main() -> None:
    path = HERE / "golden.json"
    values, files = golden(json.loads(path.read_text()) if path.exists() else {})
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n")
    for name, raw in files.items():
        (HERE / name).write_bytes(raw)


if __name__ == "__main__":
    main()
