"""Runs with a journal: outcomes, several workers, deaths, pauses; on virtual time."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.delivery_service import Service, endpoint
from tests.support.journal_runs import Worker, ids_of, recorded_run, sends_per_endpoint
from tests.support.large_run import check_large_run
from tests.support.memory_journal import MemoryJournal, MemoryStorage
from tests.support.runs import assert_no_task_left, states

pytestmark = pytest.mark.virtual_time


async def test_awaiting_a_run_returns_its_outcomes_in_the_order_of_the_endpoints() -> None:
    """As without a journal."""
    service, journal = Service(), MemoryJournal()
    outcomes = await recorded_run(service, journal, 120)
    assert ids_of(120) == [outcome.endpoint_id for outcome in outcomes]
    assert {"succeeded": 120} == states(outcomes)
    assert {1: 120} == sends_per_endpoint(service)
    assert_no_task_left()


async def test_a_run_that_is_over_is_read_from_the_journal() -> None:
    """Without a request, awaited or iterated."""
    service, journal = Service(), MemoryJournal()
    await recorded_run(service, journal, 60)
    requests = len(service.requests)
    assert 60 == len(await recorded_run(service, journal, 60))
    async with recorded_run(service, journal, 60) as run:
        assert ids_of(60) == [outcome.endpoint_id async for outcome in run]
    assert ids_of(60) == [outcome.endpoint_id async for outcome in run]
    assert requests == len(service.requests)


async def test_iterating_a_run_yields_each_outcome() -> None:
    """And ends the run when the last one was received."""
    service, journal = Service(), MemoryJournal()
    async with recorded_run(service, journal, 120) as run:
        seen = [outcome.endpoint_id async for outcome in run]
        assert sorted(seen) == sorted(ids_of(120))
        assert (120, 120) == (run.progress().done, run.progress().endpoints)
    (summary,) = await journal.runs()
    assert (summary.finished is not None, {"succeeded": 120}, 0) == (True, summary.counts, summary.workers)


async def test_leaving_a_run_pauses_it() -> None:
    """The next worker continues, and delivers again the outcome that was not received."""
    service, journal = Service(), MemoryJournal()
    seen: list[str] = []
    async with recorded_run(service, journal, 300) as run:
        async for outcome in run:
            seen.append(outcome.endpoint_id)
            if len(seen) == 70:
                break
    assert 0 == (await journal.runs())[0].workers
    assert_no_task_left()
    async with recorded_run(service, journal, 300) as run:
        more = [outcome.endpoint_id async for outcome in run]
    assert {1: 300} == sends_per_endpoint(service)
    assert [seen[-1]] == sorted(set(seen) & set(more))
    assert 300 == len({*seen, *more})


async def test_a_slow_delivery_gives_its_place_to_the_next_test() -> None:
    """One that never ends does not hold up a run with one test in flight. It is left to a later worker."""
    service = Service(takes=lambda number: 1.0 if number else 1e6)
    outcomes = await recorded_run(service, MemoryJournal(), 5, in_flight=1, timeout=60.0)
    assert ids_of(5)[1:] == [outcome.endpoint_id for outcome in outcomes if outcome.state == "succeeded"]


async def test_workers_share_a_run() -> None:
    """Each endpoint is tested by one of them, and all return the outcomes of all."""
    service, storage = Service(limit=600), MemoryStorage(lease=30.0)
    workers = [Worker(service, storage, 500) for _ in range(3)]
    results = await asyncio.gather(*(worker.task for worker in workers))
    assert [500, 500, 500] == [len(result) for result in results]
    assert {1: 500} == sends_per_endpoint(service)


async def test_a_run_with_ten_deaths_among_three_workers_sends_one_test_per_endpoint() -> None:
    """A sample of the run over 100,000 endpoints in the session ``kills``."""
    await check_large_run(700)


async def test_a_worker_that_dies_is_replaced_and_nothing_is_sent_twice() -> None:
    """Killed at many different moments, one worker after the other."""
    service, storage = Service(limit=600, window=10.0), MemoryStorage()
    for number in range(30):
        worker = Worker(service, storage, 400)
        await asyncio.sleep(0.13 * (number % 7) + 0.07)
        await worker.kill()
    outcomes = await recorded_run(service, MemoryJournal(storage), 400)
    assert {1: 400} == sends_per_endpoint(service)
    assert {"succeeded": 400} == states(outcomes)
    assert endpoint(0) == outcomes[0].endpoint_id
