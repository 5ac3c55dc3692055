"""Tests of the order in which calls go: between priorities, between keys, and at constant cost."""

from __future__ import annotations

import asyncio
import gc
import math
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from tests.support import requests, virtual_time
from tests.support.limited_server import LimitedServer, persist
from tests.support.machine_settings import machine_settings
from tests.support.rate_limits import Wire, call, poll, settle, start
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async.middleware import RateLimit
from tripwire_async.middleware.rate_limit._admission import LimitModel
from tripwire_async.middleware.rate_limit._capacity import Capacity
from tripwire_async.middleware.rate_limit._queue import CallQueue, Waiter
from tripwire_async.middleware.rate_limit._scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from tripwire_async._http.messages import Priority, Request, Response


# -- rule 19: reads and interactive calls share -----------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_polls_and_interactive_calls_alternate() -> None:
    """Each awaited `send_test` needs one send and at most one read."""
    wire, limit = Wire(), RateLimit(max_in_flight=1)
    tasks = start(limit, wire, *(call() for _ in range(7)), *(call("poll") for _ in range(6)))
    for index in range(13):
        await settle()
        wire.accept(index)
    await asyncio.gather(*tasks)
    assert wire.priorities == "i" + "ip" * 6


@pytest.mark.virtual_time
async def test_reserved_slots_do_not_starve_polls_while_interactive_calls_wait() -> None:
    """Otherwise interactive calls would take each free slot, and a poll needs several free ones."""
    wire, limit = Wire(), RateLimit(max_in_flight=40)
    (first,) = start(limit, wire, call())
    await settle()
    wire.accept(0)
    await first
    tasks = start(limit, wire, *(call() for _ in range(80)), *(call("poll") for _ in range(20)))
    await settle()
    for index in range(1, 41):
        wire.accept(index)
        await settle()
    assert Counter(wire.priorities[41:61])["p"] == 10
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


# -- rule 10: constant work -------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
@pytest.mark.parametrize("keys", [100, 1000])
async def test_the_end_of_a_request_costs_the_same_however_many_keys_wait(keys: int) -> None:
    """Each key has its turn when it has one, and is not examined for the requests of others."""
    wire, limit = Wire(), RateLimit(max_in_flight=50)
    tasks = start(limit, wire, *(poll(token) for token in range(keys)))
    await settle()
    assert len(wire.sent) == 50
    for index in range(keys):
        wire.accept(index)
        await settle()
    await asyncio.gather(*tasks)
    assert limit.statistics().turns <= 4 * keys


@pytest.mark.virtual_time
async def test_keys_that_wait_for_their_own_limit_are_not_examined_for_others() -> None:
    """They have their own timers; a busy key continues beside them."""
    limit = RateLimit()

    async def reject(request: Request) -> Response:
        return requests.limited(10, 0, 429, **{"Retry-After": "60"})

    for token in range(200):
        await limit(poll(token), reject)
    wire = Wire()
    tasks = start(limit, wire, *(poll(token) for token in range(200)))
    await settle()
    before = limit.statistics().turns
    server = LimitedServer(10_000, 60.0)
    await asyncio.gather(*(persist(limit, server, call()) for _ in range(1000)))
    assert limit.statistics().turns - before <= 3_000
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.virtual_time
async def test_the_slots_for_interactive_calls_make_no_walk_over_the_others() -> None:
    """While no interactive call waits, the last twentieth of the slots is not offered to anyone."""
    wire, limit = Wire(), RateLimit(max_in_flight=40)
    bulk = [replace(poll(token), priority="poll") for token in range(300)]
    tasks = start(limit, wire, *bulk)
    await settle()
    assert len(wire.sent) == 38
    for index in range(300):
        wire.accept(index)
        await settle()
    await asyncio.gather(*tasks)
    assert limit.statistics().turns <= 4 * 300


