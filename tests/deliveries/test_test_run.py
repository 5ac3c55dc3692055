"""Outcomes of a run, on virtual time."""

from __future__ import annotations

import asyncio
import random
import traceback
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.delivery_service import ORGANIZATION, Service, endpoint, now, webhooks
from tests.support.runs import SEND, assert_no_task_left, reject, run_of, states
from tests.support.virtual_time import run
from tripwire_async import AsyncTripwire, errors
from tripwire_async._http.messages import Response
from tripwire_async.errors import TransportError
from tripwire_async.testing import DeliveryOutcome, TripwireServer

if TYPE_CHECKING:
    from tripwire_async._http.messages import Request

pytestmark = pytest.mark.virtual_time


async def test_outcomes_come_in_the_order_in_which_the_tests_end() -> None:
    """Each outcome comes as soon as it is known."""
    service = Service(takes=lambda number: 13.0 - 3 * number)
    async with run_of(service, 4) as run:
        came = [(outcome.endpoint_id, now()) async for outcome in run]
    assert [one.endpoint_id for one in reversed(service.sent)] == [id_ for id_, _ in came]
    assert all(time < 7 + 3 * number for number, (_, time) in enumerate(came))
    assert_no_task_left()


async def test_an_outcome_has_the_duration_of_each_phase() -> None:
    """The queue, the rate limit, the network, and the delivery."""
    await asyncio.sleep(100.0)
    service = Service(limit=10, window=20.0, takes=3.0, latency=(0.5, 0.5))
    first, *_, last = await run_of(service, 8, in_flight=4)
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


async def test_without_ids_all_active_endpoints_are_tested() -> None:
    """Disabled endpoints are left out."""
    service = Service(takes=1.0)
    service.add_endpoints(1, 2, 3)
    service.add_endpoints(4, status="disabled")
    run = webhooks(service).send_tests(ORGANIZATION)
    assert "<TestRun 0 of all done>" == repr(run)
    assert [endpoint(number) for number in (1, 2, 3)] == [outcome.endpoint_id for outcome in await run]
    assert "<TestRun 3 of 3 done>" == repr(run)


@pytest.mark.parametrize("given", [[], None])
async def test_an_empty_list_gives_no_outcomes(given: list[str] | None) -> None:
    """An empty list of ids, or an organization without endpoints, is not an error."""
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
        ([], {"timeout": float("inf")}, "timeout"),
        ([], {"timeout": float("nan")}, "timeout"),
    ],
)
async def test_invalid_arguments_are_rejected_before_anything_is_sent(
    ids: object, options: dict[str, object], named: str
) -> None:
    """An endpoint that occurs twice is more likely a mistake than an intention."""
    with pytest.raises(ValueError, match=named):
        webhooks(Service()).send_tests(ORGANIZATION, ids, **options)  # type: ignore[arg-type] - wrong on purpose


async def test_a_refused_test_does_not_affect_the_others() -> None:
    """An endpoint of another organization is not found, and a malformed id is not sent."""
    service = Service(takes=1.0, fault=reject(SEND, 404, 1))
    outcomes = await webhooks(service).send_tests(ORGANIZATION, [endpoint(0), endpoint(1), "../x", endpoint(2)])
    assert ["succeeded", "refused", "refused", "succeeded"] == [outcome.state for outcome in outcomes]
    assert [errors.NotFoundError, ValueError] == [type(outcome.error) for outcome in outcomes[1:3]]
    assert ("req_x",) == outcomes[1].request_ids
    assert 0 == outcomes[2].attempts


@pytest.mark.parametrize("end", ["failed", "skipped"])
async def test_the_final_status_of_a_delivery_is_the_state(end: str) -> None:
    """A delivery that failed or was skipped is not an error of the test."""
    [outcome] = await run_of(Service(takes=1.0, end=end), 1)
    assert (end, None) == (outcome.state, outcome.error)


async def test_a_key_without_the_scope_to_read_sends_all_tests() -> None:
    """All outcomes are unknown, with the rejection of the reads as their error."""
    service = Service()
    read, page = reject("retrieveEvent", 403), reject("listEvents", 403)
    service.fault = lambda request, when: read(request, when) or page(request, when)
    outcomes = await run_of(service, 20)
    assert ({"unknown": 20}, 20) == (states(outcomes), len(service.sent))
    assert {errors.PermissionDeniedError} == {type(outcome.error) for outcome in outcomes}
    assert all(outcome.pending is not None for outcome in outcomes)


async def test_an_error_of_listing_the_endpoints_is_an_error_of_the_run() -> None:
    """There is no endpoint that an outcome could belong to."""
    service = Service(fault=reject("listWebhookEndpoints", 403))
    with pytest.raises(errors.PermissionDeniedError):
        await webhooks(service).send_tests(ORGANIZATION)
    assert_no_task_left()


async def test_until_sent_reads_nothing() -> None:
    """The state is ``sent``, without an error, and the handle can be awaited."""
    service = Service(takes=1.0)
    outcomes = await run_of(service, 50, until="sent")
    assert (0, {"sent": 50}) == (service.reads, states(outcomes))
    assert outcomes[0].error is None
    assert outcomes[0].pending is not None
    assert "succeeded" == (await outcomes[0].pending.settled()).status


