"""What a run of tests tells: beforehand a plan, afterwards an outcome for each endpoint."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeAlias

import attrs

if TYPE_CHECKING:
    from tripwire_async.middleware import RateLimitState
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
        pool: Before its turn came among the tests in flight.
        limiter: Waiting for the rate limit.
        backoff: Sleeping between the attempts of a send.
        wire: From handing the send to the transport to the end of its answer, over all attempts.
        settling: From there until the end of the delivery was known.
    """

    __test__: ClassVar[bool] = False  # no test for pytest, for all its name

    pool: float
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


@attrs.frozen(kw_only=True)
class Plan:
    """About what a run will take, if nothing goes wrong.

    Attributes:
        endpoints: How many tests it sends.
        requests: How many requests it makes, the reads included.
        seconds: How long it lasts.
        limit: The requests that fit into the service's window; None when that is not known yet, and 600 was taken.
        window: The length of that window in seconds; None when that is not known yet, and a minute was taken.
    """

    endpoints: int
    requests: int
    seconds: float
    limit: int | None
    window: float | None


_USUAL_LIMIT: Final = 600
_USUAL_WINDOW: Final = 60.0


def make_plan(endpoints: int, in_flight: int, usual: float, limits: RateLimitState | None, *, settle: bool) -> Plan:
    """Return the plan for so many *endpoints*, whose deliveries take *usual* seconds; 0 for not known."""
    rounds = math.ceil(endpoints / in_flight)
    reads = 0
    if settle:
        # Without knowing when to read, the first round takes a few reads more.
        reads = endpoints if endpoints <= 2 else 2 * rounds + (0 if usual else 3)
    requests = endpoints + reads
    limit = None if limits is None else limits.limit
    window = None if limits is None else limits.window
    fitting = limit or _USUAL_LIMIT
    free = fitting if limits is None or limits.remaining is None else limits.remaining
    windows = math.ceil(max(0, requests - free) / fitting)
    settling = (usual or 1.0) if settle else 0.0
    held = windows * (window or _USUAL_WINDOW) + (0.0 if limits is None else limits.cooldown)
    seconds = max(held + settling, rounds * settling) if endpoints else 0.0
    return Plan(endpoints=endpoints, requests=requests, seconds=seconds, limit=limit, window=window)
