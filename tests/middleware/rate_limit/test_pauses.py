"""Bursts after a pause: the requests before it have left the window at an unknown time."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import attrs
import pytest

from tests.support import requests
from tests.support.fake_store import NOTHING, FakeStore
from tests.support.limit_scenarios import Scenario, after_single_calls
from tests.support.limit_services import RollingWindow, Service
from tests.support.limited_server import LimitedServer, persist
from tests.support.rate_limits import call, limited, now
from tripwire_async.middleware import RateLimit
from tripwire_async.middleware.rate_limit._admission import LimitModel

if TYPE_CHECKING:
    from tripwire_async._http.messages import Priority


def model(limit: int = 10) -> LimitModel:
    """Return a model of single requests, one per minute: the window can be as long as two pauses."""
    known = LimitModel(lambda: 0.0)
    for when in (0.0, 60.0, 120.0, 180.0):
        known.accept(known.take(when, "interactive"), when + 0.1, limit, limit - 1)
    return known


def test_a_full_window_is_tested_with_one_request_after_a_pause() -> None:
    """As if the length were unknown; the rejection tells it."""
    known = model()
    assert known.window.length == pytest.approx(120.0)
    now = 181.0
    permits = [known.take(now, "interactive") for _ in range(known.window.free(now))]
    for count, permit in enumerate(permits, start=1):
        assert not known.allows(now, "interactive")
        known.accept(permit, now + 0.1, 10, 10 - count)
    assert known.should_probe(now + 0.1)
    known.reject(known.take(now + 0.1, "interactive"), now + 0.2, 2.0, 10, 0)
    assert known.window.length is not None
    assert known.window.length < 4


def test_a_rejection_after_a_pause_does_not_lengthen_the_window() -> None:
    """The requests of the pause have left certainly."""
    known = model()
    length = known.window.length
    for count in range(1, known.window.free(181.0) + 1):
        known.accept(known.take(181.0, "interactive"), 181.1, 10, 10 - count)
    known.reject(known.take(181.2, "interactive"), 181.3, 299.0, 10, 0)
    assert known.window.length == length


@pytest.mark.virtual_time
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 30])
@pytest.mark.parametrize("pauses", [1, 2])
async def test_a_rejection_right_after_a_pause_does_not_show_the_length(limit: int, pauses: int) -> None:
    """Another client can have used the limit, and then the request before the pause is not the next one to leave."""
    server, limiter = LimitedServer(limit, 1.0), RateLimit()
    for index in range(pauses):
        await asyncio.gather(*(persist(limiter, server, call()) for _ in range(limit if index == 0 else 1)))
        await asyncio.sleep(3600)
    for _ in range(limit):
        server.decide(now())
    await asyncio.gather(*(persist(limiter, server, call()) for _ in range(2 * limit)))
    assert now() < pauses * 3600 + 30


@pytest.mark.virtual_time
async def test_a_store_does_not_receive_a_length_from_a_pause() -> None:
    """It would take it for the length of the window after it has lost its data."""
    store = FakeStore(replies=[attrs.evolve(NOTHING, granted=1, window=None) for _ in range(20)])
    limit = RateLimit(store=store)
    for _ in range(5):
        await limit(call(), requests.Script([limited(10, 9)]))
        await asyncio.sleep(60)
    assert limit.state().window is not None
    assert {ask.window for ask in store.asked} == {None}


@pytest.mark.parametrize(
    ("limit", "window", "count", "priority", "pause"),
    [
        (60, 2.0, 300, "send", 3.0),
        (200, 2.0, 600, "interactive", 300.0),
        (200, 2.0, 600, "send", 60.0),
        (600, 60.0, 1000, "send", 300.0),
    ],
)
def test_a_burst_after_single_calls_is_as_fast_as_any(
    limit: int, window: float, count: int, priority: Priority, pause: float
) -> None:
    """Whatever the pauses between them."""
    load = after_single_calls(4, pause, count, priority)
    least = 4 * pause + (math.ceil(count / limit) - 1) * window
    result = Scenario("", lambda seed: Service(RollingWindow(limit, window), seed=seed), load, least, 0).run(0)
    assert result.seconds <= least + 3
    assert result.rejected <= 1
