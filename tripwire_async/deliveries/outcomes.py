"""Outcome of the test of one endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

import attrs

if TYPE_CHECKING:
    from tripwire_async.models import WebhookDelivery

    from .pending import PendingDelivery

TestState: TypeAlias = Literal["succeeded", "failed", "skipped", "timed_out", "refused", "unknown"]
"""How the test of an endpoint ended.

- ``succeeded``, ``failed``, ``skipped``: how its delivery ended.
- ``timed_out``: time ran out, for sending or for the delivery, which may yet arrive.
- ``refused``: the test was not sent, and the error says why.
- ``unknown``: the test was sent, or may have been, and nothing tells how its delivery ended; the error, if there is
  one, says what keeps it from being known.
"""


@attrs.frozen(kw_only=True)
class TestTimings:
    """Where the time of one test went, in seconds.

    Attributes:
        queued: Before its turn came among the tests in flight.
        limiter: Waiting for the rate limit.
        backoff: Sleeping between the attempts of a send.
        wire: From handing the send to the transport to the end of its answer, over all attempts.
        settling: From there until the end of the delivery was known.
    """

    __test__: ClassVar[bool] = False  # no test for pytest, for all its name

    queued: float
    limiter: float
    backoff: float
    wire: float
    settling: float


@attrs.frozen(kw_only=True)
class TestOutcome:
    """What became of the test of one endpoint.

    Attributes:
        endpoint_id: The endpoint.
        state: How it ended.
        delivery: The delivery as it was last read; None when none was seen.
        error: Why the state is what it is; None when the delivery says it all.
        pending: The handle, to be awaited further or elsewhere; None when no test was accepted.
        attempts: How often the send was put on the wire; 0 when it never was.
        request_ids: The service's ids of the requests, to quote to support.
        timings: Where the time went.
    """

    __test__: ClassVar[bool] = False  # as above

    endpoint_id: str
    state: TestState
    delivery: WebhookDelivery | None
    error: Exception | None
    pending: PendingDelivery | None
    attempts: int
    request_ids: tuple[str, ...]
    timings: TestTimings
