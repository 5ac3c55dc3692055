"""Results and progress of a run, while it runs and after its event loop has gone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support.delivery_service import Service, endpoint, now
from tests.support.runs import run_of
from tests.support.virtual_time import run
from tripwire_async import AsyncTripwire
from tripwire_async.errors import DeliveryError, TransportError
from tripwire_async.testing import TripwireServer

if TYPE_CHECKING:
    from tripwire_async.deliveries import TestRun


async def start(tests: TestRun, seconds: float) -> None:
    """Run the tests, and leave them after *seconds*."""
    async with tests, asyncio.timeout(seconds):
        await tests


def test_results_and_progress_can_be_read_after_the_loop_has_ended() -> None:
    """As after Ctrl-C: outcomes, ``unknown`` for tests in progress, and the duration of the run."""
    tests = run_of(Service(takes=lambda number: 1.0 + 10 * number), 5, in_flight=4)
    with pytest.raises(TimeoutError):
        run(start(tests, 5.0))
    results = tests.results
    assert [endpoint(number) for number in range(5)] == list(results)
    assert ["succeeded", "unknown", "unknown", "unknown", "unknown"] == [one.state for one in results.values()]
    assert 5 == len(results)
    progress = tests.progress()
    assert (5.0, {"succeeded": 1}, 4, 0, 0.0) == (
        progress.seconds,
        progress.states,
        progress.pending,
        progress.sending,
        progress.seconds_left,
    )


def test_progress_of_a_client_with_a_rate_limit_can_be_read_after_the_loop_has_ended() -> None:
    """It has the last known state of the limit. Over the wire."""

    async def main() -> TestRun:
        async with (
            TripwireServer() as server,
            AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
        ):
            ids = [server.add_endpoint("https://example.com/hook").id for _ in range(3)]
            tests = tripwire.webhooks.send_tests(server.organization_id, ids, until="sent")
            await tests
            return tests

    progress = asyncio.run(main()).progress()
    assert ({"sent": 3}, 0.0) == (progress.states, progress.seconds_left)
    assert progress.limits is not None
    assert 600 == progress.limits.limit


def test_an_unknown_result_always_has_an_error() -> None:
    """The error names the missing information. The delivery of an accepted test can still be awaited."""
    service = Service(takes=100.0)
    tests = run_of(service, 3)
    with pytest.raises(TimeoutError):
        run(start(tests, 0.001))
    unanswered = tests.results[endpoint(0)]
    assert isinstance(unanswered.error, TransportError)
    assert (True, None, False) == (unanswered.error.maybe_sent, unanswered.pending, unanswered.is_final)
    tests = run_of(service, 3)
    with pytest.raises(TimeoutError):
        run(start(tests, 5.0))
    accepted = tests.results[endpoint(0)]
    assert isinstance(accepted.error, DeliveryError)
    assert accepted.pending is not None
    assert accepted.reason.endswith("has not settled; await outcome.pending to follow it.")


@pytest.mark.virtual_time
async def test_results_follow_the_run() -> None:
    """One view shows the results at any time."""
    service = Service(takes=lambda number: 1.0 + number)
    async with run_of(service, 4, in_flight=2) as tests:
        results = tests.results
        assert ({}, 0) == (dict(results), len(results))
        async for outcome in tests:
            assert results[outcome.endpoint_id] == outcome
            break
        assert endpoint(3) not in results
        with pytest.raises(KeyError):
            results[endpoint(3)]
        assert (False, "unknown") == (results[endpoint(1)].is_final, results[endpoint(1)].state)
        await tests
    assert tuple(results.values()) == await tests
    assert repr(results).startswith("{'we_")


@pytest.mark.virtual_time
async def test_each_iteration_gives_all_outcomes() -> None:
    """Two at once, one after the other, and one after the run has ended."""
    async with run_of(Service(takes=1.0), 5) as tests:
        first, second = await asyncio.gather(_collect(tests), _collect(tests))
        assert first == second == await _collect(tests)
    assert first == await _collect(tests)
    async with tests:
        assert first == await _collect(tests)
        assert set(first) == set(await tests)
    assert 5 == len(first)


async def _collect(tests: TestRun) -> list[object]:
    return [outcome async for outcome in tests]


@pytest.mark.virtual_time
async def test_a_break_does_not_end_the_run_before_its_block_does() -> None:
    """The tests continue, and a second loop gives all outcomes."""
    service = Service(takes=lambda number: 1.0 + number)
    async with run_of(service, 3) as tests:
        async for _ in tests:
            break
        await asyncio.sleep(5.0)
        assert 3 == tests.progress().done
        assert 3 == len(await _collect(tests))


@pytest.mark.virtual_time
async def test_awaiting_inside_the_block_can_be_cancelled_without_ending_the_run() -> None:
    """The run belongs to the block, not to the task that waits for it."""
    async with run_of(Service(takes=5.0), 3) as tests:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await tests
        assert 3 == len(await tests)
    assert now() >= 5.0


@pytest.mark.virtual_time
async def test_a_run_cannot_be_entered_twice_at_once() -> None:
    """Leaving either block would end the tests of the other."""
    async with run_of(Service(), 3) as tests:
        with pytest.raises(RuntimeError, match="under way"):
            await tests.__aenter__()


@pytest.mark.virtual_time
async def test_progress_costs_the_same_however_many_tests_have_ended() -> None:
    """Counters are kept up to date: as many function calls for 2,000 tests as for 20."""
    assert await _calls_of_progress(20) == await _calls_of_progress(2000)


async def _calls_of_progress(count: int) -> int:
    import sys

    tests = run_of(Service(takes=0.1), count)
    await tests
    calls = 0

    def count_call(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count_call)
    try:
        tests.progress()
        len(tests.results)
        tests.results.get(endpoint(3))
    finally:
        sys.setprofile(None)
    return calls
