"""Endings of a run: its timeout, leaving its block, cancellations and errors, on virtual time."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import pytest

from tests.support.delivery_service import ORGANIZATION, Service, endpoint, now, webhooks
from tests.support.runs import SEND, assert_no_task_left, outcomes_of, reject, run_of, states
from tests.support.virtual_time import virtual_loop
from tripwire_async import errors
from tripwire_async.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._http.messages import Request, Response

pytestmark = pytest.mark.virtual_time


async def test_a_run_ends_when_its_time_is_up() -> None:
    """Sent tests time out with their handle, and the others with an error that states that nothing was sent."""
    service = Service(takes=100.0)
    outcomes = await run_of(service, 300, timeout=8.0)
    assert ({"timed_out": 300}, True) == (states(outcomes), now() <= 9.0)
    assert 200 == len(service.sent)
    sent = [outcome for outcome in outcomes if outcome.pending is not None]
    assert {errors.DeliveryTimeoutError} == {type(outcome.error) for outcome in sent}
    assert {errors.RequestTimeoutError} == {type(outcome.error) for outcome in outcomes if outcome.pending is None}
    assert_no_task_left()


async def test_a_test_that_is_accepted_shortly_before_the_end_is_not_awaited_beyond_it() -> None:
    """It has what the run has left."""
    service = Service(takes=100.0)

    async def late(request: Request, call_next: Callable[[Request], object]) -> Response:
        if request.operation.id == SEND and endpoint(1) in request.url.path:
            await asyncio.sleep(7.5)
        return await service(request)

    ids = [endpoint(number) for number in range(2)]
    outcomes = await webhooks(service, late).send_tests(ORGANIZATION, ids, timeout=8.0)
    assert {errors.DeliveryTimeoutError} == {type(outcome.error) for outcome in outcomes}
    assert (2, 8.0) == (len(service.sent), now())


async def test_a_run_ends_although_the_server_stops_responding() -> None:
    """Within a second of its time, and with an outcome for every endpoint."""
    service = Service(takes=1.0, limit=100, window=10.0)
    run = run_of(service, 200, timeout=30.0)
    waiting = asyncio.create_task(outcomes_of(run))
    await asyncio.sleep(12.0)
    service.limits.latency = (1e6, 1e6)
    outcomes = await waiting
    assert now() <= 31.0
    assert {"succeeded", "timed_out"} == set(states(outcomes))
    assert_no_task_left()


async def test_a_run_ends_although_a_middleware_ignores_deadlines() -> None:
    """Half a second after its time, tests in progress are cancelled."""

    async def sleepy(request: Request, call_next: Callable[[Request], object]) -> Response:
        await asyncio.sleep(1000)
        raise AssertionError

    ids = [endpoint(number) for number in range(5)]
    run = webhooks(Service(), sleepy).send_tests(ORGANIZATION, ids, in_flight=3, timeout=10.0)
    outcomes = await run
    assert ({"timed_out": 5}, 10.5) == (states(outcomes), now())
    assert {errors.RequestTimeoutError} == {type(outcome.error) for outcome in outcomes}
    assert [True] * 3 + [False] * 2 == [getattr(outcome.error, "maybe_sent", None) for outcome in outcomes]


async def test_a_run_ends_although_a_middleware_ignores_the_deadlines_of_reads() -> None:
    """The tests were accepted, and time out with their handle."""
    service = Service()

    async def sleepy(request: Request, call_next: Callable[[Request], object]) -> Response:
        if request.operation.id != SEND:
            await asyncio.sleep(1000)
        return await service(request)

    run = webhooks(service, sleepy).send_tests(ORGANIZATION, [endpoint(number) for number in range(2)], timeout=10.0)
    outcomes = await run
    assert ({"timed_out": 2}, True) == (states(outcomes), now() <= 11.0)
    assert {errors.DeliveryTimeoutError} == {type(outcome.error) for outcome in outcomes}


async def test_a_short_run_ends_while_the_endpoints_are_listed() -> None:
    """The time of the run is the deadline of the list as well."""
    with pytest.raises(errors.RequestTimeoutError):
        await webhooks(Service(latency=(5.0, 5.0))).send_tests(ORGANIZATION, timeout=0.5)
    assert 0.5 == now()


async def test_a_run_ends_although_a_middleware_ignores_the_deadline_of_the_list() -> None:
    """Nothing was sent, so the error is that of the run, which can be started again."""
    service = Service(takes=1.0)
    service.add_endpoints(1, 2)
    delay = 1000.0

    async def sleepy(request: Request, call_next: Callable[[Request], object]) -> Response:
        if request.operation.id == "listWebhookEndpoints":
            await asyncio.sleep(delay)
        return await service(request)

    run = webhooks(service, sleepy).send_tests(ORGANIZATION, timeout=10.0)
    with pytest.raises(errors.RequestTimeoutError, match="before the endpoints were listed; nothing was sent"):
        await run
    assert 10.5 == now()
    delay = 0.0
    assert {"succeeded": 2} == states(await run)


async def test_a_slow_delivery_is_not_replaced_while_the_run_ends() -> None:
    """A middleware that loses the cancellation of a read keeps the test in progress for a while."""
    service = Service(takes=1e9)
    reports: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report))

    async def lossy(request: Request, call_next: Callable[[Request], object]) -> Response:
        if request.operation.id != SEND and now() > 6.0:
            waiting = asyncio.ensure_future(asyncio.sleep(20.0 - now()))
            try:
                await asyncio.shield(waiting)
            except asyncio.CancelledError:
                await waiting
        return await service(request)

    ids = [endpoint(number) for number in range(3)]
    waiting = asyncio.create_task(outcomes_of(webhooks(service, lossy).send_tests(ORGANIZATION, ids, in_flight=1)))
    await asyncio.sleep(9.0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert now() >= 20.0
    assert ([], 1) == (reports, len(service.sent))
    assert_no_task_left()


async def test_a_clock_that_jumps_ends_the_run_with_outcomes() -> None:
    """The machine was suspended for a day: all waits have timed out."""
    service = Service(takes=5.0)
    run = run_of(service, 50, timeout=100.0)
    waiting = asyncio.create_task(outcomes_of(run))
    await asyncio.sleep(2.0)
    virtual_loop().advance(86_400.0)
    outcomes = await waiting
    assert set(states(outcomes)) <= {"timed_out", "succeeded"}
    assert now() < 86_410
    assert_no_task_left()


async def test_leaving_early_ends_all_tests_before_the_block_is_left() -> None:
    """The results keep the outcomes, and the handles of tests in progress."""
    service = Service(takes=lambda number: 1.0 + number)
    async with run_of(service, 50, in_flight=20) as run:
        async for outcome in run:
            assert outcome.state == "succeeded"
            break
    assert_no_task_left()
    sent = len(service.sent)
    await asyncio.sleep(100)
    assert sent == len(service.sent)
    results = run.results
    assert ["succeeded"] + ["unknown"] * 19 == [results[endpoint(number)].state for number in range(20)]
    assert results[endpoint(5)].pending is not None
    assert len(results) <= 21


async def test_leaving_the_block_ends_an_iteration_that_was_kept() -> None:
    """An iteration or a wait in another task ends as well."""
    async with run_of(Service(takes=lambda number: 1.0 + number), 5) as run:
        walk = aiter(run)
        await anext(walk)
    assert_no_task_left()
    with pytest.raises(StopAsyncIteration):
        await anext(walk)
    async with run_of(Service(), 5) as run:
        waiting = asyncio.create_task(outcomes_of(run))
        await asyncio.sleep(1)
    assert {"unknown": 0} | states(await waiting) == {"unknown": 5}
    assert_no_task_left()


async def test_iterating_without_a_block_is_an_error_before_anything_is_sent() -> None:
    """Nothing would end the tests after a ``break``. The message names the two ways that work."""
    service = Service()
    run = run_of(service, 50)
    with pytest.raises(RuntimeError, match=r"`async with send_tests\(…\) as run: async for outcome in run`"):
        async for _ in run:
            pass
    await asyncio.sleep(10)
    assert [] == service.requests
    assert_no_task_left()
    assert {"succeeded": 50} == states(await run)


async def test_an_error_in_the_body_of_the_loop_ends_all_tests() -> None:
    """It is the user's own error, and is raised unchanged."""

    async def walk() -> None:
        async with run_of(Service(), 50) as run:
            async for _ in run:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await walk()
    assert_no_task_left()


