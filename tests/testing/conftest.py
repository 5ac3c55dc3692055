"""A client that checks each response against our OpenAPI document, and a receiver for webhooks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import attrs
import pytest
from aiohttp import web

from tests.testing.document import check_answer, operation_at
from tripwire_async import FOIL, TRIPWIRE, Profile
from tripwire_async.testing import ManualClock, TripwireServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@attrs.frozen
class Answer:
    """A response with its decoded body."""

    status: int
    headers: Any
    body: Any

    @property
    def data(self) -> Any:
        return self.body["data"]

    @property
    def code(self) -> str:
        return self.body["error"]["code"]

    @property
    def bad_fields(self) -> list[str]:
        return [issue["name"] for issue in self.body["error"]["details"]["fields"]]


class Api:
    """Plain requests to a server; each response is checked against the document of its profile."""

    def __init__(self, server: TripwireServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session
        self.seen: set[str] = set()

    async def __call__(
        self, method: str, path: str, *, json: Any = None, data: Any = None, bearer: str | None = None
    ) -> Answer:
        """Send one request; ``~`` in *path* stands for the path of the organization."""
        path = path.replace("~", f"/v1/organizations/{self.server.organization_id}", 1)
        token = self.server.secret_key if bearer is None else bearer
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.session.request(
            method, self.server.base_url + path, json=json, data=data, headers=headers
        ) as response:
            body = await response.json() if response.status != 204 else None
            operation = operation_at(method, path, self.server.profile)
            check_answer(operation, response.status, body, self.server.profile)
            if body is not None:
                printed = body["error"] if response.status >= 400 else body["meta"]
                assert response.headers["X-Request-Id"] == printed["request_id"]
            self.seen.add(operation)
            return Answer(response.status, response.headers, body)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=[TRIPWIRE, FOIL], ids=lambda profile: profile.name)
def profile(request: pytest.FixtureRequest) -> Profile:
    """Run the test under each profile of the service."""
    return request.param


@pytest.fixture
async def server(profile: Profile) -> AsyncIterator[TripwireServer]:
    """Run a server for one test."""
    async with TripwireServer(profile=profile) as server:
        yield server


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def api(server: TripwireServer, session: aiohttp.ClientSession) -> Api:
    return Api(server, session)


@attrs.define
class Received:
    """A webhook as it was received."""

    headers: Any
    body: bytes


class Receiver:
    """A webhook endpoint on loopback that responds with *respond* and records requests."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.respond: Callable[[], web.StreamResponse] = lambda: web.Response(text="thanks")
        self.url = ""
        self.never = asyncio.Event()
        self.answers = True

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.received.append(Received(request.headers.copy(), await request.read()))
        if not self.answers:
            await self.never.wait()
        return self.respond()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    runner = web.ServerRunner(web.Server(receiver.handle), shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    receiver.never.set()
    await runner.cleanup()
