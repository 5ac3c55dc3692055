"""Many tests at once, on virtual time: what each outcome says, what it all costs, and that nothing is left."""

from __future__ import annotations

import asyncio
import gc
import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.delivery_service import ORGANIZATION, Service, endpoint, now, webhooks
from tests.support.virtual_time import run
from tripwire_async import AsyncTripwire, errors
from tripwire_async._http.messages import Response
from tripwire_async.errors import TransportError
from tripwire_async.testing import DeliveryOutcome, TripwireServer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tripwire_async._http.messages import Request
    from tripwire_async.deliveries.outcomes import TestOutcome
    from tripwire_async.deliveries.test_run import TestRun

pytestmark = pytest.mark.virtual_time

SEND = "sendTestWebhook"


def many(service: Service, count: int, **options: object) -> TestRun:
    """Return a run over so many endpoints."""
    ids = [endpoint(number) for number in range(count)]
    return webhooks(service).send_tests(ORGANIZATION, ids, **options)  # type: ignore[arg-type] - typed by the callers


def states(outcomes: Sequence[TestOutcome]) -> dict[str, int]:
    return dict(Counter(outcome.state for outcome in outcomes))


def nothing_is_left() -> None:
    assert {asyncio.current_task()} == asyncio.all_tasks()


def refuse(operation: str, status: int, *numbers: int) -> Callable[[Request, str], Response | None]:
    """Have *operation* refused with *status*, for some endpoints where they are given."""

    def spoil(request: Request, when: str) -> Response | None:
        wanted = not numbers or any(endpoint(number) in request.url.path for number in numbers)
        if request.operation.id != operation or not wanted:
            return None
        return Response(status, {}, b'{"error": {"code": "x", "message": "m", "status": 404, "request_id": "req_x"}}')

    return spoil


async def test_a_thousand_tests_keep_within_the_limit_and_cost_few_reads() -> None:
    """600 requests in a rolling minute, deliveries of 5 s: hardly a read, none of them refused, and hardly a wait.

    Some of the first 600 requests are reads, so more than 400 tests are left after the first minute. With 200 under way
    at once, some of those go ten seconds into the second at the soonest, and end at 75 s.
    """
    service = Service(limit=600, takes=5.0)
    outcomes = await many(service, 1000)
    assert {"succeeded": 1000} == states(outcomes)
    assert [endpoint(number) for number in range(1000)] == [outcome.endpoint_id for outcome in outcomes]
    assert len(service.requests) <= 1040
    assert [] == [name for name, moment in service.requests if moment in service.limits.refused and name != SEND]
    assert len(service.limits.refused) <= 1
    assert now() <= 1.02 * 75
    nothing_is_left()


@pytest.mark.parametrize("tick", [0.0, 1e-6])
@pytest.mark.parametrize("low", [0.2, 4.0])
def test_deliveries_that_take_different_times_cost_few_reads_too(low: float, tick: float) -> None:
    """The slower ones are not pushed off the page by those that are sent in the meantime."""

    async def main() -> None:
        service = Service(limit=600, takes=lambda number: low * (1 + number % 20 / 40))
        outcomes = await many(service, 1000)
        assert {"succeeded": 1000} == states(outcomes)
        assert len(service.requests) <= 1040
        assert service.count("retrieveEvent") <= 10
        assert now() <= 1.1 * 75

    run(main(), tick)


def test_the_same_run_makes_the_same_requests() -> None:
    """Nothing hangs on where in memory things are: only time makes a difference, and chance, which is seeded here."""

    async def main() -> list[tuple[str, float]]:
        random.seed(1)
        service = Service(takes=lambda number: 4 + number % 20 / 10)
        assert {"succeeded": 300} == states(await many(service, 300))
        return service.requests

    first = run(main())
    # They take the memory that the next run would have its things in.
    kept = [object() for _ in range(999)]
    assert first == run(main())
    assert 999 == len(kept)


