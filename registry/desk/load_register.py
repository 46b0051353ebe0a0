"""The counter where loads are looked at: what was loaded, from which file, and what became of its rows."""

from __future__ import annotations

from dataclasses import dataclass

from registry.desk.services import Services
from registry.desk.session import Session
from registry.errors import NotHeld
from registry.records.acts import LoadClosed, details_of
from registry.records.encoding import from_base64
from registry.records.loads import Load, LoadState
from registry.records.roles import Verb


@dataclass(frozen=True, slots=True)
class RegisteredLoad:
    """A load; `closed_at` ms UTC and `rows_root` (over the rows' leaf hashes) once it is closed."""

    load: Load
    closed_at: int | None
    rows_root: bytes | None


class LoadRegister:
    """Loads, newest first, for a desk that may look at them."""

    def __init__(self, services: Services, session: Session) -> None:
        self._services, self._session = services, session

    def one(self, position: int) -> RegisteredLoad:
        """The load opened at that position. Raises NotPermitted, NotHeld."""
        self._session.permit(Verb.LOAD_READ)
        load = self._services.store.load(position)
        if load is None:
            raise NotHeld(f"load/{position} is not held here, or is not yours to know of")
        return self._registered(load)

    def page(self, state: LoadState | None, limit: int, before: int | None = None) -> tuple[RegisteredLoad, ...]:
        """At most `limit` loads in that state, opened before that position, newest first. Raises NotPermitted."""
        self._session.permit(Verb.LOAD_READ)
        found = [
            load
            for load in sorted(self._services.store.loads(), key=lambda load: -load.position)
            if state in (None, load.state) and (before is None or load.position < before)
        ]
        return tuple(self._registered(load) for load in found[:limit])

    def _registered(self, load: Load) -> RegisteredLoad:
        act = None if load.closed is None else self._services.act(load.closed)
        if act is None:
            return RegisteredLoad(load, None, None)
        details = details_of(act.intent)
        root = from_base64(details.root, 32, "root of the rows") if isinstance(details, LoadClosed) else None
        return RegisteredLoad(load, act.at, root)
