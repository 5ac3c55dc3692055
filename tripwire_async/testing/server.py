"""The server: the API on loopback, for tests and demonstrations."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final, final

from aiohttp import web

from tripwire_async.testing._service.deliveries import Courier, FinalStatus, Outcome, Posting
from tripwire_async.testing._service.handlers import ROUTES
from tripwire_async.testing._service.keys import SCOPES
from tripwire_async.testing._service.messages import refusal
from tripwire_async.testing._service.problems import Problem
from tripwire_async.testing._service.seeds.payloads import payload
from tripwire_async.testing._service.service import Limits, Service
from tripwire_async.testing._service.state import State
from tripwire_async.testing.clock import Calendar, OwnLoopClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async.testing._service.keys import Key
    from tripwire_async.testing._service.limits import RetryAfter
    from tripwire_async.testing._service.messages import Call, Reply
    from tripwire_async.testing._service.records import Delivery, Endpoint, Event, Wire
    from tripwire_async.testing._service.service import RecordedRequest
    from tripwire_async.testing.faults import Fault, Faults, Rule

_NO_QUERY: Final[Mapping[str, str]] = {}

_TOO_LARGE: Final = Problem(413, "request.too_large", "The body is larger than a mebibyte.")


@final
class TripwireServer:
    """The Tripwire API in a process of your own; an async context manager.

    ::

        async with TripwireServer() as server, AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire:
            endpoint = server.add_endpoint("http://127.0.0.1:8080/hook")
            await tripwire.webhooks.send_test(server.organization_id, endpoint.id)

    It keeps everything in memory, signs webhooks and really posts them to loopback addresses, and counts requests
    against *limit* in any *window* seconds, the refused ones too. *retry_after* is the form of that header. *clock* is
    what all of this goes by, the loop's by default; a `ManualClock` is yours to move. *posting*: how webhooks are sent.
    *grace* is for how many seconds a rotated key's former secret works on. *remember* bounds how many requests are kept
    in `requests`; 0 keeps none. *seed* decides the sessions and fingerprints that are there from the beginning.

    What the API's description leaves open is decided here so: a test send to a disabled endpoint is accepted, and its
    delivery skipped; a rotated key keeps its id; an agent's token that is not known is merely not valid.

    All attributes may be read at any time, before the start as well.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        limit: int = 600,
        window: float = 60.0,
        retry_after: RetryAfter = "seconds",
        clock: Clock | None = None,
        posting: Posting | None = None,
        secret_key: str = "",
        organization_id: str = "",
        grace: float = 86_400.0,
        remember: int = 100_000,
        seed: int = 0,
    ) -> None:
        self._port = port
        self._runner: web.ServerRunner | None = None
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self.clock: Clock = OwnLoopClock() if clock is None else clock
        self._calendar = Calendar(self.clock, time.time())
        self.state = State(self._calendar, seed)
        self.limits = Limits(limit, window, retry_after)
        self._courier = Courier(self._calendar, posting or Posting(), self._notice, self._gate_answered)
        self._service = Service(
            ROUTES, self.state, self._courier, self.limits, remembered=remember, grace=grace, changed=self._notice
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
        if isinstance(self.clock, OwnLoopClock):
            self.clock.bind()
        self._calendar.open()
        server = web.Server(self._handle, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, backlog=1024)
        await site.start()
        self._port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Close every connection and end every delivery; a second call does nothing."""
        runner, self._runner = self._runner, None
        await self._courier.close()
        if runner is not None:
            await runner.cleanup()

    async def __aenter__(self) -> TripwireServer:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

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
        """How many requests have come, remembered or not."""
        return self._service.received

    @property
    def refused(self) -> int:
        """How many requests have been answered 429 by the limit."""
        return self._service.refused

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
        when: Callable[[Call], bool] | None = None,
    ) -> Rule:
        """Have requests to *operation*, or all if None, meet *fault*; see `tripwire_async.testing.faults`."""
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
        data: Wire | None = None,
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
        self._courier.send(event)
        return event

    # -- deliveries -------------------------------------------------------------------------------------------------

    @property
    def deliveries(self) -> Mapping[str, Delivery]:
        """All deliveries by their ids, oldest first."""
        return self.state.deliveries

    def script(self, outcome: Outcome | None, *, endpoint_id: str | None = None) -> None:
        """Have deliveries to one endpoint, or all if None, end by *outcome*, without a post.

        The deliveries are those that come from now on; an *outcome* of None ends the script.
        """
        if outcome is None:
            self._courier.scripts.pop(endpoint_id, None)
        else:
            self._courier.scripts[endpoint_id] = outcome

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
        self._courier.settle(
            self.state.deliveries[delivery_id],
            Outcome(status, response_status, response_body, error, attempts),
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
        await self.until(lambda: not self._courier.under_way)

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
        self._courier.send(event)

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

    def _gate_answered(self, event: Event, envelope: Wire) -> None:
        self.state.gate.approve_sealed(self.state.gate.sessions[event.data["gate_session_id"]], envelope)

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
            return _whole(refusal(_TOO_LARGE, self.state.ids.hexadecimal("req")))
        reply = await self._service.answer(
            request.method, path, request.query if mark else _NO_QUERY, request.headers, body
        )
        if reply.sent is not None:
            return await _cut_off(request, reply)
        return _whole(reply)


def _whole(reply: Reply) -> web.Response:
    headers: dict[str, Any] = {"Content-Type": "application/json", **reply.headers}
    return web.Response(body=reply.body, status=reply.status, headers=headers)


async def _cut_off(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    """Send as much of *reply* as it says, then close the connection under the client."""
    response = web.StreamResponse(
        status=reply.status,
        headers={"Content-Type": "application/json", **reply.headers, "Content-Length": str(len(reply.body))},
    )
    if reply.sent:
        await response.prepare(request)
        await response.write(reply.body[: reply.sent])
    if request.transport is not None:
        request.transport.close()
    return response
