"""Runs of tests while the service is away for some time, on virtual time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.delivery_service import ORGANIZATION, Service, endpoint, now, webhooks
from tests.support.runs import SEND, outcomes_of, run_of, states
from tests.support.virtual_time import run
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.messages import Response
from tripwire_async.deliveries._outage import Outage, OutageRetries
from tripwire_async.errors import NotFoundError, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tripwire_async._http.messages import Request
    from tripwire_async.deliveries import TestOutcome

pytestmark = pytest.mark.virtual_time


def away(start: float, end: float, *, cut: float = 0.0) -> Callable[[Request, str], Response | None]:
    """Return a fault that keeps requests from the service; in the first *cut* seconds only responses are lost."""

    def fail(request: Request, when: str) -> Response | None:
        if start <= now() < start + cut:
            if when == "after":
                raise TransportError("the connection was lost", maybe_sent=True)
        elif start <= now() < end:
            raise TransportError("no connection", maybe_sent=False)
        return None

    return fail


@pytest.mark.parametrize("seconds", [3.0, 30.0, 55.0])
async def test_a_run_survives_an_outage_of_less_than_a_minute(seconds: float) -> None:
    """Sends that did not reach the service are retried until it is back, within 5 seconds of its return."""
    service = Service(limit=60, window=2.0, takes=1.0, fault=away(2.0, 2.0 + seconds))
    outcomes = await run_of(service, 200, timeout=100.0)
    assert {"succeeded": 200} == states(outcomes)
    assert 200 == len(service.sent)
    assert now() <= 2.0 + seconds + 5.0 + 8.0


async def test_sends_that_were_cut_off_are_found_once_the_service_is_back() -> None:
    """No endpoint is sent a second test, although the first responses were lost and no event could be read."""
    service = Service(limit=60, window=2.0, takes=1.0, fault=away(2.0, 22.0, cut=0.5))
    outcomes = await run_of(service, 200, timeout=100.0)
    assert {"succeeded": 200} == states(outcomes)
    assert 200 == len({sent.endpoint_id for sent in service.sent}) == len(service.sent)


async def test_tests_are_refused_at_once_if_the_service_has_never_responded() -> None:
    """Its address is wrong, and retries would not help."""
    service = Service(fault=away(0.0, 1e9))
    outcomes = await run_of(service, 20)
    assert {"refused": 20} == states(outcomes)
    assert now() < 20.0


async def test_an_outage_that_does_not_end_ends_the_sends_after_a_minute() -> None:
    """The minute starts with the last response. The error of a test that was not sent is that of its last attempt."""
    service = Service(limit=60, window=2.0, takes=1.0, fault=away(2.0, 1e9))
    outcomes = await run_of(service, 100, until="sent")
    assert {"sent", "refused"} == set(states(outcomes))
    assert 60.0 <= now() <= 2.0 + 60.0 + 10.0
    refused = [outcome for outcome in outcomes if outcome.state == "refused"]
    assert {"no connection."} == {outcome.reason for outcome in refused}


async def test_the_end_of_the_run_ends_the_retries() -> None:
    """Tests that could not be sent until then have timed out."""
    service = Service(limit=60, window=2.0, takes=1.0, fault=away(2.0, 1e9))
    outcomes = await run_of(service, 100, until="sent", timeout=20.0)
    assert {"sent", "timed_out"} == set(states(outcomes))
    assert 20.0 <= now() <= 20.5


async def test_a_rejection_by_the_service_shows_that_it_is_there() -> None:
    """A 404 is a response too, so the sends of a later outage are retried."""
    service = Service(takes=1.0)

    def fail(request: Request, when: str) -> Response | None:
        if now() < 1.0:
            return Response(404, {}, b"{}")
        return away(1.0, 5.0)(request, when)

    service.fault = fail
    first, second = await asyncio.gather(_slow_second(service), outcomes_of(run_of(Service(), 1)))
    assert isinstance(first[0].error, NotFoundError)
    assert ["refused", "succeeded"] == [outcome.state for outcome in first]
    assert {"succeeded": 1} == states(second)


async def _slow_second(service: Service) -> Sequence[TestOutcome]:
    async def delay(request: Request, call_next: Callable[[Request], object]) -> Response:
        if endpoint(1) in request.url.path and request.operation.id == SEND and now() < 1.0:
            await asyncio.sleep(2.0)
        return await service(request)

    return await webhooks(service, delay).send_tests(ORGANIZATION, [endpoint(0), endpoint(1)])


async def test_a_send_that_fails_while_others_succeed_is_retried_for_a_minute() -> None:
    """However long the run lasts."""

    def fail(request: Request, when: str) -> Response | None:
        if endpoint(999) in request.url.path:
            raise TransportError("no connection", maybe_sent=False)
        return None

    service = Service(takes=4.0, fault=fail)
    ids = [endpoint(999), *(endpoint(number) for number in range(100))]
    async with webhooks(service).send_tests(ORGANIZATION, ids, in_flight=3) as tests:
        ends = {outcome.endpoint_id: now() async for outcome in tests if outcome.state == "refused"}
    assert [endpoint(999)] == list(ends)
    assert 60.0 <= ends[endpoint(999)] <= 70.0
    assert now() > 150.0


async def test_a_firewall_that_rejects_some_sends_ends_no_other_test() -> None:
    """A 403 that is not the service's own is the outcome of the tests that received it."""

    def fail(request: Request, when: str) -> Response | None:
        return Response(403, {}, b"<html>") if endpoint(3) in request.url.path else None

    outcomes = await run_of(Service(takes=1.0, fault=fail), 10)
    assert {"succeeded": 9, "refused": 1} == states(outcomes)


async def test_retries_are_spread_and_at_most_five_seconds_apart() -> None:
    """They begin after half a second, and each pause is twice as long, less up to half of it."""
    outage = Outage(LOOP_CLOCK, end=1e9)
    outage.note_response()
    retries = OutageRetries(outage, now())
    times = []
    while await retries.wait():
        times.append(now())
    gaps = [after - before for before, after in zip([0.0, *times], times, strict=False)]
    for number, gap in enumerate(gaps[:-1]):
        longest = min(5.0, 0.5 * 2**number)
        assert longest / 2 <= gap <= longest
    assert 60.0 == times[-1]


@settings(max_examples=20, deadline=None)
@given(
    start=st.floats(0.5, 9.0),
    seconds=st.floats(0.1, 50.0),
    cut=st.floats(0.0, 2.0),
    takes=st.floats(0.1, 5.0),
)
def test_every_test_is_sent_once_whatever_the_outage(start: float, seconds: float, cut: float, takes: float) -> None:
    """Every test succeeds, and no endpoint receives two."""

    async def main() -> None:
        service = Service(
            limit=24, window=2.0, takes=takes, fault=away(start, start + max(seconds, cut + 0.1), cut=min(cut, seconds))
        )
        outcomes = await run_of(service, 40, timeout=200.0)
        assert {"succeeded": 40} == states(outcomes)
        assert 40 == len(service.sent)

    run(main())
