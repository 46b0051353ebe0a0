"""Threads for operations: bounded, in turn, and none given back before it has ended."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from gateway.workers import NobodyFree, Workers

LONG = 20.0


def test_what_the_work_gives_and_raises_comes_back() -> None:
    async def main() -> None:
        workers = Workers(2, LONG)
        assert await workers.run(lambda: threading.current_thread().name, LONG) != threading.current_thread().name
        with pytest.raises(ZeroDivisionError):
            await workers.run(lambda: 1 // 0, LONG)
        assert await asyncio.gather(*(workers.run(partial(pow, n, 2), LONG) for n in range(50))) == [
            n * n for n in range(50)
        ]

    asyncio.run(main())


def test_a_late_one_keeps_its_place_until_it_has_ended() -> None:
    go, ended = threading.Event(), threading.Event()

    def slow() -> None:
        go.wait(LONG)
        ended.set()

    async def main() -> None:
        workers = Workers(1, 0.01)
        with pytest.raises(TimeoutError):
            await workers.run(slow, 0.01)
        with pytest.raises(NobodyFree):
            await workers.run(lambda: 1, LONG)
        go.set()
        assert await asyncio.to_thread(ended.wait, LONG)
        await _until(lambda: workers._free == 1)
        assert await workers.run(lambda: 1, LONG) == 1

    asyncio.run(main())


def test_those_who_wait_come_in_turn_and_one_who_left_costs_nobody_a_place() -> None:
    go = threading.Event()
    order: list[int] = []

    async def main() -> None:
        workers = Workers(1, LONG)
        first = asyncio.create_task(workers.run(lambda: go.wait(LONG), LONG))
        await _until(lambda: workers._free == 0)
        rest = []
        for number in range(4):
            rest.append(asyncio.create_task(workers.run(partial(order.append, number), LONG)))
            await _until(lambda number=number: len(workers._waiting) == number + 1)
        rest[1].cancel()
        go.set()
        await asyncio.gather(first, *rest, return_exceptions=True)
        assert order == [0, 2, 3]
        await _until(lambda: workers._free == 1)

    asyncio.run(main())


async def _until(true: Callable[..., Any]) -> None:
    async with asyncio.timeout(LONG):
        while not true():
            await asyncio.sleep(0)
