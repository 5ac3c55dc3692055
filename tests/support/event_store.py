"""Events of many test webhooks on virtual time, held as plain numbers, so that tens of thousands are cheap to serve."""

from __future__ import annotations

import asyncio
import math
import random
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec
from yarl import URL

from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.caller import ApiCaller
from tripwire_async._http.messages import Response
from tripwire_async._http.options import CallOptions
from tripwire_async.errors import RequestTimeoutError
from tripwire_async.resources.webhooks import Webhooks

from .delivery_service import ORGANIZATION, endpoint
from .limited_server import LimitedServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._http.messages import Request
    from tripwire_async.deliveries import PendingDelivery

PAGE: Final = 200
_START: Final = datetime(2026, 3, 24, 20, tzinfo=UTC)
_ENVELOPE: Final = '{"data": %s, "pagination": {"limit": 200, "has_more": false}, "meta": {"request_id": "req_1"}}'
_DELIVERY: Final = (
    '{"object": "webhook_delivery", "id": "wdlv_%(number)032x", "event_id": "wevt_%(number)032x",'
    ' "endpoint_id": "%(endpoint)s", "event_type": "webhook.test", "status": "%(status)s", "attempts": %(attempts)d,'
    ' "response_status": %(response)s, "response_body": null, "error": null, "created_at": "%(created)s",'
    ' "updated_at": "%(updated)s"}'
)
_EVENT: Final = (
    '{"object": "event", "id": "wevt_%(number)032x", "type": "webhook.test",'
    ' "subject": {"type": "webhook_endpoint", "id": "%(endpoint)s"}, "data": {}, "webhook_deliveries": [%(delivery)s],'
    ' "created_at": "%(created)s"}'
)
_MISSING: Final = b'{"error": {"code": "not_found", "message": "no", "status": 404, "retryable": false}}'


def spread(rng: random.Random) -> float:
    """Return a duration between 5 and 20 seconds."""
    return rng.uniform(5.0, 20.0)


def heavy_tailed(rng: random.Random) -> float:
    """Return a log-normal duration with a median of 2 seconds; 1 % take 120 seconds and 0.5 % never end."""
    kind = rng.random()
    if kind < 0.005:
        return math.inf
    return 120.0 if kind < 0.015 else rng.lognormvariate(math.log(2.0), 1.0)


class StoredEvent(msgspec.Struct, gc=False):
    """One test webhook: when it was accepted and when its delivery ends, in virtual seconds.

    The garbage collector does not visit it: in benchmarks it is part of the service, not of the client.
    """

    number: int
    endpoint_id: str
    accepted: float
    ends: float
    _bodies: dict[bool, str] = {}

    def body(self, now: float) -> str:
        """Return the event as JSON."""
        ended = now >= self.ends
        if ended not in self._bodies:
            values = {
                "number": self.number,
                "endpoint": self.endpoint_id,
                "status": "succeeded" if ended else "pending",
                "attempts": int(ended),
                "response": "200" if ended else "null",
                "created": _timestamp(self.accepted),
                "updated": _timestamp(self.ends if ended else self.accepted),
            }
            self._bodies[ended] = _EVENT % {**values, "delivery": _DELIVERY % values}
        return self._bodies[ended]


