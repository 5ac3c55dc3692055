"""Testing many endpoints at once: one failing ends none of the others, and whoever leaves leaves nothing running."""

from __future__ import annotations

import asyncio
import functools
import math
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TypeAlias, cast, final

from tripwire_async._concurrency.polling import PollSchedule
from tripwire_async._generated.operations import webhooks as operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async.errors import DeliveryTimeoutError

from ._endpoint_test import EndpointTest, cancelled_inside, not_ended, not_sent, state_of, state_of_unsent
from ._send_window import SendWindow
from .delivery_poller import PAGE
from .estimates import Plan, Progress, make_plan, make_progress
from .pending import DEFAULT_SCHEDULE, DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator, Mapping
    from types import AsyncGeneratorType, TracebackType

    from tripwire_async._concurrency.clock import Clock, Timer
    from tripwire_async._http.api_calls import Caller
    from tripwire_async.middleware import RateLimitState

    from .outcomes import TestOutcome, TestState
    from .pending import PendingDelivery
    from .sender import Sender

Until: TypeAlias = Literal["settled", "sent"]

_SLOW: Final = 10.0
"""Seconds after which a delivery that does not end gives its place to the next test, if four times as long as usual."""

_GRACE: Final = 0.5
"""Seconds that tests have to end by themselves when the time of the run is up."""

_MARGIN: Final = 0.01


