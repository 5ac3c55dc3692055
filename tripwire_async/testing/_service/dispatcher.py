"""The API as a function from requests to responses, without sockets."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol, final

import attrs

from .errors import ServiceError, forbidden, missing_key
from .limits import LimitResult, RollingWindow, retry_after
from .messages import ServiceRequest, ServiceResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from .routes import Route, Routes
    from .service import Limits, Service

_RECORDED_HEADERS = frozenset({"accept", "accept-encoding", "content-type", "traceparent", "user-agent"})


@attrs.define(eq=False)
class RecordedRequest:
    """A request that the server received.

    *time* is the server's clock at arrival, and *received_at* its date. *operation* is empty if the path is unknown.
    *status* is None until the response is sent, and if it is never sent. *headers* have lower-case names; they contain
    the ``x-`` headers and a few others, never the authorization. *duration* is the time until the response, in seconds
    of the server's clock, *retry_after* the Retry-After header of the response, and *has_fault* whether an injected
    fault applied.
    """

    time: float
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    operation: str = ""
    key_id: str | None = None
    status: int | None = None
    request_id: str = ""
    received_at: str = ""
    duration: float | None = None
    retry_after: str | None = None
    has_fault: bool = False


class FaultRule(Protocol):
    """A fault and the requests it applies to."""

    def matches(self, request: ServiceRequest) -> bool:
        """Return whether the fault applies to *request*."""
        ...

    def act(
        self, service: Service, request: ServiceRequest, proceed: Callable[[], Awaitable[ServiceResponse]]
    ) -> Awaitable[ServiceResponse]:
        """Return the response of the fault, which may call *proceed* for the response of the handler."""
        ...


class FaultRules(Protocol):
    """The injected faults of a server."""

    @property
    def rules(self) -> Sequence[FaultRule]:
        """The faults in the order in which they apply, the first outermost."""
        ...


@final
class Dispatcher:
    """Routes requests, checks keys, enforces the rate limit, applies faults and calls the handlers."""

    def __init__(
        self,
        routes: Routes,
        service: Service,
        limits: Limits,
        faults: FaultRules,
        *,
        record_limit: int,
        on_change: Callable[[], None],
    ) -> None:
        self._routes = routes
        self._service = service
        self._limits = limits
        self._faults = faults
        self._on_change = on_change
        self._token_windows: dict[str, RollingWindow] = {}
        self._records_requests = record_limit > 0
        self.requests: deque[RecordedRequest] = deque(maxlen=record_limit)
        self.received = 0
        self.rate_limited = 0
        self.window_peak = 0

    async def respond(
        self, method: str, raw_path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> ServiceResponse:
        """Return the response to one request; *raw_path* is percent-encoded."""
        self.received += 1
        request_id = self._service.state.ids.hex_id("req")
        record = self._record(method, raw_path, headers, body, request_id) if self._records_requests else None
        service_headers = {"X-Request-Id": request_id}
        try:
            route, ids = self._routes.find(method, raw_path)
            request = ServiceRequest(route.operation, ids, query, headers, body, request_id, route.resource)
            if record is not None:
                record.operation = route.operation
            if route.credential != "public":
                self._authorize(route, request, service_headers, record)
            rules = [rule for rule in self._faults.rules if rule.matches(request)]
            if rules and record is not None:
                record.has_fault = True
            response = (
                await self._apply_faults(rules, route, request) if rules else route.handler(self._service, request)
            )
        except ServiceError as error:
            response = self._service.error(error, request_id)
        if not response.from_proxy:
            merged = service_headers | response.headers
            response = ServiceResponse(response.status, response.body, merged, response.bytes_sent)
        if record is not None:
            record.status = None if response.bytes_sent == 0 else response.status
            record.duration = self._service.clock.now() - record.time
            record.retry_after = response.headers.get("Retry-After")
        self._on_change()
        return response

    def reset(self) -> None:
        """Forget the requests and the counters."""
        self.requests.clear()
        self._token_windows.clear()
        self.received = self.rate_limited = self.window_peak = 0

    def _record(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, request_id: str
    ) -> RecordedRequest:
        recorded = {
            lowered: value
            for name, value in headers.items()
            if (lowered := name.lower()).startswith("x-") or lowered in _RECORDED_HEADERS
        }
        time, received_at = self._service.clock.now(), self._service.state.calendar.timestamp()
        record = RecordedRequest(time, method, path, recorded, body, request_id=request_id, received_at=received_at)
        self.requests.append(record)
        self._on_change()
        return record

    def _authorize(
        self, route: Route, request: ServiceRequest, service_headers: dict[str, str], record: RecordedRequest | None
    ) -> None:
        """Check the credential and count the request; raise 401, 403 or 429."""
        token = _bearer_token(request.headers)
        limit = self._limits.limit
        if route.credential == "secret":
            key = self._service.state.keys.authenticate(token, self._service.state.calendar.unix_time())
            request.key = key
            window = key.window
            limit = key.rate_limit or limit
            if record is not None:
                record.key_id = key.id
        else:
            request.token = token
            window = self._token_windows.setdefault(token, RollingWindow())
        result = window.count(self._service.clock.now(), limit=limit, window=self._limits.window)
        self.window_peak = max(self.window_peak, window.peak)
        service_headers |= result.headers()
        if result.wait is not None:
            raise self._rate_limit_error(result, result.wait)
        if request.key is not None and not request.key.allows(route.scope):
            raise forbidden(f"The key does not have the scope {route.scope}.")

    def _rate_limit_error(self, result: LimitResult, wait: float) -> ServiceError:
        self.rate_limited += 1
        after = retry_after(wait, self._service.state.calendar.unix_time(), self._limits.form)
        return ServiceError(
            429,
            "rate.limited",
            f"More than {result.limit} requests in the window.",
            next_action="retry",
            headers={"Retry-After": after},
        )

    async def _apply_faults(self, rules: Sequence[FaultRule], route: Route, request: ServiceRequest) -> ServiceResponse:
        """Return the response to *request* after the faults of *rules*, the first outermost."""
        self._on_change()
        if not rules:
            try:
                return route.handler(self._service, request)
            except ServiceError as error:
                return self._service.error(error, request.request_id)
        first, *rest = rules
        return await first.act(self._service, request, lambda: self._apply_faults(rest, route, request))


def _bearer_token(headers: Mapping[str, str]) -> str:
    """Return the token in the Authorization header, whose scheme is case-insensitive (RFC 9110, section 11.1)."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise missing_key()
    return token.strip()
