"""Bound on the wait for another server; a busy event loop does not count, and no cancellation is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable

T = TypeVar("T")

_STEPS: Final = 8
"""The time runs out in this many steps, each a turn of the event loop: while the loop is blocked, none passes."""


async def within(seconds: float, awaitable: Awaitable[T]) -> T:
    """Return the result of *awaitable*, unless it takes longer than *seconds*.

    Time for which the event loop itself was blocked does not count.

    Raises:
        TimeoutError: It took longer.
    """
    loop = asyncio.get_running_loop()
    timer = loop.call_later(seconds / _STEPS, lambda: step(1))

    def step(count: int) -> None:
        nonlocal timer
        if count < _STEPS:
            timer = loop.call_later(seconds / _STEPS, step, count + 1)
        else:
            limit.reschedule(loop.time())

    task = asyncio.current_task()
    cancellations = 0 if task is None else task.cancelling()
    async with asyncio.timeout(None) as limit:
        try:
            result = await awaitable
        finally:
            timer.cancel()
    if task is not None and task.cancelling() > cancellations:
        # In Python 3.11 `asyncio.wait_for`, which clients of Redis use, can lose a cancellation. The result can be
        # dropped, because the same request will be sent again.
        raise asyncio.CancelledError
    return result
