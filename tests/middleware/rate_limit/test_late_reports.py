"""Tests of reports that reach the store late: the window never looks shorter than it is."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.fake_store import NOTHING, FakeStore
from tests.support.limit_services import RollingWindow
from tests.support.rate_limits import call, limited, start
from tests.support.shared_scenarios import run
from tests.support.virtual_store import EPOCH, ScriptRunner
from tripwire_async.middleware import RateLimit
from tripwire_async.middleware.rate_limit._store_clock import StoreClock
from tripwire_async.middleware.rate_limit.store import FinishedRequest, SlotRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.redis_server import RedisServer
    from tripwire_async._http.messages import Request, Response
    from tripwire_async.middleware.rate_limit.store import SlotGrant

NAMES = itertools.count()


@pytest.fixture
def runner(server: RedisServer) -> Iterator[ScriptRunner]:
    """Return a runner of the script with its own name."""
    runner = ScriptRunner(server.url, f"late.{next(NAMES)}")
    yield runner
    runner.close()


def report(
    runner: ScriptRunner,
    client: str,
    number: int,
    finished: Sequence[FinishedRequest],
    *,
    made: float,
    received: float,
    earliest: float | None,
) -> SlotGrant:
    """Have *client* report at *made* what the script receives later."""
    clock = None if earliest is None else EPOCH + earliest
    request = SlotRequest(client, number, made, 0, 0, None, None, tuple(finished), clock)
    return runner.run(request, received)


def window_after(runner: ScriptRunner, *, delay: float, earliest: float | None) -> float | None:
    """Return the window of a limit of 4 per 10 s after requests at 0 s, which one client reports *delay* late.

    The window is known as 20 s. Another client sends a request at 10.01 s, of which the response counts only itself.
    """
    one = [FinishedRequest(n, f"one.{n}", 0.0, 0.002, "accepted", limit=4, count=n) for n in (1, 2, 3, 4)]
    opening = SlotRequest("one", 1, 0.0, 0, 0, 4, 20.0, ())
    runner.run(opening, 0.0)
    report(runner, "one", 2, one, made=0.01, received=0.01 + delay, earliest=earliest)
    other = [FinishedRequest(1, "other.1", 10.01, 10.012, "accepted", limit=4, count=1)]
    return report(runner, "two", 1, other, made=10.02, received=10.02, earliest=10.02).window


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.09])
def test_a_late_report_does_not_shorten_the_window_too_much(runner: ScriptRunner, delay: float) -> None:
    """The requests seem to be younger than they are, but the store knows by how much at most."""
    window = window_after(runner, delay=delay, earliest=0.01)
    assert window is not None
    assert 10.0 <= window == pytest.approx(10.012)


@pytest.mark.parametrize("earliest", [None, -5.0, 5.0])
def test_a_report_of_unknown_delay_does_not_shorten_the_window(runner: ScriptRunner, earliest: float | None) -> None:
    """Without the time, or with one that a clock that was set makes impossible."""
    assert window_after(runner, delay=0.05, earliest=earliest) == 20.0


@pytest.mark.parametrize("delay", [0.008, 0.1])
@pytest.mark.parametrize("seed", range(2))
def test_processes_with_delayed_reports_learn_no_window_that_is_too_short(
    runner: ScriptRunner, delay: float, seed: int
) -> None:
    """Each way to the store takes up to 0.1 s, each time another time; learning costs one rejection."""
    outcome = run(
        runner,
        processes=4,
        calls=100,
        counter=RollingWindow(100, 1.0),
        delay=(0.0, delay),
        seed=seed,
        patience=1.0,
    )
    assert (outcome.succeeded, outcome.rejected) == (400, 1)
    assert outcome.window is not None
    assert outcome.window >= 1.0


delays = st.floats(0.0, 0.5)


@given(
    ahead=st.floats(-1e6, 1e9),
    drift=st.floats(-0.001, 0.001),
    replies=st.lists(st.tuples(st.floats(0.0, 100.0), delays, delays), min_size=1),
)
@example(ahead=0.0, drift=-0.001, replies=[(0.0, 0.0, 0.0), (0.0, 0.0, 0.5), (0.0, 0.0, 0.5), (0.0, 0.0, 0.5)])
def test_the_bound_is_never_later_than_the_clock_of_the_store(
    ahead: float, drift: float, replies: list[tuple[float, float, float]]
) -> None:
    """It is earlier by the way of the fastest reply and the drift since, at most."""
    clock = StoreClock()
    now = 0.0
    bounds: list[tuple[float, float]] = []
    assert clock.earliest(now) is None
    for pause, way, back in replies:
        now += pause
        decided, received = now + way, now + way + back
        clock.measure(now, received, ahead + decided * (1 + drift))
        now = received
        earliest = clock.earliest(now)
        assert earliest is not None
        late = ahead + now * (1 + drift) - earliest
        bounds.append((now, back * 1.001))
        assert -1e-6 <= late <= min(bound + 0.002 * (now - since) for since, bound in bounds) + 1e-6


def test_a_clock_that_was_set_back_makes_the_bound_void() -> None:
    """The next reply gives a new one; a clock that was set forward does as well."""
    clock = StoreClock()
    clock.measure(1.0, 1.1, 1000.0)
    assert clock.earliest(1.1) == 1000.0
    clock.measure(2.0, 2.2, 500.0)
    assert clock.earliest(2.2) == 500.0
    clock.measure(3.0, 3.2, 2000.0)
    assert clock.earliest(3.2) == 2000.0


def test_a_reply_from_the_earliest_possible_time_leaves_the_bound_valid() -> None:
    """No clock was set back: the reply was slow, and the one before it was not."""
    clock = StoreClock()
    clock.measure(1.0, 1.0, 1000.0)
    clock.measure(1.0, 1.5, 1000.0)
    assert clock.earliest(1.5) == pytest.approx(1000.4995)


@pytest.mark.virtual_time
async def test_a_request_that_is_cancelled_early_is_reported_as_ended_when_it_has_arrived() -> None:
    """It is still on its way to the service, for about as long as the round trips before it."""
    store = FakeStore()
    limit = RateLimit(store=store)

    async def slow(request: Request) -> Response:
        await asyncio.sleep(0.4)
        return limited(10, 5)

    await limit(call(), slow)
    for seconds in (0.1, 0.3):
        (task,) = start(limit, slow, call())
        await asyncio.sleep(seconds)
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await limit(call(), slow)
    lost = [(ended.outcome, round(ended.at - ended.sent, 3)) for ask in store.asked for ended in ask.finished][1:]
    assert [("lost", 0.4), ("lost", 0.4)] == lost


@pytest.mark.virtual_time
async def test_each_request_has_its_earliest_time_on_the_clock_of_the_store() -> None:
    """It follows from the time in the replies so far; a store that reports none receives none."""
    granted = attrs.evolve(NOTHING, granted=1)
    store = FakeStore(delay=0.05, replies=[attrs.evolve(granted, time=5000.0), granted])
    limit = RateLimit(store=store)

    async def good(request: Request) -> Response:
        return limited(10, 5)

    for _ in range(2):
        await limit(call(), good)
    first, second = store.asked
    assert first.earliest is None
    assert second.earliest == pytest.approx(5000.0, abs=0.001)
