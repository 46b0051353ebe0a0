"""Bulk load: choose a file, see it recognised, try it, look at the rejects by reason, load it, stop it.

Nothing is recorded before the load itself, and that only after a dry run of the same file, unchanged since, and a
typed phrase. A load runs in a thread of its own, keys and other screens go on meanwhile, and it is never superseded.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.widget import Widget
from textual.widgets import Static

from registry.desk.desk import Desk
from registry.desk.loads import LoadProgress, LoadReport
from registry.errors import Busy, Misuse, RegistryError
from registry.records.text import safe
from tui import forms, loading, progress, wording
from tui.forms import Judged
from tui.loading import Reason, Rejected
from tui.screens.acting import Answer
from tui.screens.choice import Choice, Choose
from tui.screens.choose_file import ChooseFile
from tui.screens.confirmation import Confirmation
from tui.screens.page import Page
from tui.screens.reading import ReadingScreen
from tui.widgets.entries import Entry, Form
from tui.widgets.rows import Rows

SHOWN = 200  # characters of one reason in the table
STOPPED = "the dry run was stopped; nothing was recorded"


@dataclass(frozen=True, slots=True)
class Tried:
    """A dry run's answer, and of which file: `stamp` is its size and time of change."""

    path: Path
    form: str
    stamp: tuple[int, int]
    report: LoadReport
    reasons: tuple[Reason, ...]


