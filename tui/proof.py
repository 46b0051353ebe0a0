"""The seal of one record, recomputed at this desk from entries, receipts and the registry's policy.

For each entry of the history (the newest 32) a receipt is taken and checked in this process, and held against what was
shown: subject, number, link, details. No stored "verified" is ever passed on. What is visible to one's own department
only is not checked unasked, since a receipt of it is a recorded reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from msgspec import UNSET

from registry.desk.desk import Desk
from registry.desk.receipts import check
from registry.desk.views import WITHHELD, View, told
from registry.errors import NotHeld, ProofFailed, RegistryError, TooFewWitnesses, Unproven
from registry.records.acts import Entry
from registry.records.muniment import Visibility
from tui.wording import counted

CHECKED_AT_MOST = 32  # entries; each takes some 5 ms


class Seal(Enum):
    """Glyph and word of a state, and the class that colours it. No two read alike."""

    PROVEN = ("✓ PROVEN", "ok")
    SEALED = ("✓ SEALED, no witnesses appointed", "ok")
    WAITING = ("… SEALED, waiting for witnesses", "warn")
    RECORDED = ("… RECORDED, not sealed yet", "warn")
    BROKEN = ("✗ BROKEN", "error")
    UNCHECKED = ("? NOT CHECKED", "")

    @property
    def words(self) -> str:
        return self.value[0]

    @property
    def tone(self) -> str:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Proof:
    """`more` says what was checked or what does not fit; `receipt` is that of the newest entry, empty without one."""

    seal: Seal
    more: str
    receipt: bytes = b""
    policy: bytes = b""
    lines: tuple[str, ...] = ()

    @classmethod
    def unchecked(cls) -> Proof:
        """Before anything was checked."""
        return cls(Seal.UNCHECKED, "reading")


def prove(desk: Desk, history: tuple[View, ...], visibility: str, *, asked: bool = False) -> Proof:
    """Check the record. `asked`: also what is visible to one's own department only, of which a reading is recorded.

    Blocks; for a thread.
    """
    if not history:
        return Proof(Seal.UNCHECKED, "there is no entry to check")
    if visibility == Visibility.OWN and not asked:
        return Proof(Seal.UNCHECKED, "F9 checks it; taking a receipt of it is recorded as a reading")
    try:
        return _prove(desk, history, own=visibility == Visibility.OWN)
    except TooFewWitnesses as error:
        return Proof(Seal.WAITING, str(error))
    except Unproven as error:
        return Proof(Seal.BROKEN, str(error))
    except NotHeld as error:
        return Proof(Seal.RECORDED, str(error))
    except RegistryError as error:
        return Proof(Seal.UNCHECKED, str(error))


def _prove(desk: Desk, history: tuple[View, ...], *, own: bool) -> Proof:
    policy = desk.receipts.policy()
    known = [view for view in history if view.kind != WITHHELD]
    wanted = known[-1:] if own else known[-CHECKED_AT_MOST:]  # of one's own, one reading is enough
    newest, origin, quorum, signed = b"", "", False, ""
    size, lines, by = 0, list[str](), tuple[str, ...]()
    for view in wanted:
        _, receipt = desk.receipts.take(view.subject if own else str(view.position))
        found = check(receipt, policy)
        if found.index != view.position or found.entry is None:
            raise ProofFailed(f"the receipt is of position {found.index}, and position {view.position} was shown")
        _same(found.entry, view)
        satisfied = found.satisfied
        newest, size, origin = receipt, satisfied.checkpoint.size, satisfied.checkpoint.origin
        quorum, by = satisfied.quorum, satisfied.witnesses
        signed = f"signed by {found.officer}, enrolled at {found.enrolled}" if found.officer else "no officer named"
        lines.append(
            f"✓ number {view.number}: entry → root, position {counted(view.position)} of {counted(size)}; {signed}"
        )
    part = f"{len(wanted)} of {len(history)} entries" if len(wanted) < len(history) else f"all {len(history)} entries"
    if len(history) == 1:
        part = "the entry"
    at = f"position {counted(wanted[-1].position)} of {counted(size)}"
    more = f"{at} · {part} recomputed here"
    if quorum:
        more = f"witnessed by {', '.join(by)} · {more}"
    lines.append(f"✓ checkpoint of {origin}, size {counted(size)}, signed by every key of the log in the policy")
    return Proof(Seal.PROVEN if quorum else Seal.SEALED, more, newest, policy, tuple(lines))


def _same(entry: Entry, view: View) -> None:
    """What was shown is what the proven entry says. Raises ProofFailed."""
    previous = None if entry.previous is UNSET else entry.previous.position
    shown = None if view.previous is None else view.previous["position"]
    pairs = (
        ("subject", entry.subject, view.subject),
        ("number", entry.number, view.number),
        ("time", entry.at, view.recorded_at),
        ("link", previous, shown),
        ("details", told(entry), view.details),
    )
    for what, proven, seen in pairs:
        if proven != seen:
            raise ProofFailed(f"number {view.number}: the {what} shown is not that of the proven entry")
    if view.link is False:
        raise ProofFailed(f"number {view.number}: its link does not agree with the tree")
