"""Job of a task queue: works on a durable run for some minutes, beside other workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.journal import RedisJournal

if TYPE_CHECKING:
    from tripwire_async import AsyncTripwire


async def work(
    tripwire: AsyncTripwire, redis: str, run: str, organization: str, *, seconds: float = 240.0
) -> bool:
    """Work on *run* for some time, and return whether it is finished."""
    async with RedisJournal(redis, run=run) as journal:
        tests = tripwire.webhooks.send_tests(organization, journal=journal, timeout=seconds)
        async with tests:
            async for outcome in tests:
                print(run, outcome.endpoint_id, outcome.state)
        progress = tests.progress()
        return progress.done == progress.endpoints
