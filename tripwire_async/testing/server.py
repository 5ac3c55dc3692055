"""Test server: the API on a loopback port."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, final, get_args

from tripwire_async._concurrency.finishing import finish_closing
from tripwire_async.profiles import TRIPWIRE
from tripwire_async.testing._control_api.app import ControlApi
from tripwire_async.testing._server.controls import ServerControls
from tripwire_async.testing._server.gate_controls import GATE_SERVICE_ID
from tripwire_async.testing._server.snapshots import read_snapshot
from tripwire_async.testing._service.arguments import check_count, check_name, check_number
from tripwire_async.testing._service.dispatcher import Dispatcher
from tripwire_async.testing._service.handlers import routes_of
from tripwire_async.testing._service.http_server import HttpServer
from tripwire_async.testing._service.limits import RetryAfter
from tripwire_async.testing._service.service import Limits, Service
from tripwire_async.testing._service.state import State
from tripwire_async.testing._service.webhook_sender import WebhookSender, WebhookSettings
from tripwire_async.testing.clock import Calendar, ServerLoopClock
from tripwire_async.testing.fault_rules import Faults

if TYPE_CHECKING:
    import asyncio
    import os
    from collections.abc import Callable
    from types import TracebackType

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async.profiles import Profile


@final
class TripwireServer(ServerControls):
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
        check_count("port", port, 0, 65_535)
        check_count("limit", limit, 1)
        check_number("window", window, 0)
        check_name("retry_after", retry_after, get_args(RetryAfter))
        check_number("grace", grace, 0)
        check_count("record_limit", record_limit, 0)
        self.profile = profile
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self.clock: Clock = ServerLoopClock() if clock is None else clock
        self._calendar = Calendar(self.clock, time.time())
        self.state = State(self._calendar, seed)
        self.limits = Limits(limit, window, retry_after)
        self._webhook_sender = WebhookSender(
            profile, self._calendar, webhooks or WebhookSettings(), self._notify, self._approve_encrypted
        )
        self.faults = Faults()
        self.service = Service(profile, self.state, self._webhook_sender, grace)
        self._routes = routes_of(profile)
        self._dispatcher = Dispatcher(
            self._routes,
            self.service,
            self.limits,
            self.faults,
            record_limit=record_limit,
            on_change=self._notify,
        )
        self._control = ControlApi(self)
        self._on_change = self._control.live.notify
        self._http = HttpServer(self._dispatcher, self.service, port, self._control)
        organization = self.state.add_organization("Acme", "acme", organization_id)
        self.organization_id = organization.id
        self.key = self.state.add_key(organization.id, "default", scopes=["*"], secret=secret_key)
        if profile == TRIPWIRE:
            self.state.gate.add_service(
                GATE_SERVICE_ID,
                organization.id,
                {"name": "Acme", "description": "Everything for the road.", "website": "https://acme.example.com"},
            )

    # -- start and stop ---------------------------------------------------------------------------------------------

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        port: int = 0,
        limit: int = 600,
        window: float = 60.0,
        clock: Clock | None = None,
        webhooks: WebhookSettings | None = None,
    ) -> TripwireServer:
        """Return a server with the records of a file that `save` has written.

        Deliveries that were in progress keep their state; `settle` ends them.

        Raises:
            ConfigurationError: The file cannot be read, or is another one.
        """
        snapshot = read_snapshot(path)
        profile = snapshot.find_profile()
        server = cls(profile=profile, port=port, limit=limit, window=window, clock=clock, webhooks=webhooks)
        server._restore(snapshot)
        return server

    async def start(self) -> None:
        """Start to listen on 127.0.0.1."""
        self.run_here()
        try:
            await self._http.start()
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Close all connections and cancel all deliveries; a second call has no effect."""
        await finish_closing(self._close)
        self._loop = None

    async def _close(self) -> None:
        self._control.live.close()
        await self._webhook_sender.aclose()
        await self._http.aclose()

    async def __aenter__(self) -> TripwireServer:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
        if error is None:
            self.faults.check_required()

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

    def __repr__(self) -> str:
        state = self.state
        pending = sum(not delivery.is_settled for delivery in state.deliveries.values())
        address = self.base_url if self._loop is not None else "not running"
        return (
            f"<TripwireServer {self.profile.name}, {address}: {len(state.endpoints)} endpoints, "
            f"{len(state.deliveries)} deliveries ({pending} pending), {self.received} requests, "
            f"{len(self.faults.rules)} faults>"
        )
