"""The key pump: no key that a clerk types ahead is lost, and none is kept that could sign something by mistake.

Textual loses keys that outrun a change of screen. So keys wait here, in order, and one is handed on only when the one
before was dealt with (`compat.handled`).

    hold     while an act is being recorded; only Ctrl+Q and F12 pass
    release  it was recorded: what was typed ahead goes on into the next form
    drop     it was refused, or a confirmation opened: what was typed ahead is thrown away, and the clerk is told
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from textual import events

Typed = events.Key | events.Paste
PASSES = frozenset({"ctrl+q", "f12"})


class KeyPump:
    """One queue of keys and the task that empties it."""

    def __init__(self, forward: Callable[[Typed], Awaitable[None]], settled: Callable[[], Awaitable[None]]) -> None:
        self._forward, self._settled = forward, settled
        self._waiting: deque[Typed] = deque()
        self._wake = asyncio.Event()
        self._held = False
        self._busy = False
        self._released = False

    @property
    def idle(self) -> bool:
        """Whether nothing waits that could go on, and nothing is on its way."""
        return not self._busy and (self._held or not self._waiting)

    def put(self, event: Typed) -> None:
        """A key or a paste, in the order typed."""
        self._waiting.append(event)
        self._wake.set()

    def hold(self) -> None:
        """Let nothing on but what passes always."""
        self._held = True

    def release(self) -> None:
        """Let everything on."""
        self._released, self._held = self._released or self._held, False
        self._wake.set()

    def drop(self) -> int:
        """Throw away what waits and let what comes on; returns how many keys were dropped."""
        dropped = len(self._waiting)
        self._waiting.clear()
        self.release()
        return dropped

    async def run(self) -> None:
        """For as long as the application runs."""
        while True:
            event = self._next()
            if event is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            self._busy = True
            if self._released:  # what was waited for brought another screen: let it come to stand first
                self._released = False
                await self._settled()
            await self._forward(event)
            await self._settled()
            self._busy = False

    def _next(self) -> Typed | None:
        if not self._held:
            return self._waiting.popleft() if self._waiting else None
        for event in self._waiting:
            if isinstance(event, events.Key) and event.key in PASSES:
                self._waiting.remove(event)
                return event
        return None
