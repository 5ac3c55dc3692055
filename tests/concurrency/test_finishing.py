"""Work that a cancellation must not leave half done."""

from __future__ import annotations

import asyncio

import pytest

from tripwire_async._concurrency.finishing import finish

pytestmark = pytest.mark.virtual_time


@pytest.mark.parametrize("cancellations", [1, 2])
async def test_work_ends_before_its_cancellation_is_raised(cancellations: int) -> None:
    """Also if it is cancelled again while the work continues."""
    done: list[str] = []

    async def work() -> None:
        await asyncio.sleep(1.0)
        done.append("first")
        await asyncio.sleep(1.0)
        done.append("second")

    task = asyncio.create_task(finish(work()))
    for _ in range(cancellations):
        await asyncio.sleep(0.5)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ["first", "second"] == done


async def test_an_error_of_the_work_is_raised() -> None:
    """As if it had been awaited itself."""

    async def work() -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - it has no message
        await finish(work())
