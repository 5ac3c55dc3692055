"""Several processes that share pages on virtual time: clients of one service, each with its own event loop's state."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from yarl import URL

from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.caller import ApiCaller
from tripwire_async._http.options import CallOptions
from tripwire_async.resources.webhooks import Webhooks

from .delivery_service import ORGANIZATION, endpoint

if TYPE_CHECKING:
    from tripwire_async._http.pipeline import Handler
    from tripwire_async.deliveries import TestOutcome

BASE_URL = "https://api.example"


def process(service: Handler, store: object, base_url: str = BASE_URL) -> Webhooks:
    """Return the resource of one process, whose rate limit has a *store*."""
    caller = ApiCaller(service, URL(base_url), CallOptions())
    return Webhooks(caller, LOOP_CLOCK, store=store, base_url=base_url)  # type: ignore[arg-type] - without `exchange`


async def run_tests(client: Webhooks, first: int, count: int, **options: object) -> tuple[TestOutcome, ...]:
    """Test a number of endpoints, the first of which has that number."""
    ids = [endpoint(number) for number in range(first, first + count)]
    return await client.send_tests(ORGANIZATION, ids, **options)  # type: ignore[arg-type] - the callers pass valid options


async def run_all(clients: list[Webhooks], count: int, **options: object) -> list[TestOutcome]:
    """Have each process test *count* endpoints at once; return all outcomes."""
    runs = (run_tests(client, index * count, count, **options) for index, client in enumerate(clients))
    return [outcome for outcomes in await asyncio.gather(*runs) for outcome in outcomes]
