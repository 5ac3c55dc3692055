"""Properties of the rate limit for any limit, network and calls."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support import requests, virtual_time
from tests.support.limited_server import LimitedServer, persist
from tripwire_async._http.messages import CallStats, Request, Response
from tripwire_async.errors import RequestTimeoutError, TransportError
from tripwire_async.middleware.rate_limit import RateLimit
from tripwire_async.middleware.rate_limit._trial import USUAL_LENGTHS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._http.messages import Priority

PRIORITIES: tuple[Priority, ...] = ("interactive", "send", "poll")

# How a call may end, and what must have been done to it that it may.
EXPECTED: dict[type, Callable[[Any, float | None, float, str], bool]] = {
    asyncio.CancelledError: lambda _, cancelled, deadline, fate: cancelled is not None,
    RequestTimeoutError: lambda _, cancelled, deadline, fate: deadline < math.inf,
    TransportError: lambda _, cancelled, deadline, fate: fate != "answered",
    Response: lambda response, cancelled, deadline, fate: response.status == 200,
}

servers = st.builds(
    LimitedServer,
    limit=st.integers(2, 60),
    window=st.floats(1.0, 60.0),
    latency=st.tuples(st.floats(0.001, 0.05), st.floats(0.05, 0.2)),
    share=st.floats(0, 1),
    form=st.sampled_from(["whole", "exact"]),
    mute=st.sampled_from([0.0, 0.1]),
    seed=st.integers(0, 1000),
)


def call(priority: Priority = "interactive", deadline: float = math.inf) -> Request:
    return replace(requests.request("POST", deadline=deadline), priority=priority, stats=CallStats())


@settings(max_examples=60, deadline=None)
@given(
    server=servers,
    waves=st.lists(
        st.tuples(st.floats(0, 3), st.integers(1, 120), st.sampled_from(PRIORITIES), st.floats(0, 0.1)),
        min_size=1,
        max_size=5,
    ),
)
@example(  # a pause delays the trial of 1 s until requests have left a window of 1.5 s too
    server=LimitedServer(limit=15, window=1.5, latency=(0.03125, 0.125), share=0.0),
    waves=[(0.0, 27, "interactive", 0.03125)],
)
@example(  # the trial of 1 s comes 8 ms too early, with round trips of 8 to 125 ms
    server=LimitedServer(limit=30, window=1.0, latency=(0.0078125, 0.125), share=0.0, seed=5),
    waves=[(0.0, 61, "interactive", 0.015625)],
)
def test_once_learned_the_limit_is_never_passed_again(
    server: LimitedServer, waves: list[tuple[float, int, Priority, float]]
) -> None:
    """One rejection teaches the window, and one may refute a usual length; after that the limit is never exceeded.

    A window that is longer than a usual length by less than a round trip is taken for it, until a burst is rejected.
    """
    limit = RateLimit()
    # A usual length is tried once, and too early if round trips vary: by as much as they do.
    trials = 1 if server.form == "whole" else 0
    if server.form == "whole" and server.window not in USUAL_LENGTHS:
        excess = server.window - max(length for length in USUAL_LENGTHS if length <= server.window)
        trials = 1 if excess > server.latency[1] else 1 + server.limit

    async def one(after: float, priority: Priority) -> None:
        await asyncio.sleep(after * server.window)
        await persist(limit, server, call(priority))

    async def main() -> None:
        await asyncio.gather(
            *(one(after + step * index, priority) for after, count, priority, step in waves for index in range(count))
        )

    virtual_time.run(main())
    assert len(server.accepted) == sum(count for _, count, _, _ in waves)
    assert len(server.refused) <= 1 + trials + 3 * (server.mute > 0)


@settings(max_examples=60, deadline=None)
@given(
    server=servers,
    max_in_flight=st.integers(1, 30),
    calls=st.lists(
        st.tuples(
            st.sampled_from(PRIORITIES),
            st.floats(0, 3),
            st.one_of(st.none(), st.floats(0, 10)),
            st.one_of(st.just(math.inf), st.floats(0, 20)),
            st.sampled_from(["answered", "answered", "lost", "not sent"]),
        ),
        min_size=1,
        max_size=100,
    ),
)
def test_every_call_ends_and_nothing_stays_behind(
    server: LimitedServer,
    max_in_flight: int,
    calls: list[tuple[Priority, float, float | None, float, str]],
) -> None:
    """Whatever is cancelled, lost or too late: the others are served, all slots come back, no timer stays."""
    limit = RateLimit(max_in_flight=max_in_flight)

    async def one(priority: Priority, after: float, deadline: float, fate: str) -> Response:
        await asyncio.sleep(after)

        async def handler(request: Request) -> Response:
            response = await server(request)
            if fate != "answered" and response.status == 200:
                raise TransportError(fate, maybe_sent=fate == "lost")
            return response

        return await persist(limit, handler, call(priority, deadline))

    async def main() -> None:
        tasks = []
        loop = asyncio.get_running_loop()
        for priority, after, cancelled, deadline, fate in calls:
            task = asyncio.create_task(one(priority, after, deadline, fate))
            if cancelled is not None:
                loop.call_later(cancelled, task.cancel)
            tasks.append(task)
        done = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome, (_, _, cancelled, deadline, fate) in zip(done, calls, strict=True):
            assert EXPECTED[type(outcome)](outcome, cancelled, deadline, fate)
        state = limit.state()
        assert state.in_flight == state.waiting == 0
        assert server.most_in_flight <= max_in_flight
        await asyncio.sleep(20)  # past the timers of the test itself
        assert [] == virtual_time.virtual_loop().scheduled()

    virtual_time.run(main())


@settings(max_examples=40, deadline=None)
@given(server=servers, count=st.integers(2, 150), cancelled=st.sets(st.integers(0, 149), max_size=50))
def test_the_calls_of_a_priority_go_in_order(server: LimitedServer, count: int, cancelled: set[int]) -> None:
    """Earlier calls are sent first, and calls that leave the queue do not affect the others."""
    limit = RateLimit(max_in_flight=5)
    sent: list[int] = []

    async def one(index: int) -> None:
        async def handler(request: Request) -> Response:
            sent.append(index)
            return await server(request)

        await limit(call(), handler)

    async def main() -> None:
        tasks = [asyncio.create_task(one(index)) for index in range(count)]
        await asyncio.sleep(0)
        for index in cancelled:
            if index < count:
                tasks[index].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    virtual_time.run(main())
    assert sorted(sent) == sent
    assert {*range(count)} - cancelled <= {*sent}
