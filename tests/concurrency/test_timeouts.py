"""Timeouts, also together with cancellations from elsewhere, on virtual time."""

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


async def test_a_block_that_ends_in_time_is_not_cancelled(timeouts: TimeoutGroup) -> None:
    """The timer has no effect afterwards either."""
    assert "in time" == await sleep(timeouts, 1, limit=2)
    await asyncio.sleep(10)
    assert pytest.approx(11) == now()


async def test_a_block_that_takes_too_long_is_cancelled_at_its_time(timeouts: TimeoutGroup) -> None:
    """The time is exact, and the task is not cancelled any more."""
    assert "late" == await sleep(timeouts, 60, limit=5.3)
    assert pytest.approx(5.3) == now()
    task = asyncio.current_task()
    assert task is not None
    assert 0 == task.cancelling()
    await asyncio.sleep(1)


async def test_a_later_but_shorter_timeout_expires_first(timeouts: TimeoutGroup) -> None:
    """The shared timer is moved forward."""
    async with asyncio.TaskGroup() as group:
        long = group.create_task(sleep(timeouts, 60, limit=30))
        await asyncio.sleep(1)
        short = group.create_task(sleep(timeouts, 60, limit=2))
        assert "late" == await short
        assert pytest.approx(3) == now()
    assert "late" == long.result()
    assert pytest.approx(30) == now()


async def test_a_cancellation_from_elsewhere_is_not_a_timeout(timeouts: TimeoutGroup) -> None:
    """It passes through unchanged."""
    task = asyncio.create_task(sleep(timeouts, 60, limit=30))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_task_that_continues_after_a_cancellation_has_timeouts_too(timeouts: TimeoutGroup) -> None:
    """For example a task that makes a call to clean up: its earlier cancellation does not count."""

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


async def test_a_cancellation_together_with_a_timeout_takes_precedence(timeouts: TimeoutGroup) -> None:
    """A cancelled task must end, even if a timeout expires at the same time."""
    task = asyncio.create_task(sleep(timeouts, 60, limit=5))
    asyncio.get_running_loop().call_at(5, task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_exception_in_the_block_passes_through(timeouts: TimeoutGroup) -> None:
    """Also if the timeout expires while the block ends."""

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


def test_a_block_on_another_event_loop_is_rejected() -> None:
    """For example in a middleware that passes a request on in another thread's loop."""
    first = asyncio.new_event_loop()
    group = TimeoutGroup(LOOP_CLOCK, first)

    async def enter() -> None:
        with Timeout(group, now() + 1):
            raise AssertionError

    with pytest.raises(RuntimeError, match="no task of the event loop"):
        asyncio.run(enter())
    first.close()
    assert not group.pending


async def test_nested_blocks_expire_independently(timeouts: TimeoutGroup) -> None:
    """The inner timeout ends the inner block, and the outer timeout the outer block."""

    async def outer() -> str:
        assert "late" == await sleep(timeouts, 60, limit=1)
        assert "late" == await sleep(timeouts, 60, limit=1)
        return await sleep(timeouts, 60, limit=60)

    with pytest.raises(TimeoutError), Timeout(timeouts, now() + 3):
        await outer()
    assert pytest.approx(3) == now()


async def test_after_stop_no_timeout_expires(timeouts: TimeoutGroup) -> None:
    """Stopping twice is fine, and a new timeout starts the timer again."""
    task = asyncio.create_task(sleep(timeouts, 10, limit=5))
    await asyncio.sleep(1)
    timeouts.stop()
    timeouts.stop()
    assert "in time" == await task
    assert "late" == await sleep(timeouts, 10, limit=5)


@given(st.integers(0, 2**32))
def test_every_block_ends_at_its_time(seed: int) -> None:
    """Each of any number of blocks ends by itself, at its timeout, or by cancellation."""

    async def main() -> None:
        rng = random.Random(seed)  # noqa: S311 - not for cryptography
        timeouts = TimeoutGroup(LOOP_CLOCK, asyncio.get_running_loop())

        async def run(seconds: float, limit: float) -> None:
            started = now()
            result = await sleep(timeouts, seconds, limit=limit)
            assert pytest.approx(min(seconds, limit)) == now() - started
            assert ("in time" if seconds < limit else "late") == result

        tasks = []
        for _ in range(rng.randint(1, 40)):
            tasks.append(asyncio.create_task(run(rng.uniform(0, 20), rng.uniform(0, 20))))
            await asyncio.sleep(rng.choice([0, rng.uniform(0, 3)]))
            if rng.random() < 0.2:
                rng.choice(tasks).cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            assert outcome is None or isinstance(outcome, asyncio.CancelledError)
        assert not timeouts.pending

    virtual_time.run(main())
