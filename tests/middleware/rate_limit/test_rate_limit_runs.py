"""Tests of whole runs against a service with a limit."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import pytest

from tests.support import requests, virtual_time
from tests.support.limited_server import LimitedServer, persist
from tests.support.rate_limits import call, limited, now
from tripwire_async._http.messages import Request, Response
from tripwire_async.middleware.rate_limit import RateLimit

if TYPE_CHECKING:
    from tripwire_async._http.messages import Priority


@pytest.mark.parametrize("form", ["whole", "exact"])
@pytest.mark.parametrize("priority", ["interactive", "send"])
@pytest.mark.parametrize("seed", range(5))
def test_three_hundred_calls_against_sixty_in_two_seconds(form: str, priority: Priority, seed: int) -> None:
    """All calls succeed with one rejection in total, and hardly longer than the limit requires."""
    server = LimitedServer(60, 2.0, form=form, seed=seed)
    limit = RateLimit()

    async def main() -> float:
        answers = await asyncio.gather(*(persist(limit, server, call(priority)) for _ in range(300)))
        assert {200} == {answer.status for answer in answers}
        return now()

    assert virtual_time.run(main()) <= 1.02 * 8.0
    assert len(server.refused) <= 1


@pytest.mark.parametrize(("limit", "window", "calls"), [(600, 60.0, 1000), (120, 60.0, 300), (10, 1.0, 30)])
@pytest.mark.parametrize("latency", [(0.001, 0.001), (0.02, 0.05), (0.001, 0.2)])
def test_other_limits_and_latencies_need_one_refusal_too(
    limit: int, window: float, calls: int, latency: tuple[float, float]
) -> None:
    """Any limit and window cost one rejection."""
    server = LimitedServer(limit, window, latency=latency)
    layer = RateLimit()

    async def main() -> float:
        await asyncio.gather(*(persist(layer, server, call()) for _ in range(calls)))
        return now()

    periods = math.ceil(calls / limit) - 1
    # Behind the limit itself there are at most a few trips for each window, as we cannot see when the service counts.
    assert virtual_time.run(main()) <= periods * (1.01 * window + 3 * latency[1]) + 3 * latency[1]
    assert len(server.refused) <= 1


@pytest.mark.virtual_time
async def test_a_thousand_bulk_sends_leave_room_for_a_single_call() -> None:
    """Cold, with the window unknown, and later: one call among a thousand sends does not wait for the window."""
    server = LimitedServer(600, 60.0)
    limit = RateLimit()
    tasks = [asyncio.create_task(persist(limit, server, call("send"))) for _ in range(1000)]
    for pause in (1.5, 20.0, 45.0):
        await asyncio.sleep(pause)
        before = now()
        await limit(call(), server)
        assert now() - before < 0.1
    await asyncio.gather(*tasks)
    assert len(server.refused) <= 1


@pytest.mark.virtual_time
@pytest.mark.parametrize("window", [60.0, 30.0, 10.0])
async def test_bulk_sends_find_a_long_window_without_a_refusal(window: float) -> None:
    """The reserve's requests show when the first ones have left; a thousand sends take hardly longer than they must."""
    server = LimitedServer(600, window, latency=(0.02, 0.05))
    limit = RateLimit()
    await asyncio.gather(*(persist(limit, server, call("send")) for _ in range(1000)))
    assert now() <= 1.03 * window
    assert [] == server.refused


@pytest.mark.virtual_time
async def test_a_send_and_no_poll_pays_for_learning_the_window() -> None:
    """A rejected read would delay all calls that share it."""
    server = LimitedServer(60, 2.0)
    limit = RateLimit()
    refused: list[str] = []

    async def handler(request: Request) -> Response:
        response = await server(request)
        if response.status == 429:
            refused.append(request.priority)
        return response

    priorities: list[Priority] = ["send", "poll"]
    await asyncio.gather(*(persist(limit, handler, call(priorities[index % 2])) for index in range(200)))
    assert ["send"] == refused


@pytest.mark.virtual_time
async def test_a_limit_that_shrinks_is_obeyed_as_soon_as_an_answer_tells() -> None:
    """The newest limit applies: only requests in flight at the change are rejected."""
    server = LimitedServer(60, 2.0)
    limit = RateLimit()
    tasks = [asyncio.create_task(persist(limit, server, call())) for _ in range(300)]
    await asyncio.sleep(3)
    server.limit = 20
    await asyncio.gather(*tasks)
    assert limit.state().limit == 20
    assert len({round(at, 1) for at in server.refused}) <= 2


@pytest.mark.virtual_time
async def test_a_limit_that_grows_is_used() -> None:
    """More calls go per window as soon as a response reports the new limit."""
    server = LimitedServer(20, 2.0)
    limit = RateLimit()
    tasks = [asyncio.create_task(persist(limit, server, call())) for _ in range(300)]
    await asyncio.sleep(3)
    server.limit = 200
    await asyncio.gather(*tasks)
    assert now() <= 3 * 2.1
    assert len(server.refused) <= 1


@pytest.mark.virtual_time
async def test_a_window_that_grows_is_learned_again() -> None:
    """Rejections contradict the assumed window, and the longer one replaces it."""
    server = LimitedServer(20, 2.0)
    limit = RateLimit()
    tasks = [asyncio.create_task(persist(limit, server, call())) for _ in range(200)]
    await asyncio.sleep(3)
    server.window = 5.0
    await asyncio.gather(*tasks)
    assert limit.state().window == pytest.approx(5.0, rel=0.1)
    assert len(server.refused) <= 25


@pytest.mark.virtual_time
@pytest.mark.parametrize("processes", [2, 4])
async def test_processes_that_share_a_key_without_knowing_of_each_other_get_along(processes: int) -> None:
    """Requests of other clients show in Remaining and in rejections; after a collision the bursts are smaller."""
    server = LimitedServer(60, 2.0)
    limits = [RateLimit() for _ in range(processes)]
    calls = 600 // processes
    await asyncio.gather(*(persist(limit, server, call()) for limit in limits for _ in range(calls)))
    assert len(server.accepted) == 600
    slow_start = 60 * (processes - 1)
    assert len(server.refused) <= slow_start + 120


@pytest.mark.virtual_time
async def test_nothing_is_held_while_a_call_backs_off() -> None:
    """The slot is free when the response is complete, before the caller handles it."""
    limit = RateLimit(max_in_flight=1)
    await limit(call(), requests.Script([limited(10, 9, 503)]))
    assert limit.state().in_flight == 0
    await limit(call(), requests.Script([limited(10, 8)]))
    assert now() == 0


@pytest.mark.virtual_time
async def test_a_thousand_waiters_with_some_cancelled_leave_nothing() -> None:
    """No waiter, slot, timer or task is left behind."""
    server = LimitedServer(600, 10.0, latency=(0.01, 0.1))
    limit = RateLimit(max_in_flight=50)
    tasks = [asyncio.create_task(persist(limit, server, call("send"))) for _ in range(1000)]
    for index in range(0, 1000, 3):
        await asyncio.sleep(0.01)
        tasks[index].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert {200} == {answer.status for answer in answers if isinstance(answer, Response)}
    assert len(answers) - sum(isinstance(answer, Response) for answer in answers) <= 334
    state = limit.state()
    assert state.in_flight == state.waiting == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}
    await asyncio.sleep(0)
    assert [] == virtual_time.virtual_loop().scheduled()