@pytest.mark.parametrize("time", [0.01, 0.3, 2.0, 5.3])
async def test_a_cancelled_run_leaves_nothing(time: float) -> None:
    """The cancellation is raised once all tests have ended."""
    run = run_of(Service(limit=60, window=10.0), 100)
    waiting = asyncio.create_task(outcomes_of(run))
    await asyncio.sleep(time)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert_no_task_left()


async def test_a_middleware_that_loses_a_cancellation_does_not_continue_the_run() -> None:
    """The test in progress may end, and no worker starts another one."""
    service = Service(takes=1.0)

    async def lossy(request: Request, call_next: Callable[[Request], object]) -> Response:
        response = asyncio.ensure_future(service(request))
        try:
            return await asyncio.shield(response)
        except asyncio.CancelledError:
            return await response

    ids = [endpoint(number) for number in range(20)]
    waiting = asyncio.create_task(outcomes_of(webhooks(service, lossy).send_tests(ORGANIZATION, ids, in_flight=3)))
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert 3 == len(service.sent)


async def test_a_task_group_can_contain_a_run() -> None:
    """If a sibling fails, the run is cancelled with the group, and no task is left."""
    run = run_of(Service(), 100)

    async def fail() -> None:
        await asyncio.sleep(1)
        raise ZeroDivisionError

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(outcomes_of(run))
            group.create_task(fail())

    with pytest.raises(ExceptionGroup) as caught:
        await both()
    assert [ZeroDivisionError] == [type(one) for one in caught.value.exceptions]
    assert_no_task_left()