@pytest.mark.parametrize(("takes", "seconds"), [(0.01, 1.9), (0.1, 2.0), (0.3, 3.0)])
async def test_quick_deliveries_are_read_as_soon_as_they_have_ended(takes: float, seconds: float) -> None:
    """Once the first 200 have told how quick they are nobody waits half a second for a read, or reads more often."""
    service = Service(takes=takes)
    assert {"succeeded": 1000} == states(await many(service, 1000))
    assert service.reads <= 6
    assert now() <= seconds


async def test_where_only_most_deliveries_are_quick_they_are_read_no_sooner() -> None:
    """A read that comes too early for some of them has to be followed by another."""
    service = Service(takes=lambda number: 0.05 + number % 12 / 20)
    assert {"succeeded": 600} == states(await many(service, 600))
    assert service.reads <= 4
    assert now() <= 3.1


async def test_where_sends_take_long_quick_deliveries_are_read_no_sooner() -> None:
    """They come one by one, and a read after each of them costs a place, of which there are few here."""
    service = Service(limit=10, window=1.0, takes=0.03, latency=(0.1, 0.3))
    assert {"succeeded": 600} == states(await many(service, 600))
    assert service.reads <= 140


async def test_outcomes_come_in_the_order_in_which_the_tests_end() -> None:
    """And each of them as soon as it is known."""
    service = Service(takes=lambda number: 13.0 - 3 * number)
    async with many(service, 4) as run:
        came = [(outcome.endpoint_id, now()) async for outcome in run]
    assert [one.endpoint_id for one in reversed(service.sent)] == [id_ for id_, _ in came]
    assert all(moment < 7 + 3 * number for number, (_, moment) in enumerate(came))
    nothing_is_left()


async def test_an_outcome_tells_where_the_time_went() -> None:
    """Before its turn, in the limiter, on the wire, and until it had settled."""
    service = Service(limit=10, window=20.0, takes=3.0, latency=(0.5, 0.5))
    first, *_, last = await many(service, 8, in_flight=4)
    assert first.timings.queued == 0.0
    assert last.timings.queued > 3.0
    assert first.timings.network_time == pytest.approx(0.5)
    assert 2.5 < first.timings.settling < 6
    assert (1, 1) == (first.attempts, len(first.request_ids))
    assert first.delivery is not None
    assert first.pending is not None
    assert (first.pending.event_id, "succeeded") == (first.delivery.event_id, first.delivery.status)
    assert sum(outcome.timings.rate_limit_wait for outcome in (first, last)) > 0
    assert 0.0 == first.timings.backoff_wait


async def test_without_names_all_active_endpoints_are_tested() -> None:
    """Those that are disabled are left alone."""
    service = Service(takes=1.0)
    service.add_endpoints(1, 2, 3)
    service.add_endpoints(4, status="disabled")
    run = webhooks(service).send_tests(ORGANIZATION)
    assert "<TestRun 0 of all done>" == repr(run)
    assert [endpoint(number) for number in (1, 2, 3)] == [outcome.endpoint_id for outcome in await run]
    assert "<TestRun 3 of 3 done>" == repr(run)


@pytest.mark.parametrize("given", [[], None])
async def test_an_empty_list_is_no_outcomes(given: list[str] | None) -> None:
    """Given, or because there is no endpoint; that is no error."""
    run = webhooks(Service()).send_tests(ORGANIZATION, given)
    assert () == await run
    assert 0.0 == (await run.plan()).seconds


@pytest.mark.parametrize(
    ("ids", "options", "named"),
    [
        ([endpoint(1), endpoint(2), endpoint(1)], {}, "twice"),
        (endpoint(1), {}, "put it in a list"),
        ([], {"until": "delivered"}, "until"),
        ([], {"in_flight": 0}, "in_flight"),
        ([], {"in_flight": True}, "in_flight"),
        ([], {"timeout": 0}, "timeout"),
        ([], {"timeout": float("nan")}, "timeout"),
    ],
)
async def test_arguments_that_cannot_work_are_refused_at_once(
    ids: object, options: dict[str, object], named: str
) -> None:
    """Before anything is sent; the same endpoint twice is more likely a slip than a wish."""
    with pytest.raises(ValueError, match=named):
        webhooks(Service()).send_tests(ORGANIZATION, ids, **options)  # type: ignore[arg-type] - wrong on purpose


