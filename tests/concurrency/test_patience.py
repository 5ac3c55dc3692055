"""Tests of the bound on the wait for a store."""

from __future__ import annotations

import asyncio

import pytest

from tripwire_async._concurrency.patience import within

pytestmark = pytest.mark.virtual_time


async def test_the_result_is_returned_in_time() -> None:
    """A response within the time is the result."""
    assert await within(0.1, asyncio.sleep(0.05, "result")) == "result"


async def test_the_time_is_bounded() -> None:
    """The wait ends with `TimeoutError`, and the awaitable is cancelled."""
    with pytest.raises(TimeoutError):
        await within(0.1, asyncio.sleep(60))
    assert asyncio.get_running_loop().time() == pytest.approx(0.1)


async def test_a_cancellation_that_the_awaitable_loses_is_not_lost() -> None:
    """`asyncio.wait_for` can do that in Python 3.11, and redis-py uses it with its default timeouts."""
    started = asyncio.Event()

    async def lose() -> str:
        started.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "result"
        raise AssertionError

    async def call() -> str:
        return await within(100, lose())

    task = asyncio.create_task(call())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_a_task_that_was_cancelled_before_may_wait_for_a_store() -> None:
    """Clean-up code runs in one: what counts is whether it is cancelled once more."""

    async def clean_up() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return await within(0.1, asyncio.sleep(0.05, "result"))
        raise AssertionError

    task = asyncio.create_task(clean_up())
    await asyncio.sleep(0)
    task.cancel()
    assert await task == "result"
