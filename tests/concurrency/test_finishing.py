"""Work that a cancellation must not leave half done."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tripwire_async._concurrency.finishing import finish_closing, finish_thread


@pytest.mark.virtual_time
@pytest.mark.parametrize("cancellations", [1, 2])
async def test_work_ends_before_its_cancellation_is_raised(cancellations: int) -> None:
    """Also if it is cancelled again while the work continues."""
    done: list[str] = []

    async def work() -> None:
        await asyncio.sleep(1.0)
        done.append("first")
        await asyncio.sleep(1.0)
        done.append("second")

    task = asyncio.create_task(finish_closing(work))
    for _ in range(cancellations):
        await asyncio.sleep(0.5)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ["first", "second"] == done


@pytest.mark.virtual_time
async def test_an_error_of_the_work_is_raised() -> None:
    """As if it had been awaited itself."""

    async def work() -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - it has no message
        await finish_closing(work)


@pytest.mark.virtual_time
@pytest.mark.parametrize("steps", [1, 2, 3])
async def test_closing_is_done_when_all_tasks_are_cancelled(steps: int) -> None:
    """Also the task that closes, which may have made no step; `asyncio.run` does this at its end."""
    done: list[str] = []

    async def close() -> None:
        await asyncio.sleep(1.0)
        done.append("end")

    task = asyncio.create_task(finish_closing(close))
    for _ in range(steps):
        await asyncio.sleep(0)
    for each in asyncio.all_tasks() - {asyncio.current_task()}:
        each.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ["end"] == done


async def test_the_last_step_of_a_thread_is_made_when_all_tasks_are_cancelled() -> None:
    """It waits in the queue of the thread behind the others."""
    thread, busy, done = ThreadPoolExecutor(1), threading.Event(), threading.Event()
    thread.submit(busy.wait)
    task = asyncio.create_task(finish_thread(thread, done.set))
    for _ in range(2):
        await asyncio.sleep(0)
    for each in asyncio.all_tasks() - {asyncio.current_task()}:
        each.cancel()
    await asyncio.sleep(0)
    busy.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()
