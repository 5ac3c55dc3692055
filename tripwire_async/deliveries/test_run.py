"""Tests of many endpoints at once."""

from __future__ import annotations

import asyncio
import contextlib
import math
import warnings
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast, final

from tripwire_async.errors import RequestTimeoutError

from .estimates import Conditions, make_plan
from .run_work import PAUSE_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping
    from types import TracebackType

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async.middleware import RateLimitState

    from ._send_window import SendWindowStatistics
    from ._settle_times import SettleTimes
    from .estimates import Plan, Progress
    from .outcomes import TestOutcome
    from .run_work import RunWork

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

    With a journal, this is one worker's part in a run, and leaving the block pauses it. Iterating yields the outcomes
    of this worker, each at least once. Awaiting, or iterating after the end, gives those of all workers.
    """

    __test__: ClassVar[bool] = False  # not a test class for pytest

    def __init__(
        self, work: RunWork, times: SettleTimes, *, clock: Clock, limits: Callable[[], RateLimitState | None]
    ) -> None:
        self._work = work
        self._times = times
        self._clock = clock
        self._limits = limits
        self._last_limits: RateLimitState | None = None
        self._is_open = False
        self._is_used = False
        self._is_awaited = False
        self._is_over = False
        self._is_stopping = False
        self._is_expired = False
        self._end = math.inf
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None
        self._changed = asyncio.Event()

    @property
    def results(self) -> Mapping[str, TestOutcome]:
        """Outcomes so far by endpoint, in the order of the endpoints; ``unknown`` for tests that have not ended.

        Endpoints whose test was not started are left out. This is a view that follows the run, and can be read at any
        time, also after the event loop was closed. With a journal it has only the endpoints that this worker holds;
        the outcomes of all are in the journal.
        """
        return self._work.record.results

    async def plan(self) -> Plan:
        """Estimate how many requests the run will make and how long it will take, given the known rate limit.

        If no endpoints were named, this lists them. The run does not list them again, and the rate limit is known from
        the response. Raises the errors of that request.
        """
        self._is_used = True
        return make_plan(await self._work.count(None), self._conditions())

    def progress(self) -> Progress:
        """Return how far the run has come; can be called at any time, also after the event loop was closed.

        With a journal it counts the tests of all workers, as of the last time that the journal responded.
        """
        return self._work.progress(self._conditions(), is_over=self._is_over)

    def statistics(self) -> SendWindowStatistics | None:
        """Return the state of the window that holds back sends, for tests and debugging; None before the start."""
        return None if self._work.pool is None else self._work.pool.window.statistics()

    async def pause(self, within: float = PAUSE_SECONDS) -> None:
        """Take no further endpoint, let the sends on the wire finish for up to *within* seconds, and end the run.

        With a journal, everything that is known is then recorded, and `resume_tests` continues the run. Without one,
        the run ends as on leaving the block.
        """
        self._is_used = True
        if self._task is not None and not self._task.done():
            await self._work.pause(within)
        await self._stop()

    def __await__(self) -> Generator[Any, None, tuple[TestOutcome, ...]]:
        """Run to the end; return all outcomes in the order of the endpoints.

        Raises the error of listing the endpoints, if none were named. Errors of a test are in its outcome.
        """
        self._is_used = True
        return self._run_to_end().__await__()

    def __aiter__(self) -> AsyncIterator[TestOutcome]:
        """Iterate over the outcomes in the order in which the tests end; raises the errors of awaiting.

        Each iteration gives all outcomes. A RuntimeError outside of ``async with``, unless the run has ended.
        """
        self._is_used = True
        if not (self._is_open or self._is_over):
            msg = (
                "a run can be iterated only inside its block, which ends the tests when it is left: use"
                " `async with send_tests(…) as run: async for outcome in run`, or `await` the run for all outcomes"
            )
            raise RuntimeError(msg)
        if self._is_over and self._work.is_stored:
            return self._stored_outcomes()
        return _Outcomes(self._outcome_at, self._work.first)

    async def __aenter__(self) -> TestRun:
        """Return the run, which has not started."""
        self._is_used = True
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
        progress = self._work.progress(self._conditions(), is_over=self._is_over)
        return f"<TestRun {progress.done} of {'all' if progress.endpoints is None else progress.endpoints} done>"

    def __del__(self) -> None:
        if not getattr(self, "_is_used", True):
            msg = f"{self!r} was never awaited or iterated, so nothing was sent"
            warnings.warn(msg, RuntimeWarning, stacklevel=2, source=self)

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
        return tuple(await self._work.outcomes())

    async def _stored_outcomes(self) -> AsyncIterator[TestOutcome]:
        for outcome in await self._work.outcomes():
            yield outcome

    async def _join(self) -> None:
        """Wait until all tests have ended; a cancellation ends this wait, not the run."""
        if not self._is_over:
            self._work.expect_no_consumer()
            await asyncio.wait([self._started_task()])
            self._raise_error()

    async def _outcome_at(self, position: int) -> TestOutcome | None:
        """Return the outcome at *position* in the order in which they come; None if the run ends before."""
        outcome = self._work.outcome_at(position)
        if outcome is None and not self._is_over:
            task = self._started_task()
            while outcome is None and not task.done():
                self._changed.clear()
                await self._changed.wait()
                outcome = self._work.outcome_at(position)
            if outcome is None:
                self._raise_error()
        return outcome

    def _started_task(self) -> asyncio.Task[None]:
        """Return the task of the run, started if it was not."""
        if self._task is None:
            self._changed = asyncio.Event()
            self._task = asyncio.create_task(self._run())
            self._task.add_done_callback(lambda _: self._changed.set())
        return self._task

    async def _run(self) -> None:
        """Test the endpoints, and keep the error that ends the run for the code that waits for it."""
        self._work.record.begin()
        self._is_expired = False
        timer, timeout = None, self._work.options.timeout
        if timeout is not None:
            self._end = self._clock.now() + timeout
            timer = self._clock.call_at(self._end + _GRACE, self._expire)
        try:
            await self._work.run(self._end, self._changed.set)
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
        if not self._work.is_listed:
            msg = "the time of the run was up before the endpoints were listed; nothing was sent"
            self._error = RequestTimeoutError(msg, maybe_sent=False)
        else:
            self._work.give_up()

    def _raise_error(self) -> None:
        if self._error is not None and not self._is_over:
            raise self._error

    async def _stop(self) -> None:
        """End the run; return when everything has ended, also if this wait is cancelled."""
        self._is_stopping = True
        self._known_limits()
        # As long as the endpoints could not be listed nothing was sent, and the run can be started again.
        self._is_over = self._is_over or self._task is None or self._work.is_listed
        try:
            # A task of a closed loop cannot be ended, and does not run.
            if self._task is not None and not self._task.done() and self._task.get_loop().is_running():
                self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)
        finally:
            self._work.record.end()
            self._task = self._error = None
            self._is_stopping = False

    def _known_limits(self) -> RateLimitState | None:
        """Return the state of the rate limit; the last one that is known after the run or without its event loop."""
        if not self._is_over:
            with contextlib.suppress(RuntimeError):
                self._last_limits = self._limits()
        return self._last_limits

    def _conditions(self) -> Conditions:
        return Conditions(
            in_flight=self._work.options.in_flight,
            usual=self._times.median or 0.0,
            limits=self._known_limits(),
            settle=self._work.options.settle,
        )


_UNDER_WAY: Final = "this run is under way already; make another with send_tests to test everything again"


@final
class _Outcomes:
    """Iterator over the outcomes of a run."""

    __slots__ = ("_outcome_at", "_position")

    def __init__(self, outcome_at: Callable[[int], Awaitable[TestOutcome | None]], first: int) -> None:
        self._outcome_at = outcome_at
        self._position = first

    def __aiter__(self) -> _Outcomes:
        return self

    async def __anext__(self) -> TestOutcome:
        outcome = await self._outcome_at(self._position)
        if outcome is None:
            raise StopAsyncIteration
        self._position += 1
        return outcome
