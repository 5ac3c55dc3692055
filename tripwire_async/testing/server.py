"""Test server: the API on a loopback port."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final, final

from tripwire_async.errors import ConfigurationError
from tripwire_async.profiles import FOIL, TRIPWIRE
from tripwire_async.testing._service.dispatcher import Dispatcher
from tripwire_async.testing._service.handlers import routes_of
from tripwire_async.testing._service.http_server import HttpServer
from tripwire_async.testing._service.seeds.payloads import payload
from tripwire_async.testing._service.service import Limits, Service
from tripwire_async.testing._service.state import State
from tripwire_async.testing._service.webhook_sender import (
    DeliveryOutcome,
    FinalStatus,
    WebhookSender,
    WebhookSettings,
)
from tripwire_async.testing.clock import Calendar, ServerLoopClock
from tripwire_async.testing.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async.profiles import Profile
    from tripwire_async.testing._service.dispatcher import RecordedRequest
    from tripwire_async.testing._service.gate import Gate
    from tripwire_async.testing._service.gate_records import GateService
    from tripwire_async.testing._service.keys import Key
    from tripwire_async.testing._service.limits import RetryAfter
    from tripwire_async.testing._service.messages import ServiceRequest
    from tripwire_async.testing._service.records import Delivery, Endpoint, Event, JsonObject
    from tripwire_async.testing.faults import Fault, Rule

_GATE_SERVICE_ID: Final = "acme-prod"


@final
class TripwireServer:
    """The API on a loopback port, with all data in memory; an async context manager.

    ::

        async with (
            TripwireServer() as server,
            AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
        ):
            endpoint = server.add_endpoint("http://127.0.0.1:8080/hook")
            await tripwire.webhooks.send_test(server.organization_id, endpoint.id)

    The server checks keys and arguments, enforces a rate limit, and signs webhooks and posts them to loopback URLs.
    Where the API's behavior is undocumented it does the following: a test send to a disabled endpoint is accepted and
    its delivery is skipped; a rotated key keeps its id; a key created without a type is a secret one with the scopes of
    the caller's key; an unknown agent token is reported as not valid.

    All attributes can be read at any time, also before the server is started.

    Args:
        profile: The name of the service that the server acts as: its operations, fields, scopes and headers.
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
        profile: Profile = TRIPWIRE,
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
        self.profile = profile
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self.clock: Clock = ServerLoopClock() if clock is None else clock
        self._calendar = Calendar(self.clock, time.time())
        self.state = State(self._calendar, seed)
        self.limits = Limits(limit, window, retry_after)
        self._webhook_sender = WebhookSender(
            profile, self._calendar, webhooks or WebhookSettings(), self._notify, self._approve_gate_session
        )
        self.faults = Faults()
        self._service = Service(profile, self.state, self._webhook_sender, grace)
        self._dispatcher = Dispatcher(
            routes_of(profile),
            self._service,
            self.limits,
            self.faults,
            record_limit=record_limit,
            on_change=self._notify,
        )
        self._http = HttpServer(self._dispatcher, self._service, port)
        organization = self.state.add_organization("Acme", "acme", organization_id)
        self.organization_id = organization.id
        self.key = self.state.add_key(organization.id, "default", scopes=["*"], secret=secret_key)
        if profile == TRIPWIRE:
            self.state.gate.add_service(
                _GATE_SERVICE_ID,
                organization.id,
                {"name": "Acme", "description": "Everything for the road.", "website": "https://acme.example.com"},
            )

    # -- start and stop ---------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start to listen on 127.0.0.1."""
        if isinstance(self.clock, ServerLoopClock):
            self.clock.bind()
        self._calendar.start()
        await self._http.start()

    async def aclose(self) -> None:
        """Close all connections and cancel all deliveries; a second call has no effect."""
        await self._webhook_sender.aclose()
        await self._http.aclose()

    async def __aenter__(self) -> TripwireServer:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def base_url(self) -> str:
        """The URL of the server; before the start it is only known if a port was given."""
        return f"http://127.0.0.1:{self._http.port}"

    @property
    def secret_key(self) -> str:
        """The text of the initial key, which has all scopes."""
        return self.key.secret

    # -- limits -----------------------------------------------------------------------------------------------------

    @property
    def limit(self) -> int:
        """Requests per key and window, for keys without their own limit; can be set while the server runs."""
        return self.limits.limit

    @limit.setter
    def limit(self, limit: int) -> None:
        self.limits.limit = limit

    @property
    def received(self) -> int:
        """Number of received requests, independent of *record_limit*."""
        return self._dispatcher.received

    @property
    def rate_limited(self) -> int:
        """The number of requests that the rate limit rejected with 429."""
        return self._dispatcher.rate_limited

    @property
    def window_peak(self) -> int:
        """The highest number of requests of one key in a window, rate-limited ones included."""
        return self._dispatcher.window_peak

    @property
    def requests(self) -> Sequence[RecordedRequest]:
        """The recorded requests, oldest first."""
        return self._dispatcher.requests

    # -- faults -----------------------------------------------------------------------------------------------------

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
        """Apply *fault* to requests to *operation*, or to all if it is None; see `tripwire_async.testing.faults`."""
        return self.faults.add(operation, fault, times=times, rate=rate, seed=seed, endpoint_id=endpoint_id, when=when)

    # -- keys, endpoints, events ------------------------------------------------------------------------------------

    def add_key(self, scopes: Sequence[str] = ("*",), *, name: str = "test", rate_limit: int | None = None) -> Key:
        """Add a secret key with *scopes* and optionally its own rate limit; its text is the attribute `secret`."""
        unknown = set(scopes) - self.profile.scopes
        if unknown:
            known = ", ".join(sorted(self.profile.scopes))
            msg = f"unknown scope {', '.join(sorted(unknown))}. Choose from: {known}"
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
        """Add a webhook endpoint; its signing secret is the attribute `signing_secret`."""
        return self.state.add_endpoint(organization_id or self.organization_id, name, url, event_types)

    def emit(
        self,
        event_type: str,
        data: JsonObject | None = None,
        *,
        subject: tuple[str, str] | None = None,
        organization_id: str | None = None,
    ) -> Event:
        """Send an event to every active endpoint that subscribes to *event_type*.

        Without *data* the event is about one of the seeded sessions. *subject* is the type and id of its subject.

        Raises:
            ValueError: *event_type* exists under the other profile only, or has no default data.
        """
        if event_type in self.profile.other.event_types - self.profile.event_types:
            msg = f"{event_type} is not an event type of {self.profile.title}"
            raise ValueError(msg)
        organization = organization_id or self.organization_id
        if data is None:
            visit = next(iter(self.state.seeds.visits.values()))
            data, subject = payload(event_type, visit), subject or ("session", visit.id)
        endpoints = [
            endpoint
            for endpoint in self.state.endpoints.values()
            if endpoint.organization_id == organization
            and endpoint.status == "active"
            and event_type in endpoint.event_types
        ]
        event = self.state.add_event(event_type, subject or ("session", "unknown"), data, endpoints, organization)
        self._webhook_sender.send(event)
        return event

    # -- deliveries -------------------------------------------------------------------------------------------------

    @property
    def deliveries(self) -> Mapping[str, Delivery]:
        """All deliveries by id, oldest first."""
        return self.state.deliveries

    @property
    def webhooks(self) -> WebhookSettings:
        """Settings of the webhooks sent from now on; may be set while the server runs."""
        return self._webhook_sender.settings

    @webhooks.setter
    def webhooks(self, settings: WebhookSettings) -> None:
        self._webhook_sender.settings = settings

    def set_outcome(self, outcome: DeliveryOutcome | None, *, endpoint_id: str | None = None) -> None:
        """Settle new deliveries to one endpoint, or to all if it is None, with *outcome* and without a post.

        An *outcome* of None restores normal delivery.
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
        """Settle one delivery now and cancel further attempts."""
        self._webhook_sender.settle(
            self.state.deliveries[delivery_id],
            DeliveryOutcome(status, response_status, response_body, error, attempts),
        )

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* is true; it is evaluated at each request, fault and change of a delivery."""
        if condition():
            return
        waiter = (condition, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            await waiter[1]
        finally:
            self._waiters.remove(waiter)

    async def delivered(self) -> None:
        """Wait until no delivery is in progress."""
        await self.until(lambda: not self._webhook_sender.in_progress)

    # -- Gate -------------------------------------------------------------------------------------------------------

    @property
    def gate_service(self) -> GateService:
        """The initial Gate service."""
        return self._gate().services[_GATE_SERVICE_ID]

    def approve_gate_session(self, session_id: str, outputs: Mapping[str, str] | None = None) -> None:
        """Approve a Gate session, so that its next poll returns the credentials.

        *outputs* are the service's credentials by environment variable. Without them, a ``gate.session.approved``
        webhook requests them from the service's endpoint, and its response approves the session.
        """
        session = self._gate().sessions[session_id]
        if outputs is not None:
            self._gate().approve(session, outputs)
            return
        endpoint = self.state.endpoints.get(session.service.webhook_endpoint_id or "")
        if endpoint is None:
            msg = f"pass outputs=: the service {session.service.id} has no webhook endpoint"
            raise ValueError(msg)
        event = self.state.add_event(
            "gate.session.approved",
            ("gate_session", session.id),
            self._gate().approved_payload(session),
            (endpoint,),
            endpoint.organization_id,
        )
        self._webhook_sender.send(event)

    def reject_gate_session(self, session_id: str) -> None:
        """Reject a Gate session."""
        self._gate().sessions[session_id].status = "rejected"

    def expire_gate_session(self, session_id: str) -> None:
        """Expire a Gate session now."""
        self._gate().sessions[session_id].status = "expired"

    def add_agent_token(self, gate_account_id: str = "gacct_test", account_name: str = "test") -> str:
        """Issue an agent token for `gate_service` and return its text."""
        return self._gate().issue_token(self.gate_service, gate_account_id, account_name).text

    def consent_to_login(self, login_session_id: str) -> str:
        """Consent to an agent's login and return the code for the dashboard."""
        return self._gate().consent(self._gate().logins[login_session_id])

    def _gate(self) -> Gate:
        if self.profile == FOIL:
            msg = f"{FOIL.title} has no Gate: create the server with profile=TRIPWIRE"
            raise ConfigurationError(msg)
        return self.state.gate

    def _approve_gate_session(self, event: Event, envelope: JsonObject) -> None:
        self._gate().approve_encrypted(self._gate().sessions[event.data["gate_session_id"]], envelope)

    def _notify(self) -> None:
        for condition, woken in self._waiters:
            if not woken.done() and condition():
                woken.set_result(None)
