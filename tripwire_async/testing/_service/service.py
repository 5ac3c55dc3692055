"""The API as a function: a request goes in, an answer comes out, and no socket is seen."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, final

import attrs

from tripwire_async.testing.faults import Faults

from .errors import ServiceError
from .limits import LimitResult, RetryAfter, RollingWindow, retry_after
from .messages import ServiceRequest, ServiceResponse, error_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async.testing.faults import Rule

    from .routes import Route, Routes
    from .state import State
    from .webhook_sender import WebhookSender

_REMEMBERED_HEADERS = frozenset({"accept", "accept-encoding", "content-type", "traceparent", "user-agent"})
_BEARER = "Bearer "


@attrs.define(eq=False)
class RecordedRequest:
    """A request as the server remembers it.

    *time* is the server's clock when it came; *operation* is empty where nothing is served; *status* is None until it
    has been answered, and when it never was. *headers* are lower-cased: the ``x-`` ones and a few harmless others,
    never the authorization.
    """

    time: float
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    operation: str = ""
    key_id: str | None = None
    status: int | None = None


@attrs.define(eq=False)
class Limits:
    """The rolling limit of every key that has none of its own; each part may be changed in mid-run."""

    limit: int = 600
    window: float = 60.0
    form: RetryAfter = "seconds"


@final
class Service:
    """Finds the operation, looks at the key, counts, lets faults have their way, and answers."""

    def __init__(
        self,
        routes: Routes,
        state: State,
        webhook_sender: WebhookSender,
        limits: Limits,
        *,
        record_limit: int,
        grace: float,
        changed: Callable[[], None],
    ) -> None:
        self._routes = routes
        self._changed = changed
        self._windows: dict[str, RollingWindow] = {}
        self._remembers = record_limit > 0
        self.state = state
        self.grace = grace
        self.webhook_sender = webhook_sender
        self.limits = limits
        self.faults = Faults()
        self.requests: deque[RecordedRequest] = deque(maxlen=record_limit)
        self.received = 0
        self.rate_limited = 0
        self.peak = 0

    @property
    def clock(self) -> Clock:
        """The server's clock."""
        return self.state.calendar.clock

    async def answer(
        self, method: str, raw_path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> ServiceResponse:
        """Answer one request; *raw_path* is quoted as it came."""
        self.received += 1
        request_id = self.state.ids.hex_id("req")
        record = self._remember(method, raw_path, headers, body) if self._remembers else None
        own = {"X-Request-Id": request_id}
        try:
            route, ids = self._routes.find(method, raw_path)
            request = ServiceRequest(route.operation, ids, query, headers, body, request_id)
            if record is not None:
                record.operation = route.operation
            if route.authority != "public":
                self._open(route, request, own, record)
            rules = self.faults.rules and [rule for rule in self.faults.rules if rule.matches(request)]
            response = await self._apply_faults(rules, route, request) if rules else route.answer(self, request)
        except ServiceError as error:
            response = error_response(error, request_id)
        if not response.from_proxy:
            response = ServiceResponse(response.status, response.body, own | response.headers, response.bytes_sent)
        if record is not None:
            record.status = None if response.bytes_sent == 0 else response.status
        self._changed()
        return response

    def _remember(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> RecordedRequest:
        kept = {
            lowered: value
            for name, value in headers.items()
            if (lowered := name.lower()).startswith("x-") or lowered in _REMEMBERED_HEADERS
        }
        record = RecordedRequest(self.clock.now(), method, path, kept, body)
        self.requests.append(record)
        return record

    def _open(self, route: Route, request: ServiceRequest, own: dict[str, str], record: RecordedRequest | None) -> None:
        """Look at the key or token and count the request; raise 401, 403 or 429."""
        authorization = request.headers.get("Authorization", "")
        if not authorization.startswith(_BEARER):
            raise ServiceError(401, "auth.missing_api_key", "Send an Authorization header with a bearer key.")
        text = authorization[len(_BEARER) :].strip()
        limit = self.limits.limit
        if route.authority == "secret":
            key = self.state.keys.authenticate(text, self.state.calendar.unix_time())
            request.key = key
            window = key.window
            limit = key.rate_limit or limit
            if record is not None:
                record.key_id = key.id
        else:
            request.token = text
            window = self._windows.setdefault(text, RollingWindow())
        result = window.count(self.clock.now(), limit=limit, window=self.limits.window)
        self.peak = max(self.peak, window.peak)
        own |= result.headers()
        if result.wait is not None:
            raise self._limited(result, result.wait)
        if request.key is not None and not request.key.allows(route.scope):
            raise ServiceError(403, "auth.insufficient_scope", f"This key lacks the scope {route.scope}.")

    def _limited(self, result: LimitResult, wait: float) -> ServiceError:
        self.rate_limited += 1
        after = retry_after(wait, self.state.calendar.unix_time(), self.limits.form)
        return ServiceError(
            429,
            "rate.limited",
            f"More than {result.limit} requests in the window.",
            next_action="retry",
            headers={"Retry-After": after},
        )

    async def _apply_faults(self, rules: list[Rule], route: Route, request: ServiceRequest) -> ServiceResponse:
        """Answer *request* through the faults of *rules*, the first outermost."""
        self._changed()
        if not rules:
            try:
                return route.answer(self, request)
            except ServiceError as error:
                return error_response(error, request.request_id)
        first, *rest = rules
        return await first.fault.act(self, request, lambda: self._apply_faults(rest, route, request))
