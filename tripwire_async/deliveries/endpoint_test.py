"""Test of one endpoint in a run, and the state and error that it ends with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import attrs

from tripwire_async._http.messages import CallStats
from tripwire_async.errors import (
    DeliveryError,
    DeliveryTimeoutError,
    RequestTimeoutError,
    ResponseDecodeError,
    ServerError,
    TransportError,
    TripwireError,
)

from ._record import SETTLED
from .outcomes import TestOutcome, TestState, TestTimings
from .reconcile import is_refused

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from tripwire_async._concurrency.clock import Timer
    from tripwire_async.models import WebhookDelivery

    from .pending import PendingDelivery
    from .sender import SendRecord


@attrs.define
class EndpointTest:
    """Record of one test in progress.

    Attributes:
        endpoint_id: Id of the endpoint.
        queued: Seconds from the start of the run until the test was in flight.
        stats: Attempts and times of the send.
        pending: Handle of the delivery; None until the test is accepted.
        accepted_at: Time at which the test was accepted, on the clock of the run; nan before.
        is_over: Whether the test has ended, with or without an outcome.
        keeps_place: Whether the test counts as in flight.
        timer: Timer after which a slow delivery gives up its place.
        before_wire: Hook that records the sends; None in a run that is not recorded.
        recover: Function that returns the delivery of a test that may have been sent by a worker that has ended, None
            if it was certainly not sent, and raises if that cannot be found out; None if there was no such worker.
    """

    endpoint_id: str
    queued: float
    stats: CallStats = attrs.field(factory=CallStats)
    pending: PendingDelivery | None = None
    accepted_at: float = math.nan
    is_over: bool = False
    keeps_place: bool = True
    timer: Timer | None = None
    before_wire: SendRecord | None = None
    recover: Callable[[], Awaitable[PendingDelivery | None]] | None = None

    def outcome(self, state: TestState, now: float, error: Exception | None, *, is_final: bool = True) -> TestOutcome:
        """Return the outcome of the test in *state* at the time *now*."""
        pending, stats = self.pending, self.stats
        ids = (None if pending is None else pending.request_id, getattr(error, "request_id", None))
        return TestOutcome(
            endpoint_id=self.endpoint_id,
            state=state,
            delivery=None if pending is None else pending.latest,
            error=error,
            pending=pending,
            attempts=stats.attempts,
            request_ids=tuple(id_ for id_ in ids if id_ is not None),
            timings=TestTimings(
                queued=self.queued,
                rate_limit_wait=stats.rate_limit_wait,
                backoff_wait=stats.backoff_wait,
                network_time=stats.network_time,
                settling=0.0 if pending is None else now - self.accepted_at,
            ),
            is_final=is_final,
        )


def state_of_unsent(error: Exception, test: EndpointTest, *, is_late: bool) -> TestState:
    """Return the state of a *test* whose send raised *error*; *is_late* means that the time of the run was up."""
    if is_late and isinstance(error, TransportError) and (isinstance(error, TimeoutError) or not error.maybe_sent):
        return "timed_out"
    if isinstance(error, (TransportError, ResponseDecodeError, ServerError)):
        # A bare 5xx does not tell whether the test was processed.
        return "refused" if is_refused(error) else "unknown"
    if isinstance(error, TripwireError):
        return "refused"
    # An argument that cannot be sent, or a bug in a middleware, which may have occurred at any time.
    return "unknown" if test.stats.attempts or not isinstance(error, (ValueError, TypeError)) else "refused"


def settled_state(delivery: WebhookDelivery) -> TestState:
    """Return the state of a test whose *delivery* has settled."""
    return cast("TestState", str(delivery.status))


def sent_state(latest: WebhookDelivery | None) -> TestState:
    """Return the state of a test that was accepted and not followed: ``sent``, unless its delivery has settled."""
    return settled_state(latest) if latest is not None and latest.status in SETTLED else "sent"


def not_sent_error(endpoint_id: str) -> RequestTimeoutError:
    """Return the error of a test that was not started before the time of the run was up."""
    return RequestTimeoutError(
        f"the time of the run was up before the test of {endpoint_id} was started; nothing was sent",
        maybe_sent=False,
        attempts=0,
    )


def inner_cancellation_error(test: EndpointTest, cause: asyncio.CancelledError) -> TransportError:
    """Return the error of a test that raised CancelledError although its task was not cancelled."""
    error = TransportError(
        f"the test of {test.endpoint_id} raised CancelledError although it was not cancelled; a middleware may have"
        " done so, and the test may have been sent",
        maybe_sent=True,
        attempts=test.stats.attempts,
    )
    error.__cause__ = cause
    return error


def timeout_error(test: EndpointTest) -> TripwireError:
    """Return the error of a test in progress when the time of the run was up."""
    if test.pending is None:
        msg = f"the time of the run was up before the test of {test.endpoint_id} received a response"
        return RequestTimeoutError(msg, maybe_sent=True, attempts=test.stats.attempts)
    msg = f"the time of the run was up before the delivery to {test.endpoint_id} had settled"
    return DeliveryTimeoutError(
        msg, event_id=test.pending.event_id, endpoint_id=test.endpoint_id, latest=test.pending.latest
    )


def unfinished_error(test: EndpointTest) -> TripwireError:
    """Return the error of a test that is in progress, or was in progress when the run was left."""
    if test.pending is None:
        msg = f"the test of {test.endpoint_id} has not received a response; it may have been sent"
        return TransportError(msg, maybe_sent=True, attempts=test.stats.attempts)
    msg = f"the delivery to {test.endpoint_id} has not settled; await outcome.pending to follow it"
    return DeliveryError(msg, event_id=test.pending.event_id, endpoint_id=test.endpoint_id, latest=test.pending.latest)