async def test_one_that_is_refused_ends_none_of_the_others() -> None:
    """An endpoint of another organization is not found, and an id that is none is not sent."""
    service = Service(takes=1.0, spoil=refuse(SEND, 404, 1))
    outcomes = await webhooks(service).send_tests(ORGANIZATION, [endpoint(0), endpoint(1), "../x", endpoint(2)])
    assert ["succeeded", "refused", "refused", "succeeded"] == [outcome.state for outcome in outcomes]
    assert [errors.NotFoundError, ValueError] == [type(outcome.error) for outcome in outcomes[1:3]]
    assert ("req_x",) == outcomes[1].request_ids
    assert 0 == outcomes[2].attempts


@pytest.mark.parametrize("end", ["failed", "skipped"])
async def test_the_end_of_a_delivery_is_the_state(end: str) -> None:
    """A failure is one of the endpoint's, and a disabled endpoint is skipped: neither is an error."""
    [outcome] = await many(Service(takes=1.0, end=end), 1)
    assert (end, None) == (outcome.state, outcome.error)


async def test_a_key_that_may_not_read_sends_and_says_why_it_cannot_wait() -> None:
    """Every test is sent, and none is known to have arrived."""
    service = Service()
    read, page = refuse("retrieveEvent", 403), refuse("listEvents", 403)
    service.spoil = lambda request, when: read(request, when) or page(request, when)
    outcomes = await many(service, 20)
    assert ({"unknown": 20}, 20) == (states(outcomes), len(service.sent))
    assert {errors.PermissionDeniedError} == {type(outcome.error) for outcome in outcomes}
    assert all(outcome.pending is not None for outcome in outcomes)


async def test_endpoints_that_cannot_be_listed_are_an_error_of_the_run() -> None:
    """There is no endpoint that an outcome could be about."""
    service = Service(spoil=refuse("listWebhookEndpoints", 403))
    with pytest.raises(errors.PermissionDeniedError):
        await webhooks(service).send_tests(ORGANIZATION)
    nothing_is_left()


async def test_until_sent_asks_for_no_end() -> None:
    """Nothing is read; the state is ``sent``, without an error, and the handle can be awaited."""
    service = Service(takes=1.0)
    outcomes = await many(service, 50, until="sent")
    assert (0, {"sent": 50}) == (service.reads, states(outcomes))
    assert outcomes[0].error is None
    assert outcomes[0].pending is not None
    assert "succeeded" == (await outcomes[0].pending.settled()).status


async def test_a_bug_in_a_middleware_is_the_outcome_of_that_one_test() -> None:
    """It may raise anything, in the send or in the wait."""

    def spoil(request: Request, when: str) -> Response | None:
        if endpoint(1) in request.url.path:
            raise ZeroDivisionError
        return None

    outcomes = await many(Service(takes=1.0, spoil=spoil), 4)
    assert ["succeeded", "unknown", "succeeded", "succeeded"] == [outcome.state for outcome in outcomes]
    assert isinstance(outcomes[1].error, ZeroDivisionError)


async def test_a_bug_after_the_send_does_not_say_that_nothing_was_sent() -> None:
    """Whatever it raises; the same from an argument that cannot be sent says so."""

    def spoil(request: Request, when: str) -> Response | None:
        if request.operation.id == SEND and when == "after":
            raise ValueError
        return None

    outcomes = await webhooks(Service(spoil=spoil)).send_tests(ORGANIZATION, [endpoint(1), "../x"])
    assert ["unknown", "refused"] == [outcome.state for outcome in outcomes]


