"""Scenarios of receivers, stores, the test server and its clock."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from tests.support.webhook_bodies import SECRET, body_of
from tripwire_async.middleware import RedisStore
from tripwire_async.middleware.rate_limit.store import SlotRequest
from tripwire_async.receiver import Claim, RecentEvents, Router, WebhookReceiver, parse_event, sign_webhook
from tripwire_async.testing import DeliveryOutcome, ManualClock, TripwireServer

from .scenario import Scenario, no_call

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .world import World

_BODY = body_of("webhook.test")


class _SlowStore:
    """Store of events that suspends in each of its methods."""

    def __init__(self) -> None:
        self._events = RecentEvents()

    async def claim(self, event_id: str, /) -> Claim:
        await asyncio.sleep(0.01)
        return await self._events.claim(event_id)

    async def complete(self, event_id: str, response: bytes, /) -> None:
        await asyncio.sleep(0.01)
        await self._events.complete(event_id, response)

    async def release(self, event_id: str, /) -> None:
        await self._events.release(event_id)


def _receiver() -> WebhookReceiver:
    router = Router()

    @router.on("webhook.test")
    async def handle(event: object) -> None:
        await asyncio.sleep(0.01)

    async def secret() -> str:
        await asyncio.sleep(0)
        return SECRET

    return WebhookReceiver(router, secret, store=_SlowStore())


async def _make_receiver(world: World) -> None:
    world.kept["receiver"] = _receiver()


async def _receive(world: World) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(_BODY), 100):
            await asyncio.sleep(0)
            yield _BODY[at : at + 100]

    assert 200 == (await world.kept["receiver"].receive(chunks(), sign_webhook(_BODY, SECRET, int(time.time())))).status


async def _respond(world: World) -> None:
    assert 200 == (await world.kept["receiver"].respond(_BODY, sign_webhook(_BODY, SECRET, int(time.time())))).status


async def _dispatch(world: World) -> None:
    router = Router()

    @router.on("webhook.test")
    async def handle(event: object) -> str:
        await asyncio.sleep(0.01)
        return "handled"

    assert ("handled",) == await router.dispatch(parse_event(_BODY))


async def _remember(world: World) -> None:
    events = RecentEvents()
    await events.claim("one")
    await events.complete("one", b"")
    await events.claim("two")
    await events.release("two")


async def _exchange(world: World) -> None:
    assert world.redis is not None
    store = RedisStore(world.redis, name="scenario", patience=50.0)
    try:
        await store.exchange(
            SlotRequest(
                client="scenario",
                number=1,
                now=0.0,
                interactive=1,
                bulk=0,
                limit=None,
                window=None,
                finished=(),
            )
        )
    finally:
        await store.aclose()


async def _start_server(world: World) -> None:
    server = TripwireServer()
    try:
        await server.start()
        server.add_endpoint("https://example.com/hook", event_types=("webhook.test",))
    finally:
        await server.aclose()


async def _serve(world: World) -> None:
    async with TripwireServer() as server:
        endpoint = server.add_endpoint("https://example.com/hook")
        server.set_outcome(DeliveryOutcome("succeeded", after=0.1))
        server.emit("session.result.persisted")
        await server.delivered()
        assert endpoint.id
        await server.until(lambda: not server.requests)


async def _wait_for_a_delivery(world: World) -> None:
    world.server.set_outcome(DeliveryOutcome("succeeded", after=0.1))
    event = world.server.emit("session.result.persisted")
    await world.server.delivered()
    await world.server.until(lambda: event is not None)


async def _sleep(world: World) -> None:
    clock = ManualClock()
    sleeping = asyncio.create_task(clock.sleep(5.0))
    try:
        await clock.advance(10.0)
        await clock.sleep(0.0)
    finally:
        sleeping.cancel()
        await asyncio.gather(sleeping, return_exceptions=True)


SCENARIOS = [
    Scenario(
        name="receive webhook",
        covers=("WebhookReceiver.receive",),
        prepare=_make_receiver,
        run=_receive,
        beside=no_call,
        again=_receive,
    ),
    Scenario(
        name="respond to webhook",
        covers=("WebhookReceiver.respond",),
        prepare=_make_receiver,
        run=_respond,
        beside=no_call,
        again=_respond,
    ),
    Scenario(name="dispatch event", covers=("Router.dispatch",), run=_dispatch),
    Scenario(
        name="remember event",
        covers=("RecentEvents.claim", "RecentEvents.complete", "RecentEvents.release"),
        run=_remember,
    ),
    Scenario(
        name="exchange slots",
        covers=("RedisStore.exchange", "RedisStore.aclose"),
        run=_exchange,
        uses_redis=True,
    ),
    Scenario(name="start server", covers=("TripwireServer.start", "TripwireServer.aclose"), run=_start_server),
    Scenario(
        name="serve",
        covers=("TripwireServer.__aenter__", "TripwireServer.__aexit__"),
        run=_serve,
    ),
    Scenario(
        name="wait for a delivery",
        covers=("TripwireServer.delivered", "TripwireServer.until"),
        run=_wait_for_a_delivery,
    ),
    Scenario(name="manual clock", covers=("ManualClock.advance", "ManualClock.sleep"), run=_sleep),
]
