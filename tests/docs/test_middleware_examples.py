"""The middleware in the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import pytest
from msgspec.structs import replace

from docs.examples.custom_middleware import CacheResponses, add_header, name_the_tenant
from tests.support.requests import Script, answer, request
from tripwire_async import AsyncTripwire
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import NotFoundError
from tripwire_async.middleware import Middleware, Response, compose, default_middleware

if TYPE_CHECKING:
    from tripwire_async.middleware import Handler, Request


async def test_the_header_is_added() -> None:
    """The last layer responds by itself, and nothing is sent."""

    async def respond(request: Request, call_next: Handler) -> Response:
        assert request.headers["X-Tenant"] == "acme"
        return Response(404, {}, b"")

    async with AsyncTripwire(middleware=[name_the_tenant, respond]) as tripwire:
        with pytest.raises(NotFoundError):
            await tripwire.sessions.get("sid_" + 26 * "0")


@pytest.mark.parametrize("layer", [name_the_tenant, add_header("X-Tenant", "acme")])
async def test_a_header_reaches_the_wire_through_the_whole_chain(layer: Middleware) -> None:
    """Before the layers of the default chain."""
    handler = Script([answer()])
    await compose([layer, *default_middleware("sk_test_1")], handler)(request())
    assert handler.seen[0].headers["X-Tenant"] == "acme"


@attrs.define
class SetClock:
    """A clock that the test sets."""

    seconds: float = 0.0

    def now(self) -> float:
        return self.seconds


async def test_a_get_is_served_from_the_cache_until_it_expires() -> None:
    """The entry has expired at exactly five seconds."""
    clock = SetClock()
    cache = CacheResponses(5.0, now=clock.now)
    handler = Script([answer(body=b"old"), answer(body=b"new")])
    assert (await cache(request(), handler)).body == b"old"
    clock.seconds = 4.9
    assert (await cache(request(), handler)).body == b"old"
    clock.seconds = 5.0
    assert (await cache(request(), handler)).body == b"new"
    assert len(handler.seen) == 2


@pytest.mark.parametrize(
    ("sent", "status"),
    [(request("POST"), 200), (replace(request(), priority="poll"), 200), (request(), 404)],
    ids=["post", "poll", "404"],
)
async def test_other_requests_and_failures_are_not_cached(sent: Request, status: int) -> None:
    """Other methods, polls and failures are sent each time."""
    cache = CacheResponses(5.0)
    handler = Script([answer(status)])
    await cache(sent, handler)
    await cache(sent, handler)
    assert len(handler.seen) == 2


async def test_a_response_is_not_shared_between_credentials() -> None:
    """The same URL with another token has another cache entry."""
    cache = CacheResponses(5.0)
    handler = Script([answer(body=b"mine"), answer(body=b"yours")])
    assert (await cache(request(bearer=Secret("gtpoll_1")), handler)).body == b"mine"
    assert (await cache(request(bearer=Secret("gtpoll_2")), handler)).body == b"yours"


async def test_the_cache_is_bounded() -> None:
    """The oldest response is removed first."""
    cache = CacheResponses(5.0, size=1)
    handler = Script([answer()])
    first, second = request(), request(bearer=Secret("gtpoll_1"))
    for sent in (first, second, second, first):
        await cache(sent, handler)
    assert [first, second, first] == handler.seen