async def test_what_was_certainly_not_sent_is_refused_and_what_may_have_been_unknown() -> None:
    """Without a connection nothing is sent; after a lost answer that leaves no trace nobody can say."""

    def spoil(request: Request, when: str) -> Response | None:
        if endpoint(1) in request.url.path:
            raise TransportError("no connection", maybe_sent=False)
        if endpoint(2) in request.url.path:
            raise TransportError("lost", maybe_sent=True)
        if endpoint(3) in request.url.path:
            return Response(202, {}, b"?")
        if endpoint(4) in request.url.path:
            return Response(502, {}, b"bad gateway")
        return None

    _, *outcomes = await many(Service(takes=1.0, spoil=spoil), 5)
    assert ["refused", "unknown", "unknown", "unknown"] == [outcome.state for outcome in outcomes]
    assert isinstance(outcomes[2].error, errors.ResponseDecodeError)
    # Sends without a connection are retried for a minute, as others reach the service. Three responses were lost.
    assert [3, 1, 1] == [outcome.attempts for outcome in outcomes[1:]]
    assert outcomes[0].attempts >= 4
    assert 60.0 <= now() <= 75.0


async def test_a_run_ends_when_its_time_is_up() -> None:
    """What was sent has timed out with its handle, and what was not begun with an error that says so."""
    service = Service(takes=100.0)
    outcomes = await many(service, 300, timeout=8.0)
    assert ({"timed_out": 300}, True) == (states(outcomes), now() <= 9.0)
    assert 200 == len(service.sent)
    sent = [outcome for outcome in outcomes if outcome.pending is not None]
    assert {errors.DeliveryTimeoutError} == {type(outcome.error) for outcome in sent}
    assert {errors.RequestTimeoutError} == {type(outcome.error) for outcome in outcomes if outcome.pending is None}
    nothing_is_left()


async def test_a_server_that_stops_answering_holds_no_run() -> None:
    """Half-way, for good: the run ends within a second of its time, and every endpoint has its outcome."""
    service = Service(takes=1.0, limit=100, window=10.0)
    run = many(service, 200, timeout=30.0)
    waiting = asyncio.create_task(_all(run))
    await asyncio.sleep(12.0)
    service.limits.latency = (1e6, 1e6)
    outcomes = await waiting
    assert now() <= 31.0
    assert {"succeeded", "timed_out"} == set(states(outcomes))
    nothing_is_left()


async def test_a_middleware_that_knows_no_deadline_holds_no_run() -> None:
    """Half a second after its time what is still under way is cancelled."""

    async def sleepy(request: Request, call_next: Callable[[Request], object]) -> Response:
        await asyncio.sleep(1000)
        raise AssertionError

    ids = [endpoint(number) for number in range(5)]
    run = webhooks(Service(), sleepy).send_tests(ORGANIZATION, ids, in_flight=3, timeout=10.0)
    outcomes = await run
    assert ({"timed_out": 5}, 10.5) == (states(outcomes), now())
    assert {errors.RequestTimeoutError} == {type(outcome.error) for outcome in outcomes}
    assert [True] * 3 + [False] * 2 == [getattr(outcome.error, "maybe_sent", None) for outcome in outcomes]


async def test_a_wait_that_knows_no_deadline_holds_no_run() -> None:
    """The same when the tests were accepted and it is the reads that hang."""
    service = Service()

    async def sleepy(request: Request, call_next: Callable[[Request], object]) -> Response:
        if request.operation.id != SEND:
            await asyncio.sleep(1000)
        return await service(request)

    run = webhooks(service, sleepy).send_tests(ORGANIZATION, [endpoint(number) for number in range(2)], timeout=10.0)
    outcomes = await run
    assert ({"timed_out": 2}, True) == (states(outcomes), now() <= 11.0)
    assert {errors.DeliveryTimeoutError} == {type(outcome.error) for outcome in outcomes}


