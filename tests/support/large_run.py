"""A large run whose workers die, on virtual time."""

from __future__ import annotations

import asyncio
import random

from tripwire_async.middleware import RateLimit, Retry

from .delivery_service import Service
from .journal_runs import Worker, ids_of, recorded_run, sends_per_endpoint
from .memory_journal import MemoryJournal, MemoryStorage
from .runs import states


async def check_large_run(endpoints: int) -> None:
    """Test a number of *endpoints* with three workers at a time, of which ten die and are replaced."""
    service, storage = Service(limit=600, takes=2.0), MemoryStorage()
    # One rate limit for all workers, as with a `RedisStore`. Otherwise they starve each other.
    layers = (Retry(), RateLimit())
    times = random.Random(5)  # noqa: S311 - reproducible times
    workers = [Worker(service, storage, endpoints, layers=layers) for _ in range(3)]
    for _ in range(10):
        await asyncio.sleep(times.uniform(0.2, 1.0) * endpoints / 100)
        await workers.pop(0).kill()
        workers.append(Worker(service, storage, endpoints, layers=layers))
    await asyncio.gather(*(worker.task for worker in workers))
    outcomes = await recorded_run(service, MemoryJournal(storage), endpoints, layers)
    assert ids_of(endpoints) == [outcome.endpoint_id for outcome in outcomes]
    assert ({"succeeded": endpoints}, {1: endpoints}) == (states(outcomes), sends_per_endpoint(service))
