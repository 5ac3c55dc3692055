"""Memory of waiting calls and deliveries: ``python -m tests.benchmarks.bench_memory``.

Ten thousand awaited deliveries, without their responses and the waiting tasks; the same handles before they are
awaited; and ten thousand requests in flight through the default middleware, without their tasks. tracemalloc counts
everything, on virtual time and with a handler in place of the transport.
"""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from typing import TYPE_CHECKING

from yarl import URL

from tests.support.delivery_service import ORGANIZATION, Service, endpoint, internal_sender, webhooks
from tests.support.virtual_time import run
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.caller import ApiCaller
from tripwire_async._http.options import CallOptions
from tripwire_async.deliveries.reference import DeliveryReference
from tripwire_async.middleware import RateLimit, compose, default_middleware
from tripwire_async.resources.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tripwire_async._http.messages import Request, Response

COUNT = 10_000
MOST = 4096
"""Maximum bytes of a pending delivery, without its response."""


def held() -> int:
    """Return the bytes that are in use."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def tasks_alone() -> float:
    """Return what a task costs that only waits."""
    stop = asyncio.Event()
    before = held()
    tasks = [asyncio.create_task(stop.wait()) for _ in range(COUNT)]
    await asyncio.sleep(0)
    each = (held() - before) / COUNT
    stop.set()
    await asyncio.gather(*tasks)
    return each


async def deliveries() -> tuple[float, float]:
    """Return the bytes of a handle, and its bytes with the task that waits for it."""
    client = webhooks(Service(takes=1e6), _through)
    sample = await client.send_test(ORGANIZATION, endpoint(0))
    references = [
        DeliveryReference(
            organization_id=ORGANIZATION,
            endpoint_id=endpoint(number),
            event_id=f"wevt_{number:032x}",
            delivery_ids=sample.delivery_ids,
        )
        for number in range(COUNT)
    ]
    before = held()
    handles = [
        internal_sender(client).pending(reference, latest=sample.latest, sent_at=0.0) for reference in references
    ]
    idle = (held() - before) / COUNT
    waits = [asyncio.create_task(handle.settled(None)) for handle in handles]
    await asyncio.sleep(0.1)
    waiting = (held() - before) / COUNT
    await _end(waits)
    return idle, waiting


async def requests() -> float:
    """Return what a request in flight costs, its task included."""
    never = asyncio.Event()
    service = Service()

    async def hang(request: Request) -> Response:
        if not service.requests:
            # The first is sent alone, and its response contains the limit.
            return await service(request)
        await never.wait()
        raise AssertionError

    log, retry, _, auth = default_middleware("sk_test_memory")
    chain = compose((log, retry, RateLimit(max_in_flight=2 * COUNT), auth), hang)
    client = Webhooks(ApiCaller(chain, URL("https://api.example"), CallOptions()), LOOP_CLOCK)
    await client.send_test(ORGANIZATION, endpoint(0))
    before = held()
    calls = [asyncio.create_task(client.send_test(ORGANIZATION, endpoint(number))) for number in range(COUNT)]
    await asyncio.sleep(0.1)
    each = (held() - before) / COUNT
    await _end(calls)
    return each


async def _through(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    return await call_next(request)


async def _end(tasks: list[asyncio.Task[object]] | list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def main() -> None:
    """Print the figures; exit with 1 if a pending delivery takes too much."""
    tracemalloc.start()
    run(deliveries())  # creates modules and caches, once
    task = run(tasks_alone())
    idle, waiting = run(deliveries())
    flight = run(requests())
    print(f"bytes for each of {COUNT:,}")
    print(f"  a task that waits                        {task:8.0f}")
    print(f"  a pending delivery, without response     {idle:8.0f}")
    print(f"  the same, waited for by a task           {waiting:8.0f}   beyond the bare task {waiting - task:8.0f}")
    print(f"  a request in flight                      {flight:8.0f}   beyond the bare task {flight - task:8.0f}")
    if waiting > MOST:
        raise SystemExit(f"a pending delivery takes more than {MOST} bytes")


if __name__ == "__main__":
    main()
