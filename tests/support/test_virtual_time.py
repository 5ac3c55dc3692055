"""The loop that jumps must itself be trusted."""

from __future__ import annotations

import asyncio
import math

import pytest

from . import virtual_time


@pytest.mark.virtual_time
async def test_an_hour_passes_at_once() -> None:
    """A sleep moves the clock by exactly its length."""
    loop = asyncio.get_running_loop()
    before = loop.time()
    await asyncio.sleep(60 * 60)
    assert loop.time() - before == pytest.approx(60 * 60)


@pytest.mark.virtual_time(tick=0.25)
async def test_a_clock_with_a_tick_never_tells_the_same_time_twice() -> None:
    """It moves on with each look, also when nothing is waited for."""
    loop = asyncio.get_running_loop()
    before = loop.time()
    assert before + 0.25 == loop.time()


@pytest.mark.parametrize("begin", [0.1, 0.3, 0.7])
def test_whoever_sleeps_until_a_time_finds_that_it_has_come(begin: float) -> None:
    """The clock falls not short of it, not even by the last digit of the sum."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(begin)
        for number in range(1000):
            word = loop.create_future()
            loop.call_at(when := loop.time() + 20.13 * math.sin(number) ** 2, word.set_result, None)
            await word
            assert when <= loop.time()

    virtual_time.run(main())


def test_sleepers_wake_in_the_order_of_their_times() -> None:
    """Tasks that sleep for different times end in that order, whatever order they began in."""
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


def test_a_deadlock_is_an_error_and_no_hang() -> None:
    """Where nothing can ever happen again, the loop says so."""

    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="deadlock"):
        virtual_time.run(main())
