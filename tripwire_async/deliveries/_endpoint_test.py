"""The test of one endpoint in a run of many, and what is said of it in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import attrs

from tripwire_async._http.messages import CallStats
from tripwire_async.errors import (
    DeliveryTimeoutError,
    RequestTimeoutError,
    ResponseDecodeError,
    ServerError,
    TransportError,
    TripwireError,
)

from .outcomes import TestOutcome, TestState, TestTimings
from .pending import SETTLED
from .reconcile import is_refused

if TYPE_CHECKING:
    import asyncio

    from tripwire_async._concurrency.clock import Timer
    from tripwire_async.models import WebhookDelivery

    from .pending import PendingDelivery


@attrs.define
class EndpointTest:
    """The test of one endpoint, as far as it has come."""

    endpoint_id: str
    queued: float
    stats: CallStats = attrs.field(factory=CallStats)
    pending: PendingDelivery | None = None
    accepted: float = 0.0
    keeps_place: bool = True
    timer: Timer | None = None

    def outcome(self, state: TestState, now: float, error: Exception | None = None) -> TestOutcome:
        pending, stats = self.pending, self.stats
        ids = (None if pending is None else pending.request_id, getattr(error, "request_id", None))
        return TestOutcome(
            endpoint_id=self.endpoint_id,
            state=state,
            delivery=None if pending is None else pending.latest,
            error=error,
            pending=pending,
            attempts=stats.attempts,
            request_ids=tuple(one for one in ids if one is not None),
            timings=TestTimings(
                queued=self.queued,
                limiter=stats.rate_limit_wait,
                backoff=stats.backoff_wait,
                wire=stats.network_time,
                settling=0.0 if pending is None else now - self.accepted,
            ),
        )


def state_of_unsent(error: Exception, test: EndpointTest, *, is_late: bool) -> TestState:
    """Return how *test* ended whose send raised *error*; *is_late* says that the time of the run was up."""
    if is_late and isinstance(error, RequestTimeoutError):
        return "timed_out"
    if isinstance(error, (TransportError, ResponseDecodeError, ServerError)):
        # A bare 5xx says nothing of what was done before it.
        return "refused" if is_refused(error) else "unknown"
    if isinstance(error, TripwireError):
        return "refused"
    # An argument that cannot be sent; or a bug somewhere in the middleware, at whatever moment.
    return "unknown" if test.stats.attempts or not isinstance(error, (ValueError, TypeError)) else "refused"


def state_of(delivery: WebhookDelivery | None) -> TestState:
    """Return the end that *delivery* has come to."""
    if delivery is None or delivery.status not in SETTLED:
        return "unknown"
    return cast("TestState", str(delivery.status))


def not_sent(endpoint_id: str) -> RequestTimeoutError:
    return RequestTimeoutError(
        f"the time of the run was up before the test of {endpoint_id} was begun; nothing was sent",
        maybe_sent=False,
        attempts=0,
    )


def cancelled_inside(test: EndpointTest, cause: asyncio.CancelledError) -> TransportError:
    """Return the error of a test that nobody cancelled, and that raised as if somebody had."""
    error = TransportError(
        f"the test of {test.endpoint_id} was cancelled from within, as by a middleware; it may have been sent",
        maybe_sent=True,
        attempts=test.stats.attempts,
    )
    error.__cause__ = cause
    return error


def not_ended(test: EndpointTest) -> TripwireError:
    if test.pending is None:
        msg = f"the time of the run was up before the test of {test.endpoint_id} was answered"
        return RequestTimeoutError(msg, maybe_sent=True, attempts=test.stats.attempts)
    msg = f"the time of the run was up before the delivery to {test.endpoint_id} had settled"
    return DeliveryTimeoutError(
        msg, event_id=test.pending.event_id, endpoint_id=test.endpoint_id, latest=test.pending.latest
    )