@pytest.mark.virtual_time
async def test_a_key_without_a_slot_waits_while_an_interactive_call_waits_for_its_own_limit() -> None:
    """The last slots are reserved for interactive calls, and the bulk of another key must not be examined forever."""
    wire, limit = Wire(), RateLimit(max_in_flight=40)
    await limit(poll(1), requests.Script([requests.limited(10, 0, 429, **{"Retry-After": "60"})]))
    held = start(limit, wire, poll(1))
    bulk = [replace(poll(token), priority="poll") for token in range(2, 60)]
    tasks = start(limit, wire, *bulk)
    await settle()
    assert len(wire.sent) == 38
    for index in range(len(bulk)):
        wire.accept(index)
        await settle()
    await asyncio.gather(*tasks)
    held[0].cancel()
    await asyncio.gather(*held, return_exceptions=True)


@pytest.mark.virtual_time
async def test_an_interactive_call_that_has_gone_waits_no_more() -> None:
    """Otherwise the reserved slots would be offered to bulk calls for nothing."""
    capacity = Capacity(40)
    queue = CallQueue(capacity)
    queue.add(Waiter(asyncio.get_running_loop().create_future(), math.inf, "interactive"))
    assert capacity.interactive_waiting == 1
    queue.pop("interactive")
    assert capacity.interactive_waiting == 0


@pytest.mark.virtual_time
async def test_a_timer_is_moved_when_the_limit_allows_a_call_sooner() -> None:
    """For example because another process has learned that the window is shorter."""
    loop = asyncio.get_running_loop()
    model, capacity = LimitModel(lambda: 0.0), Capacity(40)
    model.window.merge(0.0, 1, 60.0)
    scheduler = Scheduler(model, capacity, LOOP_CLOCK, loop)
    permit = scheduler.acquire_nowait("interactive")
    assert permit is not None
    scheduler.accept(permit, 1, 0)
    task = asyncio.create_task(scheduler.acquire(call()))
    await asyncio.sleep(11.0)
    model.window.merge(11.0, 1, 13.0)
    capacity.dispatch(11.0, scheduler)
    await task
    assert loop.time() == pytest.approx(13.0, abs=0.1)


@pytest.mark.virtual_time
async def test_a_turn_is_counted_once() -> None:
    """One for the call that waits until the first has ended, and one that finds no other call."""
    wire, limit = Wire(), RateLimit(max_in_flight=1)
    tasks = start(limit, wire, call(), call())
    await settle()
    for index in range(2):
        wire.accept(index)
        await settle()
    await asyncio.gather(*tasks)
    assert limit.statistics().turns == 2


@pytest.mark.virtual_time
async def test_keys_in_use_are_swept_when_their_number_has_doubled() -> None:
    """Not for each new key: a sweep looks at all of them."""
    wire, limit = Wire(), RateLimit(max_in_flight=2000)
    tasks = start(limit, wire, *(poll(token) for token in range(1000)))
    await settle()
    assert limit.statistics().keys == 1000
    for index in range(1000):
        wire.accept(index)
    await asyncio.gather(*tasks)
    for token in range(1000, 1030):
        await limit(poll(token), requests.Script([requests.limited(10, 9)]))
    assert limit.statistics().keys <= 100


@pytest.mark.virtual_time
async def test_the_limits_of_a_few_tokens_are_kept() -> None:
    """Calls with the same token are not slowed down by slow start again."""
    limit = RateLimit()
    for token in range(200):
        await limit(poll(token), requests.Script([requests.limited(10, 9)]))
    assert limit.statistics().keys == 200


# -- loops and threads ------------------------------------------------------------------------------------------------


