"""Tests of a list of endpoints, kept in memory: a run that ends with its process."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

from tripwire_async._generated.operations import webhooks as operations
from tripwire_async._http.api_calls import ApiRequest

from .endpoint_test import not_sent_error, timeout_error
from .estimates import make_progress
from .run_record import RunRecord
from .worker_pool import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.api_calls import Caller

    from .endpoint_test import EndpointTest
    from .estimates import Conditions, Progress
    from .outcomes import TestOutcome, TestState
    from .pending import PendingDelivery
    from .run_options import RunOptions
    from .sender import Sender

_PAUSE_INTERVAL: Final = 0.05
"""Seconds between two checks whether a send is on the wire, while a run is paused."""


@final
class ListedTests:
    """Work of a run over a list of endpoints, or over all active ones.

    Args:
        sender: Sends the tests.
        call: Lists the endpoints.
        options: Options of the run.
        ids: The endpoints, each once; None for all active ones.
        clock: Measures the waits.
    """

    def __init__(
        self, sender: Sender, call: Caller, options: RunOptions, ids: tuple[str, ...] | None, clock: Clock
    ) -> None:
        self.options = options
        self.record = RunRecord(ids, clock)
        self.pool: WorkerPool | None = None
        self._sender = sender
        self._call = call
        self._clock = clock
        self._ended: list[TestOutcome] = []
        self._left: Iterator[str] = iter(())
        self._is_paused = False

    @property
    def is_listed(self) -> bool:
        """True once the endpoints are known."""
        return self.record.ids is not None

    @property
    def is_stored(self) -> bool:
        """False: the outcomes are in memory."""
        return False

    @property
    def first(self) -> int:
        """0: all outcomes are kept."""
        return 0

    async def count(self, deadline: float | None) -> int:
        """Return the number of endpoints; list them if none were named."""
        if self.record.ids is None:
            self.record.ids = await list_active_endpoints(self._call, self.options.organization_id, deadline)
        return len(self.record.ids)

    async def run(self, end: float, on_outcome: Callable[[], object]) -> None:
        """Test the endpoints; after *end*, the rest is timed out."""
        count = await self.count(None if end == math.inf else max(0.0, end - self._clock.now()))
        self._on_outcome = on_outcome
        self._left = iter(self.record.ids or ())
        self.pool = WorkerPool(
            self._sender,
            self.options,
            self.record,
            self,
            end=end,
            clock=self._clock,
            left=lambda: count - len(self.record),
        )
        await self.pool.run(min(self.options.in_flight, count))

    async def pause(self, within: float) -> None:
        """Take no further endpoint; return when no send is without a response, or after *within* seconds."""
        self._is_paused = True
        end = self._clock.now() + within
        while any(test.pending is None and test.stats.attempts for test in self.record.in_progress):
            if self._clock.now() >= end:
                return
            await self._clock.sleep(min(_PAUSE_INTERVAL, end - self._clock.now()))

    def give_up(self) -> None:
        """Note as timed out all tests that have not ended."""
        for test in self.record.in_progress:
            self.finish(test, "timed_out", timeout_error(test))
        for endpoint_id in self._left:
            self.finish(self.record.start(endpoint_id), "timed_out", not_sent_error(endpoint_id))

    def outcome_at(self, position: int) -> TestOutcome | None:
        """Return an outcome by its position in the order in which the tests ended."""
        return self._ended[position] if position < len(self._ended) else None

    def expect_no_consumer(self) -> None:
        """Do nothing: all outcomes are kept."""

    async def outcomes(self) -> Sequence[TestOutcome]:
        """Return all outcomes in the order of the endpoints."""
        return tuple(self.record.results.values())

    def progress(self, conditions: Conditions, *, is_over: bool) -> Progress:
        """Return how far the run has come."""
        record = self.record
        endpoints = None if record.ids is None else len(record.ids)
        return make_progress(endpoints, record.counts, record.seconds, conditions, is_over=is_over)

    async def next(self) -> EndpointTest | None:
        """Return the test of the next endpoint in the list."""
        endpoint_id = None if self._is_paused else next(self._left, None)
        return None if endpoint_id is None else self.record.start(endpoint_id)

    def leave(self, test: EndpointTest) -> None:
        """Do nothing: the pool itself bounds the tests in flight."""

    def accept(self, test: EndpointTest, pending: PendingDelivery) -> None:
        """Note that the service has accepted *test*."""
        self.record.accept(test, pending)

    def finish(self, test: EndpointTest, state: TestState, error: Exception | None = None) -> None:
        """Note that *test* has ended."""
        self._ended.append(self.record.finish(test, state, error))
        self._on_outcome()

    def abandon(self, test: EndpointTest, error: Exception) -> bool:  # noqa: ARG002 - the signature of the protocol
        """Return False: every test has an outcome."""
        return False

    def ends_run(self, test: EndpointTest, error: Exception) -> bool:  # noqa: ARG002 - the signature of the protocol
        """Return False: a failure at one endpoint does not affect the others."""
        return False


async def list_active_endpoints(call: Caller, organization_id: str, deadline: float | None) -> tuple[str, ...]:
    """Return the ids of the active endpoints of an organization; *deadline* is in seconds."""
    response = await call(ApiRequest(operations.LIST_WEBHOOK_ENDPOINTS, (organization_id,), deadline=deadline))
    return tuple(endpoint.id for endpoint in response.value.data if endpoint.status == "active")
