"""What an audit finds: faults and notes as values, counted to the last one and kept up to a cap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec

MAX_FAULTS = 1_000


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong. `what` is a sentence; where there are two copies it says which one still agrees.

    `position` and `subject` are None where the fault is of no entry: a stray tile, a missing head.
    """

    position: int | None
    subject: str | None
    what: str


class Audit(msgspec.Struct, frozen=True):
    """The result. `root` is base64, that of the entries as they lie there; `checked` counts what was looked at by name.

    `faults` holds the first thousand; `checked["faults"]` counts them all. `notes` are no faults.
    """

    ok: bool
    size: int
    root: str
    checked: dict[str, int]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()


class Findings:
    """Collects faults. An entry whose bytes were changed is named once: what follows from it is not another fault."""

    def __init__(self, tell: Callable[[Fault], None] | None = None, cap: int = MAX_FAULTS) -> None:
        """`tell` is given each fault as it is found, up to `cap` of them."""
        self._tell, self._cap = tell, cap
        self.faults: list[Fault] = []
        self.notes: list[str] = []
        self.checked: Counter[str] = Counter()
        self.total = 0
        self.damaged: set[int] = set()
        self._lost: list[tuple[int, int]] = []

    def fault(self, what: str, position: int | None = None, subject: str | None = None) -> None:
        """Something is wrong; of an entry already named as changed nothing more is said."""
        if position is None or position not in self.damaged:
            self._keep(Fault(position, subject, what))

    def damage(self, what: str, position: int, subject: str | None) -> None:
        """The bytes of the entry at this position are not those that the tree holds."""
        if position not in self.damaged:
            self.damaged.add(position)
            self._keep(Fault(position, subject, what))

    def lose(self, first: int, end: int) -> None:
        """The entries from `first` up to before `end` are not to be had: what leans on them cannot be judged."""
        if end > first:
            self._lost.append((first, end))

    def lost(self, first: int, end: int | None = None) -> bool:
        """Whether the entry at `first`, or any up to before `end`, is not to be had."""
        beyond = first + 1 if end is None else end
        return any(start < beyond and first < stop for start, stop in self._lost)

    def _keep(self, fault: Fault) -> None:
        self.total += 1
        if len(self.faults) < self._cap:
            self.faults.append(fault)
            if self._tell is not None:
                self._tell(fault)

    def note(self, text: str) -> None:
        """Worth knowing, and no fault."""
        self.notes.append(text)

    def result(self, size: int, root: str) -> Audit:
        """What was found, in one value."""
        checked = {**dict(sorted(self.checked.items())), "faults": self.total}
        return Audit(self.total == 0, size, root, checked, tuple(self.faults), tuple(self.notes))
