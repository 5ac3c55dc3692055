"""Record of a run of tests: tests in progress, outcomes, counters and times."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, final

from tripwire_async._secrets.frames import drop_frames
from tripwire_async.errors import TripwireError

from .endpoint_test import EndpointTest, unfinished_error
from .estimates import TestCounts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tripwire_async._concurrency.clock import Clock

    from .outcomes import TestOutcome, TestState
    from .pending import PendingDelivery


@final
class RunRecord:
    """Tests and outcomes of one run; readable also when the event loop of the run was closed.

    Attributes:
        ids: The endpoints in order; None until they are listed, or if they are kept elsewhere.
        counts: Number of tests in each phase.
        results: Outcomes by endpoint, in the order of the endpoints, with ``unknown`` for tests in progress.
    """

    def __init__(self, ids: tuple[str, ...] | None, clock: Clock) -> None:
        self.ids = ids
        self.counts = TestCounts()
        self.results: Mapping[str, TestOutcome] = _Results(self)
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started: float | None = None
        self._ended: float | None = None
        self._last_change = 0.0
        self._finished: dict[str, TestOutcome] = {}
        self._in_progress: dict[str, EndpointTest] = {}

    def begin(self) -> None:
        """Note that the run starts now."""
        self._loop = asyncio.get_running_loop()
        self._started, self._ended = self._touch(), None

    def end(self) -> None:
        """Note that the run has ended."""
        self._ended = self._now()

    @property
    def seconds(self) -> float:
        """Seconds since the start of the run; its duration once it has ended."""
        return 0.0 if self._started is None else max(0.0, self._now() - self._started)

    @property
    def in_progress(self) -> tuple[EndpointTest, ...]:
        """The tests that were started and have not ended."""
        return tuple(self._in_progress.values())

    def start(self, endpoint_id: str) -> EndpointTest:
        """Note that the test of an endpoint starts; return its record."""
        self._touch()
        test = self._in_progress[endpoint_id] = EndpointTest(endpoint_id, self.seconds)
        self.counts.sending += 1
        return test

    def accept(self, test: EndpointTest, pending: PendingDelivery) -> None:
        """Note that the service has accepted *test*."""
        test.pending, test.accepted_at = pending, self._touch()
        self.counts.sending -= 1
        self.counts.pending += 1

    def finish(self, test: EndpointTest, state: TestState, error: Exception | None = None) -> TestOutcome:
        """Note that *test* has ended; return its outcome."""
        if isinstance(error, TripwireError):
            # It says what happened. Any other exception, such as one of a middleware, needs its traceback.
            drop_frames(error)
        test.is_over = True
        del self._in_progress[test.endpoint_id]
        if test.pending is None:
            self.counts.sending -= 1
        else:
            self.counts.pending -= 1
        self.counts.states[state] += 1
        outcome = self._finished[test.endpoint_id] = test.outcome(state, self._touch(), error)
        return outcome

    def drop(self, test: EndpointTest) -> None:
        """Remove a test that was not accepted and gets no outcome."""
        test.is_over = True
        del self._in_progress[test.endpoint_id]
        self.counts.sending -= 1

    def forget(self, endpoint_ids: Iterable[str]) -> None:
        """Remove the outcomes of endpoints, which are kept elsewhere."""
        for endpoint_id in endpoint_ids:
            self._finished.pop(endpoint_id, None)

    def get(self, endpoint_id: str) -> TestOutcome | None:
        """Return the outcome of the test of an endpoint; None if it was not started."""
        outcome = self._finished.get(endpoint_id)
        if outcome is None and (test := self._in_progress.get(endpoint_id)) is not None:
            return test.outcome("unknown", self._now(), unfinished_error(test), is_final=False)
        return outcome

    def order(self) -> Iterator[str]:
        """Return the endpoints that were started, in order."""
        ids = (*self._finished, *self._in_progress) if self.ids is None else self.ids
        return (id_ for id_ in ids if id_ in self)

    def __contains__(self, endpoint_id: object) -> bool:
        return endpoint_id in self._finished or endpoint_id in self._in_progress

    def __len__(self) -> int:
        return len(self._finished) + len(self._in_progress)

    def _touch(self) -> float:
        self._last_change = now = self._clock.now()
        return now

    def _now(self) -> float:
        """Return the time of the run: that of its end, or of its last change if its loop was closed before."""
        if self._ended is not None:
            return self._ended
        return self._clock.now() if self._loop is None or self._loop.is_running() else self._last_change


@final
class _Results(Mapping[str, "TestOutcome"]):
    """View of a record as a mapping of endpoints to outcomes; looking one up does not build the others."""

    __slots__ = ("_record",)

    def __init__(self, record: RunRecord) -> None:
        self._record = record

    def __getitem__(self, endpoint_id: str) -> TestOutcome:
        outcome = self._record.get(endpoint_id)
        if outcome is None:
            raise KeyError(endpoint_id)
        return outcome

    def __contains__(self, endpoint_id: object) -> bool:
        return endpoint_id in self._record

    def __iter__(self) -> Iterator[str]:
        return self._record.order()

    def __len__(self) -> int:
        return len(self._record)

    def __repr__(self) -> str:
        return repr(dict(self))
