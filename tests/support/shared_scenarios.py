"""Several processes with one limit on virtual time; a real Redis server runs the script."""

from __future__ import annotations

import asyncio
import itertools
import math
import random
from typing import TYPE_CHECKING

import attrs

from tests.support import requests, virtual_time
from tests.support.limit_services import Service
from tests.support.virtual_store import ScriptRunner, VirtualStore
from tripwire_async._http.messages import Response
from tripwire_async._http.pipeline import compose
from tripwire_async.middleware import RateLimit, Retry

if TYPE_CHECKING:
    from tests.support.limit_services import Counter
    from tripwire_async._http.pipeline import Handler


@attrs.frozen
class Outcome:
    """Result of several processes together."""

    succeeded: int
    rejected: int
    seconds: float
    window: float | None


def run(
    runner: ScriptRunner,
    *,
    processes: int,
    calls: int,
    counter: Counter,
    delay: tuple[float, float],
    seed: int = 0,
    patience: float = 0.08,
    killed_after: float = math.inf,
) -> Outcome:
    """Have each of *processes* make *calls* at once; the first process may be killed after some seconds."""
    service = Service(counter, latency=(0.001, 0.005), seed=seed)
    jitter = random.Random(seed)  # noqa: S311 - a simulation

    async def main() -> Outcome:
        loop = asyncio.get_running_loop()
        stores = [VirtualStore(runner, delay, patience, seed=10 * seed + index) for index in range(processes)]
        limits = [RateLimit(store=store) for store in stores]

        async def call(handler: Handler) -> Response:
            return await handler(requests.request("POST", deadline=loop.time() + 300))

        tasks: list[list[asyncio.Task[Response]]] = []
        for limit in limits:
            handler = compose([Retry(random=jitter.random), limit], service)
            tasks.append([asyncio.create_task(call(handler)) for _ in range(calls)])
        if killed_after < math.inf:
            await asyncio.sleep(killed_after)
            stores[0].is_cut_off = True
            for task in tasks.pop(0):
                task.cancel()
        results = await asyncio.gather(*itertools.chain(*tasks), return_exceptions=True)
        succeeded = sum(isinstance(result, Response) and result.status == 200 for result in results)
        return Outcome(succeeded, len(service.rejected), loop.time(), limits[-1].state().window)

    return virtual_time.run(main())
