"""One execution for concurrent callers: the leader works, the followers share its result."""

from __future__ import annotations

import asyncio
import functools
import math
from typing import TYPE_CHECKING, Generic, TypeVar, final

from .clock import LOOP_CLOCK

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .clock import Clock

T = TypeVar("T")


@final
class SingleFlight(Generic[T]):
    """Share one execution between the callers that ask for it at the same time, on one event loop.

    The first caller leads and works. The others follow: each receives the leader's result or error. A leader that is
    cancelled, or that leaves without a result, passes leadership on. There is no background task, so there is nothing
    to start or to stop.

    Args:
        clock: The clock of the followers' timeouts.
    """

    __slots__ = ("_clock", "_followers", "_has_leader")

    def __init__(self, clock: Clock = LOOP_CLOCK) -> None:
        self._clock = clock
        self._followers: dict[asyncio.Future[T | None], None] = {}
        self._has_leader = False

    @property
    def followers(self) -> int:
        """Number of callers that wait for the leader."""
        return len(self._followers)

    def statistics(self) -> dict[str, int]:
        """Return how many leaders and followers there are."""
        return {"leaders": int(self._has_leader), "followers": len(self._followers)}

    async def run(self, work: Callable[[], Awaitable[T | None]], *, until: float = math.inf) -> T | None:
        """Return the result of *work*, or of the work of the caller that leads already.

        None if the leader left without a result, or if *until*, a time on the clock, has come for a follower: the
        caller then decides whether to call again, and the first that does leads. Raises what the leader's work raises;
        a cancellation of the leader is its own.
        """
        if self._has_leader:
            return await self._follow(until)
        self._has_leader = True
        loop = asyncio.get_running_loop()
        result: T | None = None
        error: Exception | None = None
        try:
            result = await work()
        except Exception as raised:
            error = raised
            raise
        finally:
            self._has_leader = False
            self._notify(loop, result, error)
            # Otherwise the exception, its traceback and this frame would keep each other alive.
            error = None
        return result

    async def _follow(self, until: float) -> T | None:
        loop = asyncio.get_running_loop()
        follower: asyncio.Future[T | None] = loop.create_future()
        timer = None
        if until < math.inf:
            timer = self._clock.call_at(until, functools.partial(_complete, follower, None))
        self._followers[follower] = None
        try:
            return await follower
        finally:
            del self._followers[follower]
            if timer is not None and loop.is_running():
                timer.cancel()

    def _notify(self, loop: asyncio.AbstractEventLoop, result: T | None, error: Exception | None) -> None:
        if not loop.is_running():
            # The coroutine of the leader ends because its loop was closed.
            return
        for follower in self._followers:
            if error is None:
                _complete(follower, result)
            elif not follower.done():
                follower.set_exception(error)


def _complete(follower: asyncio.Future[T | None], result: T | None) -> None:
    if not follower.done():
        follower.set_result(result)
