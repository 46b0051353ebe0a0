"""An officer's desks in an office elsewhere, a few at once, for a service that outlives the office.

    desks = Desks(Path("muniment-data"), "officer/7", sign, origin)
    desks.departments.admit(assertion)

A desk is kept once it was answered; where the office has gone or come back meanwhile, a new one is knocked for. Nothing
is asked twice: what was asked of an office that went away is told as Busy. Nobody waits longer than `patience_s` for a
desk or for an answer, so an office that stalls holds up no more than the few who are asking it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, cast

from registry.desk.departments import Departments
from registry.desk.session import Sign
from registry.door.client import RemoteCounter, RemoteDesk, RemoteOffice, knock
from registry.door.verbs import DoorVerb
from registry.errors import Busy, NotPermitted, RegistryError

MOST_DESKS = 4
"""Of the sixteen that the door has for one officer: several gateways may share one."""
PATIENCE_S = 1.5
REST_S = 0.5
"""So long after an office did not answer it is not asked again."""


@dataclass(frozen=True, slots=True)
class _Seat:
    office: RemoteOffice
    desk: RemoteDesk


class Desks:
    """May be asked from any thread. Use as a context manager: leaving it leaves the office."""

    def __init__(
        self, registry: Path, officer: str, sign: Sign, origin: str, *, patience_s: float = PATIENCE_S
    ) -> None:
        """`sign` signs challenges; `origin` is the registry of the officer's key."""
        self.departments = cast(Departments, RemoteCounter(self, "departments", Departments))
        self._registry, self._officer, self._sign, self._origin = registry, officer, sign, origin
        self._patience_s = patience_s
        self._places = threading.BoundedSemaphore(MOST_DESKS)
        self._lock = threading.Lock()
        self._kept: list[_Seat] = []
        self._rests_until = 0.0
        self._closed = False

    def ask(self, verb: DoorVerb, given: Mapping[str, Any]) -> object:
        """Ask for one verb of the table. Raises whatever the office raised; Busy where it is away or too slow, or lets
        this officer in no more."""
        if not self._places.acquire(timeout=self._patience_s):
            raise Busy(f"{MOST_DESKS} desks at the office are taken; ask again")
        try:
            seat = self._again() or self._knocked()
            try:
                return seat.desk.ask(verb, given)
            except NotPermitted as error:
                if error.rule == "door":  # no fault of those for whom it is asked
                    raise Busy(f"the office is older than what asks it, and does not know {verb.name}") from error
                raise
            finally:
                self._put_back(seat)
        finally:
            self._places.release()

    def there(self) -> bool:
        """Whether an office answers at the door now."""
        try:
            office = knock(self._registry, self._patience_s)
        except RegistryError:
            return False
        if office is None:
            return False
        office.close()
        return True

    def close(self) -> None:
        """Leave. Safe twice."""
        with self._lock:
            self._closed = True
            kept, self._kept = self._kept, []
        for seat in kept:
            seat.office.close()

    def __enter__(self) -> Desks:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _again(self) -> _Seat | None:
        """One that was kept, if the office is still there."""
        while True:
            with self._lock:
                if not self._kept:
                    return None
                seat = self._kept.pop()
            if seat.office.stands():
                return seat
            seat.office.close()

    def _knocked(self) -> _Seat:
        if monotonic() < self._rests_until:
            raise Busy("the office did not answer a moment ago; ask again")
        try:
            office = knock(self._registry, self._patience_s)
        except Busy:
            self._rest()
            raise
        if office is None:
            raise Busy(f"{self._registry}: nobody has the office open; nothing was recorded, ask again")
        try:
            return _Seat(office, office.sign_in(self._officer, self._sign, self._origin))
        except RegistryError as error:
            office.close()
            self._rest()
            raise Busy(f"{self._registry}: the office does not let {self._officer} in: {error}") from error

    def _put_back(self, seat: _Seat) -> None:
        whole = seat.office.stands()
        with self._lock:
            if whole and not self._closed:
                self._kept.append(seat)
                return
        if not whole:
            self._rest()
        seat.office.close()

    def _rest(self) -> None:
        self._rests_until = monotonic() + REST_S