async def test_a_clock_that_jumps_ends_in_outcomes() -> None:
    """The machine slept for a day: whatever was waited for has timed out."""
    service = Service(takes=5.0)
    run = many(service, 50, timeout=100.0)
    waiting = asyncio.create_task(_all(run))
    await asyncio.sleep(2.0)
    asyncio.get_running_loop()._jumping.now += 86_400.0  # type: ignore[attr-defined] - the loop of these tests
    outcomes = await waiting
    assert set(states(outcomes)) <= {"timed_out", "succeeded"}
    assert now() < 86_410
    nothing_is_left()


async def test_a_limit_that_shrinks_in_mid_run_makes_it_slower_and_nothing_else() -> None:
    """Refusals are waited out by everybody."""
    service = Service(limit=200, window=10.0, takes=1.0)
    waiting = asyncio.create_task(_all(many(service, 400)))
    await asyncio.sleep(5.0)
    service.limits.limit = 40
    outcomes = await waiting
    assert {"succeeded": 400} == states(outcomes)
    assert len(service.limits.refused) <= 10


async def test_deliveries_that_never_end_keep_no_others_from_being_tested() -> None:
    """They give up their places after a while; without that, 200 of them would stop the run for minutes."""
    service = Service(takes=lambda number: 1e9 if number < 200 else 1.0)
    outcomes = await many(service, 600, timeout=60.0)
    assert {"timed_out": 200, "succeeded": 400} == states(outcomes)
    assert len(service.requests) < 600 + 60 * 10
    nothing_is_left()


async def test_reads_that_the_limit_holds_back_make_no_delivery_slow() -> None:
    """Nothing is known against it; its place stays its own."""
    service = Service(limit=100, window=60.0, takes=5.0)
    run = many(service, 150, in_flight=50)
    waiting = asyncio.create_task(_all(run))
    while not waiting.done():
        progress = run.progress()
        assert progress.sending + progress.pending <= 50
        await asyncio.sleep(1)
    assert {"succeeded": 150} == states(await waiting)


async def test_leaving_early_ends_everything_before_the_block_is_left() -> None:
    """And what is known stays known: outcomes, and handles of what was under way."""
    service = Service(takes=lambda number: 1.0 + number)
    async with many(service, 50, in_flight=20) as run:
        async for outcome in run:
            assert outcome.state == "succeeded"
            break
    nothing_is_left()
    sent = len(service.sent)
    await asyncio.sleep(100)
    assert sent == len(service.sent)
    results = run.results
    assert ["succeeded"] + ["unknown"] * 19 == [results[endpoint(number)].state for number in range(20)]
    assert results[endpoint(5)].pending is not None
    assert len(results) <= 21


async def test_leaving_the_block_closes_a_walk_that_was_kept() -> None:
    """And where it is just being gone through in another task, that one ends as well."""
    async with many(Service(takes=lambda number: 1.0 + number), 5) as run:
        walk = aiter(run)
        await anext(walk)
    nothing_is_left()
    with pytest.raises(StopAsyncIteration):
        await anext(walk)
    async with many(Service(), 5) as run:
        waiting = asyncio.create_task(_all(run))
        await asyncio.sleep(1)
    assert {"unknown": 0} | states(await waiting) == {"unknown": 5}
    nothing_is_left()


async def test_iterating_without_a_block_is_an_error_before_anything_is_sent() -> None:
    """Nothing would end the tests after a ``break``; the message says what to write instead."""
    service = Service()
    run = many(service, 50)
    with pytest.raises(RuntimeError, match=r"`async with send_tests\(…\) as run: async for outcome in run`"):
        async for _ in run:
            pass
    await asyncio.sleep(10)
    assert [] == service.requests
    nothing_is_left()
    assert {"succeeded": 50} == states(await run)


async def test_an_error_in_the_loop_ends_everything() -> None:
    """It is the user's own and comes through."""

    async def walk() -> None:
        async with many(Service(), 50) as run:
            async for _ in run:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await walk()
    nothing_is_left()


