"""The counter page: a receipt as one printed page that a clerk hands over, plain text of 76 columns and 60 lines.

Plain words, no hash in the first half; any printer and the post can carry it. Withheld details are never on it. What it
says is computed from receipt and policy alone, so whoever has the two prints the same page.
"""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime

from registry.desk.receipts import check
from registry.errors import Malformed
from registry.ledger.merkle import leaf_hash
from registry.ledger.receipt import Extra, Findings, Receipt
from registry.records.acts import Act, Entry
from registry.records.encoding import decode_canonical, to_base64
from registry.records.text import safe

COLUMNS, LINES = 76, 60
RULE = "-" * COLUMNS
_WORDS = {"LODGED": "was lodged", "REVISED": "was revised", "WITHDRAWN": "was withdrawn"}


def counter_page(receipt: bytes, policy: bytes, *, receipt_file: str) -> str:
    """The page; `receipt_file` is the name under which the receipt itself is handed over.

    Raises a kind of Unproven where the receipt does not hold, Malformed for one that does not carry its entry.
    """
    found = check(receipt, policy)
    if found.entry is None:
        raise Malformed("this receipt does not carry its entry, so no page can say what was recorded")
    lines = [*_recorded(found, found.entry), *_proves(found), *_state(found), *_how(receipt_file)]
    lines += _machines(found, Receipt.parse(receipt))
    return "\n".join(lines[:LINES]) + "\n"


def _recorded(found: Findings, entry: Entry) -> list[str]:
    office = entry.intent.department if isinstance(entry, Act) else "the department of the load"
    kind = entry.intent.kind if isinstance(entry, Act) else "LOADED"
    what = _WORDS.get(kind, "was recorded")
    if isinstance(entry, Act) and entry.rule:
        what = "was asked for and REFUSED"
    return [
        "RECEIPT".center(COLUMNS).rstrip(),
        safe(found.satisfied.checkpoint.origin, COLUMNS).center(COLUMNS).rstrip(),
        RULE,
        "",
        *_text(f"What was recorded: this record {what} on {_day(entry.at)}, by {safe(office, 40)}."),
        "",
        "Please quote this reference:",
        "",
        *(f"    {line}" for line in _grouped(entry.subject)),
        "",
    ]


def _proves(found: Findings) -> list[str]:
    checkpoint = found.satisfied.checkpoint
    return [
        "What this paper proves",
        *_text(
            f"This record stood in the register of {safe(checkpoint.origin, 60)}, under the checkpoint of "
            f"{checkpoint.size:,} entries that the register signed. Nobody can change it afterwards, not even the "
            "register itself, without being found out by whoever keeps the receipt."
        ),
        "",
        "What it does not prove",
        *_text("That this is the latest word on the matter, or that what the record says is true."),
        "",
    ]


def _state(found: Findings) -> list[str]:
    witnesses = found.satisfied.witnesses
    state = f"countersigned by {', '.join(witnesses)}" if witnesses else "sealed; no witnesses appointed"
    return ["State", *_text(f"{state[0].upper()}{state[1:]}."), ""]


def _how(receipt_file: str) -> list[str]:
    return [
        "How to check it",
        *_text("At this counter; or anywhere, without us, with the receipt's file and the register's policy file:"),
        "",
        *_text(f"muniment verify {safe(receipt_file, 120)} --policy POLICY-FILE", "    "),
        "",
    ]


def _machines(found: Findings, receipt: Receipt) -> list[str]:
    checkpoint = found.satisfied.checkpoint
    leaf = leaf_hash(_entry_bytes(receipt))
    return [
        RULE,
        "For machines",
        f"  position  {found.index}",
        f"  size      {checkpoint.size}",
        f"  leaf      {to_base64(leaf)}",
        f"  root      {to_base64(checkpoint.root)}",
    ]


def _entry_bytes(receipt: Receipt) -> bytes:
    assert receipt.extra is not None  # the receipt was checked, and its entry found there
    return bytes(decode_canonical(receipt.extra, Extra, "the extra of the receipt").entry)


def _grouped(reference: str) -> list[str]:
    """`sale/38D9 F868 BA62 …`: the noun, then the rest in groups of four."""
    noun, _, rest = reference.partition("/")
    letters = safe(rest.replace("-", ""), 200)
    groups = " ".join(letters[at : at + 4] for at in range(0, len(letters), 4))
    spaced = [safe(noun, 40).upper(), *textwrap.wrap(groups, COLUMNS - 4)]
    return [*spaced, f"({safe(reference, 60)})"]


def _text(words: str, indent: str = "") -> list[str]:
    return textwrap.wrap(words, COLUMNS, initial_indent=indent, subsequent_indent=indent)


def _day(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%d %B %Y}"
