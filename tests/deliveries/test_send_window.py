"""Window that keeps sends close to the oldest open delivery."""

from __future__ import annotations

import asyncio
import gc

import pytest

from tests.support.virtual_time import VirtualTimeLoop
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async.deliveries._send_window import SendWindow

pytestmark = pytest.mark.virtual_time


def window(width: int = 3, max_hold: float = 10.0) -> SendWindow:
    return SendWindow(width, lambda accepted_at: accepted_at + max_hold, LOOP_CLOCK)


async def enter_soon(sends: SendWindow) -> asyncio.Task[None]:
    task = asyncio.create_task(sends.acquire())
    await asyncio.sleep(0)
    return task


async def test_no_more_tests_are_sent_after_the_oldest_than_a_page_holds() -> None:
    """The distance to the oldest counts: younger deliveries that have ended make no room."""
    sends = window()
    numbers = []
    for _ in range(3):
        await sends.acquire()
        numbers.append(sends.accept())
    assert [1, 2, 3] == numbers
    sends.end(numbers[1])
    waiting = await enter_soon(sends)
    assert not waiting.done()
    sends.end(numbers[0])
    await waiting


async def test_tests_that_are_being_sent_count() -> None:
    """Each of them becomes an event, unless it fails."""
    sends = window()
    for _ in range(3):
        await sends.acquire()
    waiting = await enter_soon(sends)
    assert not waiting.done()
    sends.fail()
    await waiting


async def test_a_delivery_that_takes_too_long_does_not_hold_back_sends() -> None:
    """After ten seconds its event may leave the page."""
    sends = window()
    for _ in range(3):
        await sends.acquire()
        sends.accept()
    await sends.acquire()
    assert 10.0 == asyncio.get_running_loop().time()


async def test_a_delivery_that_takes_too_long_is_not_reported_as_an_open_one() -> None:
    """From the time on at which it does not hold back sends any more; until the next one it is in the window."""
    sends = window(width=2)
    await sends.acquire()
    sends.accept()
    assert (1, 0.0) == sends.usage()
    await asyncio.sleep(10.0)
    assert (1, None) == sends.usage()
    await sends.acquire()


async def test_if_all_deliveries_take_too_long_only_tests_being_sent_count() -> None:
    """Waiting for a response needs no timer."""
    sends = window(width=2, max_hold=1.0)
    await sends.acquire()
    number = sends.accept()
    await sends.acquire()
    waiting = await enter_soon(sends)
    also_waiting = await enter_soon(sends)
    await asyncio.sleep(2)
    assert (True, False) == (waiting.done(), also_waiting.done())
    sends.end(number)
    sends.fail()
    await also_waiting


async def test_the_turn_of_a_cancelled_send_goes_to_the_next_one() -> None:
    """A send can be cancelled before its turn or right after it."""
    sends = window(width=1)
    await sends.acquire()
    first, second, third = [await enter_soon(sends) for _ in range(3)]
    first.cancel()
    sends.fail()
    second.cancel()
    await third
    await asyncio.gather(first, second, return_exceptions=True)
    assert (True, True) == (first.cancelled(), second.cancelled())
    assert (1, 0, 0) == sends.statistics()


def test_a_window_whose_loop_was_closed_admits_nothing() -> None:
    """The garbage collector ends the sends of a closed loop in any order, and some of them still wait."""
    loop = VirtualTimeLoop()
    loop.set_exception_handler(lambda _, context: None)
    sends = window(width=1)
    waiting: list[asyncio.Task[None]] = []

    async def fill() -> None:
        await sends.acquire()
        waiting.append(await enter_soon(sends))

    loop.run_until_complete(fill())
    loop.close()
    sends.fail()
    assert (0, 0, 1) == sends.statistics()
    assert not waiting.pop().done()
    gc.collect()
