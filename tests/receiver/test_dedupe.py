"""An event is claimed once, and remembered for a while."""

from __future__ import annotations

import asyncio
import math
import time

import pytest

from tripwire_async.receiver import Claim, RecentEvents


async def test_the_first_claim_is_new_and_the_others_are_not() -> None:
    """Until it is done, they are busy; then they receive its response."""
    store = RecentEvents()
    assert [Claim("new"), Claim("busy"), Claim("busy")] == [await store.claim("a") for _ in range(3)]
    await store.complete("a", b"answer")
    assert Claim("done", b"answer") == await store.claim("a")
    assert Claim("new") == await store.claim("b")
    assert len(store) == 2


async def test_of_many_claims_at_once_one_is_new() -> None:
    """Whatever the order of the tasks."""
    store = RecentEvents()
    claims = await asyncio.gather(*(store.claim("a") for _ in range(50)))
    assert 1 == claims.count(Claim("new"))
    assert 49 == claims.count(Claim("busy"))


async def test_a_claim_that_is_released_is_new_again() -> None:
    """The handler failed, and the event comes again."""
    store = RecentEvents()
    await store.claim("a")
    await store.release("a")
    assert len(store) == 0
    assert Claim("new") == await store.claim("a")
    await store.release("never claimed")


async def test_the_oldest_are_forgotten_when_there_are_too_many() -> None:
    """By the order in which they were done."""
    store = RecentEvents(max_events=2)
    for name in ("a", "b", "c"):
        await store.claim(name)
        await store.complete(name, b"")
    assert len(store) == 2
    assert [Claim("done"), Claim("done")] == [await store.claim("b"), await store.claim("c")]
    assert Claim("new") == await store.claim("a")


async def test_what_is_being_handled_is_never_forgotten() -> None:
    """It does not evict completed events."""
    store = RecentEvents(max_events=1)
    for number in range(10):
        await store.claim(f"busy {number}")
    await store.complete("busy 0", b"")
    assert Claim("busy") == await store.claim("busy 9")
    assert Claim("done") == await store.claim("busy 0")


@pytest.mark.virtual_time
async def test_what_is_too_old_is_forgotten() -> None:
    """The age counts from its completion, not from its last lookup."""
    store = RecentEvents(max_age=60, now=asyncio.get_running_loop().time)
    await store.claim("a")
    await asyncio.sleep(100)
    await store.complete("a", b"")
    await asyncio.sleep(59)
    assert Claim("done") == await store.claim("a")
    await asyncio.sleep(1)
    assert Claim("new") == await store.claim("a")


@pytest.mark.virtual_time
async def test_by_default_events_are_remembered_for_24_hours() -> None:
    """The reference promises it."""
    store = RecentEvents(now=asyncio.get_running_loop().time)
    await store.complete("a", b"")
    await asyncio.sleep(24 * 60 * 60 - 1)
    assert Claim("done") == await store.claim("a")
    await asyncio.sleep(1)
    assert Claim("new") == await store.claim("a")


async def test_an_event_completed_twice_is_remembered_once() -> None:
    """With the later response."""
    store = RecentEvents()
    await store.complete("a", b"one")
    await store.complete("a", b"two")
    assert len(store) == 1
    assert Claim("done", b"two") == await store.claim("a")


async def test_an_event_that_is_completed_again_is_the_newest() -> None:
    """Of a full store, the event that was completed least recently is dropped."""
    store = RecentEvents(max_events=2)
    for event_id in ("a", "b", "a", "c"):
        await store.complete(event_id, b"")
    assert Claim("done") == await store.claim("a")
    assert Claim("new") == await store.claim("b")


@pytest.mark.parametrize(("max_events", "max_age"), [(0, 1.0), (-1, 1.0), (1, 0.0), (1, -1.0), (1, math.nan)])
def test_a_store_that_remembers_nothing_is_a_mistake(max_events: int, max_age: float) -> None:
    """It would look as if events were deduplicated."""
    with pytest.raises(ValueError, match="at least one event"):
        RecentEvents(max_events=max_events, max_age=max_age)


def test_the_smallest_store_remembers_one_event_for_less_than_a_second() -> None:
    """Any positive age is accepted."""
    assert repr(RecentEvents(max_events=1, max_age=0.5)) == "<RecentEvents: 0 of 1 events>"


async def test_the_default_clock_needs_no_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the monotonic clock, looked up when it is used."""
    store = RecentEvents(max_age=60)
    await store.complete("a", b"")
    assert Claim("done") == await store.claim("a")
    later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert Claim("new") == await store.claim("a")
