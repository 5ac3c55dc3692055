"""Mixed traffic: workers that make calls of every kind, some of which are cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from tripwire_async import AsyncTripwire

    from .accounts import Accounts

_CANCELLED = 0.15
"""Share of calls that are cancelled after a random time."""

_LONGEST = 0.2
"""Seconds after which a call is cancelled, at most."""


@attrs.define
class Traffic:
    """Calls to one service.

    Attributes:
        client: The client.
        accounts: Where each call is noted.
        organization_id: The organization of the endpoints.
        secrets: The endpoints with their signing secrets.
    """

    client: AsyncTripwire
    accounts: Accounts
    organization_id: str
    secrets: Mapping[str, str]
    _in_flight: int = attrs.field(default=0, init=False)
    _may_start: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)
    _is_idle: asyncio.Event = attrs.field(factory=asyncio.Event, init=False)

    def __attrs_post_init__(self) -> None:
        self._may_start.set()

    @contextlib.asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Start no call within the block, which begins when all calls have ended."""
        self._may_start.clear()
        try:
            if self._in_flight:
                self._is_idle.clear()
                await self._is_idle.wait()
            yield
        finally:
            self._may_start.set()

    async def work(self, seed: int, until: float) -> None:
        """Make one call after the other until the time *until* of the event loop."""
        generator = random.Random(seed)  # noqa: S311 - a choice, not a secret
        kinds: list[tuple[Callable[[random.Random], Awaitable[Any]], int, int]] = [
            (self._get, 4, 0),
            (self._get_raw, 2, 0),
            (self._list, 1, 0),
            (self._update, 2, 0),
            (self._send_and_wait, 4, 1),
            (self._send_and_reconcile, 1, 2),
            (self._test_many, 1, 10),
        ]
        weights = [weight for _, weight, _ in kinds]
        loop = asyncio.get_running_loop()
        while loop.time() < until:
            (kind, _, sends), *_ = generator.choices(kinds, weights)
            seconds = generator.uniform(0.0, _LONGEST) if generator.random() < _CANCELLED else None
            await self._may_start.wait()
            self._in_flight += 1
            try:
                await self.accounts.call(kind(generator), seconds=seconds, sends=sends)
            finally:
                self._in_flight -= 1
                if not self._in_flight:
                    self._is_idle.set()

    def _endpoints(self, generator: random.Random, count: int) -> list[str]:
        return generator.sample(sorted(self.secrets), count)

    async def _get(self, generator: random.Random) -> None:
        await self.client.organizations.get(self.organization_id)

    async def _get_raw(self, generator: random.Random) -> None:
        raw = await self.client.with_raw_response.organizations.get(self.organization_id)
        assert raw.status == 200

    async def _list(self, generator: random.Random) -> None:
        count = 0
        async for _ in self.client.sessions.list(limit=100, prefetch=generator.randrange(2)):
            count += 1
            if count == 250:
                break

    async def _update(self, generator: random.Random) -> None:
        (endpoint,) = self._endpoints(generator, 1)
        await self.client.webhooks.update_endpoint(self.organization_id, endpoint, name=f"name {generator.random()}")

    async def _send_and_wait(self, generator: random.Random) -> None:
        (endpoint,) = self._endpoints(generator, 1)
        pending = await self.client.webhooks.send_test(self.organization_id, endpoint)
        self.accounts.know(pending.event_id)
        await asyncio.gather(pending.wait(timeout=20.0), pending.settled(timeout=20.0))

    async def _send_and_reconcile(self, generator: random.Random) -> None:
        (endpoint,) = self._endpoints(generator, 1)
        pending = await self.client.webhooks.send_test(self.organization_id, endpoint, reconcile=True)
        self.accounts.know(pending.event_id)

    async def _test_many(self, generator: random.Random) -> None:
        endpoints = self._endpoints(generator, 5)
        async with self.client.webhooks.send_tests(self.organization_id, endpoints, timeout=20.0) as run:
            async for outcome in run:
                self.accounts.note(outcome)