@pytest.mark.parametrize("moment", [0.01, 0.3, 2.0, 5.3])
async def test_a_cancelled_run_leaves_nothing(moment: float) -> None:
    """Whenever it comes, the cancellation goes through once all workers have ended."""
    run = many(Service(limit=60, window=10.0), 100)
    waiting = asyncio.create_task(_all(run))
    await asyncio.sleep(moment)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    nothing_is_left()


async def test_a_task_group_around_a_run_behaves() -> None:
    """When a sibling fails, the run is cancelled with the group and nothing is left."""
    run = many(Service(), 100)

    async def fail() -> None:
        await asyncio.sleep(1)
        raise ZeroDivisionError

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(_all(run))
            group.create_task(fail())

    with pytest.raises(ExceptionGroup) as caught:
        await both()
    assert [ZeroDivisionError] == [type(one) for one in caught.value.exceptions]
    nothing_is_left()


async def test_a_run_that_is_over_gives_the_same_outcomes_and_sends_nothing() -> None:
    """One object is one run, awaited or walked through as often as you like."""
    service = Service(takes=1.0)
    run = many(service, 5)
    outcomes = await run
    assert outcomes == await run
    assert set(outcomes) == {outcome async for outcome in run}
    assert 5 == service.count(SEND)


async def test_two_cannot_walk_through_one_run_at_once() -> None:
    """Each would get a part of the outcomes."""
    run = many(Service(), 5)
    waiting = asyncio.create_task(_all(run))
    await asyncio.sleep(0.1)
    with pytest.raises(RuntimeError, match="under way"):
        await run
    assert {"succeeded": 5} == states(await waiting)


async def test_a_run_that_was_left_before_it_began_sends_nothing() -> None:
    """Not even when it is awaited afterwards."""
    service = Service()
    async with many(service, 5) as run:
        pass
    assert () == await run
    assert 0 == len(service.requests)


async def test_a_block_that_is_left_while_the_endpoints_are_listed_begins_nothing() -> None:
    """Whoever goes through the run in another task finds it at its end."""
    service = Service()
    service.add_endpoints(1, 2, 3)
    async with webhooks(service).send_tests(ORGANIZATION) as run:
        waiting = asyncio.create_task(_all(run))
        await asyncio.sleep(0.01)
    assert () == await waiting
    assert 0 == service.count(SEND)
    nothing_is_left()


async def test_a_run_whose_endpoints_could_not_be_listed_can_be_begun_again() -> None:
    """Nothing was sent yet; to say that there are no outcomes would be a lie."""
    service = Service(spoil=refuse("listWebhookEndpoints", 404), takes=1.0)
    service.add_endpoints(1, 2, 3)
    run = webhooks(service).send_tests(ORGANIZATION)
    with pytest.raises(errors.NotFoundError):
        await run
    with pytest.raises(errors.NotFoundError):
        await run
    service.spoil = lambda request, when: None
    assert {"succeeded": 3} == states(await run)


class _Alarm(BaseException):
    """What is no Exception."""


def raising(error: BaseException, operation: str, number: int) -> Callable[[Request, str], Response | None]:
    """Raise *error* instead of one answer of *operation*."""
    count = 0

    def spoil(request: Request, when: str) -> Response | None:
        nonlocal count
        count += request.operation.id == operation and when == "before"
        if count == number and request.operation.id == operation:
            raise error
        return None

    return spoil


@pytest.mark.parametrize("operation", [SEND, "listEvents"])
async def test_a_cancellation_from_within_is_one_outcome_and_ends_no_other(operation: str) -> None:
    """A middleware that raises CancelledError has cancelled nobody."""
    service = Service(takes=1.0, spoil=raising(asyncio.CancelledError(), operation, 1))
    async with many(service, 10, in_flight=1 if operation == SEND else 10) as run:
        outcomes = [outcome async for outcome in run]
    assert {"succeeded": 9, "unknown": 1} == states(outcomes)
    (unknown,) = (outcome for outcome in outcomes if outcome.state == "unknown")
    assert "raised CancelledError although it was not cancelled" in str(unknown.error)
    nothing_is_left()


