"""Recorded runs on virtual time: workers that share a journal, and the death of a worker."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

from tripwire_async.errors import TripwireError

from .delivery_service import ORGANIZATION, Service, endpoint, webhooks
from .memory_journal import MemoryJournal, MemoryStorage

if TYPE_CHECKING:
    from tripwire_async.deliveries import TestOutcome, TestRun
    from tripwire_async.journal import Journal
    from tripwire_async.middleware import Middleware


def ids_of(count: int) -> list[str]:
    """Return the ids of a number of endpoints."""
    return [endpoint(number) for number in range(count)]


def recorded_run(
    service: Service, journal: Journal, count: int, layers: tuple[Middleware, ...] = (), **options: Any
) -> TestRun:
    """Return a run over *count* endpoints with its own client, as in another process; *layers* are its middleware."""
    return webhooks(service, *layers).send_tests(ORGANIZATION, ids_of(count), journal=journal, **options)


class Worker:
    """One worker of a run, with its own client and journal.

    Args:
        service: The service.
        storage: Where the run is kept.
        count: Number of endpoints.
        journal: Its journal; None for a new one.
        options: Options of the run.
    """

    def __init__(
        self,
        service: Service,
        storage: MemoryStorage,
        count: int,
        *,
        journal: MemoryJournal | None = None,
        **options: Any,
    ) -> None:
        self.storage = storage
        self.journal = journal or MemoryJournal(storage)
        self.run = recorded_run(service, self.journal, count, **options)
        self.task = asyncio.create_task(self._await())

    async def _await(self) -> tuple[TestOutcome, ...]:
        return await self.run

    async def kill(self) -> None:
        """End the worker as `kill -9` does: nothing more is sent, received or recorded."""
        self.journal.is_dead = True
        for task in self.tasks():
            task.cancel()
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        for name in {ask.worker for ask in self.journal.asks}:
            self.storage.die(name)

    def tasks(self) -> set[asyncio.Task[Any]]:
        """Return the tasks that the worker started."""
        return set()


def sends_per_endpoint(service: Service) -> dict[int, int]:
    """Return the number of endpoints by the number of tests that they were sent."""
    return dict(Counter(Counter(one.endpoint_id for one in service.sent).values()))


def is_error(value: object) -> bool:
    """Return whether the result of a worker is an error of this library."""
    return isinstance(value, TripwireError)
