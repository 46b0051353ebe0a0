"""Threads in which operations run, one each: a bounded number, and none is waited for longer than its time.

A thread cannot be stopped. One that is late goes on, and its place is not free before it has ended: else strangers
could start as many as they like. What is done comes back by one call into the loop, the hop's only one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class NobodyFree(Exception):
    """Every thread was busy for as long as one waits."""


class Workers:
    """`count` threads; `patience_s`: how long work waits for one. All of it belongs to one event loop."""

    def __init__(self, count: int, patience_s: float) -> None:
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="operation")
        self._free, self._patience_s = count, patience_s
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def run(self, work: Callable[[], T], deadline_s: float) -> T:
        """What the work gives or raises. Raises NobodyFree, or TimeoutError `deadline_s` after it began."""
        loop = asyncio.get_running_loop()
        await self._place(loop)
        answer: asyncio.Future[T] = loop.create_future()

        def done(ended: Future[T]) -> None:
            self._release()
            error = ended.exception()
            if answer.done():  # nobody waits for it any more
                return
            if error is None:
                answer.set_result(ended.result())
            else:
                answer.set_exception(error)

        self._threads.submit(work).add_done_callback(lambda ended: loop.call_soon_threadsafe(done, ended))
        async with asyncio.timeout(deadline_s):
            return await answer

    async def _place(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._free:
            self._free -= 1
            return
        place: asyncio.Future[None] = loop.create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(self._patience_s):
                await place
        except (TimeoutError, asyncio.CancelledError) as error:
            if place.done() and not place.cancelled():  # it came in the same moment
                self._release()
            if isinstance(error, TimeoutError):
                raise NobodyFree from error
            raise

    def _release(self) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._free += 1