@pytest.mark.parametrize("operation", [SEND, "listEvents"])
@pytest.mark.parametrize("error", [_Alarm(), GeneratorExit()])
async def test_what_is_no_exception_ends_the_run_and_is_raised(operation: str, error: BaseException) -> None:
    """It is not a test's affair, and whoever raised it wants it to be seen; nobody else's task has it unseen."""
    troubles: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, trouble: troubles.append(trouble))
    run = many(Service(takes=1.0, spoil=raising(error, operation, 1)), 10, in_flight=3)
    with pytest.raises(type(error)):
        await run
    nothing_is_left()
    gc.collect()
    assert [] == troubles
    assert 3 <= len(run.results) < 10


async def test_a_worker_that_an_outsider_cancels_ends_the_run_as_if_it_had_been_cancelled() -> None:
    """No endpoint is lost in silence."""
    waiting = asyncio.create_task(_all(many(Service(), 10)))
    await asyncio.sleep(1.0)
    (asyncio.all_tasks() - {waiting, asyncio.current_task()}).pop().cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    nothing_is_left()


async def test_a_plan_is_made_of_one_request_at_the_most() -> None:
    """It lists the endpoints, which the run need not do again."""
    service = Service(takes=1.0)
    service.add_endpoints(1, 2, 3)
    run = webhooks(service).send_tests(ORGANIZATION)
    plan = await run.plan()
    assert (3, 8, 1) == (plan.endpoints, plan.requests, len(service.requests))
    await run
    assert 1 == service.count("listWebhookEndpoints")
    planned = await webhooks(service).send_tests(ORGANIZATION, [endpoint(1)], until="sent").plan()
    assert (1, 1) == (planned.endpoints, planned.requests)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whatever_goes_wrong_every_endpoint_has_its_outcome(seed: int) -> None:
    """Random losses, refusals and limits: each endpoint once, each webhook known, in time, and nothing left."""

    async def main() -> None:
        chance = random.Random(seed)  # noqa: S311 - what goes wrong, no secret
        service = Service(limit=chance.choice([30, 100, 1000]), window=5.0, takes=lambda _: chance.uniform(0, 8))

        def spoil(request: Request, when: str) -> Response | None:
            dice = chance.random()
            if dice < 0.03:
                raise TransportError("lost", maybe_sent=True)
            if dice < 0.05:
                return Response(chance.choice([404, 500, 502, 200]), {}, b"?")
            return None

        service.spoil = spoil
        outcomes = await many(service, 150, in_flight=chance.choice([5, 50, 200]), timeout=40.0)
        assert [endpoint(number) for number in range(150)] == [outcome.endpoint_id for outcome in outcomes]
        assert now() <= 41.0
        for outcome in outcomes:
            assert (outcome.error is None) == (outcome.state in {"succeeded", "failed", "skipped"})
        nothing_is_left()

    run(main())


async def _all(run: TestRun) -> tuple[TestOutcome, ...]:
    return await run


@pytest.mark.serial
def test_300_sends_at_60_in_2_seconds_over_the_wire() -> None:
    """The real server, limit, sockets and time: every test succeeds, and hardly a request is refused."""

    async def main() -> float:
        async with (
            TripwireServer(limit=60, window=2.0) as server,
            AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
        ):
            server.set_outcome(DeliveryOutcome("succeeded", after=0.1))
            ids = [server.add_endpoint("https://example.com/hook").id for _ in range(300)]
            began = asyncio.get_running_loop().time()
            outcomes = await tripwire.webhooks.send_tests(server.organization_id, ids, timeout=60)
            assert {"succeeded": 300} == states(outcomes)
            assert 300 == len(server.deliveries)
            assert len(server.requests) <= 330
            assert server.rate_limited <= 3
            return asyncio.get_running_loop().time() - began

    # 300 requests have gone by the tenth second, and only a further one tells of the last tests. What it takes where
    # nothing else runs, bench_fan_out prints.
    assert asyncio.run(main()) <= 1.3 * 10
