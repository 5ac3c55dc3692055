"""Time that a test moves by hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tripwire_async.testing import TripwireServer
from tripwire_async.testing.clock import Calendar, ServerLoopClock

if TYPE_CHECKING:
    from tripwire_async.testing import ManualClock


async def test_sleepers_wake_in_order_and_at_their_time(clock: ManualClock) -> None:
    """One advance over several alarms shows each sleeper the time that it waited for."""
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.now()))
        if name == "b":
            await clock.sleep(1)
            woken.append(("b again", clock.now()))

    async with asyncio.TaskGroup() as group:
        for name, seconds in (("c", 3.0), ("a", 1.0), ("b", 1.0)):
            group.create_task(sleeper(name, seconds))
        await clock.advance(3)
        assert 3.0 == clock.now()
    assert [("a", 1.0), ("b", 1.0), ("b again", 2.0), ("c", 3.0)] == woken


async def test_time_stands_still_between_advances(clock: ManualClock) -> None:
    """A sleeper does not wake early; a cancelled one leaves nothing behind."""
    task = asyncio.create_task(clock.sleep(2))
    await clock.advance(1.999)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await clock.advance(1)
    assert 2.999 == clock.now()


async def test_a_sleeper_cancelled_as_its_timer_fires_stays_cancelled(clock: ManualClock) -> None:
    """Two timers for the same time: the first cancels the sleeper of the second."""
    task = asyncio.create_task(clock.sleep(1))
    clock.call_at(1.0, task.cancel)
    await clock.advance(1)
    assert task.cancelled()


async def test_a_sleep_of_nothing_gives_the_others_a_turn(clock: ManualClock) -> None:
    """At zero or less a sleep lets other tasks run, and needs no advance."""
    ran: list[int] = []
    asyncio.get_running_loop().call_soon(ran.append, 1)
    await clock.sleep(0)
    assert [1] == ran


async def test_what_is_due_already_comes_with_the_next_turn(clock: ManualClock) -> None:
    """A callback never runs inside the call that sets it."""
    fired: list[str] = []
    clock.call_at(0, lambda: fired.append("now"))
    assert [] == fired
    await asyncio.sleep(0)
    assert ["now"] == fired


async def test_time_waits_for_held_work(clock: ManualClock) -> None:
    """An advance goes no further while something holds the clock, nested holds too."""
    seen: list[float] = []
    gates = [asyncio.Event(), asyncio.Event()]

    async def work(gate: asyncio.Event) -> None:
        await clock.sleep(1)
        with clock.hold():
            await gate.wait()
            seen.append(clock.now())

    tasks = [asyncio.create_task(work(gate)) for gate in gates]
    advance = asyncio.create_task(clock.advance(10))
    for gate in gates:
        for _ in range(20):
            await asyncio.sleep(0)
        assert (False, 1.0) == (advance.done(), clock.now())
        gate.set()
    await asyncio.gather(advance, *tasks)
    assert ([1.0, 1.0], 10.0) == (seen, clock.now())


async def test_the_calendar_goes_with_its_clock_once_opened(clock: ManualClock) -> None:
    """Dates start at the given time and advance with the clock."""
    calendar = Calendar(clock, 1_774_382_400.5)
    await clock.advance(5)
    assert "2026-03-24T20:00:00.500Z" == calendar.timestamp()
    calendar.start()
    await clock.advance(61)
    calendar.start()
    assert ("2026-03-24T20:01:01.500Z", "2026-03-24T20:01:02.500Z") == (calendar.timestamp(), calendar.timestamp(1))


def test_a_server_needs_no_loop_before_it_is_started() -> None:
    """A server can be created, and its key read, before any loop runs."""
    assert 7.0 == Calendar(ServerLoopClock(), 7.0).unix_time()
    assert TripwireServer().add_endpoint("https://example.com/").created_at.endswith("Z")


async def test_the_loop_of_the_server_is_read_from_outside_of_it(server: TripwireServer) -> None:
    """A synchronous fixture can add objects, even on its own thread."""
    endpoint = await asyncio.to_thread(server.add_endpoint, "https://example.com/")
    assert endpoint.created_at >= server.key.created_at