class LoadScreen(Page):
    """One file at a time."""

    PLACE: ClassVar[str] = "Load"
    ACTIONS: ClassVar[tuple[str, ...]] = ("try-load", "submit", "lookup", "cancel", "open")
    ENTRIES: ClassVar[tuple[Entry, ...]] = (
        Entry("file", "File", "The file to load. F4 shows folders.", lookup=True),
        Entry("form", "Form", "sales or muniments; empty follows the file's name.", lookup=True),
    )

    def __init__(self) -> None:
        super().__init__()
        self._stop = threading.Event()
        self._at_work = ""
        self._tried: Tried | None = None

    def body(self) -> Iterable[Widget]:
        yield Form(self.ENTRIES)
        yield Static("1 File   2 Dry run Ctrl+T   3 Rejects   4 Load Ctrl+S", id="steps", classes="hint", markup=False)
        yield Static("", id="run", classes="run", markup=False)
        yield Static("", id="summary", classes="run", markup=False)
        yield Rows(("Rows", "First", "Reason"))

    @property
    def form(self) -> Form:
        """The fields."""
        return self.query_one(Form)

    def help_here(self) -> str:
        entry = self.form.entry(self.form.current)
        return f"{entry.label}: {entry.help}" if entry else ""

    # ---- recognised while one types ----

    @on(Form.Changed)
    def _changed(self, message: Form.Changed) -> None:
        message.stop()
        self._judge()

    def _judge(self) -> None:
        values, desk = self.form.values, self.bench.desk
        self.ask(lambda: _recognised(desk, values), self.form.judge, group="recognise")

    def do_lookup(self) -> None:
        name = self.form.current

        def taken(found: str | None) -> None:
            if found is not None:
                self.form.put({name: found})
                self._judge()
            self.set_focus(self.form.field(name))

        if name == "file":
            self.bench.push_screen(ChooseFile(self.form.values[name]), taken)
        elif name == "form":
            choices = [Choice(code, code, meaning) for code, meaning in loading.FORMS.items()]
            self.bench.push_screen(Choose("Form", choices, selected=self.form.values[name]), taken)

    # ---- the dry run ----

    def do_try_load(self) -> None:
        if self._at_work:
            self.bench.say(wording.RUNNING.say())
            return
        self._begin("try", wording.TRYING.say())
        values, desk = self.form.values, self.bench.desk

        def told(done: LoadProgress) -> None:
            if self._stop.is_set():
                raise Busy(STOPPED)
            self.post_message(Answer(partial(self._went_on, done)))

        def attempt() -> Tried:
            path, form = loading.chosen(values)
            stamp = _stamp(path)
            report, rejects = desk.loads.dry_run(path, form, told=told)
            return Tried(path, form, stamp, report, loading.by_reason(rejects))

        self.to_the_end(attempt, self._was_tried, self._failed)

    def _was_tried(self, found: Tried) -> None:
        self._at_work, self._tried = "", found
        report = found.report
        self._show("summary", f"{report.file}: {loading.tried(report)}")
        self._show("run", f"{wording.counted(report.rows)} rows, {report.dialect}, {report.seconds:.1f} s")
        shown = [
            (str(at), (wording.counted(len(one.rows)), wording.counted(one.rows[0].line), safe(one.words, SHOWN)))
            for at, one in enumerate(found.reasons)
        ]
        self.query_one(Rows).fill(shown)
        if found.reasons:
            self.set_focus(self.query_one(Rows))
        new = loading.new_rows(report)
        if new:
            self.bench.say(wording.TRIED_FILE.say(rows=report.rows, new=new, rejected=report.rejected))
        else:
            self.bench.say(wording.NOTHING_NEW.say())

    def do_open(self) -> None:
        current = self.query_one(Rows).current
        if self._tried is None or not current or self.focused is not self.query_one(Rows):
            return
        reason = self._tried.reasons[int(current)]
        self.bench.push_screen(ReadingScreen("Rejected rows", map(_row, reason.rows)))

    # ---- the load ----

    def do_submit(self) -> None:
        if self._at_work:
            self.bench.say(wording.RUNNING.say())
            return
        tried, values = self._tried, self.form.values
        self.ask(lambda: _unchanged(tried, values), self._confirm, self._try_first, group="unchanged")

    def _try_first(self, error: RegistryError) -> None:
        self.bench.drop_keys()
        self.bench.say(wording.TRY_FIRST.say())

    def _confirm(self, tried: Tried) -> None:
        new = loading.new_rows(tried.report)
        if not new:
            self.bench.say(wording.NOTHING_NEW.say())
            return
        question = (
            f"{tried.path.name}: {wording.counted(new)} rows will be recorded, for ever, as one load.\n"
            f"{wording.counted(tried.report.rejected)} are rejected and go into {tried.path.name}.rejects.csv."
        )
        dialog = Confirmation("Load?", question, "", phrase=f"LOAD {new}")
        self.bench.push_screen(dialog, partial(self._load, tried))

    def _load(self, tried: Tried, yes: bool | None) -> None:
        if not yes or self._at_work:
            return
        self._begin("load", wording.LOADING.say())
        desk = self.bench.desk

        def told(done: LoadProgress) -> None:
            self.post_message(Answer(partial(self._went_on, done)))

        submits, number = self.bench.submits, self.bench.submits.begin()

        def run() -> LoadReport:
            try:
                report = desk.loads.load(tried.path, tried.form, told=told, stopped=self._stop.is_set)
            except RegistryError as error:
                submits.came(number, error)
                raise
            submits.came(number, loading.told(report, self._stop.is_set()))
            return report

        def loaded(report: LoadReport) -> None:
            self._was_loaded(report)
            self.bench.was_told(number)

        def failed(error: RegistryError) -> None:
            self._failed(error)
            self.bench.was_told(number)

        self.to_the_end(run, loaded, failed)

    def _was_loaded(self, report: LoadReport) -> None:
        stopped, self._at_work, self._tried = self._stop.is_set(), "", None
        self._show("summary", f"{report.file}: {loading.loaded(report)}")
        if not loading.finished(report, stopped):
            self.bench.say(wording.LOAD_STOPPED.say(load=report.load, rows=report.rows))
            return
        self._show("run", progress.line(report.rows, report.seconds, "rows", 1.0))
        rejects = report.rejects or "no file: none was rejected"
        self.bench.say(
            wording.LOADED.say(load=report.load, rows=report.rows, new=loading.new_rows(report), rejects=rejects)
        )

    # ---- running ----

    def _begin(self, what: str, said: wording.Said) -> None:
        self._at_work = what
        self._stop.clear()
        self._show("run", "")
        self._show("summary", "")
        self.query_one(Rows).fill(())
        self.bench.say(said)

    def _failed(self, error: RegistryError) -> None:
        self._at_work = ""
        self._tell(error)

    def _went_on(self, done: LoadProgress) -> None:
        if self._at_work:
            self._show("run", progress.line(done.counts.rows, done.seconds, "rows", done.share))

    def do_cancel(self) -> None:
        if not self._at_work:
            self.bench.say(wording.NOTHING_RUNS.say())
            return
        self._stop.set()
        self.bench.say(wording.STOPPING.say())

    def on_unmount(self) -> None:
        self._stop.set()  # the workbench is left: what is recorded stays, the same file goes on where it was

    def _show(self, name: str, text: str) -> None:
        self.query_one(f"#{name}", Static).update(safe(text))


def _recognised(desk: Desk, values: Mapping[str, str]) -> dict[str, Judged]:
    """Both fields; the file is read as far as its first lines."""

    def file() -> str:
        path, size = forms.file(values["file"])
        return f"{forms.size_words(size)}, {desk.loads.recognise(path, loading.form_of(values))}"

    return {
        "file": forms.judged(file),
        "form": forms.judged(lambda: f"{(form := loading.form_of(values))} · {loading.FORMS[form]}"),
    }


def _unchanged(tried: Tried | None, values: Mapping[str, str]) -> Tried:
    """What was tried, if the fields and the file are as they were. Raises Misuse."""
    path, form = loading.chosen(values)
    if tried is None or (tried.path, tried.form) != (path, form) or tried.stamp != _stamp(path):
        raise Misuse("this file was not tried as it is now")
    return tried


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise Misuse(f"{path}: cannot be read ({error.strerror})") from error
    return found.st_size, found.st_mtime_ns


def _row(row: Rejected) -> str:
    column = "" if row.column is None else f", column {row.column}"
    return f"line {wording.counted(row.line)}{column}: {row.reason}"
