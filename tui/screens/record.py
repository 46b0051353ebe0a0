"""One record: its seal recomputed here, details, versions, history with links, other sales at the address; receipts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, cast

from textual import on
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from registry.desk.counter_page import counter_page
from registry.desk.desk import Desk
from registry.desk.views import Subject, View
from registry.errors import RegistryError
from registry.records.muniment import Status
from registry.records.text import safe, warnings
from tui import wording
from tui.actions import Action
from tui.bench import Bench
from tui.compat import is_open
from tui.files import write_new
from tui.proof import Proof, prove
from tui.screens.page import Page
from tui.screens.proof import ProofScreen
from tui.screens.revise import ReviseScreen
from tui.screens.save import Save
from tui.screens.withdraw import WithdrawScreen
from tui.widgets.acts import address, detail_lines, moment
from tui.widgets.details import Details
from tui.widgets.seal import Seal
from tui.widgets.timeline import Timeline

KEPT = "record"
OTHERS_SHOWN = 20
SLOW_S = 0.2  # until it is said that the record is being read
AFTER_READING = ("proof", "export", "counter", "revise", "withdraw")
VISIBLE = {"own": "its own department", "departments": "all departments", "public": "everyone"}
Step = Callable[[int], str]
"""Move the cursor of the list that one came from, and give the reference there; empty at its end."""


@dataclass(frozen=True, slots=True)
class Read:
    """What the desk answered."""

    subject: Subject
    history: tuple[View, ...]
    gaps: tuple[str, ...]


def read(desk: Desk, reference: str) -> Read:
    """Ask it; for a thread. Readings are recorded where the record is visible to its own department only."""
    subject = desk.lookups.show(reference)
    history = desk.lookups.history(reference)
    return Read(subject, history, desk.lookups.gaps(history))


class Record(Page):
    """Pushed over the list that it was opened from (`open_record`); F7 and F8 walk that list."""

    PLACE = "Record"
    ACTIONS: ClassVar[tuple[str, ...]] = (
        "proof",
        "export",
        "counter",
        "revise",
        "withdraw",
        "next",
        "previous",
        "copy",
        "refresh",
    )
    AUTO_FOCUS = "#details"

    def __init__(self, reference: str, step: Step | None = None) -> None:
        super().__init__()
        self.reference = reference
        self._step = step
        self._read: Read | None = None
        self._proof: Proof | None = None
        self._reading = True
        self._slow: Timer | None = None
        self._quiet = False  # an act was just recorded: its answer stays in the message line
        self._awaits: Callable[[], None] | None = None  # asked for before the record had come

    def body(self) -> Iterable[Widget]:
        self._begin_reading()  # the desk answers while the screen is made
        yield Seal()
        with Horizontal(id="panes"):
            yield VerticalScroll(id="details")
            yield Timeline(id="timeline")

    def on_mount(self) -> None:
        self.query_one(Seal).show_subject(self.reference, "")

    def turn_to(self, reference: str, step: Step | None) -> None:
        """Another record, before the screen is opened again: nothing of the one before stands."""
        self.query_one("#details", VerticalScroll).remove_children()
        self.query_one(Timeline).clear()
        self.set_focus(None)
        self._step, self._quiet, self._awaits = step, False, None
        self._turn(reference)

    def _turn(self, reference: str) -> None:
        self.reference, self._read, self._proof = reference, None, None
        self.query_one(Seal).show(Proof.unchecked())
        self.do_refresh()

    def do_refresh(self) -> None:
        self.query_one(Seal).show_subject(self.reference, "")
        self._begin_reading()

    def _begin_reading(self) -> None:
        desk, reference = self.bench.desk, self.reference
        self._reading = True
        if self._slow is not None:
            self._slow.stop()
        self._slow = self.set_timer(SLOW_S, self._say_reading)
        self.to_the_end(lambda: read(desk, reference), self._show, partial(self._did_not_come, reference))

    def _is_here(self, reference: str) -> bool:
        """Whether an answer is still wanted: never one record under another's seal, nor one that was left."""
        return reference == self.reference and is_open(self.bench, self)

    def _say_reading(self) -> None:
        if self._reading and not self._quiet and is_open(self.bench, self):
            self.bench.say(wording.READING.say())

    def _show(self, found: Read) -> None:
        if not self._is_here(found.subject.subject):
            return
        self._read, subject, self._reading = found, found.subject, False
        also = (
            f"{str(subject.kind).lower().replace('_', ' ')} · {subject.status.lower()} · version {subject.version} · "
            f"recorded {moment(subject.recorded_at)}"
        )
        self.query_one(Seal).show_subject(self.reference, also)
        details = self.query_one("#details", VerticalScroll)
        details.remove_children()
        details.mount(*self._details(found))
        names = self.bench.seat.names if self.bench.seat is not None else {}
        self.query_one(Timeline).show(found.history, found.gaps, names)
        self.call_after_refresh(self._check, asked=False)  # what was read is drawn before it is proven
        awaited, self._awaits = self._awaits, None
        if awaited is not None and self.is_current:
            awaited()
        if awaited is not None:
            self.bench.pump.release()

    def _did_not_come(self, reference: str, error: RegistryError) -> None:
        if not self._is_here(reference):
            return
        self._reading = False
        if self._awaits is not None:
            self._awaits = None
            self.bench.drop_keys()
        self._tell(error)

    def _once_read(self, do: Callable[[], None]) -> bool:
        """Whether the record is here; else `do` is done when it comes, and keys typed after it wait."""
        if self._read is None:
            self._awaits = do
            self.bench.pump.hold()
        return self._read is not None

    def _details(self, found: Read) -> Iterable[Widget]:
        subject = found.subject
        about = [
            ("Status", f"{str(subject.kind).lower().replace('_', ' ')}, {subject.status.lower()}"),
            ("Held by", f"{subject.custodian}, visible to {VISIBLE.get(subject.visibility, subject.visibility)}"),
        ]
        if place := address(subject.details):
            about.insert(0, ("Address", place))
        if subject.version > 1 or not subject.attribution:
            about.append(("Version", str(subject.version)))
        yield Details(
            (safe(label, 40), safe(value, multiline=True) + "".join(f"  ! {warning}" for warning in warnings(value)))
            for label, value in (*about, *detail_lines(subject.details))
        )
        withheld = next((view.withheld for view in reversed(found.history) if view.withheld), 0)
        if withheld:
            line = f"Withheld: {withheld} more, of which the ledger holds salted digests only."
            yield Static(line, classes="muted", markup=False)
        if subject.address:
            yield Static("Other sales at this address", classes="head", markup=False)
            others = [Option(Content(safe(other, 80)), id=str(at)) for at, other in enumerate(subject.address)]
            yield OptionList(*others[:OTHERS_SHOWN], markup=False, compact=True)
            more = len(subject.address) - OTHERS_SHOWN
            found_line = f"{len(subject.address)} found" + (f", {OTHERS_SHOWN} shown" if more > 0 else "")
            yield Static(f"{found_line}. {wording.NOT_A_PROOF}", classes="strip", markup=False)
        if subject.attribution:
            yield Static(safe(subject.attribution), classes="muted", markup=False)

    @on(OptionList.OptionSelected)
    def _open_other(self, event: OptionList.OptionSelected) -> None:
        if self._read is not None and self.is_current:
            open_record(self.bench, self._read.subject.address[event.option_index])

    # ---- the proof ----

    def _check(self, *, asked: bool) -> None:
        if self._read is None:
            return
        desk, found = self.bench.desk, self._read
        self.ask(
            lambda: prove(desk, found.history, found.subject.visibility, asked=asked),
            partial(self._proven, found, asked=asked),
            group="proof",
        )

    def _proven(self, found: Read, proof: Proof, *, asked: bool) -> None:
        if found is not self._read or not is_open(self.bench, self):
            return
        self._proof = proof
        self.query_one(Seal).show(proof)
        if not self._quiet:
            self.bench.say(wording.CHECKED.say() if proof.lines else wording.NOT_CHECKED.say(why=proof.more))
        self._quiet = False
        self.show_keys()
        if asked and self.is_current:
            self.bench.push_screen(ProofScreen(self.reference, proof))

    def do_proof(self) -> None:
        if self._once_read(self.do_proof):
            self._check(asked=True)

    # ---- receipts ----

    def why_not(self, action: Action) -> str:
        if action.id in AFTER_READING and self._read is None and not self._reading:
            return "the record could not be read; F5 tries again"
        if action.id in ("revise", "withdraw"):
            return self._why_not_written(self._read)
        if action.id in ("previous", "next") and self._step is None:
            return "this record was not opened from a list"
        return ""

    def _why_not_written(self, read: Read | None) -> str:
        if not self.reference.startswith("muniment/"):
            return f"{self.reference} is no muniment: only a load changes a sale, and the rest changes by its own acts"
        withdrawn = read is not None and read.subject.status == Status.WITHDRAWN
        return f"{self.reference} is withdrawn" if withdrawn else ""

    def do_revise(self) -> None:
        if self._once_read(self.do_revise) and self._may_be_written():
            self.bench.push_screen(ReviseScreen(self.reference), self._written)

    def do_withdraw(self) -> None:
        if self._once_read(self.do_withdraw) and self._may_be_written():
            self.bench.push_screen(WithdrawScreen(self.reference), self._written)

    def _may_be_written(self) -> bool:
        """Also for who asked before the record had come."""
        why = self._why_not_written(self._read)
        if why:
            self.bench.drop_keys()
            self.bench.say(wording.NOT_ALLOWED.say(why=why))
        return not why

    def _written(self, _: None) -> None:
        self._quiet = True
        self.do_refresh()

    def do_export(self) -> None:
        if self._once_read(self.do_export):
            self.bench.push_screen(Save("Save the receipt as", f"{self._file_name()}.tlog-proof"), self._save_receipt)

    def do_counter(self) -> None:
        if self._once_read(self.do_counter):
            self.bench.push_screen(Save("Save the page as", f"{self._file_name()}.txt"), self._save_page)

    def _file_name(self) -> str:
        return "".join(sign if sign.isalnum() or sign in "-._" else "-" for sign in self.reference)[:100]

    def _save_receipt(self, path: str | None) -> None:
        if path is None:
            return
        desk, reference = self.bench.desk, self.reference

        def save() -> Path:
            return write_new(path, lambda: desk.receipts.take(reference)[1])

        self.ask(save, lambda saved: self.bench.say(wording.RECEIPT_SAVED.say(path=saved)), group="save")

    def _save_page(self, path: str | None) -> None:
        if path is None or self._read is None:
            return
        desk, reference, receipt = self.bench.desk, self.reference, f"{self._file_name()}.tlog-proof"

        def save() -> Path:
            return write_new(
                path,
                lambda: counter_page(
                    desk.receipts.take(reference)[1], desk.receipts.policy(), receipt_file=receipt
                ).encode(),
            )

        self.ask(save, lambda saved: self.bench.say(wording.PAGE_SAVED.say(path=saved)), group="save")

    # ---- the list that it came from ----

    def do_next(self) -> None:
        self._walk(1, "end")

    def do_previous(self) -> None:
        self._walk(-1, "beginning")

    def _walk(self, by: int, end: str) -> None:
        reference = self._step(by) if self._step is not None else ""
        if not reference:
            self.bench.say(wording.NO_MORE.say(end=end))
            return
        self._turn(reference)

    def do_copy(self) -> None:
        self.bench.copy_to_clipboard(safe(self.reference))
        self.bench.say(wording.COPIED.say(reference=self.reference))


def open_record(bench: Bench, reference: str, step: Step | None = None) -> None:
    """Push the record over the current screen. Its screen is made once and kept, for making it took a third of the
    clerk's wait; where that lies open already, under another record or home, one more is made."""
    if not bench.is_screen_installed(KEPT):
        bench.install_screen(Record(reference, step), KEPT)
        bench.push_screen(KEPT)
        return
    record = cast(Record, bench.get_screen(KEPT))
    if is_open(bench, record) or not record.is_mounted:
        record = Record(reference, step)
    else:
        record.turn_to(reference, step)
    bench.push_screen(record)
