"""The loop that jumps must itself be trusted."""

from __future__ import annotations

import asyncio

import pytest

from tests import virtual_time


@pytest.mark.virtual_time
async def test_an_hour_passes_at_once() -> None:
    """A sleep moves the clock by exactly its length."""
    loop = asyncio.get_running_loop()
    before = loop.time()
    await asyncio.sleep(60 * 60)
    assert loop.time() - before == pytest.approx(60 * 60)


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
