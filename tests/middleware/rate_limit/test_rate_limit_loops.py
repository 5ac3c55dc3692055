"""Tests of the rate limit with closed, repeated and concurrent event loops."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support import requests, virtual_time
from tests.support.rate_limits import Wire, call, limited, now, settle, start
from tripwire_async.middleware.rate_limit import RateLimit, RateLimitState

if TYPE_CHECKING:
    from tripwire_async._http.messages import Request, Response


def test_what_was_learned_survives_the_loop() -> None:
    """In a second `asyncio.run` the cooldown holds; who waited in the first is forgotten, with the slots it had."""
    limit = RateLimit(max_in_flight=2)

    async def first() -> None:
        wire = Wire()
        await limit(call(), requests.Script([limited(10, 0, 429, **{"Retry-After": "5"})]))
        await asyncio.sleep(5.1)
        start(limit, wire, call(), call(), call())
        await settle()
        assert len(wire.sent) == 1
        wire.sent[0].set_result(limited(10, 0, 429, **{"Retry-After": "5"}))
        await settle()

    async def second() -> None:
        assert limit.state().limit == 10
        assert limit.state().in_flight == limit.state().waiting == 0
        await limit(call(), requests.Script([limited(10, 9)]))
        assert now() == pytest.approx(10.1)
        answers = await asyncio.gather(*(limit(call(), requests.Script([limited(10, 5)])) for _ in range(4)))
        assert len(answers) == 4

    virtual_time.run(first())
    virtual_time.run(second())


def test_two_loops_at_once_do_not_disturb_each_other() -> None:
    """Each of two open loops has its own queue, so that no future of another loop is completed."""
    limit = RateLimit(max_in_flight=1)
    loops = [virtual_time.VirtualTimeLoop() for _ in range(2)]
    try:
        for _ in range(3):
            for loop in loops:
                answer = loop.run_until_complete(_one(limit))
                assert answer.status == 200
    finally:
        for loop in loops:
            loop.close()


async def _one(limit: RateLimit) -> Response:
    return await limit(call(), requests.Script([limited(10, 9)]))


def test_a_request_that_ends_after_its_loop_was_closed_changes_nothing() -> None:
    """A coroutine of a dead loop is thrown away later; its slot is not given back twice."""
    limit = RateLimit(max_in_flight=1)

    async def never(request: Request) -> Response:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    async def open_state() -> RateLimitState:
        return limit.state()

    loop = virtual_time.VirtualTimeLoop()
    left_over = limit(call(), never)

    async def begin() -> None:
        left_over.send(None)

    loop.run_until_complete(begin())
    loop.close()
    assert virtual_time.run(open_state()).in_flight == 0
    left_over.close()
    assert virtual_time.run(open_state()).in_flight == 0


def test_a_coroutine_that_is_thrown_away_gives_its_slot_back() -> None:
    """This works without a running loop, for example when the interpreter collects an interrupted run."""
    limit = RateLimit(max_in_flight=1)

    async def never(request: Request) -> Response:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    loop = virtual_time.VirtualTimeLoop()
    left_over = limit(call(), never)

    async def begin() -> None:
        left_over.send(None)

    loop.run_until_complete(begin())
    left_over.close()
    assert loop.run_until_complete(_one(limit)).status == 200
    loop.close()


@pytest.mark.parametrize("granted", [False, True])
def test_a_waiter_that_is_closed_blocks_no_other_call(granted: bool) -> None:
    """A coroutine can be closed while it waits, or between its permit and its next step."""
    limit, wire = RateLimit(max_in_flight=1), Wire()
    loop = virtual_time.VirtualTimeLoop()
    left_over = limit(call(), wire)

    async def begin() -> list[asyncio.Task[Response]]:
        tasks = start(limit, wire, call())
        await settle()
        left_over.send(None)
        if granted:
            wire.sent[0].set_result(limited(10, 9))
            await settle()
        return tasks

    async def finish(tasks: list[asyncio.Task[Response]]) -> None:
        if not granted:
            wire.sent[0].set_result(limited(10, 9))
        await asyncio.gather(*tasks)
        assert (await _one(limit)).status == 200
        assert limit.state().in_flight == limit.state().waiting == 0

    tasks = loop.run_until_complete(begin())
    left_over.close()
    loop.run_until_complete(finish(tasks))
    loop.close()
