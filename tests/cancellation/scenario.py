"""One coroutine to interrupt, with its preparation."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tripwire_async import Profile

    from .world import World

_Step: TypeAlias = "Callable[[World], Awaitable[object]]"


async def _call_beside(world: World) -> object:
    return await world.client.organizations.get(world.organization)


async def no_call(world: World) -> None:
    """Run nothing else at the same time: the scenario has no client, or closes it."""


@attrs.frozen(kw_only=True)
class Scenario:
    """One coroutine to interrupt.

    Attributes:
        covers: The public coroutines that it suspends in.
        run: The coroutine.
        prepare: Runs before it, without an interruption.
        beside: Runs at the same time, twice, and must succeed whatever happens to the coroutine.
        again: Must succeed afterwards; by default the preparation and the coroutine.
        recorded: Profile whose recorded responses the client gets; None for the test server.
        uses_redis: Whether it is run with Redis only.
    """

    name: str
    covers: tuple[str, ...]
    run: _Step
    prepare: _Step | None = None
    beside: _Step = _call_beside
    again: _Step | None = None
    recorded: Profile | None = None
    uses_redis: bool = False

    def __str__(self) -> str:
        return self.name