async def test_a_bug_in_a_middleware_is_the_outcome_of_one_test() -> None:
    """A middleware may raise any error, in the send or in the wait."""

    def fail(request: Request, when: str) -> Response | None:
        if endpoint(1) in request.url.path:
            raise ZeroDivisionError
        return None

    outcomes = await run_of(Service(takes=1.0, fault=fail), 4)
    assert ["succeeded", "unknown", "succeeded", "succeeded"] == [outcome.state for outcome in outcomes]
    error = outcomes[1].error
    assert isinstance(error, ZeroDivisionError)
    assert "fail" == traceback.extract_tb(error.__traceback__)[-1].name


async def test_an_error_of_the_library_has_no_traceback_in_an_outcome() -> None:
    """The frames of a hundred thousand failed sends would take a gigabyte."""
    outcomes = await run_of(Service(takes=1.0, fault=reject(SEND, 503)), 4)
    found = [outcome.error for outcome in outcomes]
    assert [errors.ServerError] * 4 == [type(error) for error in found]
    links = [link for error in found if error is not None for link in (error, error.__cause__, error.__context__)]
    assert [] == [link for link in links if link is not None and link.__traceback__ is not None]


async def test_a_bug_after_the_send_does_not_count_as_not_sent() -> None:
    """A ValueError of an argument that cannot be sent does."""

    def fail(request: Request, when: str) -> Response | None:
        if request.operation.id == SEND and when == "after":
            raise ValueError
        return None

    outcomes = await webhooks(Service(fault=fail)).send_tests(ORGANIZATION, [endpoint(1), "../x"])
    assert ["unknown", "refused"] == [outcome.state for outcome in outcomes]


async def test_a_test_that_was_not_sent_is_refused_and_one_that_may_have_been_is_unknown() -> None:
    """Without a connection nothing is sent. A lost response without an event leaves the result open."""

    def fail(request: Request, when: str) -> Response | None:
        if endpoint(1) in request.url.path:
            raise TransportError("no connection", maybe_sent=False)
        if endpoint(2) in request.url.path:
            raise TransportError("lost", maybe_sent=True)
        if endpoint(3) in request.url.path:
            return Response(202, {}, b"?")
        if endpoint(4) in request.url.path:
            return Response(502, {}, b"bad gateway")
        return None

    _, *outcomes = await run_of(Service(takes=1.0, fault=fail), 5)
    assert ["refused", "unknown", "unknown", "unknown"] == [outcome.state for outcome in outcomes]
    assert isinstance(outcomes[2].error, errors.ResponseDecodeError)
    # Sends without a connection are retried for a minute, as others reach the service. Three responses were lost.
    assert [3, 1, 1] == [outcome.attempts for outcome in outcomes[1:]]
    assert outcomes[0].attempts >= 4
    assert 60.0 <= now() <= 75.0


async def test_a_plan_needs_at_most_one_request() -> None:
    """It lists the endpoints, and the run does not list them again."""
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
def test_every_endpoint_has_its_outcome_whatever_fails(seed: int) -> None:
    """With random losses, rejections and limits: every endpoint once, in time, and no task is left."""

    async def main() -> None:
        rng = random.Random(seed)  # noqa: S311 - simulated failures, no secret
        service = Service(limit=rng.choice([12, 40, 400]), window=5.0, takes=lambda _: rng.uniform(0, 8))

        def fail(request: Request, when: str) -> Response | None:
            draw = rng.random()
            if draw < 0.03:
                raise TransportError("lost", maybe_sent=True)
            if draw < 0.05:
                return Response(rng.choice([404, 500, 502, 200]), {}, b"?")
            return None

        service.fault = fail
        outcomes = await run_of(service, 60, in_flight=rng.choice([5, 20, 200]), timeout=40.0)
        assert [endpoint(number) for number in range(60)] == [outcome.endpoint_id for outcome in outcomes]
        assert now() <= 41.0
        for outcome in outcomes:
            assert (outcome.error is None) == (outcome.state in {"succeeded", "failed", "skipped"})
        assert_no_task_left()

    run(main())


@pytest.mark.serial
def test_300_sends_at_60_per_2_seconds_over_the_wire() -> None:
    """With a real server, limit, sockets and time, every test succeeds, and almost no request is rejected."""

    async def main() -> float:
        async with (
            TripwireServer(limit=60, window=2.0) as server,
            AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
        ):
            server.set_outcome(DeliveryOutcome("succeeded", after=0.1))
            ids = [server.add_endpoint("https://example.com/hook").id for _ in range(300)]
            started = asyncio.get_running_loop().time()
            outcomes = await tripwire.webhooks.send_tests(server.organization_id, ids, timeout=60)
            assert {"succeeded": 300} == states(outcomes)
            assert 300 == len(server.deliveries)
            assert len(server.requests) <= 330
            assert server.rate_limited <= 3
            return asyncio.get_running_loop().time() - started

    # The 300th request is sent after 10 s, and a read of the last tests follows. On an idle machine it takes little
    # more, see bench_test_runs.
    assert asyncio.run(main()) <= 1.3 * 10
