"""Helpers for tests of the rate limit: calls, a handler whose responses a test provides, and turns of the loop."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import attrs
from msgspec.structs import replace

from tests.support import requests
from tripwire_async._http.messages import CallStats, Request, Response
from tripwire_async._secrets.secret import Secret

if TYPE_CHECKING:
    from tripwire_async._http.messages import Priority
    from tripwire_async._http.pipeline import Handler
    from tripwire_async.middleware import RateLimit

limited = requests.limited


def call(priority: Priority = "interactive", deadline: float = math.inf, bearer: Secret | None = None) -> Request:
    """Return a request of the client's own key, or of *bearer*."""
    return replace(requests.request("POST", deadline=deadline, bearer=bearer), priority=priority, stats=CallStats())


def poll(token: int) -> Request:
    """Return a request with its own token."""
    request = requests.request(authority="poll_token", bearer=Secret(f"gtpoll_{token}"), deadline=math.inf)
    return replace(request, stats=CallStats())


def now() -> float:
    """Return the time of the running loop."""
    return asyncio.get_running_loop().time()


@attrs.define
class Wire:
    """A handler whose responses a test provides, in any order."""

    sent: list[asyncio.Future[Response]] = attrs.field(factory=list)
    requests: list[Request] = attrs.field(factory=list)

    async def __call__(self, request: Request) -> Response:
        future = asyncio.get_running_loop().create_future()
        self.sent.append(future)
        self.requests.append(request)
        return await future

    def accept(self, index: int, remaining: int = 500) -> None:
        """Accept a request, with *remaining* of a limit of 1,000."""
        self.sent[index].set_result(limited(1000, remaining))

    @property
    def priorities(self) -> str:
        """First letters of the priorities, in the order of sending."""
        return "".join(request.priority[0] for request in self.requests)


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(20):
        await asyncio.sleep(0)


def start(limit: RateLimit, handler: Handler, *calls: Request) -> list[asyncio.Task[Response]]:
    """Start a task per call."""

    async def run(request: Request) -> Response:
        return await limit(request, handler)

    return [asyncio.create_task(run(request)) for request in calls]
