"""One execution that concurrent callers share, on virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import weakref

import pytest

from tripwire_async._concurrency.single_flight import SingleFlight

pytestmark = pytest.mark.virtual_time


async def work(results: list[str], name: str, seconds: float = 1.0) -> str | None:
    """Work for some seconds; without a name, there is no result."""
    await asyncio.sleep(seconds)
    results.append(name)
    return name or None


async def test_followers_share_the_result_of_the_leader() -> None:
    """Only the leader works."""
    flight: SingleFlight[str] = SingleFlight()
    done: list[str] = []
    calls = [asyncio.create_task(flight.run(functools.partial(work, done, name))) for name in "abc"]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert ({"leaders": 1, "followers": 2}, 2) == (flight.statistics(), flight.followers)
    assert ["a", "a", "a"] == await asyncio.gather(*calls)
    assert ["a"] == done
    assert {"leaders": 0, "followers": 0} == flight.statistics()
    assert "d" == await flight.run(functools.partial(work, done, "d"))


async def test_followers_share_the_error_of_the_leader() -> None:
    """As if each had made the mistake."""

    async def fail() -> str | None:
        await asyncio.sleep(1.0)
        raise ZeroDivisionError

    flight: SingleFlight[str] = SingleFlight()
    ends = await asyncio.gather(*(flight.run(fail) for _ in range(3)), return_exceptions=True)
    assert [ZeroDivisionError] * 3 == [type(end) for end in ends]


async def test_an_error_is_not_kept_alive() -> None:
    """Its frames can hold much, and the garbage collector may come late."""
    freed: list[bool] = []

    class TrackedError(ZeroDivisionError):
        def __init__(self) -> None:
            weakref.finalize(self, freed.append, True)

    async def fail() -> str | None:
        raise TrackedError

    gc.disable()
    try:
        with contextlib.suppress(ZeroDivisionError):
            await SingleFlight[str]().run(fail)
        assert [True] == freed
    finally:
        gc.enable()


async def test_leadership_passes_on_when_the_leader_is_cancelled() -> None:
    """Its cancellation is its own; a follower that calls again leads."""
    flight: SingleFlight[str] = SingleFlight()
    done: list[str] = []
    leader = asyncio.create_task(flight.run(functools.partial(work, done, "a")))
    await asyncio.sleep(0.5)
    followers = [asyncio.create_task(flight.run(functools.partial(work, done, name))) for name in "bc"]
    await asyncio.sleep(0)
    leader.cancel()
    assert [None, None] == await asyncio.gather(*followers)
    assert leader.cancelled()
    assert "d" == await flight.run(functools.partial(work, done, "d"))


async def test_leadership_passes_on_when_the_leader_has_no_result() -> None:
    """For example because its time was up."""
    flight: SingleFlight[str] = SingleFlight()
    done: list[str] = []
    calls = [asyncio.create_task(flight.run(functools.partial(work, done, name))) for name in ("", "b")]
    assert [None, None] == await asyncio.gather(*calls)


async def test_a_follower_leaves_when_its_time_has_come() -> None:
    """The leader continues."""
    flight: SingleFlight[str] = SingleFlight()
    done: list[str] = []
    leader = asyncio.create_task(flight.run(functools.partial(work, done, "a", 5.0)))
    await asyncio.sleep(0)
    assert await flight.run(functools.partial(work, done, "b"), until=2.0) is None
    assert pytest.approx(2.0) == asyncio.get_running_loop().time()
    assert "a" == await leader


@pytest.mark.parametrize("error", [None, ZeroDivisionError()])
async def test_an_outcome_that_comes_as_a_follower_leaves_is_not_its_own(error: Exception | None) -> None:
    """The timeout was first, and no error is reported as never retrieved."""

    async def end() -> str | None:
        await asyncio.sleep(1.0)
        if error is not None:
            raise error
        return "a"

    flight: SingleFlight[str] = SingleFlight()
    leader = asyncio.create_task(flight.run(end))
    await asyncio.sleep(0)
    # Less than the loop's resolution after the leader's end: both come in one turn of the loop.
    follower = asyncio.create_task(flight.run(end, until=1.0 + 5e-10))
    assert [error or "a", None] == await asyncio.gather(leader, follower, return_exceptions=True)
