"""What lodging and revising share: a form that keeps a draft, judges while one types, and is filed once.

Filing runs in a thread and is never superseded; meanwhile keys wait. Recorded: the form is cleared and what was typed
ahead goes into the next one. At fault or refused: what was typed ahead is dropped, and all that was typed stands.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.widget import Widget

from registry.desk.desk import Desk
from registry.desk.muniments import Document
from registry.errors import Misuse, NotHeld, RegistryError
from tui import wording
from tui.drafts import Draft, Drafts
from tui.forms import Judged
from tui.handed import Answer
from tui.screens.acting import Answer as Came
from tui.screens.choice import Choice, Choose
from tui.screens.choose_file import ChooseFile
from tui.screens.confirmation import Confirmation
from tui.screens.page import Page
from tui.widgets.entries import Entry, Form

FILE = Entry("file", "File", "The document itself, of any kind and size. F4 shows folders.", lookup=True)
DETAILS = Entry(
    "details",
    "Details",
    "One a line, name = value. They stand in clear and for ever: nothing personal belongs here.",
    lines=4,
)
WITHHELD = Entry(
    "withheld",
    "Withheld",
    "One a line, name = value. The ledger holds salted digests only; whatever is personal belongs here.",
    lines=3,
)


@dataclass(frozen=True, slots=True)
class AtFault:
    """The form was not filed: some field wants attention."""

    found: Mapping[str, Judged]


class Filing(Page):
    """A form filed at the desk. A subclass says which fields, how they are judged, and what is recorded."""

    ENTRIES: ClassVar[tuple[Entry, ...]] = ()
    ACTIONS: ClassVar[tuple[str, ...]] = ("submit", "same", "lookup", "undo", "cancel")

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form_name = form
        self.subject = ""
        self._steps: list[tuple[str, str]] = []
        self._come_to: set[str] = set()
        self._tried = self._filing = False
        self._judging = self._stale = False
        self._drafts: Drafts | None = None

    # ---- what a subclass says ----

    def judge(self, values: Mapping[str, str]) -> dict[str, Judged]:
        """Every field. In a thread: it may look at the disk."""
        raise NotImplementedError

    def send(self, desk: Desk, values: Mapping[str, str], subject: str) -> Answer:
        """Record it. In a thread. Raises RegistryError."""
        raise NotImplementedError

    def codes(self, name: str) -> Mapping[str, str]:
        """What F4 shows for the field."""
        return {}

    def new_subject(self) -> str:
        """The reference that the next filing bears."""
        raise NotImplementedError

    def before(self) -> Iterable[Widget]:
        """What stands above the form."""
        return ()

    def noted(self) -> dict[str, str]:
        """What the draft keeps beside the fields."""
        return {}

    def restored(self, fields: Mapping[str, str]) -> None:
        """A draft was found, with what it kept beside the fields."""

    def recorded(self, answer: Answer) -> None:
        """It was filed; the form is clear again."""

    # ---- the form ----

    def body(self) -> Iterable[Widget]:
        yield from self.before()
        yield Form(self.ENTRIES)

    @property
    def form(self) -> Form:
        """The form's widget."""
        return self.query_one(Form)

    def on_mount(self) -> None:
        self.subject = self.new_subject()
        self._drafts = self.bench.drafts  # the officer's, also while the desk is locked
        draft = self._drafts.get(self.form_name) if self._drafts else None
        if draft is not None:
            self.subject = draft.subject
            self.restored(draft.fields)
            self.form.put({name: text for name, text in draft.fields.items() if self.form.entry(name)})
            self._come_to.update(draft.fields)
            self.bench.say(wording.RESTORED.say())
        self._judge()

    @on(Form.Changed)
    def _changed(self, message: Form.Changed) -> None:
        message.stop()
        if not self._steps or self._steps[-1][0] != message.name:
            self._steps.append((message.name, message.before))
        self._come_to.add(message.name)
        self._keep()
        self._judge()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        self._come_to.add((event.widget.id or "").removeprefix("field-"))
        self._judge()

    def _keep(self) -> None:
        drafts = self._drafts
        if drafts is not None:
            values = self.form.values
            empty = not any(map(str.strip, values.values()))
            draft = None if empty else Draft(self.form_name, self.subject, {**values, **self.noted()})
            drafts.later(self.form_name, draft, self._not_kept)

    def _not_kept(self, error: RegistryError) -> None:
        if not self.bench.leaving:  # posted, not waited for: nothing may hold up the end
            self.post_message(Came(partial(self.bench.say, wording.NOT_KEPT.say(error=error))))

    def _judge(self) -> None:
        """One judgement at a time, and another after it where keys came meanwhile: not one for each key of a burst."""
        self._stale = True
        if not self._judging:
            self._judging, self._stale = True, False
            values = self.form.values
            self.ask(lambda: self.judge(values), self._show, self._not_judged, group="judge")

    def _not_judged(self, error: RegistryError) -> None:
        self._judging = False
        self._tell(error)

    def _show(self, found: Mapping[str, Judged]) -> None:
        self._judging = False
        if self._stale:
            self._judge()
        quiet = set() if self._tried else {entry.name for entry in self.ENTRIES} - self._come_to | {self.form.current}
        self.form.judge(found, quiet=frozenset(quiet))

    def help_here(self) -> str:
        entry = self.form.entry(self.form.current)
        return f"{entry.label}: {entry.help}" if entry else ""

    # ---- keys ----

    def do_submit(self) -> None:
        if self._filing:
            return
        self._filing = self._tried = True
        values, subject, desk = self.form.values, self.subject, self.bench.desk
        self.bench.say(wording.FILING.say())

        drafts = self._drafts

        def file() -> Answer | AtFault:
            found = self.judge(values)
            if any(one.fault for one in found.values()):
                return AtFault(found)
            answer = self.send(desk, values, subject)
            if drafts is not None:  # here, for the screen may be gone before it hears of the answer
                drafts.later(self.form_name, None, self._not_kept)
            return answer

        def answered(answer: Answer | AtFault) -> None:
            self._answered_with(answer, values)

        self.record(file, answered, self._refused, late=answered)

    def _answered_with(self, answer: Answer | AtFault, values: Mapping[str, str]) -> None:
        self._filing = False
        if isinstance(answer, AtFault):
            self._at_fault(answer.found)
            return
        self.bench.filed[self.form_name.partition(" ")[0]] = dict(values)
        self.clear()
        self.bench.say(wording.FILED.say(position=answer.position, subject=answer.subject, file=_name(values)))
        self.recorded(answer)

    def _at_fault(self, found: Mapping[str, Judged]) -> None:
        wrong = [name for name, one in found.items() if one.fault]
        self.bench.drop_keys()
        self.form.judge(found)
        self.set_focus(self.form.field(wrong[0]))
        entry = self.form.entry(wrong[0])
        self.bench.say(wording.AT_FAULT.say(count=len(wrong), field=entry.label if entry else wrong[0]))

    def _refused(self, error: RegistryError) -> None:
        self._filing = False
        self._tell(error)

    def clear(self) -> None:
        """A fresh form, its draft gone, the keyboard in its first field."""
        self.subject = self.new_subject()
        self._steps.clear()
        self._come_to.clear()
        self._tried = False
        self.form.put(dict.fromkeys((entry.name for entry in self.ENTRIES), ""))
        self.set_focus(self.form.field(self.ENTRIES[0].name))
        self._keep()
        self._judge()

    def do_same(self) -> None:
        before = self.bench.filed.get(self.form_name.partition(" ")[0], {})
        name = self.form.current
        if name not in before:
            self.bench.say(wording.NONE_BEFORE.say())
            return
        self._set(name, before[name])

    def do_undo(self) -> None:
        if not self._steps:
            self.bench.say(wording.NO_STEP.say())
            return
        name, before = self._steps.pop()
        self.form.put({name: before})
        self.set_focus(self.form.field(name))
        self._keep()
        self._judge()

    def _set(self, name: str, text: str) -> None:
        self._steps.append((name, self.form.values[name]))
        self._come_to.add(name)
        self.form.put({name: text})
        self._keep()
        self._judge()

    def do_cancel(self) -> None:
        if self._filing:
            self.bench.say(wording.FILING.say())
        elif not any(map(str.strip, self.form.values.values())):
            self.clear()
        else:
            self.bench.push_screen(
                Confirmation("Discard this form?", "What was typed is thrown away. Nothing was recorded.", "Discard"),
                self._discard,
            )

    def _discard(self, yes: bool | None) -> None:
        if yes:
            self.clear()
            self.bench.say(wording.DISCARDED.say())

    def do_lookup(self) -> None:
        name = self.form.current
        entry = self.form.entry(name)
        if entry is None or not entry.lookup:
            self.bench.say(wording.NO_LOOKUP.say())
            return
        text = self.form.values[name]

        def chosen(found: str | None) -> None:
            if found is not None:
                self._set(name, found)
            self.set_focus(self.form.field(name))

        if name == "file":
            self.bench.push_screen(ChooseFile(text), chosen)
        else:
            choices = [Choice(code, code, meaning) for code, meaning in self.codes(name).items()]
            self.bench.push_screen(Choose(entry.label, choices, selected=text), chosen)


def document(path: Path, send: Callable[[Document], Answer]) -> Answer:
    """What `send` answers for the file, opened. Raises Misuse where it cannot be read."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(0)
            return send(Document(stream, size, path.name))
    except OSError as error:
        raise Misuse(f"{path}: cannot be read ({error.strerror}); nothing was recorded") from error


def _name(values: Mapping[str, str]) -> str:
    return Path(values["file"].strip()).name


def new_muniment() -> str:
    """A reference that nothing bears yet."""
    return f"muniment/{uuid.uuid4()}"


def is_held(desk: Desk, subject: str) -> bool:
    """Whether something of that reference is recorded already."""
    try:
        desk.lookups.state(subject)
    except NotHeld:
        return False
    return True
