"""Test server: the API on a loopback port."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final, final

from aiohttp import web

from tripwire_async.testing._service.errors import ServiceError
from tripwire_async.testing._service.handlers import ROUTES
from tripwire_async.testing._service.keys import SCOPES
from tripwire_async.testing._service.messages import error_response
from tripwire_async.testing._service.seeds.payloads import payload
from tripwire_async.testing._service.service import Limits, Service
from tripwire_async.testing._service.state import State
from tripwire_async.testing._service.webhook_sender import DeliveryOutcome, FinalStatus, WebhookSender, WebhookSettings
from tripwire_async.testing.clock import Calendar, ServerLoopClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async.testing._service.keys import Key
    from tripwire_async.testing._service.limits import RetryAfter
    from tripwire_async.testing._service.messages import ServiceRequest, ServiceResponse
    from tripwire_async.testing._service.records import Delivery, Endpoint, Event, JsonObject
    from tripwire_async.testing._service.service import RecordedRequest
    from tripwire_async.testing.faults import Fault, Faults, Rule

_NO_QUERY: Final[Mapping[str, str]] = {}

_TOO_LARGE: Final = ServiceError(413, "request.too_large", "The body is larger than a mebibyte.")


@final
class TripwireServer:
    """The API on a loopback port, with all data in memory; an async context manager.

    ::

        async with TripwireServer() as server, AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire:
            endpoint = server.add_endpoint("http://127.0.0.1:8080/hook")
            await tripwire.webhooks.send_test(server.organization_id, endpoint.id)

    The server checks keys and arguments, enforces a rate limit, and signs webhooks and posts them to loopback URLs.
    Where the API's behavior is undocumented it does the following: a test send to a disabled endpoint is accepted and
    its delivery is skipped; a rotated key keeps its id; an unknown agent token is reported as not valid.

    All attributes can be read at any time, also before the server is started.

    Args:
        port: The port to listen on; 0 selects a free one.
        limit: Requests per key and *window*, rate-limited ones included.
        window: Length of the rolling rate-limit window in seconds.
        retry_after: Format of the Retry-After header of a 429.
        clock: The clock of the server, by default that of the event loop; see `ManualClock`.
        webhooks: How webhooks are posted.
        secret_key: The text of the initial secret key; random by default.
        organization_id: The id of the initial organization; random by default.
        grace: Seconds for which the previous secret of a rotated key remains valid.
        record_limit: How many requests to keep in `requests`; 0 keeps none.
        seed: Seed of the initial sessions and fingerprints.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        limit: int = 600,
        window: float = 60.0,
        retry_after: RetryAfter = "seconds",
        clock: Clock | None = None,
        webhooks: WebhookSettings | None = None,
        secret_key: str = "",
        organization_id: str = "",
        grace: float = 86_400.0,
        record_limit: int = 100_000,
        seed: int = 0,
    ) -> None:
        self._port = port
        self._runner: web.ServerRunner | None = None
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self.clock: Clock = ServerLoopClock() if clock is None else clock
        self._calendar = Calendar(self.clock, time.time())
        self.state = State(self._calendar, seed)
        self.limits = Limits(limit, window, retry_after)
        self._webhook_sender = WebhookSender(
            self._calendar, webhooks or WebhookSettings(), self._notice, self._gate_answered
        )
        self._service = Service(
            ROUTES,
            self.state,
            self._webhook_sender,
            self.limits,
            record_limit=record_limit,
            grace=grace,
            changed=self._notice,
        )
        organization = self.state.add_organization("Acme", "acme", organization_id)
        self.organization_id = organization.id
        self.key = self.state.add_key(organization.id, "default", scopes=["*"], secret=secret_key)
        self.gate_service = self.state.gate.add_service(
            "acme-prod",
            organization.id,
            {"name": "Acme", "description": "Everything for the road.", "website": "https://acme.example.com"},
        )

    # -- life -------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen on 127.0.0.1, on the port that was given or on one that is free."""
        if isinstance(self.clock, ServerLoopClock):
            self.clock.bind()
        self._calendar.start()
        server = web.Server(self._handle, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, backlog=1024)
        await site.start()
        self._port = int(self._runner.addresses[0][1])

    async def aclose(self) -> None:
        """Close every connection and end every delivery; a second request does nothing."""
        runner, self._runner = self._runner, None
        await self._webhook_sender.close()
        if runner is not None:
            await runner.cleanup()

    async def __aenter__(self) -> TripwireServer:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def base_url(self) -> str:
        """Where the server listens; known once it has been started, or before when a port was given."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def secret_key(self) -> str:
        """The text of the key that the server begins with, which may do everything."""
        return self.key.secret

    # -- limits -----------------------------------------------------------------------------------------------------

    @property
    def limit(self) -> int:
        """How many requests a key may send in a window, unless it has a limit of its own; may be set in mid-run."""
        return self.limits.limit

    @limit.setter
    def limit(self, limit: int) -> None:
        self.limits.limit = limit

    @property
    def received(self) -> int:
        """How many requests have come, record_limit or not."""
        return self._service.received

    @property
    def rate_limited(self) -> int:
        """How many requests have been answered 429 by the limit."""
        return self._service.rate_limited

    @property
    def window_peak(self) -> int:
        """The most requests, refused ones counted, that any one key has ever had in a window."""
        return self._service.peak

    @property
    def requests(self) -> Sequence[RecordedRequest]:
        """The requests that have come, oldest first."""
        return self._service.requests

    # -- faults -----------------------------------------------------------------------------------------------------

    @property
    def faults(self) -> Faults:
        """The faults by script."""
        return self._service.faults

    def fail(
        self,
        operation: str | None,
        fault: Fault,
        *,
        times: int | None = None,
        rate: float = 1.0,
        seed: int = 0,
        endpoint_id: str | None = None,
        when: Callable[[ServiceRequest], bool] | None = None,
    ) -> Rule:
        """Have requests to *operation*, or all if None, make_visitor *fault*; see `tripwire_async.testing.faults`."""
        return self.faults.add(operation, fault, times=times, rate=rate, seed=seed, endpoint_id=endpoint_id, when=when)

    # -- keys, endpoints, events ------------------------------------------------------------------------------------

    def add_key(self, scopes: Sequence[str] = ("*",), *, name: str = "test", rate_limit: int | None = None) -> Key:
        """Add a key with *scopes* and, if given, a limit of its own; its text is the `secret` of what is returned."""
        unknown = set(scopes) - set(SCOPES)
        if unknown:
            msg = f"scopes: there is no scope {', '.join(sorted(unknown))}"
            raise ValueError(msg)
        return self.state.add_key(self.organization_id, name, scopes=scopes, rate_limit=rate_limit)

    def add_endpoint(
        self,
        url: str,
        *,
        name: str = "test",
        event_types: Sequence[str] = ("session.result.persisted",),
        organization_id: str | None = None,
    ) -> Endpoint:
        """Add an endpoint without a request; its `signing_secret` is at hand."""
        return self.state.add_endpoint(organization_id or self.organization_id, name, url, event_types)

    def emit(
        self,
        event_type: str,
        data: JsonObject | None = None,
        *,
        subject: tuple[str, str] | None = None,
        organization_id: str | None = None,
    ) -> Event:
        """Have something happen: every active endpoint that takes *event_type* is sent it.

        Without *data* the event is about one of the seeded sessions; *subject* is the type and id of what it is about.
        """
        organization = organization_id or self.organization_id
        if data is None:
            visit = next(iter(self.state.seeds.visits.values()))
            data, subject = payload(event_type, visit), subject or ("session", visit.id)
        takers = [
            endpoint
            for endpoint in self.state.endpoints.values()
            if endpoint.organization_id == organization
            and endpoint.status == "active"
            and event_type in endpoint.event_types
        ]
        event = self.state.add_event(event_type, subject or ("session", "unknown"), data, takers, organization)
        self._webhook_sender.send(event)
        return event

    # -- deliveries -------------------------------------------------------------------------------------------------

    @property
    def deliveries(self) -> Mapping[str, Delivery]:
        """All deliveries by their ids, oldest first."""
        return self.state.deliveries

    @property
    def webhooks(self) -> WebhookSettings:
        """Settings of the webhooks sent from now on; may be set while the server runs."""
        return self._webhook_sender.settings

    @webhooks.setter
    def webhooks(self, settings: WebhookSettings) -> None:
        self._webhook_sender.settings = settings

    def set_outcome(self, outcome: DeliveryOutcome | None, *, endpoint_id: str | None = None) -> None:
        """Have deliveries to one endpoint, or all if None, end by *outcome*, without a post.

        The deliveries are those that come from now on; an *outcome* of None ends the script.
        """
        if outcome is None:
            self._webhook_sender.outcomes.pop(endpoint_id, None)
        else:
            self._webhook_sender.outcomes[endpoint_id] = outcome

    def settle(
        self,
        delivery_id: str,
        status: FinalStatus,
        *,
        response_status: int | None = None,
        response_body: str | None = None,
        error: str | None = None,
        attempts: int = 1,
    ) -> None:
        """End one delivery now, whatever was coming."""
        self._webhook_sender.settle(
            self.state.deliveries[delivery_id],
            DeliveryOutcome(status, response_status, response_body, error, attempts),
        )

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once *condition* holds; it is tried at every request, fault and change of a delivery."""
        if condition():
            return
        waiter = (condition, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            await waiter[1]
        finally:
            self._waiters.remove(waiter)

    async def delivered(self) -> None:
        """Return once no delivery has anything coming any more."""
        await self.until(lambda: not self._webhook_sender.in_progress)

    # -- gate -------------------------------------------------------------------------------------------------------

    def approve_gate_session(self, session_id: str, outputs: Mapping[str, str] | None = None) -> None:
        """Approve a Gate session, so that its next poll carries the credentials.

        *outputs* are the service's credentials by the names of their variables. Left out, the service's own endpoint is
        asked for them by a ``gate.session.approved`` webhook, and the session is approved once it has answered.
        """
        session = self.state.gate.sessions[session_id]
        if outputs is not None:
            self.state.gate.approve(session, outputs)
            return
        endpoint = self.state.endpoints.get(session.service.webhook_endpoint_id or "")
        if endpoint is None:
            msg = f"outputs: give them, for the service {session.service.id} has no endpoint to ask"
            raise ValueError(msg)
        event = self.state.add_event(
            "gate.session.approved",
            ("gate_session", session.id),
            self.state.gate.approved_payload(session),
            (endpoint,),
            endpoint.organization_id,
        )
        self._webhook_sender.send(event)

    def reject_gate_session(self, session_id: str) -> None:
        """Say no to a Gate session."""
        self.state.gate.sessions[session_id].status = "rejected"

    def expire_gate_session(self, session_id: str) -> None:
        """Let a Gate session expire before its time."""
        self.state.gate.sessions[session_id].status = "expired"

    def add_agent_token(self, gate_account_id: str = "gacct_test", account_name: str = "test") -> str:
        """Issue an agent token for the server's own service and return its text."""
        return self.state.gate.issue_token(self.gate_service, gate_account_id, account_name).text

    def consent_to_login(self, login_session_id: str) -> str:
        """Agree to an agent's login and return the code that its dashboard trades in."""
        return self.state.gate.consent(self.state.gate.logins[login_session_id])

    def _gate_answered(self, event: Event, envelope: JsonObject) -> None:
        self.state.gate.approve_encrypted(self.state.gate.sessions[event.data["gate_session_id"]], envelope)

    # -- wire -------------------------------------------------------------------------------------------------------

    def _notice(self) -> None:
        for condition, woken in self._waiters:
            if not woken.done() and condition():
                woken.set_result(None)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, mark, _ = request.raw_path.partition("?")
        try:
            body = await request.read() if request.can_read_body else b""
        except web.HTTPRequestEntityTooLarge:
            return _whole(error_response(_TOO_LARGE, self.state.ids.hex_id("req")))
        response = await self._service.answer(
            request.method, path, request.query if mark else _NO_QUERY, request.headers, body
        )
        if response.bytes_sent is not None:
            return await _truncate(request, response)
        return _whole(response)


def _whole(response: ServiceResponse) -> web.Response:
    headers: dict[str, Any] = {"Content-Type": "application/json", **response.headers}
    return web.Response(body=response.body, status=response.status, headers=headers)


async def _truncate(request: web.BaseRequest, response: ServiceResponse) -> web.StreamResponse:
    """Send the first `bytes_sent` bytes of *response*, then close the connection."""
    headers = {"Content-Type": "application/json", **response.headers, "Content-Length": str(len(response.body))}
    stream = web.StreamResponse(status=response.status, headers=headers)
    if response.bytes_sent:
        await stream.prepare(request)
        await stream.write(response.body[: response.bytes_sent])
    if request.transport is not None:
        request.transport.close()
    return stream
