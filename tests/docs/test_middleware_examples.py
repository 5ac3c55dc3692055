"""The middlewares that the documentation shows do what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import pytest
from msgspec.structs import replace

from docs.examples.caching_middleware import CacheAnswers
from docs.examples.header_middleware import add_header, name_the_tenant
from tests.support.requests import Script, answer, request
from tripwire_async import AsyncTripwire
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import NotFoundError
from tripwire_async.middleware import Middleware, Response, compose, default_middleware

if TYPE_CHECKING:
    from tripwire_async.middleware import Handler, Request


async def test_the_header_is_added() -> None:
    """The last layer answers by itself, and nothing is sent."""

    async def answer(request: Request, call_next: Handler) -> Response:
        assert request.headers["X-Tenant"] == "acme"
        return Response(404, {}, b"")

    async with AsyncTripwire(middleware=[name_the_tenant, answer]) as tripwire:
        with pytest.raises(NotFoundError):
            await tripwire.sessions.get("sid_" + 26 * "0")


@pytest.mark.parametrize("layer", [name_the_tenant, add_header("X-Tenant", "acme")])
async def test_a_header_reaches_the_wire_through_the_whole_chain(layer: Middleware) -> None:
    """In front of the layers that come with the library."""
    handler = Script([answer()])
    await compose([layer, *default_middleware("sk_test_1")], handler)(request())
    assert handler.seen[0].headers["X-Tenant"] == "acme"


@attrs.define
class Hands:
    """A clock whose hands are moved by the test."""

    seconds: float = 0.0

    def now(self) -> float:
        return self.seconds


async def test_a_get_is_answered_from_the_cache_until_its_seconds_are_over() -> None:
    """At five seconds exactly it is asked again."""
    clock = Hands()
    cache = CacheAnswers(5.0, now=clock.now)
    handler = Script([answer(body=b"old"), answer(body=b"new")])
    assert (await cache(request(), handler)).body == b"old"
    clock.seconds = 4.9
    assert (await cache(request(), handler)).body == b"old"
    clock.seconds = 5.0
    assert (await cache(request(), handler)).body == b"new"
    assert len(handler.seen) == 2


@pytest.mark.parametrize(
    ("asked", "status"),
    [(request("POST"), 200), (replace(request(), priority="poll"), 200), (request(), 404)],
    ids=["post", "poll", "404"],
)
async def test_what_may_change_is_not_kept(asked: Request, status: int) -> None:
    """Other methods, polls and failures go through each time."""
    cache = CacheAnswers(5.0)
    handler = Script([answer(status)])
    await cache(asked, handler)
    await cache(asked, handler)
    assert len(handler.seen) == 2


async def test_credentials_of_another_call_get_no_answer_that_was_not_theirs() -> None:
    """The same address with another token is another question."""
    cache = CacheAnswers(5.0)
    handler = Script([answer(body=b"mine"), answer(body=b"yours")])
    assert (await cache(request(bearer=Secret("gtpoll_1")), handler)).body == b"mine"
    assert (await cache(request(bearer=Secret("gtpoll_2")), handler)).body == b"yours"


async def test_the_cache_is_bounded() -> None:
    """The answer that has been there longest makes room."""
    cache = CacheAnswers(5.0, size=1)
    handler = Script([answer()])
    first, second = request(), request(bearer=Secret("gtpoll_1"))
    for asked in (first, second, second, first):
        await cache(asked, handler)
    assert [first, second, first] == handler.seen
