"""Deadlines of calls that wait for the rate limit, which share a timer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support.rate_limits import Wire, call, now, settle, start
from tests.support.virtual_time import virtual_loop
from tripwire_async._concurrency.clock import LoopClock
from tripwire_async.errors import RequestTimeoutError
from tripwire_async.middleware.rate_limit import RateLimit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._concurrency.clock import Timer
    from tripwire_async.middleware import Request, Response

pytestmark = pytest.mark.virtual_time


async def ended_at(task: asyncio.Task[Response]) -> float:
    """Return when a call times out."""
    with pytest.raises(RequestTimeoutError):
        await task
    return now()


def calls(*deadlines: float) -> list[Request]:
    return [call(deadline=deadline) for deadline in deadlines]


@pytest.mark.parametrize("deadlines", [(3.0, 5.0, 5.0, 9.0), (9.0, 5.0, 3.0, 5.0)])
async def test_each_call_times_out_at_its_own_deadline(deadlines: tuple[float, ...]) -> None:
    """In whatever order the calls have come; the first request, without a response, holds all others."""
    wire, limit = Wire(), RateLimit()
    first, *tasks = start(limit, wire, call(), *calls(*deadlines))
    await settle()
    assert deadlines == tuple(await asyncio.gather(*map(ended_at, tasks)))
    first.cancel()


@pytest.mark.parametrize("gone", [0, 1, 2])
async def test_a_call_that_leaves_does_not_change_the_deadlines_of_the_others(gone: int) -> None:
    """Also if the timer was set to its deadline."""
    wire, limit = Wire(), RateLimit()
    first, *tasks = start(limit, wire, call(), *calls(3.0, 5.0, 9.0))
    await settle()
    tasks.pop(gone).cancel()
    expected = [3.0, 5.0, 9.0]
    del expected[gone]
    assert expected == await asyncio.gather(*map(ended_at, tasks))
    first.cancel()


async def test_many_waiting_calls_have_one_timer_for_their_deadlines() -> None:
    """And none once nothing waits."""
    wire, limit = Wire(), RateLimit()
    first, *tasks = start(limit, wire, call(), *calls(*(100.0 + number for number in range(50))))
    await settle()
    assert 1 == len(virtual_loop().scheduled())
    for task in tasks:
        task.cancel()
    await settle()
    assert [] == virtual_loop().scheduled()
    first.cancel()


class EarlyClock(LoopClock):
    """A clock whose timers run slightly early, like the timers of event loops."""

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        return super().call_at(when - 0.001, callback)


async def test_a_timer_that_runs_early_times_the_call_out() -> None:
    """Otherwise it would be set again and again until the deadline."""
    wire, limit = Wire(), RateLimit(clock=EarlyClock())
    first, second = start(limit, wire, call(), *calls(3.0))
    await settle()
    assert 2.999 == pytest.approx(await ended_at(second))
    first.cancel()
