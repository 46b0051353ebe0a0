"""Write golden.json: one entry of each form, byte for byte, from fixed seeds. Run when the format changes on purpose.

python tests/records/make_golden.py > tests/records/golden.json
"""

from __future__ import annotations

import json
import sys

from msgspec import UNSET, Raw

from registry.ledger.merkle import leaf_hash
from registry.ledger.signature import Ed25519Signer
from registry.records import acts, disclosure
from registry.records.acts import Act, Details, Kind, Row, link, make_intent, signed_bytes
from registry.records.encoding import canonical, digest64, to_base64
from registry.records.envelope import Sealed
from registry.records.muniment import MunimentKind, Visibility
from registry.records.sale import SaleFacts

ORIGIN = "registry.example/land"
OFFICER = Ed25519Signer(bytes([0x33]) * 32)
MUNIMENT = "muniment/0b7c8a52-5f0e-4c3a-9d3e-2f6b1a4c9e10"
SALE = "sale/0F0E0D0C-0B0A-4908-8706-050403020100"
AT = 1_763_798_400_123


def _sealed(number: int) -> Sealed:
    name = f"envelope {number}".encode()
    return Sealed(id=name.hex().ljust(32, "0")[:32], key=digest64(name), body=digest64(name + b" body"), size=1_040)


def _act(kind: Kind, details: Details, subject: str, number: int, **more: object) -> Act:
    reading = kind is Kind.READ
    intent = make_intent(
        kind,
        details,
        department="HMLR",
        key=f"{number:032x}",
        officer=UNSET if reading else "officer/1",
        subject=UNSET if kind is Kind.LOAD_OPENED else subject,
    )
    signature = UNSET if reading else to_base64(OFFICER.sign(signed_bytes(ORIGIN, intent)))
    return Act(at=AT, intent=intent, number=number, subject=subject, v=1, signature=signature, **more)  # type: ignore[arg-type]


def golden() -> dict[str, bytes]:
    """The canonical bytes of each form of entry, by name."""
    withheld = {"proprietor": "A. Example", "content": digest64(b"deed")}
    sd, _ = disclosure.withhold(withheld, [bytes([7]) * 32, bytes([8]) * 32])
    lodged = _act(
        Kind.LODGED,
        acts.Lodged(
            kind=MunimentKind.DEED,
            vault=_sealed(1),
            version=1,
            visibility=Visibility.DEPARTMENTS,
            sd=sd,
            facts={"title": "K871204"},
        ),
        MUNIMENT,
        1,
    )
    first = canonical(lodged)
    revised = _act(
        Kind.REVISED,
        acts.Revised(vault=_sealed(2), version=2, facts={"title": "K871204"}),
        MUNIMENT,
        2,
        previous=link(7, leaf_hash(first)),
    )
    second = canonical(revised)
    refused = _act(
        Kind.WITHDRAWN,
        acts.Withdrawn(reason="mistake"),
        MUNIMENT,
        3,
        previous=link(8, leaf_hash(second)),
        outcome=acts.REFUSED,
        rule="role:muniment.withdraw",
    )
    hidden, _ = disclosure.withhold({"officer": "officer/1", "subject": MUNIMENT}, [bytes([9]) * 32, bytes([10]) * 32])
    signature = disclosure.digest(disclosure.disclose(bytes([11]) * 32, "signature", "00" * 64))
    reading = _act(
        Kind.READ,
        acts.Reading(sd=hidden, purpose="enquiry"),
        "department/HMLR",
        2,
        previous=link(2, bytes(32)),
        sd=(signature,),
        vault=_sealed(3),
    )
    opened = _act(
        Kind.LOAD_OPENED,
        acts.LoadOpened(dialect="price-paid/official", file=digest64(b"file"), name="pp.csv"),
        "load/11",
        1,
    )
    facts = SaleFacts(
        "A",
        "SOUTHSHIRE",
        "1995-12-21",
        "EASTLEA",
        "F",
        "SALE_RECORD",
        "",
        "N",
        "8",
        "QZ4 9DN",
        42_000,
        "S",
        "",
        "HOLLOW PLACE",
        "EASTLEA",
    )
    row = Row(at=AT, details=Raw(canonical(facts)), load=11, number=1, op="A", row=1, subject=SALE, v=1)
    changed = Row(
        at=AT,
        details=Raw(canonical(facts)),
        load=11,
        number=2,
        op="C",
        row=2,
        subject=SALE,
        v=1,
        previous=link(12, leaf_hash(canonical(row))),
    )
    leaves = [leaf_hash(canonical(row)), leaf_hash(canonical(changed))]
    closed = _act(
        Kind.LOAD_CLOSED,
        acts.LoadClosed(
            counts={"rows": 2, "recorded": 1, "already": 0, "changed": 1, "withdrawn": 0, "rejected": 0, "flagged": 0},
            outcome="FINISHED",
            root=digest64(b"\x01" + b"".join(leaves)),
            first=12,
            last=13,
        ),
        "load/11",
        2,
        previous=link(11, leaf_hash(canonical(opened))),
    )
    return {
        "lodged": first,
        "revised, linked": second,
        "refused": canonical(refused),
        "reading": canonical(reading),
        "load opened": canonical(opened),
        "row": canonical(row),
        "row, changed": canonical(changed),
        "load closed": canonical(closed),
    }


if __name__ == "__main__":
    entries = {name: {"entry": raw.decode(), "leaf": leaf_hash(raw).hex()} for name, raw in golden().items()}
    json.dump(entries, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
