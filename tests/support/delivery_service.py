"""Webhook service on virtual time: a handler that accepts tests, delivers them and lists their events."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
from yarl import URL

from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.caller import ApiCaller
from tripwire_async._http.messages import Response
from tripwire_async._http.options import CallOptions
from tripwire_async.deliveries.sender import Sender
from tripwire_async.errors import RequestTimeoutError, TransportError
from tripwire_async.middleware import RateLimit, Retry, compose
from tripwire_async.resources.webhooks import Webhooks

from .limited_server import LimitedServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._http.messages import Request
    from tripwire_async.middleware import Middleware

ORGANIZATION = "org_" + 26 * "0"
BEGINNING = datetime(2026, 3, 24, 20, tzinfo=UTC)


def endpoint(number: int) -> str:
    """Return the id of an endpoint."""
    return f"we_{number:032x}"


def now() -> float:
    """Return the virtual time."""
    return asyncio.get_running_loop().time()


def stamp(timestamp: float, *, ahead: float = 0.0) -> str:
    """Return a timestamp as the service writes it, its clock being *ahead* of ours."""
    dated = BEGINNING + timedelta(seconds=timestamp + ahead)
    return dated.isoformat(timespec="milliseconds")[:-6] + "Z"


@attrs.define
class Sent:
    """Test that the service has accepted."""

    number: int
    endpoint_id: str
    at: float
    takes: float
    end: str

    @property
    def event_id(self) -> str:
        return f"wevt_{self.number:032x}"


@attrs.define
class Service:
    """Service that accepts tests within a rate limit, and delivers each of them after *takes* seconds.

    Attributes:
        takes: Seconds until a delivery has ended, or a function of the number of the test.
        lag: Seconds until an event can be read.
        ahead: Seconds that the service's clock is ahead of ours.
        dates: Whether responses have a date.
        fault: Called with each request. Returns or raises the response in place of the service, or returns None. Its
            second argument is "before" or "after" the request is processed.
    """

    limit: int = 100_000
    window: float = 60.0
    latency: tuple[float, float] = (0.02, 0.06)
    takes: float | Callable[[int], float] = 5.0
    end: str = "succeeded"
    lag: float = 0.0
    ahead: float = 0.0
    dates: bool = True
    page: int = 200
    seed: int = 0
    endpoints: list[dict[str, Any]] = attrs.field(factory=list)
    fault: Callable[[Request, str], Response | None] = lambda request, when: None
    sent: list[Sent] = attrs.field(factory=list)
    requests: list[tuple[str, float]] = attrs.field(factory=list)
    limits: LimitedServer = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.limits = LimitedServer(limit=self.limit, window=self.window, latency=self.latency, seed=self.seed)

    def count(self, operation: str) -> int:
        """Return how many requests there were to *operation*."""
        return sum(1 for name, _ in self.requests if name == operation)

    @property
    def reads(self) -> int:
        """Number of requests that were reads."""
        return self.count("listEvents") + self.count("retrieveEvent")

    async def __call__(self, request: Request) -> Response:
        if request.before_wire is not None:
            await request.before_wire(request.deadline)
        if request.before_write is not None:
            request.before_write()
        request.stats.attempts += 1
        started = now()
        end = min(request.deadline, started + request.timeout)
        try:
            async with asyncio.timeout_at(end):
                return await self._respond(request)
        except TimeoutError:
            raise RequestTimeoutError("no response in time", maybe_sent=True) from None
        finally:
            request.stats.network_time += now() - started

    async def _respond(self, request: Request) -> Response:
        await asyncio.sleep(self.limits.network_delay(0.5))
        self.requests.append((request.operation.id, now()))
        # A request that does not reach the service does not count against its limit.
        response = self.fault(request, "before")
        allowed = self.limits.decide(now(), request.priority)
        if response is None and allowed.status == 200:
            status, body = self.work(request)
            response = self.fault(request, "after")
            if response is None:
                allowed = Response(status, {**allowed.headers, **self._date()}, json.dumps(body).encode())
        await asyncio.sleep(self.limits.network_delay(0.5))
        return response or allowed

    def _date(self) -> dict[str, str]:
        if not self.dates:
            return {}
        dated = BEGINNING + timedelta(seconds=now() + self.ahead)
        return {"Date": dated.strftime("%a, %d %b %Y %H:%M:%S GMT"), "X-Request-Id": f"req_{len(self.requests)}"}

    def work(self, request: Request) -> tuple[int, dict[str, Any]]:
        """Process a request; return the status and the body."""
        meta = {"request_id": f"req_{len(self.requests)}"}
        if request.operation.id == "sendTestWebhook":
            one = self.take(request.url.path.split("/")[-2])
            data: Any = {
                "object": "webhook_test",
                "event_id": one.event_id,
                "delivery_ids": [self.delivery(one)["id"]],
                "latest_delivery": self.delivery(one),
            }
            return 202, {"data": data, "meta": meta}
        if request.operation.id == "retrieveEvent":
            found = [one for one in self.readable() if one.event_id == request.url.name]
            if not found:
                error = {"code": "x", "message": "no", "status": 404, "retryable": False, "request_id": "req_1"}
                return 404, {"error": error}
            return 200, {"data": self.event(found[0]), "meta": meta}
        if request.operation.id == "listWebhookEndpoints":
            data = self.endpoints
        else:
            limit = int(request.url.query.get("limit", 50))
            wanted = request.url.query.get("endpoint_id")
            newest = [one for one in reversed(self.readable()) if wanted in {None, one.endpoint_id}]
            data = [self.event(one) for one in newest[:limit]]
        return 200, {"data": data, "pagination": {"limit": 200, "has_more": False}, "meta": meta}

    def take(self, endpoint_id: str) -> Sent:
        """Accept a test."""
        number = len(self.sent)
        takes = self.takes if isinstance(self.takes, (int, float)) else self.takes(number)
        self.sent.append(Sent(number, endpoint_id, now(), takes, self.end))
        return self.sent[-1]

    def readable(self) -> list[Sent]:
        return [one for one in self.sent if one.at + self.lag <= now()]

    def delivery(self, one: Sent) -> dict[str, Any]:
        ended = now() >= one.at + one.takes
        return {
            "object": "webhook_delivery",
            "id": f"wdlv_{one.number:032x}",
            "event_id": one.event_id,
            "endpoint_id": one.endpoint_id,
            "event_type": "webhook.test",
            "status": one.end if ended else "pending",
            "attempts": int(ended),
            "response_status": 200 if ended else None,
            "response_body": None,
            "error": None,
            "created_at": stamp(one.at, ahead=self.ahead),
            "updated_at": stamp(one.at + one.takes if ended else one.at, ahead=self.ahead),
        }

    def event(self, one: Sent) -> dict[str, Any]:
        return {
            "object": "event",
            "id": one.event_id,
            "type": "webhook.test",
            "subject": {"type": "webhook_endpoint", "id": one.endpoint_id},
            "data": {},
            "webhook_deliveries": [self.delivery(one)],
            "created_at": stamp(one.at, ahead=self.ahead),
        }

    def add_endpoints(self, *numbers: int, status: str = "active") -> None:
        """Add endpoints to the list."""
        for number in numbers:
            self.endpoints.append(
                {
                    "object": "webhook_endpoint",
                    "id": endpoint(number),
                    "name": "test",
                    "url": "https://example.com/hook",
                    "status": status,
                    "event_types": ["session.result.persisted"],
                    "created_at": stamp(0),
                    "updated_at": stamp(0),
                }
            )


def sender_of(service: Service, *layers: Middleware) -> Sender:
    """Return a sender to *service* behind *layers*, by default retries and the rate limit."""
    chain = compose(layers or (Retry(), RateLimit()), service)
    return Sender(ApiCaller(chain, URL("https://api.example"), CallOptions(deadline=300.0)), LOOP_CLOCK)


def webhooks(service: Service, *layers: Middleware, deadline: float = 300.0) -> Webhooks:
    """Return the resource on *service*, behind *layers*; without any, behind retries and the rate limit."""
    limit = RateLimit()
    chain = compose(layers or (Retry(), limit), service)
    caller = ApiCaller(chain, URL("https://api.example"), CallOptions(deadline=deadline))
    return Webhooks(caller, LOOP_CLOCK, (lambda: None) if layers else limit.state)


def internal_sender(resource: Webhooks) -> Sender:
    """Return the sender of *resource*, for its statistics and those of its pollers."""
    return resource._sender  # noqa: SLF001 - the statistics are not part of the public API


def lose(operation: str, when: str, *hits: int) -> Callable[[Request, str], Response | None]:
    """Return a fault that loses the responses to the given requests of *operation*, counted from 0, or to all."""
    count = -1

    def fault(request: Request, timestamp: str) -> Response | None:
        nonlocal count
        if request.operation.id == operation and timestamp == when:
            count += 1
            if not hits or count in hits:
                raise TransportError("lost", maybe_sent=True)
        return None

    return fault
