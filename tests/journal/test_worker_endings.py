"""Ends of one worker's part in a run, and what the next worker finds; on virtual time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support.delivery_service import ORGANIZATION, Service, endpoint, now, webhooks
from tests.support.journal_runs import ids_of, recorded_run, sends_per_endpoint
from tests.support.memory_journal import MemoryJournal, MemoryStorage
from tests.support.runs import SEND, assert_no_task_left, outcomes_of, states
from tripwire_async._http.messages import Response
from tripwire_async.errors import AuthenticationError, JournalError, PermissionDeniedError, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._http.messages import Request
    from tripwire_async.deliveries import TestOutcome, TestRun

pytestmark = pytest.mark.virtual_time


def rejecting(status: int, code: str, after: int) -> Callable[[Request, str], Response | None]:
    """Return a fault that rejects every send after a number of sends."""
    sends = 0

    def fail(request: Request, when: str) -> Response | None:
        nonlocal sends
        if request.operation.id != SEND or when != "before":
            return None
        sends += 1
        body = b'{"error": {"code": "%s", "message": "m", "status": 401, "request_id": "req_x"}}' % code.encode()
        return Response(status, {}, body if code else b"<html>") if sends > after else None

    return fail


async def resumed(service: Service, storage: MemoryStorage) -> tuple[TestOutcome, ...]:
    """Return the outcomes of a run that another worker finishes."""
    return await webhooks(service).resume_tests(MemoryJournal(storage))


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [(401, "auth.invalid_api_key", AuthenticationError), (403, "auth.forbidden", PermissionDeniedError)],
)
async def test_a_rejected_key_ends_the_worker_and_not_the_run(
    status: int, code: str, expected: type[Exception]
) -> None:
    """Its endpoints stay untested, and the next worker does not search the rejected ones."""
    service, storage = Service(latency=(0.03, 0.03)), MemoryStorage()
    service.fault = rejecting(status, code, after=70)
    with pytest.raises(expected):
        await recorded_run(service, MemoryJournal(storage), 300)
    assert_no_task_left()
    assert {"refused"}.isdisjoint((await MemoryJournal(storage).runs())[0].counts)
    service.fault = lambda request, when: None
    assert {"succeeded": 300} == states(await resumed(service, storage))
    assert {1: 300} == sends_per_endpoint(service)


async def test_a_403_of_a_proxy_is_the_outcome_of_its_endpoint() -> None:
    """It does not concern the key."""
    service = Service()
    service.fault = rejecting(403, "", after=10)
    outcomes = await recorded_run(service, MemoryJournal(), 20)
    assert {"succeeded": 10, "refused": 10} == states(outcomes)


@pytest.mark.parametrize("status", [404, 409, 410])
async def test_an_endpoint_that_was_disabled_or_deleted_has_its_own_outcome(status: int) -> None:
    """The others are tested, and the run is finished."""
    service, journal = Service(), MemoryJournal()
    service.fault = rejecting(status, "webhooks.endpoint_gone", after=10)
    outcomes = await recorded_run(service, journal, 20)
    assert {"succeeded": 10, "refused": 10} == states(outcomes)
    assert (await journal.runs())[0].finished is not None


async def test_a_journal_that_fails_ends_the_worker() -> None:
    """Nothing is sent that is not recorded."""
    service, journal = Service(), MemoryJournal()
    run = recorded_run(service, journal, 300)
    task = asyncio.create_task(outcomes_of(run))
    await asyncio.sleep(3.0)
    sent = len(service.sent)
    journal.errors.append(JournalError("the disk is full"))
    with pytest.raises(JournalError, match="the disk is full"):
        await task
    assert_no_task_left()
    assert sent <= len(service.sent) < 300
    assert {"succeeded": 300} == states(await resumed(service, journal.storage))
    assert {1: 300} == sends_per_endpoint(service)


async def test_sends_wait_for_a_journal_that_cannot_be_reached() -> None:
    """The worker tries again, and nothing is sent before the journal has responded."""
    service, journal = Service(takes=2.0), MemoryJournal(MemoryStorage(lease=30.0))
    task = asyncio.create_task(outcomes_of(recorded_run(service, journal, 600)))
    await asyncio.sleep(2.0)
    journal.errors += [ConnectionRefusedError("no")] * 20
    await asyncio.sleep(2.0)
    sent = len(service.sent)
    await asyncio.sleep(10.0)
    assert (sent, True) == (len(service.sent), sent < 600)
    assert {"succeeded": 600} == states(await task)
    assert {1: 600} == sends_per_endpoint(service)


async def test_a_send_does_not_wait_for_the_journal_beyond_its_deadline() -> None:
    """The error is that of the journal, and the worker ends."""
    service, journal = Service(limit=100, window=10.0), MemoryJournal(MemoryStorage(lease=30.0))
    run = webhooks(service, deadline=20.0).send_tests(ORGANIZATION, ids_of(300), journal=journal)
    task = asyncio.create_task(outcomes_of(run))
    await asyncio.sleep(2.0)
    journal.errors += [ConnectionRefusedError("no")] * 10_000
    with pytest.raises(JournalError, match="before the deadline"):
        await task
    journal.errors.clear()
    assert {"succeeded": 300} == states(await resumed(service, journal.storage))
    assert {1: 300} == sends_per_endpoint(service)


async def test_an_unreachable_journal_ends_the_worker_after_five_minutes() -> None:
    """Also if no send waits for it."""
    service, journal = Service(takes=1000.0), MemoryJournal()
    task = asyncio.create_task(outcomes_of(recorded_run(service, journal, 100)))
    await asyncio.sleep(2.0)
    started = now()
    journal.errors += [ConnectionRefusedError("no")] * 10_000
    with pytest.raises(JournalError, match="could not be reached for 300 seconds: no"):
        await task
    assert 280 < now() - started < 320


async def test_the_timeout_of_a_worker_does_not_end_the_run() -> None:
    """The outcomes so far are returned, and tests that were not sent are missing."""
    service, storage = Service(limit=100, window=20.0), MemoryStorage()
    outcomes = await recorded_run(service, MemoryJournal(storage), 300, timeout=30.0)
    assert 50 < len(outcomes) < 300
    assert {"succeeded"} == set(states(outcomes))
    assert {"succeeded": 300} == states(await resumed(service, storage))
    assert {1: 300} == sends_per_endpoint(service)


@pytest.mark.parametrize("from_elsewhere", [False, True])
async def test_a_pause_lets_the_sends_on_the_wire_finish(*, from_elsewhere: bool) -> None:
    """No test is in doubt afterwards."""
    service, storage = Service(latency=(0.5, 0.5), limit=150), MemoryStorage()
    journal = MemoryJournal(storage)
    async with recorded_run(service, journal, 400) as run:
        waiting = asyncio.create_task(outcomes_of(run))
        await asyncio.sleep(2.2)
        if from_elsewhere:
            await MemoryJournal(storage).pause()
        else:
            await run.pause()
        await waiting
    assert (await journal.runs())[0].paused is from_elsewhere
    sent, requests = len(service.sent), service.count("listEvents")
    await asyncio.sleep(5.0)
    assert (sent, requests) == (len(service.sent), service.count("listEvents"))
    assert 0 == storage.runs["default"].counts["sending"]
    assert {"succeeded": 400} == states(await resumed(service, storage))
    assert {1: 400} == sends_per_endpoint(service)
    assert_no_task_left()


async def test_a_pause_does_not_wait_for_a_response_for_ever() -> None:
    """After the given time the sends are cut off, and are in doubt."""
    service, storage = Service(), MemoryStorage()

    def slow_down(request: Request, when: str) -> None:
        if request.operation.id == SEND:
            service.limits.latency = (60.0, 60.0)

    service.fault = slow_down
    async with recorded_run(service, MemoryJournal(storage), 50) as run:
        waiting = asyncio.create_task(outcomes_of(run))
        await asyncio.sleep(2.0)
        await run.pause(within=3.0)
        assert now() < 6.0
        assert () == await waiting
    assert 50 == storage.runs["default"].counts["sending"]


async def test_a_pause_before_the_start_sends_nothing() -> None:
    """The run is over for this object, and does not exist."""
    service, storage = Service(), MemoryStorage()
    await recorded_run(service, MemoryJournal(storage), 50).pause()
    assert (0, {}) == (len(service.requests), storage.runs)


async def test_another_run_under_the_same_name_is_an_error_before_any_request() -> None:
    """Other endpoints, organization or end; the message names each difference."""
    service, journal = Service(), MemoryJournal()
    await recorded_run(service, journal, 20)
    requests = len(service.requests)
    client = webhooks(service)
    other = "org_" + 26 * "1"
    for run, text in (
        (client.send_tests(ORGANIZATION, ids_of(21), journal=journal), "20 other endpoints than the 21"),
        (client.send_tests(other, ids_of(20), journal=journal), f"its organization is {ORGANIZATION}, not {other}"),
        (client.send_tests(ORGANIZATION, journal=journal, until="sent"), "'settled', not 'sent'"),
    ):
        with pytest.raises(JournalError, match=text):
            await run
    client._base_url = "https://other.example/"  # noqa: SLF001 - a client with another base URL
    with pytest.raises(JournalError, match=r"its base URL is , not https://other\.example\."):
        await client.resume_tests(journal)
    assert requests == len(service.requests)


async def test_without_names_the_endpoints_of_the_start_count() -> None:
    """They are listed once; an endpoint that was added later is not tested."""
    service, storage = Service(), MemoryStorage()
    service.add_endpoints(1, 2, 3)
    run = webhooks(service).send_tests(ORGANIZATION, journal=MemoryJournal(storage))
    assert 3 == (await run.plan()).endpoints
    assert {} == storage.runs
    assert 3 == len(await run)
    service.add_endpoints(4)
    again = webhooks(service).send_tests(ORGANIZATION, journal=MemoryJournal(storage))
    assert 3 == (await again.plan()).endpoints
    assert 3 == len(await again)
    assert (1, {1: 3}) == (service.count("listWebhookEndpoints"), sends_per_endpoint(service))


async def test_a_run_without_endpoints_is_over_at_once() -> None:
    """Nothing is sent."""
    service, journal = Service(), MemoryJournal()
    assert () == await recorded_run(service, journal, 0)
    async with recorded_run(service, journal, 0) as run:
        assert [] == [outcome async for outcome in run]
    assert [] == service.requests


async def test_the_order_of_the_named_endpoints_does_not_matter() -> None:
    """The outcomes have the order of the first start."""
    service, journal = Service(), MemoryJournal()
    await recorded_run(service, journal, 20)
    again = await webhooks(service).send_tests(ORGANIZATION, reversed(ids_of(20)), journal=journal)
    assert ids_of(20) == [outcome.endpoint_id for outcome in again]


async def test_deliveries_of_other_workers_can_be_awaited() -> None:
    """Their handle belongs to the client that reads them."""
    service, journal = Service(takes=400.0), MemoryJournal()
    (outcome,) = await recorded_run(service, journal, 1)
    (again,) = await recorded_run(service, journal, 1)
    assert ("timed_out", "timed_out") == (outcome.state, again.state)
    assert again.pending is not None
    assert "succeeded" == (await again.pending.settled()).status


async def test_progress_counts_the_tests_of_all_workers() -> None:
    """With the number of workers, as of the last reply of the journal."""
    service, storage = Service(takes=1.0), MemoryStorage()
    runs = [recorded_run(service, MemoryJournal(storage), 400) for _ in range(2)]
    assert (None, 0) == (runs[0].progress().endpoints, runs[0].progress().workers)
    tasks = [asyncio.create_task(outcomes_of(run)) for run in runs]
    await asyncio.sleep(2.5)
    one, other = (run.progress() for run in runs)
    assert (400, 2, 400, 2) == (one.endpoints, one.workers, other.endpoints, other.workers)
    assert one.done > 100
    assert abs(one.done - other.done) < 50
    assert one.sending + one.pending > 0
    await asyncio.gather(*tasks)
    assert (400, 0.0) == (runs[0].progress().done, runs[0].progress().seconds_left)


async def test_results_hold_only_the_chunks_of_this_worker() -> None:
    """A chunk whose outcomes were all received is forgotten, so that memory does not grow with the run."""
    service, journal = Service(), MemoryJournal()
    most = 0
    async with recorded_run(service, journal, 1000, in_flight=50) as run:
        async for outcome in run:
            most = max(most, len(run.results))
            assert outcome.endpoint_id in run.results
    assert most <= 200


def waiting_results(run: TestRun) -> int:
    """Return the number of tests in progress."""
    return sum(not outcome.is_final for outcome in run.results.values())


async def test_a_cancelled_run_gives_back_its_chunks() -> None:
    """The next worker follows the accepted tests, and does not send them again."""
    service, storage = Service(takes=20.0), MemoryStorage()
    run = recorded_run(service, MemoryJournal(storage), 100)
    task = asyncio.create_task(outcomes_of(run))
    await asyncio.sleep(5.0)
    assert 100 == waiting_results(run)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert 0 == (await MemoryJournal(storage).runs())[0].workers
    sends = service.count(SEND)
    outcomes = await resumed(service, storage)
    assert {"succeeded": 100} == states(outcomes)
    assert (sends, {1: 100}) == (service.count(SEND), sends_per_endpoint(service))
    assert endpoint(0) == outcomes[0].endpoint_id


async def test_a_lost_response_is_reconciled_as_without_a_journal() -> None:
    """The second send of a test has its own record."""
    service, journal = Service(), MemoryJournal()
    lost: set[str] = set()

    def lose_once(request: Request, when: str) -> Response | None:
        if request.operation.id == SEND and when == "before" and request.url.path not in lost:
            lost.add(request.url.path)
            raise TransportError("lost", maybe_sent=True)
        return None

    service.fault = lose_once
    assert {"succeeded": 5} == states(await recorded_run(service, journal, 5))
    batches = b"".join([segment.batch async for segment in journal.read()])
    assert {1: 5} == sends_per_endpoint(service)
    assert 5 == batches.count(b",2]]")
