"""Tests of many endpoints at once."""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast, final

from tripwire_async._generated.operations import webhooks as operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async.errors import RequestTimeoutError

from ._run_options import RunOptions, check_endpoint_ids
from ._run_record import RunRecord
from ._worker_pool import WorkerPool
from .estimates import Conditions, make_plan, make_progress

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterable, Mapping
    from types import TracebackType

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.api_calls import Caller
    from tripwire_async.middleware import RateLimitState

    from ._send_window import SendWindowStatistics
    from .estimates import Plan, Progress
    from .outcomes import TestOutcome, Until
    from .sender import Sender

_GRACE: Final = 0.5
"""Seconds for which tests may end by themselves after the time of the run is up."""


@final
class TestRun:
    """Run of tests of many endpoints: ``await`` it for all outcomes, or iterate it for each as soon as it is known.

    ::

        outcomes = await tripwire.webhooks.send_tests(organization_id)

        async with tripwire.webhooks.send_tests(organization_id) as run:
            async for outcome in run:
                print(outcome.endpoint_id, outcome.state)

    Awaiting or iterating starts the run; nothing is sent before. Leaving the block, also by an exception or a
    cancellation, first ends all tests in progress. `results` has the outcomes so far. A run sends each test
    once: when it has ended, awaiting or iterating it gives the same outcomes again.
    """

    __test__: ClassVar[bool] = False  # not a test class for pytest

    def __init__(
        self,
        sender: Sender,
        call: Caller,
        organization_id: str,
        endpoint_ids: Iterable[str] | None,
        *,
        until: Until,
        in_flight: int,
        timeout: float | None,
        clock: Clock,
        limits: Callable[[], RateLimitState | None],
    ) -> None:
        self._options = RunOptions(organization_id=organization_id, until=until, in_flight=in_flight, timeout=timeout)
        self._record = RunRecord(None if endpoint_ids is None else check_endpoint_ids(endpoint_ids), clock)
        self._sender = sender
        self._call = call
        self._clock = clock
        self._limits = limits
        self._last_limits: RateLimitState | None = None
        self._is_open = False
        self._is_awaited = False
        self._is_over = False
        self._is_stopping = False
        self._is_expired = False
        self._end = math.inf
        self._pool: WorkerPool | None = None
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None
        self._changed = asyncio.Event()

    @property
    def results(self) -> Mapping[str, TestOutcome]:
        """Outcomes so far by endpoint, in the order of the endpoints; ``unknown`` for tests that have not ended.

        Endpoints whose test was not started are left out. This is a view that follows the run, and can be read at any
        time, also after the event loop was closed.
        """
        return self._record.results

    async def plan(self) -> Plan:
        """Estimate how many requests the run will make and how long it will take, given the known rate limit.

        If no endpoints were named, this lists them. The run does not list them again, and the rate limit is known from
        the response. Raises the errors of that request.
        """
        return make_plan(len(await self._endpoints()), self._conditions())

    def progress(self) -> Progress:
        """Return how far the run has come; can be called at any time, also after the event loop was closed."""
        record = self._record
        endpoints = None if record.ids is None else len(record.ids)
        return make_progress(endpoints, record.counts, record.seconds, self._conditions(), is_over=self._is_over)

    def statistics(self) -> SendWindowStatistics | None:
        """Return the state of the window that holds back sends, for tests and debugging; None before the start."""
        return None if self._pool is None else self._pool.window.statistics()

    def __await__(self) -> Generator[Any, None, tuple[TestOutcome, ...]]:
        """Run to the end; return all outcomes in the order of the endpoints.

        Raises the error of listing the endpoints, if none were named. Errors of a test are in its outcome.
        """
        return self._run_to_end().__await__()

    def __aiter__(self) -> AsyncIterator[TestOutcome]:
        """Iterate over the outcomes in the order in which the tests end; raises the errors of awaiting.

        Each iteration gives all outcomes. A RuntimeError outside of ``async with``, unless the run has ended.
        """
        if not (self._is_open or self._is_over):
            msg = (
                "a run can be iterated only inside its block, which ends the tests when it is left: use"
                " `async with send_tests(…) as run: async for outcome in run`, or `await` the run for all outcomes"
            )
            raise RuntimeError(msg)
        return _Outcomes(self._outcome_at)

    async def __aenter__(self) -> TestRun:
        """Return the run, which has not started."""
        if self._is_open:
            raise RuntimeError(_UNDER_WAY)
        self._is_open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End all tests in progress."""
        try:
            await self._stop()
        finally:
            self._is_open = False

    def __repr__(self) -> str:
        count = "all" if self._record.ids is None else len(self._record.ids)
        return f"<TestRun {len(self._record.outcomes)} of {count} done>"

    async def _run_to_end(self) -> tuple[TestOutcome, ...]:
        if self._is_awaited:
            raise RuntimeError(_UNDER_WAY)
        if self._is_open:
            await self._join()
        elif not self._is_over:
            self._is_awaited = True
            try:
                async with self:
                    await self._join()
            finally:
                self._is_awaited = False
        return tuple(self.results.values())

    async def _join(self) -> None:
        """Wait until all tests have ended; a cancellation ends this wait, not the run."""
        if not self._is_over:
            await asyncio.wait([self._started_task()])
            self._raise_error()

    async def _outcome_at(self, position: int) -> TestOutcome | None:
        """Return the outcome at *position* in the order in which they come; None if the run ends before."""
        outcomes = self._record.outcomes
        if position >= len(outcomes) and not self._is_over:
            task = self._started_task()
            while position >= len(outcomes) and not task.done():
                self._changed.clear()
                await self._changed.wait()
            if position >= len(outcomes):
                self._raise_error()
        return outcomes[position] if position < len(outcomes) else None

    def _started_task(self) -> asyncio.Task[None]:
        """Return the task of the run, started if it was not."""
        if self._task is None:
            self._changed = asyncio.Event()
            self._task = asyncio.create_task(self._run())
            self._task.add_done_callback(lambda _: self._changed.set())
        return self._task

    async def _run(self) -> None:
        """Test the endpoints, and keep the error that ends the run for the code that waits for it."""
        self._record.begin()
        self._is_expired = False
        timer = None
        if self._options.timeout is not None:
            self._end = self._clock.now() + self._options.timeout
            timer = self._clock.call_at(self._end + _GRACE, self._expire)
        try:
            await self._endpoints()
            self._pool = WorkerPool(
                self._sender,
                self._options,
                self._record,
                end=self._end,
                clock=self._clock,
                on_outcome=self._changed.set,
            )
            await self._pool.run()
        except asyncio.CancelledError as error:
            if not self._is_expired or cast("asyncio.Task[None]", asyncio.current_task()).uncancel():
                self._error = None if self._is_stopping else error
                raise
            self._give_up()
        except BaseException as error:  # noqa: BLE001 - raised in the task that awaits or iterates the run
            self._error = error
        finally:
            if timer is not None:
                timer.cancel()

    def _expire(self) -> None:
        self._is_expired = True
        cast("asyncio.Task[None]", self._task).cancel()

    def _give_up(self) -> None:
        if self._pool is None:
            msg = "the time of the run was up before the endpoints were listed; nothing was sent"
            self._error = RequestTimeoutError(msg, maybe_sent=False)
        else:
            self._pool.give_up()

    def _raise_error(self) -> None:
        if self._error is not None and not self._is_over:
            raise self._error

    async def _stop(self) -> None:
        """End the run; return when everything has ended, also if this wait is cancelled."""
        self._is_stopping = True
        self._known_limits()
        # As long as the endpoints could not be listed nothing was sent, and the run can be started again.
        self._is_over = self._is_over or self._task is None or self._record.ids is not None
        try:
            # A task of a closed loop cannot be ended, and does not run.
            if self._task is not None and not self._task.done() and self._task.get_loop().is_running():
                self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)
        finally:
            self._record.end()
            self._task = self._error = None
            self._is_stopping = False

    async def _endpoints(self) -> tuple[str, ...]:
        if self._record.ids is None:
            deadline = None if self._end == math.inf else max(0.0, self._end - self._clock.now())
            response = await self._call(
                ApiRequest(operations.LIST_WEBHOOK_ENDPOINTS, (self._options.organization_id,), deadline=deadline)
            )
            self._record.ids = tuple(endpoint.id for endpoint in response.value.data if endpoint.status == "active")
        return self._record.ids

    def _known_limits(self) -> RateLimitState | None:
        """Return the state of the rate limit; the last one that is known after the run or without its event loop."""
        if not self._is_over:
            with contextlib.suppress(RuntimeError):
                self._last_limits = self._limits()
        return self._last_limits

    def _conditions(self) -> Conditions:
        return Conditions(
            in_flight=self._options.in_flight,
            usual=self._sender.times.median or 0.0,
            limits=self._known_limits(),
            settle=self._options.settle,
        )


_UNDER_WAY: Final = "this run is under way already; make another with send_tests to test everything again"


@final
class _Outcomes:
    """Iterator over the outcomes of a run."""

    __slots__ = ("_outcome_at", "_position")

    def __init__(self, outcome_at: Callable[[int], Awaitable[TestOutcome | None]]) -> None:
        self._outcome_at = outcome_at
        self._position = 0

    def __aiter__(self) -> _Outcomes:
        return self

    async def __anext__(self) -> TestOutcome:
        outcome = await self._outcome_at(self._position)
        if outcome is None:
            raise StopAsyncIteration
        self._position += 1
        return outcome
