"""Tasks that test the endpoints of a run, one endpoint at a time each.

A *worker* of a durable run is a call of `send_tests`, and each has one pool of tasks.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from typing import TYPE_CHECKING, Final, cast, final

from tripwire_async.errors import APIError, DeliveryTimeoutError

from ._event_page import PAGE_SIZE
from ._outage import Outage
from ._read_times import LIMIT_WAIT, LONGEST_LEAD_FOR_LIMIT
from ._send_window import SendWindow
from .endpoint_test import (
    inner_cancellation_error,
    sent_state,
    settled_state,
    state_of_unsent,
)
from .pending import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tripwire_async._concurrency.clock import Clock, Timer

    from ._page_exchange import PageExchange
    from ._window_share import WindowShare
    from .endpoint_test import EndpointTest
    from .pending import PendingDelivery
    from .run_options import RunOptions
    from .run_record import RunRecord
    from .sender import Sender
    from .sharing import Sharing
    from .test_source import TestSource

_SLOW: Final = 10.0
"""Seconds after which a slow delivery gives its place to the next test, if that is four times as long as usual."""

_HOLD: Final = 1.25
"""Multiple of the median for which sends wait for the oldest delivery."""

_LIMITED_HOLD: Final = 3.0
"""The same where sends wait for the rate limit."""

_RECHECK: Final = 0.5
"""Seconds after which the hold of a delivery is looked at again that no page has shown yet."""

_MARGIN: Final = 0.01
"""Seconds before the end of the run from which a send that timed out counts as cut off by that end."""


@final
class WorkerPool:
    """Tests the endpoints of one run, at most ``in_flight`` at once.

    Args:
        sender: Sends the tests.
        options: Options of the run.
        record: Record of the run.
        tests: The tests to make, and where their results go.
        end: Time at which the run ends, on the *clock*; infinity for no end.
        clock: Measures the waits.
        left: Returns the number of tests that were not started; None if that is unknown, and may be any number.
        sharing: Shares pages and the window of sends with the other workers of the run, unless the client does already.
    """

    def __init__(
        self,
        sender: Sender,
        options: RunOptions,
        record: RunRecord,
        tests: TestSource,
        *,
        end: float,
        clock: Clock,
        left: Callable[[], int] | None = None,
        sharing: Sharing | None = None,
    ) -> None:
        self._sender = sender
        self._poller = sender.poller(options.organization_id)
        self._options = options
        self._record = record
        self._end = end
        self._clock = clock
        self._tests = tests
        self._limit_wait = 0.0
        self._outage = Outage(clock, end)
        width = max(PAGE_SIZE, options.in_flight)
        self.window = SendWindow(width, self._hold_until, clock)
        self._pages: PageExchange | None = None
        self._share: WindowShare | None = None
        if options.settle:
            if sharing is not None:
                self._pages = sharing.page_exchange(options.organization_id, clock)
            for each in (sender.sharing, sharing):
                if self._share is None and each is not None:
                    self._share = each.window_share(
                        options.organization_id, self.window, left or (lambda: width), clock
                    )

    async def run(self, tasks: int) -> None:
        """Make all tests with a number of *tasks*; return when the last one has ended."""
        with self._poller.sharing_pages(self._pages):
            async with self._share or contextlib.nullcontext():
                await self._run(tasks)

    async def _run(self, tasks: int) -> None:
        self._task = cast("asyncio.Task[None]", asyncio.current_task())
        try:
            async with asyncio.TaskGroup() as self._group:
                for _ in range(tasks):
                    self._group.create_task(self._work())
        except BaseExceptionGroup as group:
            # A task turns each Exception into an outcome. Another error, such as KeyboardInterrupt, ends the run.
            raise group.exceptions[0] from None

    def share_window(self, workers: int) -> None:
        """Divide the page of events among a number of *workers*, of which this pool is one.

        A store that divides the window among all processes takes these workers into account.
        """
        if self._share is None:
            self.window.resize(max(1, max(PAGE_SIZE, self._options.in_flight) // workers))

    async def _work(self) -> None:
        """Test one endpoint after the other until none is left, or until another task has taken this one's place."""
        task = cast("asyncio.Task[None]", asyncio.current_task())
        while True:
            if task.cancelling():
                # A library has lost the cancellation. The run ends nevertheless.
                raise asyncio.CancelledError
            test = await self._tests.next()
            if test is None:
                return
            try:
                await self._test(test)
            except asyncio.CancelledError as error:
                if task.cancelling():
                    if not self._task.cancelling():
                        # A task group ignores that its task is cancelled from outside. The endpoint would be lost.
                        self._task.cancel()
                    raise
                self._tests.finish(test, "unknown", inner_cancellation_error(test, error))
            if not test.keeps_place:
                return
            self._tests.leave(test)

    async def _test(self, test: EndpointTest) -> None:
        if test.pending is None and test.recover is not None:
            await self._recover(test, test.recover)
        if test.pending is not None:
            await self._follow(test, test.pending)
        elif not test.is_over:
            await self._send(test)

    async def _recover(self, test: EndpointTest, recover: Callable[[], Awaitable[PendingDelivery | None]]) -> None:
        """Look for a send of another worker, and accept it if there is one."""
        try:
            pending = await recover()
        except Exception as error:  # noqa: BLE001 - as in `_send`
            self._fail(test, error)
        else:
            if pending is not None:
                test.accepted_at = self._clock.now()
                self._tests.accept(test, pending)

    async def _send(self, test: EndpointTest) -> None:
        await self.window.acquire()
        test.queued = self._record.seconds
        try:
            pending = await self._sender.send_once(
                self._options.organization_id,
                test.endpoint_id,
                deadline=None if self._options.timeout is None else max(0.0, self._end - self._clock.now()),
                priority="send",
                stats=test.stats,
                outage=self._outage,
                before_wire=test.before_wire,
            )
        except BaseException as error:
            self.window.fail()
            if not isinstance(error, Exception):
                raise
            # Any error, that of a middleware included, must not end the other tests.
            self._fail(test, error)
            return
        self._outage.note_response()
        number = self.window.accept()
        self._tests.accept(test, pending)
        self._limit_wait = test.stats.rate_limit_wait
        try:
            await self._follow(test, pending)
        finally:
            self.window.end(number)

    def _fail(self, test: EndpointTest, error: Exception) -> None:
        """End *test*, whose send raised *error*; raise it if it ends the run."""
        if isinstance(error, APIError) and error.status < 500:
            self._outage.note_response()
        if self._tests.ends_run(test, error):
            raise error
        if not self._tests.abandon(test, error):
            is_late = self._clock.now() >= self._end - _MARGIN
            self._tests.finish(test, state_of_unsent(error, test, is_late=is_late), error)

    async def _follow(self, test: EndpointTest, pending: PendingDelivery) -> None:
        if not self._options.settle:
            self._tests.finish(test, sent_state(pending.latest))
            return
        self._start_timer(test)
        try:
            delivery = await pending.settled(max(0.0, min(self._end - test.accepted_at, DEFAULT_TIMEOUT)))
        except DeliveryTimeoutError as error:
            self._tests.finish(test, "timed_out", error)
        except Exception as error:
            # Most errors are the outcome of this test and must not end the others.
            if self._tests.ends_run(test, error):
                raise
            self._tests.finish(test, "unknown", error)
        else:
            self._tests.finish(test, settled_state(delivery))
        finally:
            cast("Timer", test.timer).cancel()

    def _start_timer(self, test: EndpointTest) -> None:
        delay = max(_SLOW, 4 * (self._sender.times.median or 0.0))
        test.timer = self._clock.call_at(
            self._clock.now() + delay, functools.partial(self._replace_slow_test, test, delay)
        )

    def _replace_slow_test(self, test: EndpointTest, delay: float) -> None:
        """Give the place of *test* to another one, so that a delivery that never ends does not hold it up."""
        record = cast("PendingDelivery", test.pending)._record  # pyright: ignore[reportPrivateUsage] - shared in the package
        if max(self._poller.read_at, record.tried_at) < test.accepted_at + delay / 2:
            # The rate limit delays the reads. The delivery may have ended long ago.
            self._start_timer(test)
        elif not self._task.cancelling():
            test.keeps_place = False
            self._tests.leave(test)
            self._group.create_task(self._work())

    def _hold_until(self, accepted_at: float) -> float:
        """Return until when sends wait for a delivery that was accepted then, so that its event stays on the page.

        Where sends wait for the rate limit anyway, waiting costs nothing, and a read that is saved is one more send.
        Where the limit delays reads, sends wait for the page from after the usual end of the delivery.
        """
        median = self._sender.times.median
        if median is None:
            return accepted_at + _SLOW
        until = accepted_at + (_LIMITED_HOLD if self._limit_wait > LIMIT_WAIT else _HOLD) * median + 1.0
        if self._poller.read_at < accepted_at + median:
            until = max(until, min(self._clock.now() + _RECHECK, until + LONGEST_LEAD_FOR_LIMIT))
        return until
