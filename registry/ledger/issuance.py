"""Issuing receipts: which entries one must carry, and its bytes. What they are worth is `receipt.verify`'s affair."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from msgspec import UNSET, Raw

from registry.errors import Malformed
from registry.ledger.receipt import Extra, Receipt, Support
from registry.records import acts
from registry.records.acts import Act, Confirmed
from registry.records.encoding import canonical, to_base64
from registry.records.rules import FOUNDING_ACTS


@dataclass(frozen=True, slots=True)
class Included:
    """An entry with its position and its path to the root of one checkpoint, the leaf's sibling first."""

    index: int
    entry: bytes
    path: tuple[bytes, ...]


def issue(
    entry: Included, checkpoint: bytes, *, supports: Iterable[Included] = (), disclosures: Iterable[str] = ()
) -> bytes:
    """The bytes of a receipt. `supports` are the entries at the positions that `leans_on` names, in any order.

    `checkpoint` is a signed note, taken verbatim, and every path leads to its root.
    """
    held = (Support(Raw(each.entry), each.index, tuple(map(to_base64, each.path))) for each in supports)
    support = tuple(sorted(held, key=lambda each: each.index))
    extra = canonical(Extra(tuple(disclosures), Raw(entry.entry), support, 1))
    return Receipt(entry.index, entry.path, checkpoint, extra).to_bytes()


def leans_on(
    index: int, entry: bytes, read: Callable[[int], bytes], enrolled: Callable[[str], int], officer: str | None = None
) -> tuple[int, ...]:
    """The positions whose acts a receipt for `entry` must carry, rising.

    `read(position)` gives an entry; `enrolled(officer)` the position of the act by which he came into force: the
    enrolment, or its confirmation. `officer` is needed only for a reading whose officer and signature are disclosed;
    one that is not laid open leans on nothing.
    """
    found, act = set[int](), acts.decode_entry(entry)
    if isinstance(act, acts.Row):
        index = act.load
        found.add(index)
        act = _act(read(index))
    signer = officer if act.intent.officer is UNSET else act.intent.officer
    if signer is None or index == 0:
        return tuple(sorted(found))
    position = 0 if index < FOUNDING_ACTS else enrolled(signer)
    found.add(position)
    details = acts.details_of(_act(read(position)).intent)
    if isinstance(details, Confirmed):
        found.add(details.confirms)
    return tuple(sorted(found))


def _act(entry: bytes) -> Act:
    act = acts.decode_entry(entry)
    if not isinstance(act, Act):
        raise Malformed("a row of a load stands where an act was expected: run an audit")
    return act
