"""What the writing screens are handed when an officer has signed in, beside the desk: functions, and the shape of what
they answer.

An enrolment makes a key file and an audit reads every store; both belong to the office, which no screen may import. So
they come as functions, and these protocols say what is relied on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from registry.records.roles import Role


class Answer(Protocol):
    """What an act gives: durable at `position`, as act `number` on `subject`; `rule` is worth showing where not
    empty."""

    @property
    def position(self) -> int: ...
    @property
    def subject(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def rule(self) -> str: ...


class Enrol(Protocol):
    """Make the officer's key file, sealed with `passphrase`, and record the enrolment; then, where nothing waits for a
    second administrator, the unlock key and the role. Blocks for a second. Raises RegistryError."""

    def __call__(
        self,
        name: str,
        department: str,
        passphrase: str,
        *,
        role: Role | None,
        until: int | None,
        may_open: bool,
    ) -> tuple[Answer, ...]: ...


class Presence(Protocol):
    """The office that answers this desk, where another process holds it open. It may close, die and come back."""

    def away(self) -> str:
        """Why nothing can be asked now, in a sentence; empty where it is there. One that went is knocked at again.
        Blocks."""

    def leave(self, *, at_once: bool = False) -> None:
        """Nothing more is asked, and the officer's key is not used again but for what is on its way; `at_once`, what
        only reads is broken off: an office that stands still must not keep the workbench from ending."""


class Wrong(Protocol):
    """One fault of an audit: `what` is a sentence; position and subject are None where it is of no entry."""

    @property
    def position(self) -> int | None: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def what(self) -> str: ...


class Audited(Protocol):
    """What an audit found; `checked` counts what was looked at by name, `faults` among them."""

    @property
    def ok(self) -> bool: ...
    @property
    def size(self) -> int: ...
    @property
    def root(self) -> str: ...
    @property
    def checked(self) -> Mapping[str, int]: ...
    @property
    def faults(self) -> tuple[Wrong, ...]: ...
    @property
    def notes(self) -> tuple[str, ...]: ...


RunAudit = Callable[[Callable[[int, int], None]], Audited]
"""Audit everything; told (entries done, entries in all) as it goes, and broken off by whatever that raises. Blocks."""

Clock = Callable[[], int]
"""ms UTC."""