@final
class TestRun:
    """Tests of many endpoints: ``async for`` over their outcomes as they come, or ``await`` all of them.

    ::

        async with tripwire.webhooks.send_tests(organization_id) as tests:
            async for outcome in tests:
                print(outcome.endpoint_id, outcome.state)

    Nothing is requested before that. One object is one run: it sends each test once, and when the run is over, going
    through it again gives the same outcomes. Leaving it early, by ``break``, an exception or a cancellation, ends
    everything that is under way; with ``async with``, before the block is left. What is known then is in `results`.
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
        self._sender = sender
        self._watcher = sender.watcher(organization_id)
        self._call = call
        self._organization_id = organization_id
        self._ids = None if endpoint_ids is None else _checked_ids(endpoint_ids)
        if until not in {"settled", "sent"}:
            msg = f"until must be 'settled' or 'sent', not {until!r}"
            raise ValueError(msg)
        if type(in_flight) is not int or in_flight < 1:
            msg = f"in_flight must be a whole number from 1, not {in_flight!r}"
            raise ValueError(msg)
        if timeout is not None and not 0 < timeout < math.inf:
            msg = f"timeout must be a number of seconds above zero, or None, not {timeout!r}"
            raise ValueError(msg)
        self._until = until
        self._in_flight = in_flight
        self._timeout = timeout
        self._window = SendWindow(max(PAGE, in_flight), self._patience, clock)
        self._clock = clock
        self._limits = limits
        self._began = math.inf
        self._ended = math.inf
        self._end = math.inf
        self._trip = 0.0  # the most that a send has taken
        self._is_over = False
        self._is_running = False
        self._broken: BaseException | None = None
        self._walk: weakref.ref[AsyncGeneratorType[TestOutcome, None]] | None = None
        self._left: Iterator[str] = iter(())
        self._workers: set[asyncio.Task[None]] = set()
        self._under_way: dict[str, EndpointTest] = {}
        self._finished: dict[str, TestOutcome] = {}
        self._unread: deque[TestOutcome] = deque()
        self._news: asyncio.Future[bool] | None = None

    @property
    def results(self) -> Mapping[str, TestOutcome]:
        """What is known by now of each endpoint, ``unknown`` being a test that was begun and has not ended.

        Endpoints whose test was not begun are not in it.
        """
        found = dict(self._finished)
        if self._under_way:
            now = self._clock.now()
            found |= {id_: test.outcome("unknown", now) for id_, test in self._under_way.items()}
        return {id_: found[id_] for id_ in self._ids or () if id_ in found}

    async def plan(self) -> Plan:
        """Say about how many requests the run will make and how long it will last, with the limit as it is known.

        Without endpoints named this lists them: one request, which tells the limit as well, and which the run then
        saves. Raises what that request raises.
        """
        ids = await self._endpoints()
        settle = self._until == "settled"
        return make_plan(len(ids), self._in_flight, self._sender.times.usual, self._limits(), settle=settle)

    def progress(self) -> Progress:
        """Say how far the run has come."""
        return make_progress(
            None if self._ids is None else len(self._ids),
            (outcome.state for outcome in self._finished.values()),
            (test.pending is not None for test in self._under_way.values()),
            max(0.0, min(self._clock.now(), self._ended) - self._began),
            in_flight=self._in_flight,
            usual=self._sender.times.usual,
            limits=self._limits(),
            settle=self._until == "settled",
        )

    def __await__(self) -> Generator[Any, None, tuple[TestOutcome, ...]]:
        """Run to the end; return all outcomes in the order of the endpoints.

        Raises what listing the endpoints raises, if none were named; whatever happens to a test is in its outcome.
        """
        return self._all().__await__()

    async def _all(self) -> tuple[TestOutcome, ...]:
        outcomes = aiter(self)
        try:
            async for _ in outcomes:
                pass
        finally:
            await outcomes.aclose()
        return tuple(self.results.values())

    def __aiter__(self) -> AsyncGenerator[TestOutcome]:
        """Run, and give each outcome as soon as it is there; raises as awaiting does."""
        walk = self._walk_through()
        if not self._is_running:
            # No reference that would keep alive what a ``break`` has dropped.
            self._walk = weakref.ref(cast("AsyncGeneratorType[TestOutcome, None]", walk))
        return walk

    async def _walk_through(self) -> AsyncGenerator[TestOutcome]:
        if self._is_running:
            msg = "this run is under way already; make another with send_tests to test everything again"
            raise RuntimeError(msg)
        if self._is_over:
            for outcome in tuple(self._finished.values()):
                yield outcome
            return
        self._is_running = True
        try:
            await self._begin()
            while self._unread or self._workers:
                while self._unread:
                    yield self._unread.popleft()
                if self._workers and not await self._hear():
                    await self._stop()
                    self._give_up()
                if self._broken is not None:
                    raise self._broken
        finally:
            # Not a TaskGroup: one that is entered in a generator and left in another task, as by the garbage
            # collector's, cancels the wrong one.
            await self._end_walk()

    async def _end_walk(self) -> None:
        was_over = self._is_over
        await self._stop()
        # As long as the endpoints could not be listed nothing was sent, and the run can be begun again.
        self._is_over = was_over or self._ids is not None
        self._ended = self._clock.now()
        self._is_running = False

    async def __aenter__(self) -> TestRun:
        """Return the run, which has not begun."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End whatever is still under way."""
        walk = None if self._walk is None else self._walk()
        if walk is not None and not walk.ag_running:
            await walk.aclose()
        await self._stop()
        while self._is_running and walk is None:  # noqa: ASYNC110 - it takes a turn or two of the loop
            # The walk was dropped in the middle, and the loop is closing it in a task of its own: let that end.
            await asyncio.sleep(0)

    def __repr__(self) -> str:
        count = "all" if self._ids is None else len(self._ids)
        return f"<TestRun {len(self._finished)} of {count} done>"

    async def _endpoints(self) -> tuple[str, ...]:
        if self._ids is None:
            answer = await self._call(
                ApiRequest(operations.LIST_WEBHOOK_ENDPOINTS, (self._organization_id,), deadline=self._time_left())
            )
            self._ids = tuple(one.id for one in answer.value.data if one.status == "active")
        return self._ids

    async def _begin(self) -> None:
        self._began, self._ended = self._clock.now(), math.inf
        if self._timeout is not None:
            self._end = self._began + self._timeout
        self._left = iter(ids := await self._endpoints())
        if self._is_over:
            # The block was left in the meantime, and nothing that is begun now would be ended by anybody.
            return
        for _ in range(min(self._in_flight, len(ids))):
            self._start_worker()

    def _start_worker(self) -> None:
        worker = asyncio.create_task(self._work())
        self._workers.add(worker)
        worker.add_done_callback(self._worker_done)

    def _worker_done(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        # What is no Exception is not a test's affair, nor is a cancellation that is not ours: it ends the run.
        error = asyncio.CancelledError() if worker.cancelled() else worker.exception()
        if error is not None and not (worker.cancelled() and self._is_over):
            self._broken = self._broken or error
        self._tell(news=True)

    async def _work(self) -> None:
        """Test one endpoint after the other, until none is left or the place was given to another worker."""
        for endpoint_id in self._left:
            now = self._clock.now()
            test = self._under_way[endpoint_id] = EndpointTest(endpoint_id, now - self._began)
            if now >= self._end:
                self._finish(test, "timed_out", not_sent(endpoint_id))
                continue
            try:
                await self._test(test)
            except asyncio.CancelledError as error:
                if cast("asyncio.Task[None]", asyncio.current_task()).cancelling():
                    raise
                self._finish(test, "unknown", cancelled_inside(test, error))
            if not test.keeps_place:
                return

    async def _test(self, test: EndpointTest) -> None:
        """Test one endpoint."""
        await self._window.enter()
        test.queued = self._clock.now() - self._began
        try:
            test.pending = await self._sender.send_once(
                self._organization_id,
                test.endpoint_id,
                schedule=self._schedule(),
                deadline=self._time_left(),
                priority="send",
                stats=test.stats,
            )
        except BaseException as error:
            self._window.fail()
            if not isinstance(error, Exception):
                raise
            # Whatever it is, a middleware's own error included, it must not end the others.
            is_late = self._clock.now() >= self._end - _MARGIN
            self._finish(test, state_of_unsent(error, test, is_late=is_late), error)
            return
        number = self._window.accept()
        test.accepted = self._clock.now()
        self._trip = max(self._trip, test.stats.network_time)
        try:
            await self._follow(test, test.pending)
        finally:
            self._window.end(number)

    async def _follow(self, test: EndpointTest, pending: PendingDelivery) -> None:
        if self._until == "sent":
            self._finish(test, state_of(pending.latest))
            return
        self._time(test)
        try:
            delivery = await pending.settled(max(0.0, min(self._end - test.accepted, DEFAULT_TIMEOUT)))
        except DeliveryTimeoutError as error:
            self._finish(test, "timed_out", error)
        except Exception as error:  # noqa: BLE001 - as in _test
            self._finish(test, "unknown", error)
        else:
            self._finish(test, state_of(delivery))
        finally:
            cast("Timer", test.timer).cancel()

    def _time(self, test: EndpointTest) -> None:
        soon = max(_SLOW, 4 * self._sender.times.usual)
        test.timer = self._clock.call_at(self._clock.now() + soon, functools.partial(self._find_slow, test, soon))

    def _find_slow(self, test: EndpointTest, soon: float) -> None:
        """Give the place of *test* to another; it is not worth that others wait for it."""
        if self._watcher.read_at < test.accepted + soon / 2:
            # Where the rate limit holds back the reads, nothing is known against the delivery.
            self._time(test)
        else:
            test.keeps_place = False
            self._start_worker()

    def _finish(self, test: EndpointTest, state: TestState, error: Exception | None = None) -> None:
        self._under_way.pop(test.endpoint_id, None)
        outcome = self._finished[test.endpoint_id] = test.outcome(state, self._clock.now(), error)
        self._unread.append(outcome)
        self._tell(news=True)

    def _patience(self) -> float:
        """Return the seconds for which sends wait for a delivery, lest the page no longer tells of it."""
        return 1.5 * self._sender.times.usual + 1.0 if self._sender.times.usual else _SLOW

    def _schedule(self) -> PollSchedule:
        """Return when to read a delivery: sooner than by default where all of the last ones had ended sooner."""
        longest = self._sender.times.longest
        # Sends that take long come one by one, and a read after each of them would cost as much as they.
        first = max(longest, 2 * self._trip)
        return PollSchedule(first=first) if longest and first < DEFAULT_SCHEDULE.first else DEFAULT_SCHEDULE

    def _time_left(self) -> float | None:
        """Return the seconds that are left of the run; None when it has no end."""
        return None if self._timeout is None else max(0.0, self._end - self._clock.now())

    async def _hear(self) -> bool:
        """Wait until an outcome is there or a worker has ended; return whether that came in time."""
        self._news = asyncio.get_running_loop().create_future()
        timer = None
        if self._end < math.inf:
            timer = self._clock.call_at(self._end + _GRACE, functools.partial(self._tell, news=False))
        try:
            return await self._news
        finally:
            self._news = None
            if timer is not None:
                timer.cancel()

    def _tell(self, *, news: bool) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(news)

    def _give_up(self) -> None:
        """Let time have run out for all tests that have not ended."""
        for test in tuple(self._under_way.values()):
            self._finish(test, "timed_out", not_ended(test))
        for endpoint_id in self._left:
            self._finish(EndpointTest(endpoint_id, self._clock.now() - self._began), "timed_out", not_sent(endpoint_id))

    async def _stop(self) -> None:
        """End the workers; returns when they have ended, also when it is cancelled itself."""
        self._is_over = True
        workers = tuple(self._workers)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


def _checked_ids(endpoint_ids: Iterable[str]) -> tuple[str, ...]:
    if isinstance(endpoint_ids, str):
        msg = f"endpoint_ids must be a list of ids, not the text {endpoint_ids!r}: put it in a list"
        raise ValueError(msg)  # noqa: TRY004 - wrong arguments are one kind of error, whatever is wrong with them
    ids = tuple(endpoint_ids)
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            msg = f"endpoint_ids names {one!r} twice: each endpoint is tested once in a run"
            raise ValueError(msg)
        seen.add(one)
    return ids