@attrs.define
class EventStore:
    """The service's test webhooks: sends, pages of the newest 200 events, and single events.

    Attributes:
        durations: Draws the seconds that a delivery takes.
        limit: Requests per window of *window* seconds; rejected ones count as well.
        latency: The least and the most seconds of a round trip.
        seed: Of all random numbers.
        fail: Is called with each request that was let in; a response that it returns replaces the store's, and an error
            that it raises is that of the request.
        events: All events in the order in which they were accepted.
        reads: The start of each read that was let in, with the number of its event or None for a page.
        cpu: Seconds of processor time that the store itself has used.
    """

    durations: Callable[[random.Random], float] = spread
    limit: int = 10_000_000
    window: float = 60.0
    latency: tuple[float, float] = (0.02, 0.06)
    seed: int = 0
    fail: Callable[[Request], Response | None] = lambda request: None
    events: list[StoredEvent] = attrs.field(factory=list)
    reads: list[tuple[float, int | None]] = attrs.field(factory=list)
    cpu: float = 0.0
    limits: LimitedServer = attrs.field(init=False)
    _rng: random.Random = attrs.field(init=False)
    _durations_rng: random.Random = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.limits = LimitedServer(limit=self.limit, window=self.window, seed=self.seed)
        self._rng = random.Random(self.seed)  # noqa: S311 - a simulation, no secret
        self._durations_rng = random.Random(self.seed + 1)  # noqa: S311 - a simulation, no secret

    async def __call__(self, request: Request) -> Response:
        """Serve *request* after half a round trip; the response takes the other half."""
        request.stats.attempts += 1
        loop = asyncio.get_running_loop()
        started = loop.time()
        way = self._rng.uniform(*self.latency) / 2
        limit = min(request.deadline - started, request.timeout)
        try:
            if limit > 2 * way:
                await asyncio.sleep(way)
                response = self.serve(request, loop.time())
                await asyncio.sleep(way)
                return response
            await asyncio.sleep(max(0.0, limit))
            raise RequestTimeoutError("no response in time", maybe_sent=True)
        finally:
            request.stats.network_time += loop.time() - started

    def serve(self, request: Request, now: float) -> Response:
        """Return the response to a request that arrives *now*."""
        started = time.process_time()
        try:
            response = self.limits.decide(now, request.priority)
            if response.status != 200:
                return response
            failure = self.fail(request)
            if failure is not None:
                return failure
            status, body = self.result(request, now)
            return Response(status, response.headers, body)
        finally:
            self.cpu += time.process_time() - started

    def result(self, request: Request, now: float) -> tuple[int, bytes]:
        """Return the status and the body for a request that is let in."""
        if request.operation.id == "sendTestWebhook":
            event = self.accept(request.url.path.rsplit("/", 2)[-2], now)
            delivery = _DELIVERY % {
                "number": event.number,
                "endpoint": event.endpoint_id,
                "status": "pending",
                "attempts": 0,
                "response": "null",
                "created": _timestamp(now),
                "updated": _timestamp(now),
            }
            data = (
                f'{{"object": "webhook_test", "event_id": "wevt_{event.number:032x}",'
                f' "delivery_ids": ["wdlv_{event.number:032x}"], "latest_delivery": {delivery}}}'
            )
            return 202, (_ENVELOPE % data).encode()
        if request.operation.id == "retrieveEvent":
            number = int(request.url.name.removeprefix("wevt_"), 16)
            self.reads.append((now, number))
            if number >= len(self.events):
                return 404, _MISSING
            return 200, (_ENVELOPE % self.events[number].body(now)).encode()
        self.reads.append((now, None))
        count = int(request.url.query.get("limit", "50"))
        newest = ", ".join(event.body(now) for event in reversed(self.events[-count:]))
        return 200, (_ENVELOPE % f"[{newest}]").encode()

    def accept(self, endpoint_id: str, now: float) -> StoredEvent:
        """Accept a test webhook."""
        event = StoredEvent(len(self.events), endpoint_id, now, now + self.durations(self._durations_rng))
        self.events.append(event)
        return event

    @property
    def pages(self) -> int:
        """The number of page reads."""
        return sum(number is None for _, number in self.reads)

    @property
    def singles(self) -> int:
        """The number of reads of single events."""
        return len(self.reads) - self.pages


def _timestamp(seconds: float) -> str:
    return (_START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")[:-6] + "Z"


def client_of(store: EventStore) -> Webhooks:
    """Return the resource on *store*, without any middleware."""
    return Webhooks(ApiCaller(store, URL("https://api.example"), CallOptions()), LOOP_CLOCK)


async def send(client: Webhooks, count: int, **options: Any) -> list[PendingDelivery]:
    """Send the given number of tests at once."""
    sends = [client.send_test(ORGANIZATION, endpoint(number), **options) for number in range(count)]
    return list(await asyncio.gather(*sends))


def constant(seconds: float) -> Callable[[random.Random], float]:
    """Return what draws the same duration each time."""
    return lambda rng: seconds


def answering(operation: str, *responses: Response | None) -> Callable[[Request], Response | None]:
    """Return a function that responds to requests to *operation* in order, and then always with the last response."""
    left = list(responses)

    def fail(request: Request) -> Response | None:
        if request.operation.id != operation:
            return None
        return left.pop(0) if len(left) > 1 else left[0]

    return fail


def rejection(status: int, code: str | None = "x") -> Response:
    """Return a rejection by the service; without a *code*, by something in between."""
    if code is None:
        return Response(status, {}, b"<html>blocked</html>")
    return Response(status, {}, b'{"error": {"code": "x", "message": "no", "status": %d, "retryable": false}}' % status)