async def test_a_run_that_has_ended_gives_the_same_outcomes_and_sends_nothing() -> None:
    """It can be awaited or iterated any number of times."""
    service = Service(takes=1.0)
    run = run_of(service, 5)
    outcomes = await run
    assert outcomes == await run
    assert set(outcomes) == {outcome async for outcome in run}
    assert 5 == service.count(SEND)


async def test_a_run_cannot_be_awaited_twice_at_once() -> None:
    """A cancellation of one task would end the tests for the other."""
    run = run_of(Service(), 5)
    waiting = asyncio.create_task(outcomes_of(run))
    await asyncio.sleep(0.1)
    with pytest.raises(RuntimeError, match="under way"):
        await run
    assert {"succeeded": 5} == states(await waiting)


async def test_a_run_that_was_left_before_it_started_sends_nothing() -> None:
    """Not even if it is awaited later, whether or not its endpoints were named."""
    service = Service()
    service.add_endpoints(1, 2)
    for run in (run_of(service, 5), webhooks(service).send_tests(ORGANIZATION)):
        async with run:
            pass
        assert () == await run
    assert 0 == len(service.requests)


async def test_a_block_that_is_left_while_the_endpoints_are_listed_sends_nothing() -> None:
    """A task that waits for the run ends without outcomes."""
    service = Service()
    service.add_endpoints(1, 2, 3)
    async with webhooks(service).send_tests(ORGANIZATION) as run:
        waiting = asyncio.create_task(outcomes_of(run))
        await asyncio.sleep(0.01)
    assert () == await waiting
    assert 0 == service.count(SEND)
    assert_no_task_left()


async def test_a_run_whose_endpoints_could_not_be_listed_can_be_started_again() -> None:
    """Nothing was sent, so an empty result would be wrong."""
    service = Service(fault=reject("listWebhookEndpoints", 404), takes=1.0)
    service.add_endpoints(1, 2, 3)
    run = webhooks(service).send_tests(ORGANIZATION)
    with pytest.raises(errors.NotFoundError):
        await run
    with pytest.raises(errors.NotFoundError):
        await run
    service.fault = lambda request, when: None
    assert {"succeeded": 3} == states(await run)


class _NoException(BaseException):
    """Error that is not an Exception."""


def raising(error: BaseException, operation: str, number: int) -> Callable[[Request, str], Response | None]:
    """Raise *error* in place of one response of *operation*."""
    count = 0

    def fail(request: Request, when: str) -> Response | None:
        nonlocal count
        count += request.operation.id == operation and when == "before"
        if count == number and request.operation.id == operation:
            raise error
        return None

    return fail


@pytest.mark.parametrize("operation", [SEND, "listEvents"])
async def test_a_cancelled_error_raised_by_a_middleware_is_one_outcome(operation: str) -> None:
    """It does not cancel the run or another test."""
    service = Service(takes=1.0, fault=raising(asyncio.CancelledError(), operation, 1))
    async with run_of(service, 10, in_flight=1 if operation == SEND else 10) as run:
        outcomes = [outcome async for outcome in run]
    assert {"succeeded": 9, "unknown": 1} == states(outcomes)
    (unknown,) = (outcome for outcome in outcomes if outcome.state == "unknown")
    assert "raised CancelledError although it was not cancelled" in str(unknown.error)
    assert isinstance(unknown.error, TransportError)
    assert unknown.error.maybe_sent
    assert_no_task_left()


@pytest.mark.parametrize("operation", [SEND, "listEvents"])
@pytest.mark.parametrize("error", [_NoException(), GeneratorExit()])
async def test_an_error_that_is_not_an_exception_ends_the_run(operation: str, error: BaseException) -> None:
    """It is not an outcome of a test, and the loop reports nothing."""
    reports: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report))
    run = run_of(Service(takes=1.0, fault=raising(error, operation, 1)), 10, in_flight=3)
    with pytest.raises(type(error)):
        await run
    assert_no_task_left()
    gc.collect()
    assert [] == reports
    assert 3 <= len(run.results) < 10


async def test_a_worker_that_other_code_cancels_ends_the_run_as_cancelled() -> None:
    """No endpoint is lost silently."""
    waiting = asyncio.create_task(outcomes_of(run_of(Service(), 10)))
    await asyncio.sleep(1.0)
    (asyncio.all_tasks() - {waiting, asyncio.current_task()}).pop().cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert_no_task_left()
