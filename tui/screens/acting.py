"""What every screen and dialog shares: actions by id, questions to the desk in threads, acts recorded one at a time.

A worker never touches a widget: it posts an answer, and the handler here calls back on the screen. Reads in the same
group supersede each other; what writes is never superseded, and keys wait in the pump until it is answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, TypeVar, cast

from textual import on
from textual.message import Message
from textual.screen import Screen
from textual.worker import Worker, WorkerState, get_current_worker

from registry.desk.day import Outcome
from registry.errors import Away, Busy, Refused, RegistryError, Unsettled
from tui import wording
from tui.actions import ACTIONS, Action, bindings
from tui.bench import Bench

T = TypeVar("T")
R = TypeVar("R")


class Answer(Message):
    """What a thread found: called on the screen's own task."""

    def __init__(self, call: Callable[[], None]) -> None:
        super().__init__()
        self.call = call


def missing(outcome: Outcome | None) -> RegistryError:
    """Why an act whose answer was lost did not take place."""
    if outcome is None:
        return Busy(wording.NOT_FOUND)
    told = f"looked up by its request key: refused at position {outcome.position:,} by the rule {outcome.rule}"
    return Refused(told, rule=outcome.rule, position=outcome.position)


class Acting(Screen[R]):
    """A screen whose keys come from the registry of actions. List ids in `ACTIONS`; write `do_<id>` for each."""

    ACTIONS: ClassVar[tuple[str, ...]] = ()
    EVERYWHERE: ClassVar[tuple[str, ...]] = ()
    """Which of the application's own actions work here: see `tui.app`."""

    def __init_subclass__(cls, **options: Any) -> None:
        cls.BINDINGS = list(bindings(cls.__dict__.get("ACTIONS", ())))
        super().__init_subclass__(**options)

    @property
    def bench(self) -> Bench:
        """The application."""
        return cast("Bench", self.app)

    def actions(self) -> tuple[Action, ...]:
        """What can be done here, this screen's own actions first."""
        return tuple(ACTIONS[name] for name in (*self.ACTIONS, *self.EVERYWHERE))

    def why_not(self, action: Action) -> str:
        """A sentence where the action is not possible on this screen now; empty where it is. Override for more."""
        return ""

    def help_here(self) -> str:
        """What F1 says of the focused field; override where fields have help."""
        return ""

    # ---- the desk ----

    def ask(
        self,
        what: Callable[[], T],
        then: Callable[[T], None],
        failed: Callable[[RegistryError], None] | None = None,
        *,
        group: str = "read",
    ) -> None:
        """Ask the desk in a thread; a newer question of the same group makes this one's answer void."""

        def asked() -> None:
            self._in_thread(what, then, failed or self._tell, get_current_worker())

        self.run_worker(asked, thread=True, exclusive=True, exit_on_error=False, group=group)

    def wait_for(
        self, what: Callable[[], T], then: Callable[[T], None], failed: Callable[[RegistryError], None]
    ) -> None:
        """Ask in a thread what the next key needs to know. Keys wait; on an error they are dropped."""
        bench = self.bench
        bench.pump.hold()

        def came(answer: T) -> None:
            then(answer)
            bench.pump.release()

        def missed(error: RegistryError) -> None:
            bench.drop_keys()
            failed(error)

        self.to_the_end(what, came, missed)

    def record(
        self,
        what: Callable[[], T],
        then: Callable[[T], None],
        failed: Callable[[RegistryError], None] | None = None,
        *,
        late: Callable[[Outcome], None],
    ) -> None:
        """Have the desk record an act, in a thread, never superseded. Keys wait; on an error they are dropped.

        Where the workbench ends meanwhile, the thread goes on, and its answer is left in `bench.submits`. Where the
        office went away before it answered, the act is looked up later: `late` is called if it was recorded, `failed`
        if it was not."""
        submits, bench = self.bench.submits, self.bench
        number = submits.begin()

        def asked() -> T:
            try:
                answer = what()
            except RegistryError as error:
                submits.came(number, error)
                raise
            submits.came(number, answer)
            return answer

        def recorded(answer: T) -> None:
            then(answer)
            bench.was_told(number)

        def refused(error: RegistryError) -> None:
            if isinstance(error, Unsettled):
                bench.say(wording.UNSETTLED.say())
                bench.settle_later(error.key, settled)
            else:
                (failed or self._tell)(error)
                bench.was_told(number)

        def settled(outcome: Outcome | None) -> None:
            if outcome is not None and not outcome.refused:
                submits.came(number, outcome)
                if self.children:
                    late(outcome)
                else:
                    self.found(outcome)
                bench.was_told(number)
            else:
                refused(missing(outcome))

        self.wait_for(asked, recorded, refused)

    def found(self, outcome: Outcome) -> None:
        """Say that an act whose answer was lost was recorded."""
        self.bench.say(
            wording.FOUND_RECORDED.say(position=outcome.position, kind=outcome.kind, subject=outcome.subject)
        )

    def to_the_end(
        self,
        what: Callable[[], T],
        then: Callable[[T], None],
        failed: Callable[[RegistryError], None] | None = None,
    ) -> None:
        """Call it in a thread that is begun at once, and runs on whatever becomes of this screen or the workbench."""
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(None, self._in_thread, what, then, failed or self._tell)

        async def wait() -> None:
            await asyncio.shield(running)

        self.run_worker(wait(), exit_on_error=False, group="record")

    def _in_thread(
        self,
        what: Callable[[], T],
        then: Callable[[T], None],
        failed: Callable[[RegistryError], None],
        reader: Worker[Any] | None = None,
    ) -> None:
        try:
            call: Callable[[], None] = partial(then, what())
        except RegistryError as error:
            call = partial(failed, error)
        if reader is None or not reader.is_cancelled:  # a read that was superseded ran on, and its answer is stale
            self.post_message(Answer(call))

    def _tell(self, error: RegistryError) -> None:
        self.bench.say(wording.failed(error))
        if isinstance(error, Away):
            self.bench.look_for_office()

    @on(Answer)
    def _answered(self, answer: Answer) -> None:
        answer.stop()
        if self.children and not self.bench.leaving:  # else there is nobody to show it to
            answer.call()

    @on(Worker.StateChanged)
    def _worker(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR:
            self.bench.drop_keys()
            self.bench.say(wording.LOST.say(error=repr(event.worker.error)))
