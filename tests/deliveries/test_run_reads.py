"""Runs whose reads fail, and runs on several event loops of one client."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from typing import TYPE_CHECKING

import pytest

from tests.support.delivery_service import ORGANIZATION, Service, endpoint, now, webhooks
from tests.support.runs import outcomes_of, run_of, states
from tests.support.virtual_time import VirtualTimeLoop, run
from tripwire_async import AsyncTripwire, PollSchedule
from tripwire_async._http.messages import Response
from tripwire_async.errors import ResponseDecodeError, TransportError
from tripwire_async.testing import DeliveryOutcome, TripwireServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._http.messages import Request
    from tripwire_async.deliveries import TestOutcome

HTML = Response(200, {}, b"<html>maintenance</html>")
FIREWALL = Response(403, {}, b"<html>blocked</html>")
READS = {"listEvents", "retrieveEvent"}


def every_third(operations: set[str], response: Response) -> Callable[[Request, str], Response | None]:
    """Return a fault that replaces every third response of *operations*, the first one included."""
    count = 0

    def fail(request: Request, when: str) -> Response | None:
        nonlocal count
        if request.operation.id not in operations or when == "after":
            return None
        count += 1
        return response if count % 3 == 1 else None

    return fail


@pytest.mark.virtual_time
@pytest.mark.parametrize("response", [HTML, FIREWALL])
@pytest.mark.parametrize("operations", [READS, {"listEvents"}])
async def test_a_bad_page_ends_no_test(response: Response, operations: set[str]) -> None:
    """A page of HTML or the 403 of a firewall does not concern a delivery, so the reads are retried."""
    service = Service(takes=lambda number: 1.0 + number % 5, fault=every_third(operations, response))
    assert {"succeeded": 300} == states(await run_of(service, 300, timeout=100.0))


@pytest.mark.virtual_time
async def test_an_event_that_cannot_be_decoded_is_the_outcome_of_its_own_test() -> None:
    """All other events of the page count."""
    service = Service(takes=1.0)

    def fail(request: Request, when: str) -> Response | None:
        if request.operation.id not in READS or when == "before":
            return None
        status, body = service.work(request)
        events = body["data"] if isinstance(body["data"], list) else [body["data"]]
        for event in events:
            if event["subject"]["id"] == endpoint(7):
                event["webhook_deliveries"][0]["response_body"] = 7
        return Response(status, {}, json.dumps(body).encode())

    service.fault = fail
    outcomes = await run_of(service, 50, timeout=60.0)
    assert {"succeeded": 49, "unknown": 1} == states(outcomes)
    assert isinstance(outcomes[7].error, ResponseDecodeError)
    assert now() < 60.0


@pytest.mark.virtual_time
async def test_reads_continue_after_an_outage() -> None:
    """The deliveries that ended during it are known soon after it."""

    def fail(request: Request, when: str) -> Response | None:
        if request.operation.id in READS and 1.0 < now() < 21.0:
            raise TransportError("no connection", maybe_sent=False)
        return None

    service = Service(takes=2.0, fault=fail)
    assert {"succeeded": 100} == states(await run_of(service, 100, timeout=60.0))
    assert now() <= 35.0


@pytest.mark.virtual_time
async def test_the_schedule_of_a_test_is_followed() -> None:
    """Reads come after the pauses that the caller has set, and not sooner."""
    service = Service(takes=10.0, latency=(0.0, 0.0))
    schedule = PollSchedule(first=3.0, factor=1.0, jitter=0.0)
    pending = await webhooks(service).send_test(ORGANIZATION, endpoint(1), poll=schedule)
    assert "succeeded" == (await pending.settled()).status
    reads = [time for operation, time in service.requests if operation in READS]
    assert [3.0, 6.0, 9.0, 12.0] == pytest.approx(reads)


def test_a_loop_that_is_closed_in_the_middle_of_a_run_leaves_nothing() -> None:
    """As in a job queue that drops its loop with tasks pending: results can be read, and the next job works."""
    service = Service(takes=lambda number: 1.0 + 10 * number)
    client = webhooks(service)
    ids = [endpoint(number) for number in range(300)]
    loop = VirtualTimeLoop()
    loop.set_exception_handler(lambda _, context: None)
    tests = client.send_tests(ORGANIZATION, ids)
    waiting = loop.create_task(outcomes_of(tests))
    loop.call_later(5.0, loop.stop)
    loop.run_forever()
    loop.close()
    del waiting
    gc.collect()
    assert "succeeded" == tests.results[endpoint(0)].state
    assert "unknown" == tests.results[endpoint(3)].state
    assert 0 < tests.progress().seconds <= 5.0
    assert 299 >= tests.progress().pending > 0
    service.takes = 1.0
    again = run(outcomes_of(client.send_tests(ORGANIZATION, ids)))
    assert {"succeeded": 300} == states(again)


async def test_one_client_runs_tests_in_several_threads_at_once() -> None:
    """Each thread has its own event loop, and all runs share the limit and the experience of the client."""
    async with TripwireServer(limit=1000, window=1.0) as server:
        server.set_outcome(DeliveryOutcome("succeeded", after=0.2))
        ids = [server.add_endpoint("https://example.com/hook").id for _ in range(30)]
        tripwire = AsyncTripwire(server.secret_key, base_url=server.base_url)
        outcomes: list[TestOutcome] = []

        async def job() -> None:
            async with tripwire:
                outcomes.extend(await tripwire.webhooks.send_tests(server.organization_id, ids, timeout=20.0))

        threads = [threading.Thread(target=lambda: asyncio.run(job())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            await asyncio.to_thread(thread.join)
    assert {"succeeded": 120} == states(outcomes)
