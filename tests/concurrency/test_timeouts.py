"""Limits in time, on virtual time and with cancellations that come from elsewhere."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import virtual_time
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._concurrency.timeouts import Timeout, TimeoutGroup

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def timeouts() -> TimeoutGroup:
    return TimeoutGroup(LOOP_CLOCK, asyncio.get_running_loop())


def now() -> float:
    return asyncio.get_running_loop().time()


async def sleep(timeouts: TimeoutGroup, seconds: float, *, limit: float) -> str:
    try:
        with Timeout(timeouts, now() + limit):
            await asyncio.sleep(seconds)
    except TimeoutError:
        return "late"
    return "in time"


async def test_what_ends_in_time_is_left_alone(timeouts: TimeoutGroup) -> None:
    """Nothing rings afterwards either."""
    assert "in time" == await sleep(timeouts, 1, limit=2)
    await asyncio.sleep(10)
    assert pytest.approx(11) == now()


async def test_what_takes_too_long_is_a_timeout_at_its_time(timeouts: TimeoutGroup) -> None:
    """At the limit, not at the next whole second, and the task is as good as before."""
    assert "late" == await sleep(timeouts, 60, limit=5.3)
    assert pytest.approx(5.3) == now()
    task = asyncio.current_task()
    assert task is not None
    assert 0 == task.cancelling()
    await asyncio.sleep(1)


async def test_a_shorter_limit_set_later_rings_first(timeouts: TimeoutGroup) -> None:
    """The one timer is moved forward."""
    async with asyncio.TaskGroup() as group:
        long = group.create_task(sleep(timeouts, 60, limit=30))
        await asyncio.sleep(1)
        short = group.create_task(sleep(timeouts, 60, limit=2))
        assert "late" == await short
        assert pytest.approx(3) == now()
    assert "late" == long.result()
    assert pytest.approx(30) == now()


async def test_somebody_elses_cancellation_is_no_timeout(timeouts: TimeoutGroup) -> None:
    """It passes through as it is."""
    task = asyncio.create_task(sleep(timeouts, 60, limit=30))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_task_that_was_cancelled_before_and_went_on_has_limits_too(timeouts: TimeoutGroup) -> None:
    """As one that cleans up by a call: that it was cancelled earlier does not make a cancellation of the alarm."""

    async def clean_up() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return await sleep(timeouts, 60, limit=5)
        return "never cancelled"

    task = asyncio.create_task(clean_up())
    await asyncio.sleep(1)
    task.cancel()
    assert "late" == await task
    assert 1 == task.cancelling()


async def test_when_both_come_together_the_cancellation_counts(timeouts: TimeoutGroup) -> None:
    """A task that was told to end must end, whatever else happened in that moment."""
    task = asyncio.create_task(sleep(timeouts, 60, limit=5))
    asyncio.get_running_loop().call_at(5, task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_in_the_block_is_the_error_that_is_seen(timeouts: TimeoutGroup) -> None:
    """Also when the alarm rang while the block was on its way out."""

    async def fail_on_the_way_out() -> None:
        with Timeout(timeouts, now() + 1):
            try:
                await asyncio.sleep(60)
            finally:
                message = "of its own"
                raise ValueError(message)

    with pytest.raises(ValueError, match="of its own"):
        await fail_on_the_way_out()
    task = asyncio.current_task()
    assert task is not None
    assert 0 == task.cancelling()


async def test_blocks_within_blocks_ring_for_themselves(timeouts: TimeoutGroup) -> None:
    """The inner limit ends the inner block, and the outer one the outer."""

    async def outer() -> str:
        assert "late" == await sleep(timeouts, 60, limit=1)
        assert "late" == await sleep(timeouts, 60, limit=1)
        return await sleep(timeouts, 60, limit=60)

    with pytest.raises(TimeoutError), Timeout(timeouts, now() + 3):
        await outer()
    assert pytest.approx(3) == now()


async def test_a_stopped_clock_rings_no_more(timeouts: TimeoutGroup) -> None:
    """Stopping twice is fine, and what is set afterwards starts it again."""
    task = asyncio.create_task(sleep(timeouts, 10, limit=5))
    await asyncio.sleep(1)
    timeouts.stop()
    timeouts.stop()
    assert "in time" == await task
    assert "late" == await sleep(timeouts, 10, limit=5)


@given(st.integers(0, 2**32))
def test_every_block_ends_when_it_should(seed: int) -> None:
    """Any number of blocks with any limits, some cancelled: each ends by itself, at its limit, or as it was told."""

    async def main() -> None:
        chance = random.Random(seed)  # noqa: S311 - chance, not secrecy
        timeouts = TimeoutGroup(LOOP_CLOCK, asyncio.get_running_loop())

        async def one(seconds: float, limit: float) -> None:
            began = now()
            ended = await sleep(timeouts, seconds, limit=limit)
            assert pytest.approx(min(seconds, limit)) == now() - began
            assert ("in time" if seconds < limit else "late") == ended

        tasks = []
        for _ in range(chance.randint(1, 40)):
            tasks.append(asyncio.create_task(one(chance.uniform(0, 20), chance.uniform(0, 20))))
            await asyncio.sleep(chance.choice([0, chance.uniform(0, 3)]))
            if chance.random() < 0.2:
                chance.choice(tasks).cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            assert outcome is None or isinstance(outcome, asyncio.CancelledError)
        assert not timeouts.pending

    virtual_time.run(main())