def test_one_limit_serves_loops_in_several_threads_at_once() -> None:
    """Each has its own queue and slots; all calls of all threads succeed."""
    limit = RateLimit()
    barrier = threading.Barrier(8)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            for _ in range(5):
                barrier.wait()
                virtual_time.run(one_run())
        except BaseException as error:  # noqa: BLE001 - the main thread checks the list
            failures.append(error)

    async def one_run() -> None:
        server = LimitedServer(60, 2.0)
        await asyncio.gather(*(persist(limit, server, call()) for _ in range(70)))
        assert limit.state().in_flight == limit.state().waiting == 0

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_loop_that_is_closed_with_calls_waiting_disturbs_no_other() -> None:
    """As in a worker that makes a loop for each job; the left-over calls end whenever they are collected."""
    limit = RateLimit(max_in_flight=2)
    for _ in range(3):
        loop = virtual_time.VirtualTimeLoop()
        wire = Wire()
        left: list[Coroutine[Any, Any, Response]] = [limit(call(), wire) for _ in range(6)]

        async def begin(coroutines: list[Coroutine[Any, Any, Response]]) -> None:
            for coroutine in coroutines:
                coroutine.send(None)

        loop.run_until_complete(begin(left))
        loop.close()
        while left:
            left.pop().close()
        gc.collect()

    async def again() -> None:
        server = LimitedServer(60, 2.0)
        await asyncio.gather(*(persist(limit, server, call()) for _ in range(70)))
        assert limit.state().in_flight == limit.state().waiting == 0

    virtual_time.run(again())


# -- a model of the queue ---------------------------------------------------------------------------------------------


class QueueMachine(RuleBasedStateMachine):
    """Compares `CallQueue` with three lists."""

    @initialize()
    def begin(self) -> None:
        self.capacity = Capacity(10)
        self.queue = CallQueue(self.capacity)
        self.loop = asyncio.new_event_loop()
        self.model: dict[Priority, list[Waiter]] = {"interactive": [], "send": [], "poll": []}
        self.interactive_in_a_row: dict[Priority, int] = {"send": 0, "poll": 0}

    def teardown(self) -> None:
        self.loop.close()

    @rule(priority=st.sampled_from(["interactive", "send", "poll"]))
    def add(self, priority: Priority) -> None:
        waiter = Waiter(self.loop.create_future(), math.inf, priority)
        self.queue.add(waiter)
        self.model[priority].append(waiter)

    @rule(data=st.data(), leave=st.sampled_from(["remove", "cancel"]))
    def leave(self, data: st.DataObject, leave: str) -> None:
        """Take a waiter out, or cancel its future and leave it in the queue."""
        waiters = [waiter for each in self.model.values() for waiter in each]
        if waiters:
            waiter = data.draw(st.sampled_from(waiters))
            self.model[waiter.priority].remove(waiter)
            if leave == "cancel":
                waiter.future.cancel()
            else:
                self.queue.remove(waiter)
                self.queue.remove(waiter)

    @rule(sends_only=st.booleans(), take_bulk=st.booleans())
    def serve(self, *, sends_only: bool, take_bulk: bool) -> None:
        """Serve the next one, and check that it is the first of its priority and that none starves."""
        bulk, interactive = self.queue.turn(sends_only=sends_only)
        assert interactive == bool(self.model["interactive"])
        if bulk is None:
            waiting = [priority for priority in ("send", "poll") if self.model[priority]]
            assert not waiting or (
                interactive and "poll" not in [p for p in waiting if self.interactive_in_a_row[p] >= 1]
            )
            assert all(self.interactive_in_a_row[priority] < 3 for priority in waiting)
        else:
            assert self.model[bulk]
            if sends_only and self.model["send"] and not interactive:
                assert bulk == "send"
        priority: Priority | None = bulk if bulk is not None and (take_bulk or not interactive) else None
        if priority is None and interactive:
            priority = "interactive"
        if priority is not None:
            assert self.queue.pop(priority) is self.model[priority].pop(0)
            for each in self.interactive_in_a_row:
                if priority == "interactive":
                    self.interactive_in_a_row[each] += 1
                elif priority == each:
                    self.interactive_in_a_row[each] = 0

    @invariant()
    def counts(self) -> None:
        """No waiter is lost; cancelled ones may still be counted until they are passed over."""
        if hasattr(self, "queue"):
            live = [waiter for waiter in self.queue if not waiter.future.done()]
            assert sorted(map(id, live)) == sorted(id(waiter) for each in self.model.values() for waiter in each)
            assert self.capacity.interactive_waiting == self.queue.count("interactive")
            assert self.queue.size == sum(self.queue.count(priority) for priority in self.model)


TestQueue = pytest.mark.machine(QueueMachine.TestCase)
TestQueue.settings = machine_settings(60, 40)
