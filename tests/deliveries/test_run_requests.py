"""Number of requests of a run and its duration, on virtual time."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.support.delivery_service import Service, endpoint, now
from tests.support.runs import SEND, assert_no_task_left, outcomes_of, run_of, states
from tests.support.virtual_time import run

pytestmark = pytest.mark.virtual_time


async def test_a_thousand_tests_keep_within_the_limit_and_cost_few_reads() -> None:
    """600 requests per rolling minute, deliveries of 5 s: few reads, none of them rejected, and almost no delay.

    Some of the first 600 requests are reads, so more than 400 tests remain after the first minute. With 200 in flight,
    some of those are sent ten seconds later at the earliest, and end at 75 s.
    """
    service = Service(limit=600, takes=5.0)
    outcomes = await run_of(service, 1000)
    assert {"succeeded": 1000} == states(outcomes)
    assert [endpoint(number) for number in range(1000)] == [outcome.endpoint_id for outcome in outcomes]
    assert len(service.requests) <= 1040
    assert [] == [name for name, time in service.requests if time in service.limits.refused and name != SEND]
    assert len(service.limits.refused) <= 1
    assert now() <= 1.02 * 75
    assert_no_task_left()


@pytest.mark.parametrize("tick", [0.0, 1e-6])
@pytest.mark.parametrize("low", [0.2, 4.0])
def test_deliveries_of_different_durations_cost_few_reads_too(low: float, tick: float) -> None:
    """The slower ones are not pushed off the page by tests that are sent in the meantime."""

    async def main() -> None:
        service = Service(limit=600, takes=lambda number: low * (1 + number % 20 / 40))
        outcomes = await run_of(service, 1000)
        assert {"succeeded": 1000} == states(outcomes)
        assert len(service.requests) <= 1040
        assert service.count("retrieveEvent") <= 10
        assert now() <= 1.1 * 75

    run(main(), tick)


def test_the_same_run_makes_the_same_requests() -> None:
    """Nothing depends on memory addresses: only time makes a difference, and random numbers, which are seeded here."""

    async def main() -> list[tuple[str, float]]:
        random.seed(1)
        service = Service(takes=lambda number: 4 + number % 20 / 10)
        assert {"succeeded": 300} == states(await run_of(service, 300))
        return service.requests

    first = run(main())
    # These objects take the memory that the next run would use otherwise.
    kept = [object() for _ in range(999)]
    assert first == run(main())
    assert 999 == len(kept)


@pytest.mark.parametrize(("takes", "seconds"), [(0.01, 1.9), (0.1, 2.0), (0.3, 3.0)])
async def test_quick_deliveries_are_read_as_soon_as_they_have_ended(takes: float, seconds: float) -> None:
    """After the first 200, reads come sooner than after half a second, and not more often."""
    service = Service(takes=takes)
    assert {"succeeded": 1000} == states(await run_of(service, 1000))
    assert service.reads <= 6
    assert now() <= seconds


async def test_where_only_most_deliveries_are_quick_they_are_read_no_sooner() -> None:
    """A read that comes too early for some of them is followed by another one."""
    service = Service(takes=lambda number: 0.05 + number % 12 / 20)
    assert {"succeeded": 600} == states(await run_of(service, 600))
    assert service.reads <= 4
    assert now() <= 3.1


async def test_where_sends_take_long_quick_deliveries_are_read_no_sooner() -> None:
    """They are accepted one at a time, and a read after each of them would use too much of a low limit."""
    service = Service(limit=10, window=1.0, takes=0.03, latency=(0.1, 0.3))
    assert {"succeeded": 600} == states(await run_of(service, 600))
    assert service.reads <= 140


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("takes", "least"), [(1.0, 11.05), (0.1, 10.1)])
def test_a_run_ends_soon_after_its_last_delivery(takes: float, least: float, seed: int) -> None:
    """300 tests at 60 requests per 2 s end within 5 % of the least time, round trips of a local network included.

    One request is rejected and reveals the window, and one read precedes the 201st test, so that the last test is sent
    after 10 s at the earliest.
    """

    async def main() -> None:
        random.seed(seed)
        service = Service(limit=60, window=2.0, takes=takes, latency=(0.001, 0.003), seed=seed)
        assert {"succeeded": 300} == states(await run_of(service, 300))
        assert now() <= 1.05 * least
        assert len(service.requests) <= 310

    run(main())


async def test_a_limit_that_shrinks_makes_a_run_slower_and_nothing_else() -> None:
    """All tests wait until rejections have passed."""
    service = Service(limit=200, window=10.0, takes=1.0)
    waiting = asyncio.create_task(outcomes_of(run_of(service, 400)))
    await asyncio.sleep(5.0)
    service.limits.limit = 40
    assert {"succeeded": 400} == states(await waiting)
    assert len(service.limits.refused) <= 10


async def test_deliveries_that_never_end_do_not_delay_other_tests() -> None:
    """They give up their places after some time. Otherwise 200 of them would stop the run for minutes."""
    service = Service(takes=lambda number: 1e9 if number < 200 else 1.0)
    outcomes = await run_of(service, 600, timeout=60.0)
    assert {"timed_out": 200, "succeeded": 400} == states(outcomes)
    assert len(service.requests) < 600 + 60 * 10
    assert_no_task_left()


async def test_few_deliveries_that_never_end_do_not_delay_other_tests_either() -> None:
    """One or two deliveries in flight are read singly, without a page."""
    service = Service(takes=lambda number: 1e9 if number < 2 else 1.0)
    outcomes = await run_of(service, 4, in_flight=2, timeout=60.0)
    assert {"timed_out": 2, "succeeded": 2} == states(outcomes)
    assert 4 == len(service.sent)


async def test_reads_that_the_limit_delays_make_no_delivery_slow() -> None:
    """The delivery may have ended, so its test keeps its place."""
    service = Service(limit=100, window=60.0, takes=5.0)
    tests = run_of(service, 150, in_flight=50)
    waiting = asyncio.create_task(outcomes_of(tests))
    while not waiting.done():
        progress = tests.progress()
        assert progress.sending + progress.pending <= 50
        await asyncio.sleep(1)
    assert {"succeeded": 150} == states(await waiting)
