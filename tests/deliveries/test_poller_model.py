"""Waits for deliveries against a brute-force store of events, with faults and cancellations in any order."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, ClassVar, Literal

import attrs
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.support.delivery_service import ORGANIZATION, endpoint, internal_sender
from tests.support.event_store import EventStore, client_of, rejection, send
from tests.support.machine_settings import machine_settings
from tests.support.memory_pages import MemoryPages
from tests.support.processes_on_pages import process
from tests.support.virtual_time import VirtualTimeLoop
from tripwire_async._http.messages import Response
from tripwire_async.errors import DeliveryError, DeliveryTimeoutError, ResponseDecodeError, TransportError

if TYPE_CHECKING:
    import random
    from collections.abc import Coroutine

    from tests.support.event_store import StoredEvent
    from tripwire_async._http.messages import Request
    from tripwire_async.deliveries import PendingDelivery
    from tripwire_async.models import WebhookDelivery

Fault = Literal["lost", "html", "unavailable", "firewall", "missing", "undecodable"]

RESPONSES = {
    "html": Response(200, {}, b"<html>maintenance</html>"),
    "unavailable": Response(503, {}, b"{}"),
    "firewall": rejection(403, code=None),
}

LEAD = 1.2
"""Seconds before its end at which a wait is read last, and the response has arrived."""

MISSING = 30.0
"""Seconds after which an event that is missing counts as deleted."""

RECOVERY = 8.0
"""Seconds after the end of a fault until which reads may pause."""


@attrs.define(eq=False)
class Wait:
    """One wait and its result."""

    event: StoredEvent
    started: float
    end: float
    task: asyncio.Task[WebhookDelivery]
    is_cancelled: bool = False


class PollerMachine(RuleBasedStateMachine):
    """One process, or two that share pages, on one event loop with virtual time."""

    processes: ClassVar[int] = 1

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualTimeLoop()
        self.duration = 1.0
        self.service = EventStore(self._draw, fail=self._fail)
        pages = MemoryPages(delay=0.001)
        shared = [process(self.service, pages) for _ in range(self.processes)]
        self.clients = shared if self.processes > 1 else [client_of(self.service)]
        self.fault: Fault | None = None
        self.fault_until = -RECOVERY
        self.missing_since = math.inf  # the first time
        self.handles: list[PendingDelivery] = []
        self.waits: list[Wait] = []

    def _draw(self, rng: random.Random) -> float:
        return rng.uniform(0.0, 2 * self.duration)

    def _fail(self, request: Request) -> Response | None:
        if request.operation.id == "sendTestWebhook" or self.fault is None:
            return None
        if self.fault == "lost":
            raise TransportError("the connection was lost", maybe_sent=True)
        if self.fault == "undecodable":
            # One event of the page, or the single event that is read.
            _, body = self.service.result(request, self.loop.time())
            return Response(200, {}, body.replace(b'"attempts": ', b'"attempts": null, "x": ', 1))
        if self.fault == "missing":
            return None if request.operation.id == "listEvents" else rejection(404)
        return RESPONSES[self.fault]

    def _run(self, main: Coroutine[object, object, object]) -> None:
        self.loop.run_until_complete(main)

    @property
    def now(self) -> float:
        return self.loop.time()

    @rule(
        count=st.sampled_from([1, 2, 5, 40, 230]),
        duration=st.sampled_from([0.1, 1.0, 6.0, 30.0]),
        index=st.integers(0, 1),
    )
    def send(self, count: int, duration: float, index: int) -> None:
        """Send tests whose deliveries take up to twice that long."""
        self.duration = duration

        async def main() -> None:
            self.handles += await send(self.clients[index % self.processes], count)

        self._run(main())

    @rule(count=st.sampled_from([3, 150, 400]))
    def others_send(self, count: int) -> None:
        """Tests of other programs push events off the page."""
        for number in range(count):
            self.service.accept(endpoint(number), self.now)

    @precondition(lambda self: self.handles)
    @rule(
        data=st.data(),
        timeout=st.sampled_from([3.0, 12.0, 60.0]),
        count=st.sampled_from([1, 4, 50]),
        last=st.booleans(),
    )
    def wait(self, data: st.DataObject, timeout: float, count: int, last: bool) -> None:
        """Wait for some of the latest deliveries, or for any."""
        first = max(0, len(self.handles) - count) if last else data.draw(st.integers(0, len(self.handles) - 1))
        for handle in self.handles[first : first + count]:
            event = self.service.events[int(handle.event_id[5:], 16)]
            task = self.loop.create_task(handle.settled(timeout))
            self.waits.append(Wait(event, self.now, self.now + timeout, task))

    @precondition(lambda self: self.waits)
    @rule(data=st.data(), count=st.integers(1, 20))
    def cancel(self, data: st.DataObject, count: int) -> None:
        """Cancel some waits that were started one after the other."""
        first = data.draw(st.integers(0, len(self.waits) - 1))
        for wait in self.waits[first : first + count]:
            wait.is_cancelled = wait.task.cancel() or wait.is_cancelled

    @rule(fault=st.sampled_from(["lost", "html", "unavailable", "firewall", "missing", "undecodable"]))
    def begin_fault(self, fault: Fault) -> None:
        """Let reads fail from now on."""
        if fault == "missing":
            self.missing_since = min(self.missing_since, self.now)
        self.fault = fault

    @precondition(lambda self: self.fault is not None)
    @rule()
    def end_fault(self) -> None:
        """Let reads succeed from now on."""
        self.fault, self.fault_until = None, self.now

    @rule(seconds=st.sampled_from([0.0, 0.03, 0.4, 2.5, 9.0]))
    def advance(self, seconds: float) -> None:
        """Let time pass, and look at the waits that have ended."""
        self._run(asyncio.sleep(seconds))
        self._check_ended()

    def _check_ended(self) -> None:
        if self.fault is not None:
            self.fault_until = self.now
        for wait in [wait for wait in self.waits if wait.task.done()]:
            self.waits.remove(wait)
            if wait.task.cancelled():
                assert wait.is_cancelled
                continue
            error = wait.task.exception()
            if error is None:
                assert wait.event.ends <= self.now
                assert "succeeded" == wait.task.result().status
            elif isinstance(error, DeliveryTimeoutError):
                was_readable = wait.event.ends <= wait.end - LEAD
                reads_failed = self.fault_until > wait.end - RECOVERY
                assert not was_readable or reads_failed
            elif isinstance(error, DeliveryError):
                assert "may have been deleted" in str(error)
                assert self.now - self.missing_since >= MISSING
                assert self.fault_until > wait.started
            else:
                assert isinstance(error, ResponseDecodeError)
                assert self.fault_until > wait.started

    @invariant()
    def no_wait_is_late(self) -> None:
        """A wait ends with its timeout, whatever its reads do."""
        assert all(wait.end > self.now - 0.01 for wait in self.waits if not wait.task.done())

    def teardown(self) -> None:
        self.fault_until = self.now if self.fault is not None else self.fault_until
        self.fault = None
        while self.waits:
            self.advance(5.0)
        assert {"events": 0, "on_page": 0, "waits": 0, "reads": 0, "timers": 0} == self._statistics()
        assert not asyncio.all_tasks(self.loop)
        self.loop.close()

    def _statistics(self) -> dict[str, int]:
        async def read() -> dict[str, int]:
            total: dict[str, int] = {}
            for client in self.clients:
                for name, value in internal_sender(client).poller(ORGANIZATION).statistics().items():
                    total[name] = total.get(name, 0) + value
            return total

        return self.loop.run_until_complete(read())


class SharingMachine(PollerMachine):
    """The same with two processes that share pages."""

    processes = 2


_SETTINGS = machine_settings(25, 20)
PollerMachine.TestCase.settings = _SETTINGS
SharingMachine.TestCase.settings = _SETTINGS
test_no_wait_times_out_whose_delivery_could_be_read = pytest.mark.machine(PollerMachine.TestCase)
test_no_wait_times_out_with_shared_pages = pytest.mark.machine(SharingMachine.TestCase)
