"""Tests of the event loop with virtual time."""

from __future__ import annotations

import asyncio
import math

import pytest

from . import virtual_time


@pytest.mark.virtual_time
async def test_an_hour_passes_at_once() -> None:
    """A sleep advances the clock by exactly its length."""
    loop = asyncio.get_running_loop()
    before = loop.time()
    await asyncio.sleep(60 * 60)
    assert loop.time() - before == pytest.approx(60 * 60)


@pytest.mark.virtual_time(tick=0.25)
async def test_a_clock_with_a_tick_never_returns_the_same_time_twice() -> None:
    """Each reading advances it, also when no task waits."""
    loop = asyncio.get_running_loop()
    before = loop.time()
    assert before + 0.25 == loop.time()


@pytest.mark.parametrize("start", [0.1, 0.3, 0.7])
def test_a_timer_never_runs_before_its_time(start: float) -> None:
    """Not even by a rounding error."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(start)
        for number in range(1000):
            future = loop.create_future()
            loop.call_at(when := loop.time() + 20.13 * math.sin(number) ** 2, future.set_result, None)
            await future
            assert when <= loop.time()

    virtual_time.run(main())


def test_sleepers_wake_in_the_order_of_their_times() -> None:
    """The order in which the tasks started does not matter."""
    woken: list[int] = []

    async def sleeper(seconds: int) -> None:
        await asyncio.sleep(seconds)
        woken.append(seconds)

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for seconds in (3, 1, 2):
                group.create_task(sleeper(seconds))

    virtual_time.run(main())
    assert woken == [1, 2, 3]


def test_a_deadlock_raises_an_error() -> None:
    """A loop without timers and ready callbacks does not hang."""

    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="deadlock"):
        virtual_time.run(main())
