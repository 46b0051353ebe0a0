"""Audit: read everything again, with progress; stop it; look at the faults, each explained.

It runs in a thread, changes nothing, and others may go on recording. A fault is named with position and subject; what
it means for the office is said here in words, by its kind.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual.widget import Widget
from textual.widgets import Static

from registry.errors import Busy, RegistryError
from registry.records.text import safe
from tui import progress, wording
from tui.actions import Action
from tui.handed import Audited, Wrong
from tui.screens.acting import Answer
from tui.screens.page import Page
from tui.screens.reading import ReadingScreen
from tui.widgets.rows import Rows

SHOWN = 300  # characters of one fault in the list
STOPPED = "the audit was stopped"
TELL_S = 0.1  # between two figures on the screen

BESIDE = "What stands beside the ledger differs from what the entries give: somebody wrote past the office."
MEANINGS: tuple[tuple[str, str], ...] = (  # words of a fault, in this order, and what they mean
    ("the catalogue", "The search index differs from the entries. Nothing is lost: 'muniment rebuild' makes it anew."),
    ("hash to its leaf", "The bytes of this entry are not those that the tree was built over: it was changed later."),
    ("another history", "A signed checkpoint and these entries are of two different histories: one was rewritten."),
    ("older copy", "Somebody holds proof of more than is here: an older copy of the registry was put back."),
    ("the head says root", "The entries kept here do not give the root that was recorded: something was changed."),
    ("checkpoint", "A signed checkpoint and the entries do not agree: they are of two different histories."),
    ("body and withheld", "A body or withheld details are gone from the vault. The proof that they were there holds."),
    ("is shredded", "A key was destroyed and no act says so: body and withheld details can no longer be read."),
    ("the run at", BESIDE),
    ("the standing", BESIDE),
    ("subject row", BESIDE),
    ("row of load", BESIDE),
    ("load row", BESIDE),
    ("the one before it", "The entry does not follow on the one before it on the same subject."),
    ("number", "The acts on one subject are not numbered without a gap: one is missing or was put in."),
    ("signed as", "A signature does not verify, or its key is unknown: what it stands under may be forged."),
    ("signature", "A signature does not verify, or its key is unknown: what it stands under may be forged."),
    ("mark", "The signer remembers another state than the registry shows: an older copy may have been put back."),
    ("missing", "Something that was recorded is no longer here: it was taken away or lost."),
    ("was changed", "Bytes were changed after they were recorded."),
    ("may not", "By the rules in force at that position the officer was not allowed this act."),
)
OTHERWISE = "What lies in the registry does not agree with itself at this place."
WHAT_TO_DO = (
    "Stop recording. Keep the registry's folder and its signer's folder as they lie, and copy both.",
    "Tell whoever answers for the registry, with position, subject and sentence from above.",
    "An older checkpoint or receipt shows since when: muniment audit --against FILE.",
)


class AuditScreen(Page):
    """`v` begins; F12 stops; Enter explains the fault under the cursor."""

    PLACE: ClassVar[str] = "Audit"
    ACTIONS: ClassVar[tuple[str, ...]] = ("audit", "cancel", "open")

    def __init__(self) -> None:
        super().__init__()
        self._stop = threading.Event()
        self._at_work = False
        self._found: Audited | None = None

    def body(self) -> Iterable[Widget]:
        yield Static("Audit and verification", classes="head", markup=False)
        yield Static("v reads every entry, link, signature and body again.", id="run", classes="run", markup=False)
        yield Static("", id="summary", classes="run", markup=False)
        yield Rows(("Position", "Subject", "Fault"), classes="first")

    def why_not(self, action: Action) -> str:
        if action.id == "audit" and self.bench.audit is None:
            return "no registry is open at this desk to be audited"
        if action.id == "cancel" and not self._at_work:
            return "nothing runs"
        if action.id == "open" and not (self._found and self._found.faults):
            return "there is no fault to explain"
        return ""

    def do_audit(self) -> None:
        audit = self.bench.audit
        if self._at_work or audit is None:
            self.bench.say(wording.RUNNING.say())
            return
        self._at_work, self._found = True, None
        self._stop.clear()
        self._show("summary", "")
        self.query_one(Rows).fill(())
        self.bench.say(wording.AUDITING.say())
        self.show_keys()
        began, last = time.monotonic(), [0.0]

        def told(done: int, total: int) -> None:
            if self._stop.is_set():
                raise Busy(STOPPED)
            seconds = time.monotonic() - began
            if seconds - last[0] >= TELL_S:
                last[0] = seconds
                self.post_message(Answer(partial(self._went_on, done, total, seconds)))

        self.to_the_end(lambda: audit(told), self._ended, self._failed)

    def _went_on(self, done: int, total: int, seconds: float) -> None:
        if self._at_work:
            self._show("run", progress.line(done, seconds, "entries", done / total if total else 1.0))

    def _ended(self, found: Audited) -> None:
        self._at_work, self._found = False, found
        faults = found.checked.get("faults", len(found.faults))
        self._show("run", f"{progress.bar(1.0)} 100 %   {wording.counted(found.size)} entries   root {found.root}")
        counts = " · ".join(f"{name} {wording.counted(count)}" for name, count in found.checked.items() if count)
        notes = "".join(f"\nnote: {note}" for note in found.notes)
        self._show("summary", f"{'✓ no fault' if found.ok else '✗ FAULTS'} · {counts}{notes}")
        self.query_one(Rows).fill((str(at), _cells(fault)) for at, fault in enumerate(found.faults))
        if found.ok:
            self.bench.say(wording.AUDIT_CLEAN.say(size=found.size))
        else:
            self.bench.say(wording.AUDIT_FAULTS.say(count=faults, size=found.size))
        self.show_keys()

    def _failed(self, error: RegistryError) -> None:
        self._at_work = False
        self.show_keys()
        if self._stop.is_set():
            self.bench.say(wording.AUDIT_STOPPED.say())
        else:
            self._tell(error)

    def do_cancel(self) -> None:
        self._stop.set()
        self.bench.say(wording.STOPPING.say())

    def do_open(self) -> None:
        current = self.query_one(Rows).current
        if self._found is not None and current:
            self.bench.push_screen(ReadingScreen("A fault, explained", explained(self._found.faults[int(current)])))

    def on_unmount(self) -> None:
        self._stop.set()

    def _show(self, name: str, text: str) -> None:
        self.query_one(f"#{name}", Static).update(safe(text, multiline=True))


def _cells(fault: Wrong) -> tuple[str, ...]:
    position = "–" if fault.position is None else wording.counted(fault.position)
    return position, safe(fault.subject or "–", 44), safe(fault.what, SHOWN)


def explained(fault: Wrong) -> tuple[str, ...]:
    """The fault in full, what it means, and what to do."""
    place = "of no single entry" if fault.position is None else f"position {wording.counted(fault.position)}"
    meaning = next((words for key, words in MEANINGS if key in fault.what.lower()), OTHERWISE)
    about = fault.subject or "no subject"
    return (f"{place}, {about}", fault.what, "", f"What it means: {meaning}", "", "What to do:", *WHAT_TO_DO)
